//! Reads a list of numbered pages, each of which gives the total and a link to the next page (API's document,
//! "Pagination").
//!
//! The pages are asked for by number, under one order. The link to the next page is never followed: it may lack the
//! filters, or lead to another host. It only shows that there is one more page to ask for.
//!
//! Numbered pages cannot overlap, so no seam shows that rows moved between pages while the list was read. If one row
//! is deleted and another is inserted, the total stays the same, and a third row behind them can be missed. So a list
//! of several pages counts as complete when two readings hold the same rows: the deleted row cannot be in both. The
//! same holds for a list of one full page, because the total may not count a row behind it. If that page comes for the
//! next number too, its rows may be all that the server ever gives: it proves nothing, and the list is read in shorter
//! pages.

use std::collections::{BTreeMap, HashSet};

use futures::StreamExt;

use crate::extract::paging::coverage::distinct;
use crate::extract::source::{Page, Source};
use crate::extract::{ExtractError, all_or_first_error};
use crate::landing::LandingError;
use crate::landing::ledger::{Ask, RequestKey, Verdict};

/// Maximum number of readings of a list.
const MOST_SWEEPS: u32 = 3;
/// Number of pages that are asked for before their answers are examined, whatever total the server claims.
const PAGES_A_ROUND: u64 = 64;
/// How many times a page is asked for again in one sweep when the answer is not usable.
const MAX_RETRIES: u32 = 2;

/// Reads the list with that index.
pub(in crate::extract) async fn read(source: &Source<'_>, index: u32) -> Result<Verdict, ExtractError> {
    let list = source.lists.get(index);
    let mut judged = None;
    let mut size = source.page_size(index);
    let mut earlier: Vec<Vec<u64>> = Vec::new();
    for sweep in 1..=MOST_SWEEPS {
        let pages = BTreeMap::new();
        let mut reading = Reading { source, list: index, sweep, size, pages, repeats_behind: false };
        reading.read().await?;
        let mut verdict = reading.judge();
        if verdict.complete {
            let rows = reading.sorted();
            let is_one_page = reading.pages_with_rows().count() <= 1;
            let is_full = is_one_page && rows.len() as u64 == u64::from(size);
            let is_proof = is_one_page && !is_full && !reading.repeats_behind;
            if is_proof || earlier.contains(&rows) {
                judged = Some(verdict);
                break;
            }
            verdict.complete = false;
            if is_full && reading.repeats_behind {
                // Shorter pages show whether the server ignores the number.
                size = (size / 2).max(1);
                verdict.reasons.push("a full page came again for the next number".to_owned());
            } else {
                earlier.push(rows);
                verdict.reasons.push("no two readings hold the same rows".to_owned());
            }
        } else {
            size = reading.size_given();
            tracing::warn!(
                list = list.named.label,
                sweep,
                reasons = verdict.reasons.join("; "),
                "The pages do not add up."
            );
        }
        judged = Some(verdict);
    }
    let verdict = judged.ok_or(LandingError::Stopped)?;
    Ok(source.judged(verdict))
}

struct Reading<'a, 'b> {
    source: &'a Source<'b>,
    list: u32,
    sweep: u32,
    /// Rows asked for in one page.
    size: u32,
    /// Pages received, by number, including empty ones.
    pages: BTreeMap<u64, Page>,
    /// Whether earlier pages came again behind the end: the server ignores the number.
    repeats_behind: bool,
}

impl Reading<'_, '_> {
    async fn read(&mut self) -> Result<(), ExtractError> {
        let mut first = self.ask(1, 0).await?;
        for again in 1..=MAX_RETRIES {
            if !first.rows.is_empty() || first.count.is_none_or(|total| total == 0) {
                break;
            }
            first = self.ask(1, again).await?;
        }
        let (total, full) = (first.count, first.rows.len() as u64);
        if self.sweep == 1 {
            self.source.observer.list_counted(&self.source.lists.get(self.list).named, total);
        }
        self.warn_of_link(&first);
        let mut rows: HashSet<u64> = first.rows.iter().copied().collect();
        self.pages.insert(1, first);
        if full == 0 {
            return Ok(());
        }
        let planned = total.map_or(1, |total| total.div_ceil(full)).max(1);
        let mut next = 2;
        loop {
            // The pages that the total counts are asked for concurrently, further ones one after another until an
            // empty one.
            let last = if next <= planned { planned.min(next + PAGES_A_ROUND - 1) } else { next };
            let pages = self.ask_all(next..=last).await?;
            let again = |page: &Page| self.pages.values().any(|known| known.rows == page.rows);
            if next > planned && total == Some(self.received()) && pages.iter().all(|(_, page)| again(page)) {
                self.repeats_behind = true;
                return Ok(());
            }
            let is_end = pages.iter().any(|(_, page)| page.rows.is_empty());
            let known = rows.len();
            rows.extend(pages.iter().flat_map(|(_, page)| page.rows.iter().copied()));
            self.pages.extend(pages);
            // With a server that gives any page for any number, the end cannot be found.
            if is_end || rows.len() == known || self.received() > 2 * (rows.len() as u64 + full) {
                return Ok(());
            }
            next = last + 1;
        }
    }

    async fn ask_all(
        &self,
        numbers: std::ops::RangeInclusive<u64>,
    ) -> Result<Vec<(u64, Page)>, ExtractError> {
        let at_once = self.source.settings.requests_at_once.max(1);
        let asks = numbers.map(|number| async move { Ok((number, self.ask(number, 0).await?)) });
        all_or_first_error(futures::stream::iter(asks).buffer_unordered(at_once).collect().await)
    }

    async fn ask(&self, page: u64, again: u32) -> Result<Page, ExtractError> {
        let ask = Ask::Numbered { page, size: self.size, again };
        let key = RequestKey { list: self.list, sweep: self.sweep, slice: String::new(), ask };
        self.source.page(key, None).await
    }

    /// Rows in a page as the server gives it, when it gives fewer than asked for and has more. Its numbers may still
    /// count pages of the size asked for, and then the rows in between would never come.
    fn size_given(&self) -> u32 {
        let first = self.pages.get(&1);
        let given = first.map(|first| (first.rows.len() as u64, first.count));
        match given {
            Some((rows, Some(total))) if rows > 0 && rows < total => {
                u32::try_from(rows).map_or(self.size, |rows| rows.min(self.size))
            }
            _ => self.size,
        }
    }

    /// Warns when the link to the next page leads to another origin.
    fn warn_of_link(&self, page: &Page) {
        let base = self.source.base_url();
        let link = page.next.as_deref().and_then(|link| base.join(link).ok());
        if let Some(link) = link.filter(|link| link.origin() != base.origin()) {
            tracing::warn!(
                origin = link.origin().ascii_serialization(),
                "The next page is said to be at another origin; it is asked for at the configured one."
            );
        }
    }

    fn pages_with_rows(&self) -> impl DoubleEndedIterator<Item = (u64, &Page)> {
        self.pages.iter().filter(|(_, page)| !page.rows.is_empty()).map(|(number, page)| (*number, page))
    }

    fn received(&self) -> u64 {
        self.pages.values().map(|page| page.rows.len() as u64).sum()
    }

    /// Fingerprints of all rows, sorted.
    fn sorted(&self) -> Vec<u64> {
        let mut rows: Vec<u64> = self.pages.values().flat_map(|page| page.rows.iter().copied()).collect();
        rows.sort_unstable();
        rows
    }

    fn judge(&self) -> Verdict {
        let total_before = self.pages.get(&1).and_then(|page| page.count);
        let total_after = self.pages.values().rev().find_map(|page| page.count);
        let (received, distinct) = (self.received(), distinct(&self.sorted()));
        let mut reasons = Vec::new();
        let totals: HashSet<u64> = self.pages.values().filter_map(|page| page.count).collect();
        if totals.len() > 1 {
            reasons.push("the server's total changed while the list was read".to_owned());
        }
        match total_before {
            Some(total) if total != received => {
                reasons.push(format!("the server's total is {total}, {received} rows were received"));
            }
            Some(_) => {}
            // Without a total, nothing shows that a page is too short and leaves out rows that no other page has.
            None => reasons.push("the server gives no total".to_owned()),
        }
        if distinct != received {
            reasons.push(format!("{received} rows hold only {distinct} different ones"));
        }
        if let Some((last, _)) = self.pages_with_rows().next_back() {
            let before = || self.pages.range(..last);
            if let Some((empty, _)) = before().find(|(_, page)| page.rows.is_empty()) {
                reasons.push(format!("page {empty} came without rows, page {last} with some"));
            }
            let longest = self.pages.values().map(|page| page.rows.len()).max().unwrap_or(0);
            if let Some((short, _)) = before().find(|(_, page)| (1..longest).contains(&page.rows.len())) {
                reasons.push(format!("page {short} came with fewer rows than others"));
            }
        }
        Verdict {
            list: self.list,
            rows_received: received,
            distinct_keys: distinct,
            total_before,
            total_after,
            effective_page_size: self.pages.get(&1).map_or(0, |page| page.rows.len() as u64),
            sweeps: self.sweep,
            complete: reasons.is_empty(),
            reasons,
            accepted: vec![(String::new(), self.sweep)],
            not_found: 0,
            outside: 0,
            ids_asked: 0,
            missing_ids: Vec::new(),
            unreadable: 0,
            unfiltered: false,
        }
    }
}
