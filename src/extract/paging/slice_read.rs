//! A slice of a list, and the result of reading it.

use std::collections::HashSet;

use crate::landing::ledger::{Ask, RequestKey};

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::extract) struct Slice {
    /// Index of the list.
    pub(in crate::extract) list: u32,
    /// Name of the slice, as in [`RequestKey::slice`].
    pub(in crate::extract) name: String,
    /// Number of its rows as counted before the reading; `None` when the server gives no total.
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
    /// Fingerprints of all rows received, including those of pages that do not join.
    pub(in crate::extract) companies: HashSet<u64>,
    pub(in crate::extract) distinct: u64,
    /// Rows in a full page, as received.
    pub(in crate::extract) effective_page_size: u64,
    /// Rows in the longest page.
    pub(in crate::extract) longest_page: u64,
    /// Why the reading does not add up; empty when it does.
    pub(in crate::extract) reasons: Vec<String>,
    /// Whether the total is the only contradiction and is too small. An earlier sweep with the same companies would
    /// outweigh it.
    pub(in crate::extract) only_total_too_small: bool,
    /// Whether a row came at a position that the total does not count, even on a page that was left out, and not
    /// because each page holds all rows. Then either the total or the server's offsets are wrong, and the total does
    /// not show how many rows there are.
    pub(in crate::extract) rows_beyond_total: bool,
}

impl SliceRead {
    pub(in crate::extract) fn adds_up(&self) -> bool {
        self.reasons.is_empty()
    }
}
