//! Reads one list and decides whether the evidence adds up.
//!
//! A long list is cut into slices by the first characters of its ids; the cut is used only when the slices'
//! counts add up to the whole. A slice that does not add up is read again, cut finer, down to slices that fit
//! one page: such a page needs no order and cannot be torn by a change. After three sweeps the list is what it
//! is, and is said not to be complete.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures::StreamExt;

use super::coverage::distinct;
use super::ledger::{Ask, RequestKey, Verdict};
use super::slice::{self, Slice, SliceRead};
use super::source::Source;
use super::{ExtractError, all_or_first_error};

/// A list is read at most so often.
const MOST_SWEEPS: u32 = 3;
/// Slices that are read side by side.
const SLICES_AT_ONCE: usize = 4;
/// Most characters of an id that a slice is cut by; national ids have 8 to 10 digits.
const LONGEST_PREFIX: usize = 10;

/// Reads the list with that index.
pub(super) async fn read(source: &Source<'_>, list: u32) -> Result<Verdict, ExtractError> {
    let mut reading = ListReading::new(source, list);
    let roots = reading.count_roots(1, Ask::CountBefore).await?;
    let total_before = sum(roots.iter().map(|slice| slice.total));
    source.observer.list_counted(&source.lists.get(list).named, total_before);
    let mut pending = Vec::new();
    for root in roots {
        pending.extend(reading.cut(root, 1, source.settings.slice_rows).await?);
    }
    let mut total_after = None;
    for sweep in 1..=MOST_SWEEPS {
        reading.sweeps = sweep;
        reading.read_slices(pending, sweep).await?;
        pending = reading.cut_failed(sweep + 1).await?;
        if pending.is_empty() {
            let roots = reading.count_roots(sweep, Ask::CountAfter).await?;
            total_after = sum(roots.iter().map(|slice| slice.total));
            let outvoted = reading.outvoted && total_after == total_before;
            if outvoted || total_after.is_none_or(|total| total == reading.received()) {
                break;
            }
            if sweep < MOST_SWEEPS {
                pending = reading.changed(sweep + 1).await?;
            }
            if pending.is_empty() {
                break;
            }
        } else if sweep == MOST_SWEEPS {
            let roots = reading.count_roots(sweep, Ask::CountAfter).await?;
            total_after = sum(roots.iter().map(|slice| slice.total));
        }
    }
    let verdict = reading.verdict(total_before, total_after);
    source.observer.list_judged(&source.lists.get(list).named, &verdict);
    Ok(verdict)
}

struct ListReading<'a, 'b> {
    source: &'a Source<'b>,
    list: u32,
    /// Rows that a full page is known to hold.
    page_size: u64,
    /// Rows of the longest page that came.
    longest_page: u64,
    sweeps: u32,
    /// The latest reading of each slice that makes up the list.
    reads: BTreeMap<String, SliceRead>,
    /// Companies of the latest reading of slices that only the server's total, or an earlier reading, contradicted.
    contested: HashMap<String, Vec<u64>>,
    /// Totals of slices that were found to be too small, with the most companies that came.
    undercounts: HashMap<String, (u64, u64)>,
    /// Two readings have agreed on more companies than the server counts.
    outvoted: bool,
}

impl<'a, 'b> ListReading<'a, 'b> {
    fn new(source: &'a Source<'b>, list: u32) -> Self {
        let page_size = u64::from(source.page_size(list));
        Self {
            source,
            list,
            page_size,
            longest_page: 0,
            sweeps: 0,
            reads: BTreeMap::new(),
            contested: HashMap::new(),
            undercounts: HashMap::new(),
            outvoted: false,
        }
    }

    fn key(&self, sweep: u32, name: &str, ask: Ask) -> RequestKey {
        RequestKey { list: self.list, sweep, slice: name.to_owned(), ask }
    }

    /// The whole list, or its chunks of ids, each counted.
    async fn count_roots(&self, sweep: u32, ask: Ask) -> Result<Vec<Slice>, ExtractError> {
        let chunks = self.source.lists.get(self.list).list.id_chunks.len();
        let names: Vec<String> = if chunks == 0 {
            vec![String::new()]
        } else {
            (0..chunks).map(|chunk| format!("#{chunk}")).collect()
        };
        self.count(names, sweep, ask).await
    }

    async fn count(&self, names: Vec<String>, sweep: u32, ask: Ask) -> Result<Vec<Slice>, ExtractError> {
        let at_once = self.source.settings.requests_at_once.max(1);
        let counts = names.into_iter().map(|name| async move {
            let total = self.source.count(self.key(sweep, &name, ask)).await?;
            Ok(Slice { list: self.list, name, total })
        });
        let mut slices: Vec<Slice> =
            all_or_first_error(futures::stream::iter(counts).buffer_unordered(at_once).collect().await)?;
        slices.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(slices)
    }

    /// Cuts a slice by the next character of the ids until none holds more than `most` rows. A cut whose counts
    /// do not add up is not used: then the API compares ids in a way that is not known here, or the list moved.
    async fn cut(&self, slice: Slice, sweep: u32, most: u64) -> Result<Vec<Slice>, ExtractError> {
        let mut whole = vec![slice];
        let mut done = Vec::new();
        while let Some(slice) = whole.pop() {
            let too_long = slice.total.is_some_and(|total| total > most);
            if !too_long || slice.name.len() >= LONGEST_PREFIX || !self.can_cut(&slice) {
                done.push(slice);
                continue;
            }
            let names = ('0'..='9').map(|digit| format!("{}{digit}", slice.name)).collect();
            let parts = self.count(names, sweep, Ask::CountBefore).await?;
            if sum(parts.iter().map(|part| part.total)) == slice.total {
                whole.extend(parts.into_iter().filter(|part| part.total != Some(0)));
            } else {
                tracing::debug!(slice = slice.name, "The counts of its parts do not add up; it is not cut.");
                done.push(slice);
            }
        }
        Ok(done)
    }

    fn can_cut(&self, slice: &Slice) -> bool {
        let known = self.source.lists.get(self.list);
        let chosen_by_id = !known.list.id_chunks.is_empty()
            || known.list.parameters.iter().any(|(key, _)| key.starts_with("business_id"));
        !chosen_by_id && !slice.name.starts_with('#')
    }

    async fn read_slices(&mut self, slices: Vec<Slice>, sweep: u32) -> Result<(), ExtractError> {
        let mut slices = slices.into_iter();
        // The first slice shows how many rows a page really holds; the others are planned with that.
        if sweep == 1
            && let Some(first) = slices.next()
        {
            let read = slice::read(self.source, first, sweep, self.page_size, self.longest_page).await?;
            self.page_size = read.effective_page_size;
            self.keep(read);
        }
        let reads =
            slices.map(|slice| slice::read(self.source, slice, sweep, self.page_size, self.longest_page));
        let reads = futures::stream::iter(reads).buffer_unordered(SLICES_AT_ONCE).collect().await;
        for read in all_or_first_error(reads)? {
            self.keep(read);
        }
        Ok(())
    }

    /// Keeps a reading. Where the total is the only thing that contradicts it, and is too small, two readings
    /// with the same companies outweigh it, and fewer companies never do. Besides that, a later reading that adds up but
    /// has fewer than an earlier one has to come twice.
    fn keep(&mut self, mut read: SliceRead) {
        let name = read.slice.name.clone();
        self.compare_with_undercount(&name, &mut read);
        self.longest_page = self.longest_page.max(read.longest_page);
        let is_first = !self.reads.contains_key(&name) && !self.contested.contains_key(&name);
        if is_first && !read.only_total_too_small {
            // Nothing to compare with, which is the rule: the companies need no sorting.
            self.reads.insert(name, read);
            return;
        }
        let mut companies = read.rows.clone();
        companies.sort_unstable();
        let contested = self.contested.get(&name);
        let before = self.reads.get(&name).map_or(0, |before| before.rows.len());
        let fewer = companies.len() < before
            || contested.is_some_and(|earlier| companies.len() <= earlier.len() && companies != *earlier);
        if read.only_total_too_small || (read.adds_up() && fewer) {
            if contested == Some(&companies) {
                tracing::warn!(
                    list = self.source.lists.get(self.list).named.label,
                    total = read.slice.total,
                    received = read.rows.len(),
                    "The server's total is wrong: two readings agree on more companies."
                );
                read.reasons.clear();
                self.outvoted = true;
            } else if fewer {
                read.reasons.push("an earlier reading held other companies".to_owned());
            }
            if read.only_total_too_small || contested.is_none() {
                self.contested.insert(name.clone(), companies);
            }
        }
        self.reads.insert(name, read);
    }

    /// A total that more companies than it counts have come for proves nothing to a reading with fewer.
    fn compare_with_undercount(&mut self, name: &str, read: &mut SliceRead) {
        let Some(total) = read.slice.total else { return };
        let known =
            self.undercounts.get(name).filter(|(counted, _)| *counted == total).map(|(_, most)| *most);
        if read.distinct > total {
            self.undercounts.insert(name.to_owned(), (total, read.distinct.max(known.unwrap_or(0))));
        } else if let Some(most) = known
            && read.adds_up()
        {
            read.reasons.push(format!("{most} companies came before for the same total of {total}"));
        }
    }

    /// The slices to read again because they do not add up, cut as fine as they go.
    async fn cut_failed(&mut self, sweep: u32) -> Result<Vec<Slice>, ExtractError> {
        if self.reads.len() > 1 && self.reads.values().all(SliceRead::adds_up) {
            let readings: Vec<&[u64]> = self.reads.values().map(|read| read.rows.as_slice()).collect();
            let shared = shared(&readings);
            for read in
                self.reads.values_mut().filter(|read| read.rows.iter().any(|row| shared.contains(row)))
            {
                read.reasons.push("companies of it came in another slice too".to_owned());
            }
        }
        let failed = self.reads.values().filter(|read| !read.adds_up());
        let failed: Vec<Slice> = failed.map(|read| read.slice.clone()).collect();
        for slice in &failed {
            if let Some(read) = self.reads.get(&slice.name) {
                tracing::warn!(
                    list = self.source.lists.get(self.list).named.label,
                    slice = slice.name,
                    sweep = sweep - 1,
                    reasons = read.reasons.join("; "),
                    "The pages do not add up."
                );
            }
        }
        if sweep > MOST_SWEEPS {
            return Ok(failed);
        }
        let names = failed.into_iter().map(|slice| slice.name).collect();
        self.cut_again(names, sweep).await
    }

    /// The slices whose count is no longer what was received.
    async fn changed(&mut self, sweep: u32) -> Result<Vec<Slice>, ExtractError> {
        let names = self.reads.keys().cloned().collect();
        let recounted = self.count(names, sweep, Ask::CountBefore).await?;
        let changed = recounted.into_iter().filter(|slice| {
            let received = self.reads.get(&slice.name).map(|read| read.rows.len() as u64);
            slice.total != received
        });
        let names = changed.map(|slice| slice.name).collect();
        self.cut_again(names, sweep).await
    }

    async fn cut_again(&mut self, names: Vec<String>, sweep: u32) -> Result<Vec<Slice>, ExtractError> {
        let mut pending = Vec::new();
        // `changed` has asked for these counts already: the same key must not be asked for twice.
        let recounted = self.count(names, sweep, Ask::CountAgain).await?;
        for slice in recounted {
            let name = slice.name.clone();
            let parts = self.cut(slice, sweep, self.page_size).await?;
            if parts.first().is_none_or(|part| part.name != name) {
                self.reads.remove(&name);
            }
            pending.extend(parts);
        }
        Ok(pending)
    }

    fn received(&self) -> u64 {
        self.reads.values().map(|read| read.rows.len() as u64).sum()
    }

    fn verdict(&self, total_before: Option<u64>, total_after: Option<u64>) -> Verdict {
        let all: Vec<u64> = self.reads.values().flat_map(|read| read.rows.iter().copied()).collect();
        let received = all.len() as u64;
        let distinct_keys = if self.reads.len() == 1 {
            self.reads.values().map(|read| read.distinct).sum()
        } else {
            distinct(&all)
        };
        let named = |read: &SliceRead| {
            let place = if read.slice.name.is_empty() {
                String::new()
            } else {
                format!("ids {}…: ", read.slice.name)
            };
            read.reasons.iter().map(move |reason| format!("{place}{reason}")).collect::<Vec<_>>()
        };
        let mut reasons: Vec<String> = self.reads.values().flat_map(named).collect();
        if reasons.is_empty() && distinct_keys != received {
            reasons.push(format!("{received} rows hold only {distinct_keys} companies"));
        }
        Verdict {
            list: self.list,
            rows_received: received,
            distinct_keys,
            total_before,
            total_after,
            effective_page_size: self.page_size,
            sweeps: self.sweeps,
            complete: reasons.is_empty(),
            reasons,
            accepted: self.reads.values().map(|read| (read.slice.name.clone(), read.sweep)).collect(),
            not_found: 0,
        }
    }
}

/// Rows that more than one reading holds. Ids divide a list without overlap, so one of the readings got a page that was
/// not its own; it has the right number of rows by chance.
fn shared(readings: &[&[u64]]) -> HashSet<u64> {
    let mut all: Vec<u64> = readings.iter().flat_map(|rows| rows.iter().copied()).collect();
    all.sort_unstable();
    all.windows(2).filter_map(|pair| (pair.first() == pair.last()).then(|| pair.first().copied())?).collect()
}

/// The sum, or none when a part is unknown or the sum is no number that a list can have: what a server claims may
/// be any.
fn sum(mut parts: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    parts.try_fold(0_u64, |sum, part| sum.checked_add(part?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_two_slices_is_found() {
        assert_eq!(shared(&[&[1, 2, 3], &[3], &[4, 5]]), HashSet::from([3]));
        assert!(shared(&[&[1, 2, 3], &[6], &[4, 5]]).is_empty());
    }
}
