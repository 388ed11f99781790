//! One slice of a list as it was read, and what of it does not add up.

use std::collections::HashSet;

use super::coverage::{Coverage, distinct};
use super::ledger::{Ask, RequestKey};

/// Part of a list, and how it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slice {
    /// Index of the list.
    pub(super) list: u32,
    /// Name of the slice, as in [`RequestKey::slice`].
    pub(super) name: String,
    /// Number of its rows as counted before; none when the server gives no total.
    pub(super) total: Option<u64>,
}

impl Slice {
    pub(super) fn key(&self, sweep: u32, ask: Ask) -> RequestKey {
        RequestKey { list: self.list, sweep, slice: self.name.clone(), ask }
    }
}

/// A slice as read in one sweep.
#[derive(Debug)]
pub(super) struct SliceRead {
    pub(super) slice: Slice,
    pub(super) sweep: u32,
    /// Fingerprints of the rows by position.
    pub(super) rows: Vec<u64>,
    /// Fingerprints of all rows that came, those of pages that do not join included.
    pub(super) companies: HashSet<u64>,
    pub(super) distinct: u64,
    /// Rows of a full page as received.
    pub(super) effective_page_size: u64,
    /// Rows of the longest page.
    pub(super) longest_page: u64,
    /// What does not add up; empty when everything does.
    pub(super) reasons: Vec<String>,
    /// The total is the only thing that contradicts the rows, and it is too small: an earlier sweep with the
    /// same companies would settle it.
    pub(super) only_total_too_small: bool,
}

/// What came of a slice.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) slice: Slice,
    pub(super) sweep: u32,
    /// The pages by position.
    pub(super) coverage: Coverage,
    /// Fingerprints of all rows that came.
    pub(super) companies: HashSet<u64>,
    /// Offsets at which there was no row.
    pub(super) empty: HashSet<u64>,
    /// Rows of a full page as received.
    pub(super) page_size: u64,
    /// The server gives more rows than were asked for.
    pub(super) ignores_limit: bool,
    /// Nothing lies behind the last row.
    pub(super) end_proven: bool,
}

impl SliceRead {
    pub(super) fn adds_up(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Puts the pages together and says what contradicts them.
    pub(super) fn judge(of: Evidence) -> Self {
        let stitched = of.coverage.stitch();
        let received = stitched.rows.len() as u64;
        let distinct = distinct(&stitched.rows);
        let mut reasons = Vec::new();
        if of.ignores_limit && !of.end_proven {
            reasons.push(format!("the server ignores the limit and gave {received} rows at once"));
        } else if !of.end_proven {
            reasons.push(format!("rows behind position {received} are missing"));
        }
        if !stitched.broken_seams.is_empty() {
            reasons.push(format!(
                "{} pages do not join: rows moved while they were read",
                stitched.broken_seams.len()
            ));
        }
        if let Some(offset) = of.empty.iter().filter(|offset| **offset < received).min() {
            reasons.push(format!(
                "no row came from position {offset} on, where one is: rows went while they were read"
            ));
        }
        if distinct != received {
            reasons.push(format!("{received} rows hold only {distinct} companies"));
        }
        let total_contradicts = of.slice.total.is_some_and(|total| total != received);
        let only_total_too_small = reasons.is_empty() && of.slice.total.is_some_and(|total| total < received);
        if let (true, Some(total)) = (total_contradicts, of.slice.total) {
            reasons.push(format!("the server's total is {total}, {received} rows were received"));
        }
        SliceRead {
            rows: stitched.rows,
            companies: of.companies,
            distinct,
            effective_page_size: of.page_size,
            longest_page: of.coverage.longest(),
            reasons,
            only_total_too_small,
            slice: of.slice,
            sweep: of.sweep,
        }
    }
}
