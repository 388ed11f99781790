//! Reads one slice of a list: asks for its pages concurrently until no position is missing.

use std::collections::{HashMap, HashSet};

use futures::StreamExt;

use crate::extract::paging::coverage::{Coverage, distinct, offsets};
use crate::extract::paging::slice_read::{Slice, SliceRead};
use crate::extract::source::{Page, Source};
use crate::extract::{ExtractError, all_or_first_error};
use crate::landing::ledger::{Ask, RequestKey};

/// Number of pages asked for beyond the known end while the server gives no total.
const PAGES_AHEAD: u64 = 8;
/// Maximum number of pages asked for before their answers are examined. A total that is far too large then costs this
/// many requests, not as many as it claims.
const PAGES_A_ROUND: usize = 256;
/// Maximum number of pages asked for again at once, after a round that brought nothing.
const PAGES_AGAIN: usize = 8;
/// How many times a position is asked for again in one sweep when the answer is not usable.
const MAX_RETRIES: u32 = 2;
/// Number of pages that repeat another one even when asked for again, after which the server is taken to ignore the
/// offset.
const MOST_LEFT_OUT: u64 = 8;

/// Reads a slice. `page_size` is the number of rows that a page is known to hold, `longest_page` the number of rows in
/// the longest page received for the list.
pub(in crate::extract) async fn read(
    source: &Source<'_>,
    slice: Slice,
    sweep: u32,
    page_size: u64,
    longest_page: u64,
) -> Result<SliceRead, ExtractError> {
    let mut reading = Reading {
        source,
        slice,
        sweep,
        page_size: page_size.max(1),
        coverage: Coverage::default(),
        asked: HashMap::new(),
        empty: HashSet::new(),
        companies: HashSet::new(),
        ignores_limit: false,
        rows_beyond_total: false,
    };
    let fits_one_page = reading.slice.total.is_some_and(|total| total <= reading.page_size);
    if sweep > 1 && fits_one_page && reading.read_at_once(longest_page).await? {
        return Ok(reading.judge(true));
    }
    let end_proven = reading.read_pages().await?;
    reading.rows_beyond_total = reading.rows_beyond_total && !reading.gives_everything().await?;
    Ok(reading.judge(end_proven))
}

struct Reading<'a, 'b> {
    source: &'a Source<'b>,
    slice: Slice,
    sweep: u32,
    page_size: u64,
    coverage: Coverage,
    /// How many times each offset was asked for. Two requests never have the same key, so that the ledger keeps their
    /// answers apart.
    asked: HashMap<u64, u32>,
    /// Offsets at which no row came.
    empty: HashSet<u64>,
    /// Fingerprints of the rows received.
    companies: HashSet<u64>,
    ignores_limit: bool,
    /// See [`SliceRead::rows_beyond_total`].
    rows_beyond_total: bool,
}

impl Reading<'_, '_> {
    /// Asks for rows and total of the same moment in one request, which needs no order and which no change can tear. A
    /// page as long as the longest one may be full, with rows behind it that the total does not count; a second
    /// request then checks that. Returns false when the rows and the total do not agree.
    async fn read_at_once(&mut self, longest_page: u64) -> Result<bool, ExtractError> {
        let ask = Ask::Page { offset: 0, limit: self.limit(), again: 0, with_count: true };
        let page = self.source.page(self.slice.key(self.sweep, ask), self.slice.total).await?;
        let received = page.rows.len() as u64;
        if page.count != Some(received)
            || (received >= longest_page && !self.ask(received).await?.rows.is_empty())
        {
            return Ok(false);
        }
        self.slice.total = page.count;
        self.companies.extend(&page.rows);
        self.coverage.add(0, page.rows);
        Ok(true)
    }

    fn limit(&self) -> u32 {
        self.source.page_size(self.slice.list)
    }

    async fn ask(&mut self, offset: u64) -> Result<Page, ExtractError> {
        let key = self.next_key(offset);
        self.source.page(key, self.slice.total).await
    }

    /// The key of the next request for an offset.
    fn next_key(&mut self, offset: u64) -> RequestKey {
        let limit = self.limit();
        let times = self.asked.entry(offset).or_default();
        let ask = Ask::Page { offset, limit, again: *times, with_count: false };
        *times += 1;
        self.slice.key(self.sweep, ask)
    }

    /// Reads pages until nothing is missing. Returns whether an empty answer behind the end proves it.
    async fn read_pages(&mut self) -> Result<bool, ExtractError> {
        let first = self.first_page().await?;
        let received = first.rows.len() as u64;
        self.companies.extend(&first.rows);
        if received > u64::from(self.limit()) {
            self.ignores_limit = true;
            let proven = self.slice.total == Some(received) && self.is_whole(&first.rows).await?;
            self.coverage.add(0, first.rows);
            return Ok(proven);
        }
        self.coverage.add(0, first.rows);
        if received == 0 {
            return Ok(true);
        }
        if self.slice.total.is_none_or(|total| total > received) && received < self.page_size {
            self.page_size = received;
        }
        let mut again = 0;
        loop {
            let covered = self.coverage.covered();
            let missing = self.coverage.missing(self.slice.total, self.page_size > 1);
            let planned = match (missing.is_empty(), self.slice.total) {
                (false, _) => {
                    let most = if again == 0 { PAGES_A_ROUND } else { PAGES_AGAIN };
                    missing
                        .iter()
                        .cloned()
                        .flat_map(|range| offsets(range, self.page_size))
                        .take(most)
                        .collect()
                }
                (true, _) => self.end_of(covered, again),
            };
            let pages = self.ask_all(planned).await?;
            let longest = pages.iter().map(|(_, page)| page.rows.len() as u64).max().unwrap_or(0);
            let repeated = self.take_in(pages).await?;
            if repeated >= MOST_LEFT_OUT || self.mostly_repeats() {
                return Ok(false);
            }
            let still_missing = self.coverage.missing(self.slice.total, self.page_size > 1);
            if self.coverage.covered() > covered || still_missing.len() < missing.len() {
                again = 0;
                if longest < self.page_size && !still_missing.is_empty() {
                    self.page_size = longest.max(1);
                }
            } else if repeated > 0 {
                return Ok(false);
            } else if missing.is_empty() {
                // Without seams and a total, one empty answer is the only evidence of the end, so it is asked for
                // twice.
                if again > 0 || self.page_size > 1 || self.slice.total.is_some() {
                    return Ok(true);
                }
                again = 1;
            } else if self.slice.total.is_none() && longest == 1 && self.page_size > 1 {
                // Rows are known to follow, and only the seam comes: the server now gives one row at a time.
                self.page_size = 1;
                again = 0;
            } else if again >= MAX_RETRIES {
                // The one row that came is the seam itself: only the total claims that anything follows.
                return Ok(longest <= 1 && self.slice.total.is_some());
            } else {
                again += 1;
            }
        }
    }

    /// Reads the page at the start, again while it is empty and the total counts rows.
    async fn first_page(&mut self) -> Result<Page, ExtractError> {
        let mut page = self.ask(0).await?;
        for _ in 0..MAX_RETRIES {
            if !page.rows.is_empty() || self.slice.total.is_none_or(|total| total == 0) {
                break;
            }
            page = self.ask(0).await?;
        }
        Ok(page)
    }

    /// Whether the rows of a server that ignores the limit are the whole list: nothing follows them, or, if the server
    /// ignores the offset too, the same rows come again.
    async fn is_whole(&mut self, rows: &[u64]) -> Result<bool, ExtractError> {
        let received = rows.len() as u64;
        let seam = self.ask(received - 1).await?;
        let behind = self.ask(received).await?;
        let ends = seam.rows.len() == 1 && seam.rows.last() == rows.last() && behind.rows.is_empty();
        Ok(ends || (seam.rows == rows && behind.rows == rows))
    }

    /// Whether each page holds all rows, as from a server that ignores both the limit and the offset. A server that
    /// gives fewer rows when asked for fewer may have more. (Fewer than a single row cannot be asked for.)
    async fn gives_everything(&mut self) -> Result<bool, ExtractError> {
        let rows = self.coverage.first();
        if self.slice.total != Some(rows as u64) {
            return Ok(false);
        }
        let fewer = u32::try_from(rows).unwrap_or(u32::MAX).saturating_sub(1);
        if fewer == 0 {
            return Ok(true);
        }
        let ask = Ask::Page { offset: 0, limit: fewer, again: 0, with_count: false };
        let page = self.source.page(self.slice.key(self.sweep, ask), self.slice.total).await?;
        Ok(page.rows.len() == rows)
    }

    /// Offsets of the pages that show whether anything follows position `covered`, when nothing is known to be
    /// missing.
    ///
    /// The page at the last row must hold that row, as the seam with the page before, and no other. The page at the
    /// very end must be empty: a short page with only the seam does not prove the end, since the total may be wrong by
    /// just that row. Without a total, there are several further pages.
    fn end_of(&self, covered: u64, again: u32) -> Vec<u64> {
        let seam = (self.page_size > 1 && covered > 1).then(|| covered - 1);
        let end = (again > 0 || !self.empty.contains(&covered)).then_some(covered);
        let ahead = if self.slice.total.is_some() { 0 } else { PAGES_AHEAD };
        let ahead = offsets(covered..covered + ahead * self.page_size, self.page_size);
        let mut planned: Vec<u64> = ahead.filter(|offset| *offset > covered).chain(seam).chain(end).collect();
        planned.sort_unstable();
        planned
    }

    /// Whether more than half of the rows received are repeats. With a server that gives any rows for any offset, the
    /// end cannot be found.
    fn mostly_repeats(&self) -> bool {
        self.coverage.covered() > 2 * (self.companies.len() as u64 + self.page_size)
    }

    async fn ask_all(&mut self, offsets: Vec<u64>) -> Result<Vec<(u64, Page)>, ExtractError> {
        let (source, total) = (self.source, self.slice.total);
        let at_once = source.settings.requests_at_once.max(1);
        let keys: Vec<_> = offsets.into_iter().map(|offset| (offset, self.next_key(offset))).collect();
        let asks =
            keys.into_iter().map(|(offset, key)| async move { Ok((offset, source.page(key, total).await?)) });
        all_or_first_error(futures::stream::iter(asks).buffer_unordered(at_once).collect().await)
    }

    /// Adds pages. A page that repeats another one, or is empty where a row is known to be, is asked for again, and
    /// left out when it still repeats. Returns the number of pages left out.
    async fn take_in(&mut self, mut pages: Vec<(u64, Page)>) -> Result<u64, ExtractError> {
        pages.sort_by_key(|(offset, _)| *offset);
        let known = self.coverage.covered();
        let mut left_out = 0;
        for (offset, mut page) in pages {
            let mut again = 0;
            while page.rows.is_empty() && offset < known && again < MAX_RETRIES {
                again += 1;
                page = self.ask(offset).await?;
            }
            let mut is_left_out = false;
            while let Some(twin) = self.coverage.repeats(offset, &page.rows) {
                if again >= MAX_RETRIES || left_out >= MOST_LEFT_OUT {
                    is_left_out = true;
                    break;
                }
                again += 1;
                tracing::warn!(offset, twin, "The server repeated a page; it is asked for again.");
                page = self.ask(offset).await?;
            }
            self.rows_beyond_total |= self.is_beyond_total(offset, &page);
            if is_left_out {
                left_out += 1;
                page = Page::default();
            }
            if page.rows.is_empty() {
                self.empty.insert(offset);
            } else {
                self.empty.remove(&offset);
            }
            self.companies.extend(&page.rows);
            self.coverage.add(offset, page.rows);
        }
        Ok(left_out)
    }

    /// Whether the page has a row at a position that the total does not count.
    fn is_beyond_total(&self, offset: u64, page: &Page) -> bool {
        let end = offset.saturating_add(page.rows.len() as u64);
        !page.rows.is_empty() && self.slice.total.is_some_and(|total| end > total)
    }

    /// Joins the pages and collects what contradicts them.
    fn judge(self, end_proven: bool) -> SliceRead {
        let stitched = self.coverage.stitch();
        let received = stitched.rows.len() as u64;
        let distinct = distinct(&stitched.rows);
        let mut reasons = Vec::new();
        if self.ignores_limit && !end_proven {
            reasons.push(format!("the server ignores the limit and gave {received} rows at once"));
        } else if !end_proven {
            reasons.push(format!("rows behind position {received} are missing"));
        }
        if !stitched.broken_seams.is_empty() {
            reasons.push(format!(
                "{} pages do not join: rows moved while they were read",
                stitched.broken_seams.len()
            ));
        }
        if let Some(offset) = self.empty.iter().filter(|offset| **offset < received).min() {
            reasons.push(format!(
                "no row came from position {offset} on, where one is: rows went while they were read"
            ));
        }
        if distinct != received {
            reasons.push(format!("{received} rows hold only {distinct} companies"));
        }
        let total_contradicts = self.slice.total.is_some_and(|total| total != received);
        let only_total_too_small =
            reasons.is_empty() && self.slice.total.is_some_and(|total| total < received);
        if let (true, Some(total)) = (total_contradicts, self.slice.total) {
            reasons.push(format!("the server's total is {total}, {received} rows were received"));
        }
        SliceRead {
            rows: stitched.rows,
            companies: self.companies,
            distinct,
            effective_page_size: self.page_size,
            longest_page: self.coverage.longest(),
            reasons,
            only_total_too_small,
            rows_beyond_total: self.rows_beyond_total,
            slice: self.slice,
            sweep: self.sweep,
        }
    }
}
