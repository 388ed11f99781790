//! One slice of a list as it was read, and what of it does not add up.

use std::collections::HashSet;

use crate::landing::ledger::{Ask, RequestKey};

/// Part of a list, and how it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::extract) struct Slice {
    /// Index of the list.
    pub(in crate::extract) list: u32,
    /// Name of the slice, as in [`RequestKey::slice`].
    pub(in crate::extract) name: String,
    /// Number of its rows as counted before; none when the server gives no total.
    pub(in crate::extract) total: Option<u64>,
}

impl Slice {
    pub(in crate::extract) fn key(&self, sweep: u32, ask: Ask) -> RequestKey {
        RequestKey { list: self.list, sweep, slice: self.name.clone(), ask }
    }
}

/// A slice as read in one sweep.
#[derive(Debug)]
pub(in crate::extract) struct SliceRead {
    pub(in crate::extract) slice: Slice,
    pub(in crate::extract) sweep: u32,
    /// Fingerprints of the rows by position.
    pub(in crate::extract) rows: Vec<u64>,
    /// Fingerprints of all rows that came, those of pages that do not join included.
    pub(in crate::extract) companies: HashSet<u64>,
    pub(in crate::extract) distinct: u64,
    /// Rows of a full page as received.
    pub(in crate::extract) effective_page_size: u64,
    /// Rows of the longest page.
    pub(in crate::extract) longest_page: u64,
    /// What does not add up; empty when everything does.
    pub(in crate::extract) reasons: Vec<String>,
    /// The total is the only thing that contradicts the rows, and it is too small: an earlier sweep with the
    /// same companies would settle it.
    pub(in crate::extract) only_total_too_small: bool,
    /// A row came at a position that the total does not count, on a page that was left out or not, and not because each
    /// page has all rows: either the total or the server's offsets are wrong, so that the total does not say how many
    /// rows there are to be found.
    pub(in crate::extract) rows_beyond_total: bool,
}

impl SliceRead {
    pub(in crate::extract) fn adds_up(&self) -> bool {
        self.reasons.is_empty()
    }
}
