//! Which positions of a slice have been received, and whether its pages join.
//!
//! Each page starts one row before the end of the page before it. That row, the seam, must be the same company in both
//! pages. This detects a row that was inserted or deleted before the seam between the two requests, even if another
//! change made up for it and the totals agree. Rows are identified by their fingerprint, a 64-bit hash of the key.

use std::collections::BTreeMap;
use std::ops::Range;

/// The pages of one slice in one sweep.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    pages: BTreeMap<u64, Vec<u64>>,
}

/// The pages of a slice, joined.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stitched {
    /// Fingerprints of the rows from position 0 up to the first gap.
    pub(crate) rows: Vec<u64>,
    /// Offsets of pages whose first rows differ from the rows that an earlier page has at the same positions.
    pub(crate) broken_seams: Vec<u64>,
}

impl Coverage {
    /// Adds a page. It replaces a page at the same offset only when it is longer.
    pub(crate) fn add(&mut self, offset: u64, rows: Vec<u64>) {
        let known = self.pages.get(&offset).map_or(0, Vec::len);
        if rows.len() > known {
            self.pages.insert(offset, rows);
        }
    }

    /// Offset of another page with exactly these rows, which shows that the server repeats itself.
    pub(crate) fn repeats(&self, offset: u64, rows: &[u64]) -> Option<u64> {
        // A single row is the seam, which two pages share by design.
        if rows.len() < 2 {
            return None;
        }
        self.pages.iter().find(|(at, known)| **at != offset && known.as_slice() == rows).map(|(at, _)| *at)
    }

    /// Number of rows in the page at offset 0; 0 when there is no such page.
    pub(crate) fn first(&self) -> usize {
        self.pages.get(&0).map_or(0, Vec::len)
    }

    /// Number of rows in the longest page.
    pub(crate) fn longest(&self) -> u64 {
        self.pages.values().map(Vec::len).max().unwrap_or(0) as u64
    }

    /// Number of positions received from 0 up to the first gap.
    pub(crate) fn covered(&self) -> u64 {
        let mut covered = 0;
        for (&offset, page) in &self.pages {
            if offset > covered {
                break;
            }
            covered = covered.max(offset + page.len() as u64);
        }
        covered
    }

    /// Ranges of positions that are missing below `total`. With `seams`, an empty range stands for each seam that no
    /// page overlaps.
    pub(crate) fn missing(&self, total: Option<u64>, seams: bool) -> Vec<Range<u64>> {
        let mut missing = Vec::new();
        let mut covered = 0;
        for (&offset, page) in &self.pages {
            if offset > covered || (seams && offset == covered && offset > 0) {
                missing.push(covered..offset);
            }
            covered = covered.max(offset + page.len() as u64);
        }
        if let Some(total) = total.filter(|total| *total > covered) {
            missing.push(covered..total);
        }
        missing
    }

    /// Joins the pages.
    pub(crate) fn stitch(&self) -> Stitched {
        let mut stitched = Stitched { rows: Vec::new(), broken_seams: Vec::new() };
        for (&offset, page) in &self.pages {
            let covered = stitched.rows.len() as u64;
            if offset > covered {
                break;
            }
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            let known = stitched.rows.get(start..).unwrap_or_default();
            let shared = known.len().min(page.len());
            if known.get(..shared) != page.get(..shared) {
                stitched.broken_seams.push(offset);
            }
            let fresh = page.get(known.len()..).unwrap_or_default().to_vec();
            stitched.rows.extend(fresh);
        }
        stitched
    }
}

/// Offsets of the pages that cover `missing`, each starting one row before the end of the page before it. An empty
/// range is a seam, for which there is one page that overlaps it. The offsets are produced one by one, because the
/// length of `missing` may be only a server's claim.
///
/// `page_size` is the number of rows that a page really holds, at least 1. Pages of a single row cannot overlap.
pub(crate) fn offsets(missing: Range<u64>, page_size: u64) -> impl Iterator<Item = u64> {
    let overlap = u64::from(page_size > 1);
    let stride = (page_size - overlap).max(1);
    let first = missing.start.saturating_sub(overlap);
    std::iter::successors(Some(first), move |from| {
        (from.saturating_add(page_size) < missing.end).then(|| from + stride)
    })
}

/// Number of distinct fingerprints.
pub(crate) fn distinct(rows: &[u64]) -> u64 {
    let mut sorted = rows.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn coverage(pages: &[(u64, &[u64])]) -> Coverage {
        let mut coverage = Coverage::default();
        for (offset, rows) in pages {
            coverage.add(*offset, rows.to_vec());
        }
        coverage
    }

    #[test]
    fn pages_with_equal_seams_join() {
        let stitched = coverage(&[(0, &[1, 2, 3]), (2, &[3, 4, 5]), (4, &[5])]).stitch();
        assert_eq!(stitched, Stitched { rows: vec![1, 2, 3, 4, 5], broken_seams: vec![] });
    }

    #[test]
    fn a_row_deleted_before_the_seam_is_seen() {
        // Row 1 was deleted between the two requests: position 2 now holds row 4, and row 4 would be lost.
        let stitched = coverage(&[(0, &[1, 2, 3]), (2, &[4, 5, 6])]).stitch();
        assert_eq!(stitched.broken_seams, [2]);
    }

    #[test]
    fn a_short_page_leaves_a_gap() {
        let stitched = coverage(&[(0, &[1, 2]), (2, &[3, 4]), (9, &[8])]).stitch();
        assert_eq!(stitched.rows, [1, 2, 3, 4]);
        let pages = coverage(&[(0, &[1, 2]), (2, &[3, 4]), (9, &[8])]);
        assert_eq!(pages.covered(), 4);
        assert_eq!(pages.missing(Some(12), false), [4..9, 10..12]);
        // The second page begins where the first one ends: no shared row shows that they join.
        assert_eq!(pages.missing(Some(10), true), [2..2, 4..9]);
    }

    #[test]
    fn a_repeated_page_is_found_but_a_single_seam_row_is_not_one() {
        let pages = coverage(&[(0, &[1, 2, 3])]);
        assert_eq!(pages.repeats(2, &[1, 2, 3]), Some(0));
        assert_eq!(pages.repeats(0, &[1, 2, 3]), None);
        assert_eq!(coverage(&[(0, &[7])]).repeats(1, &[7]), None);
    }

    #[test]
    fn a_claim_of_any_size_is_planned_only_as_far_as_it_is_followed() {
        let planned: Vec<u64> = offsets(7..u64::MAX, 10).take(3).collect();
        assert_eq!(planned, [6, 15, 24]);
        let last: Vec<u64> = offsets(u64::MAX - 3..u64::MAX, 10).collect();
        assert_eq!(last, [u64::MAX - 4]);
    }

    proptest! {
        #[test]
        fn planned_pages_cover_every_position_and_overlap_by_one(
            start in 0_u64..50, length in 1_u64..5000, page_size in 1_u64..300
        ) {
            let missing = start..start + length;
            let planned: Vec<u64> = offsets(missing.clone(), page_size).collect();
            let mut covered = planned[0];
            prop_assert!(planned[0] <= missing.start);
            for offset in &planned {
                prop_assert!(*offset <= covered, "gap before {}", offset);
                if page_size > 1 && *offset > planned[0] {
                    prop_assert_eq!(*offset, covered - 1);
                }
                covered = offset + page_size;
            }
            prop_assert!(covered >= missing.end);
        }

        #[test]
        fn an_unchanged_list_is_stitched_whole_whatever_the_page_size(total in 1_u64..2000, page_size in 1_u64..100) {
            let mut pages = Coverage::default();
            for offset in offsets(0..total, page_size) {
                pages.add(offset, (offset..(offset + page_size).min(total)).collect());
            }
            let stitched = pages.stitch();
            prop_assert_eq!(stitched.rows, (0..total).collect::<Vec<_>>());
            prop_assert!(stitched.broken_seams.is_empty());
        }
    }
}
