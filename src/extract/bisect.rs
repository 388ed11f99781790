//! Asks for a page that cannot be read in smaller parts, down to single records, so that only the bad record is lost.
//!
//! The answer with a single bad record is landed as it is, and the record is rejected when it is normalised. The other
//! parts, or the row after the page, show whether the record or the server is at fault: when none of them can be read
//! either, the server is failing, and nothing of the page counts.

use std::ops::Range;

use super::ExtractError;
use super::registry::KnownList;
use super::source::{Broken, Got, Page, Reply, Source};
use crate::landing::ledger::{Ask, Entry, RequestKey};
use crate::record::reading::Tolerance;

/// Maximum number of requests for the parts of one page. In parts that are then left, records are separated in the
/// text.
const MOST_REQUESTS: usize = 300;
/// Number of unreadable parts, with nothing readable before them, after which the row after the page is asked for.
const MAX_SUSPECTS: usize = 2;
/// How many times a part that cannot be read is asked for again.
const MAX_RETRIES: u32 = 1;

/// The parts of one page received so far.
#[derive(Debug, Default)]
struct Found {
    /// The requests for the parts, in the order of the rows.
    parts: Vec<Ask>,
    page: Page,
    requests: usize,
    /// Whether anything could be read.
    readable: bool,
    /// Parts with unreadable records that are not landed yet.
    suspects: Vec<(RequestKey, Broken)>,
    /// Number of unreadable records.
    unreadable: usize,
    /// Whether the list's pages overlap. The parts do not overlap, so that nothing shows that they join.
    pages_overlap: bool,
}

/// Positions of the rows that a request asks for; `None` when it does not ask for a page.
pub(super) fn positions(ask: Ask) -> Option<Range<u64>> {
    match ask {
        Ask::Page { offset, limit, .. } => Some(offset..offset.saturating_add(limit.into())),
        Ask::Numbered { page, size, .. } => {
            let start = page.saturating_sub(1).saturating_mul(size.into());
            Some(start..start.saturating_add(size.into()))
        }
        _ => None,
    }
}

/// The requests for the two halves of a range, in order, of the same kind as the request for the page. Numbered pages
/// begin at multiples of their size, so that three of them can be necessary, and they can reach beyond the range.
fn halves(of: Ask, range: &Range<u64>) -> Vec<Ask> {
    let rows = range.end - range.start;
    let half = u32::try_from(rows.div_ceil(2)).unwrap_or(u32::MAX).max(1);
    match of {
        Ask::Page { again, .. } => {
            let part = |start: u64, end: u64| Ask::Page {
                offset: start,
                limit: u32::try_from(end - start).unwrap_or(u32::MAX),
                again,
                with_count: false,
            };
            let middle = range.start + u64::from(half);
            vec![part(range.start, middle), part(middle, range.end)]
        }
        Ask::Numbered { again, .. } => {
            let size = u64::from(half);
            let numbers = range.start / size + 1..=range.end.div_ceil(size);
            numbers.map(|page| Ask::Numbered { page, size: half, again }).collect()
        }
        other => vec![other],
    }
}

/// The request for the row after a page. Its answer shows whether anything from this server can be read.
fn next_row(of: Ask) -> Ask {
    match of {
        Ask::Numbered { page, size, again } => {
            Ask::Numbered { page: page.saturating_mul(size.into()) + 1, size: 1, again }
        }
        Ask::Page { offset, limit, again, .. } => {
            Ask::Page { offset: offset.saturating_add(limit.into()), limit: 1, again, with_count: false }
        }
        other => other,
    }
}

impl<'a> Source<'a> {
    /// The rows of a page that cannot be read as a whole, or those before the first place where its parts do not join.
    ///
    /// # Errors
    /// `broken`, when nothing else can be read either.
    pub(super) async fn in_parts(
        &self,
        list: &KnownList<'a>,
        key: RequestKey,
        broken: Broken,
    ) -> Result<Page, ExtractError> {
        let Some(all) = positions(key.ask) else { return Err(self.unreadable(list, broken)) };
        tracing::warn!(
            request = %broken.request,
            error = %broken.error,
            "An answer cannot be read; it is asked for in smaller parts."
        );
        let pages_overlap = matches!(key.ask, Ask::Page { .. });
        let mut found = Found { pages_overlap, ..Found::default() };
        let mut left = vec![(key.ask, Some(broken))];
        while let Some((ask, known)) = left.pop() {
            let Some(range) = positions(ask) else { break };
            let next = all.start + found.page.rows.len() as u64;
            // With numbered pages, the part before may have brought all of this one, or more than the range.
            if range.end <= next || range.start >= all.end {
                continue;
            }
            if range.start > next {
                break;
            }
            let part = RequestKey { ask, ..key.clone() };
            let got = if let Some(broken) = known {
                Got::Broken(broken)
            } else {
                found.requests += 1;
                self.part(list, &part).await?
            };
            match got {
                Got::NotFound => break,
                Got::Reply(reply) => {
                    found.readable = true;
                    self.land_suspects(list, &mut found).await?;
                    let page = self.land(list, part, reply).await?;
                    found.parts.push(ask);
                    if !found.page.take(page, &range, &all) {
                        break;
                    }
                }
                Got::Broken(broken) if range.end - range.start <= 1 || found.requests >= MOST_REQUESTS => {
                    let Some(seen) = self.salvaged(list, &broken, Tolerance::Records).await? else {
                        return Err(self.unreadable(list, broken));
                    };
                    // The same answer may hold records that can be read.
                    found.readable |= seen.summary.unreadable.len() < seen.summary.rows.len();
                    found.unreadable += seen.summary.unreadable.len();
                    let page = Page { rows: seen.summary.rows, ..Page::default() };
                    found.parts.push(ask);
                    found.suspects.push((part, broken));
                    if !found.readable && found.suspects.len() >= MAX_SUSPECTS {
                        self.probe_next_row(list, &key, &mut found).await?;
                    }
                    if !found.page.take(page, &range, &all) {
                        break;
                    }
                }
                Got::Broken(broken) => {
                    drop(broken);
                    left.extend(halves(ask, &range).into_iter().rev().map(|half| (half, None)));
                }
            }
        }
        if !found.readable {
            self.probe_next_row(list, &key, &mut found).await?;
        }
        self.land_suspects(list, &mut found).await?;
        let Found { mut parts, mut page, pages_overlap, unreadable, .. } = found;
        if unreadable == 0 && pages_overlap {
            // All parts can be read, but they do not overlap. Keep the first one: the pages after it will show
            // whether they join.
            parts.truncate(1);
            let first = parts.first().copied().and_then(positions).map_or(0, |first| first.end - all.start);
            page.rows.truncate(usize::try_from(first).unwrap_or(usize::MAX));
        }
        self.note(Entry::Parted { key, parts }).await?;
        Ok(page)
    }

    /// The rows of a page from the parts that an earlier session of the run asked for.
    pub(super) async fn page_of_parts(
        &self,
        list: &KnownList<'a>,
        key: &RequestKey,
        parts: Vec<Ask>,
    ) -> Result<Page, ExtractError> {
        let mut whole = Page::default();
        let Some(all) = positions(key.ask) else { return Ok(whole) };
        for ask in parts {
            let Some(range) = positions(ask) else { break };
            let page = self.whole_page(list, RequestKey { ask, ..key.clone() }, None).await?;
            if !whole.take(page, &range, &all) {
                break;
            }
        }
        Ok(whole)
    }

    /// Asks for a part, and again when it cannot be read.
    async fn part(&self, list: &KnownList<'a>, key: &RequestKey) -> Result<Got, ExtractError> {
        let _slot = self.slot().await?;
        self.ask(list, &self.request(list, key), key.list, MAX_RETRIES).await
    }

    /// Checks whether the row after the page can be read.
    ///
    /// # Errors
    /// The row cannot be read: the server is failing.
    async fn probe_next_row(
        &self,
        list: &KnownList<'a>,
        key: &RequestKey,
        found: &mut Found,
    ) -> Result<(), ExtractError> {
        found.requests += 1;
        let key = RequestKey { ask: next_row(key.ask), ..key.clone() };
        match self.part(list, &key).await? {
            Got::Broken(broken) => Err(self.unreadable(list, broken)),
            Got::Reply(_) | Got::NotFound => {
                found.readable = true;
                Ok(())
            }
        }
    }

    /// Lands the unreadable parts, once it is known that the server is not failing.
    async fn land_suspects(&self, list: &KnownList<'a>, found: &mut Found) -> Result<(), ExtractError> {
        if !found.readable {
            return Ok(());
        }
        for (key, broken) in std::mem::take(&mut found.suspects) {
            if let Some(seen) = self.salvaged(list, &broken, Tolerance::Records).await? {
                tracing::warn!(request = %broken.request, error = %broken.error, "A record cannot be read.");
                self.land(list, key, Reply { body: broken.body, seen, rest: None }).await?;
            }
        }
        Ok(())
    }
}

impl Page {
    /// Adds the rows of a part at `range` to the rows of `all`. Returns false when no further part can follow.
    fn take(&mut self, part: Page, range: &Range<u64>, all: &Range<u64>) -> bool {
        let known = self.rows.len() as u64;
        let skip = (all.start + known).saturating_sub(range.start);
        let rows = part.rows.len() as u64;
        let most = all.end - all.start;
        let fresh = part.rows.into_iter().skip(usize::try_from(skip).unwrap_or(usize::MAX));
        self.rows.extend(fresh);
        // With more or fewer rows than asked for, the positions of further parts are unknown.
        let is_exact = rows == range.end - range.start;
        if is_exact {
            self.rows.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        }
        self.count = self.count.or(part.count);
        self.next = part.next.or(self.next.take());
        is_exact
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_parts_that_join_and_cover_the_range() {
        let page = Ask::Page { offset: 99, limit: 1000, again: 2, with_count: true };
        let parts = halves(page, &(99..1099));
        assert_eq!(
            parts.iter().filter_map(|part| positions(*part)).collect::<Vec<_>>(),
            [99..599, 599..1099]
        );
        let numbered = Ask::Numbered { page: 3, size: 125, again: 0 };
        let range = positions(numbered).unwrap();
        assert_eq!(range, 250..375);
        let parts: Vec<_> = halves(numbered, &range).into_iter().filter_map(positions).collect();
        assert_eq!(parts, [189..252, 252..315, 315..378]);
        for rows in 2..300_u64 {
            for start in [0, rows, 7 * rows] {
                let ask =
                    Ask::Numbered { page: start / rows + 1, size: u32::try_from(rows).unwrap(), again: 0 };
                let parts: Vec<_> =
                    halves(ask, &(start..start + rows)).into_iter().filter_map(positions).collect();
                assert!(
                    parts.len() <= 3 && parts[0].start <= start && parts[parts.len() - 1].end >= start + rows
                );
                assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
                assert!(parts.iter().all(|part| part.end - part.start < rows));
            }
        }
    }

    #[test]
    fn the_row_after_a_page_is_the_next_one() {
        let ask = next_row(Ask::Numbered { page: 3, size: 10, again: 0 });
        assert_eq!(positions(ask), Some(30..31));
        let ask = next_row(Ask::Page { offset: 9, limit: 10, again: 0, with_count: true });
        assert_eq!(positions(ask), Some(19..20));
    }
}
