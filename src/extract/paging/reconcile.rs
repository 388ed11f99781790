//! Weighs the readings of a list's slices: what they show together, and which of them is believed.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::extract::paging::coverage::distinct;
use crate::extract::paging::slice_read::{Slice, SliceRead};
use crate::landing::ledger::Verdict;

/// The readings of one list.
#[derive(Debug, Default)]
pub(in crate::extract) struct Readings {
    /// Label of the list, for messages.
    label: String,
    /// The latest reading of each slice that makes up the list.
    reads: BTreeMap<String, SliceRead>,
    /// Companies of the latest reading of each slice that only the server's total, or an earlier reading,
    /// contradicted.
    contested: HashMap<String, Vec<u64>>,
    /// Totals that turned out to be too small, by slice, with the largest number of companies received.
    undercounts: HashMap<String, (u64, u64)>,
    /// Whether two readings agreed on more companies than the server counts.
    pub(in crate::extract) outvoted: bool,
}

impl Readings {
    /// No readings yet, for the list with that label.
    pub(in crate::extract) fn of(label: &str) -> Self {
        Self { label: label.to_owned(), ..Self::default() }
    }

    /// Names of the slices that make up the list.
    pub(in crate::extract) fn names(&self) -> Vec<String> {
        self.reads.keys().cloned().collect()
    }

    /// Number of rows in a slice's latest reading.
    pub(in crate::extract) fn rows_of(&self, name: &str) -> Option<u64> {
        self.reads.get(name).map(|read| read.rows.len() as u64)
    }

    /// Number of rows in the latest readings of all slices.
    pub(in crate::extract) fn received(&self) -> u64 {
        self.reads.values().map(|read| read.rows.len() as u64).sum()
    }

    /// Removes a slice that other slices replace.
    pub(in crate::extract) fn remove(&mut self, name: &str) {
        self.reads.remove(name);
    }

    /// Keeps a reading. When the total is the only contradiction and is too small, two readings with the same
    /// companies outweigh it; fewer companies never do. Besides, a later reading that adds up but has fewer companies
    /// than an earlier one must come twice.
    pub(in crate::extract) fn keep(&mut self, mut read: SliceRead) {
        let name = read.slice.name.clone();
        self.compare_with_undercount(&name, &mut read);
        let is_first = !self.reads.contains_key(&name) && !self.contested.contains_key(&name);
        if is_first && !read.only_total_too_small {
            // The usual case: there is nothing to compare with, so the companies need not be sorted.
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
                    list = self.label,
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

    /// A total that counts fewer companies than have come proves nothing for a reading with fewer companies.
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

    /// The slices whose readings do not add up, logged with `sweep`. When every reading adds up, but rows came in two
    /// of them, these readings do not add up.
    pub(in crate::extract) fn failed(&mut self, sweep: u32) -> Vec<Slice> {
        if self.reads.len() > 1 && self.reads.values().all(SliceRead::adds_up) {
            let readings: Vec<&[u64]> = self.reads.values().map(|read| read.rows.as_slice()).collect();
            let shared = shared(&readings);
            for read in
                self.reads.values_mut().filter(|read| read.rows.iter().any(|row| shared.contains(row)))
            {
                read.reasons.push("companies of it came in another slice too".to_owned());
            }
        }
        let failed: Vec<&SliceRead> = self.reads.values().filter(|read| !read.adds_up()).collect();
        for read in &failed {
            tracing::warn!(
                list = self.label,
                slice = read.slice.name,
                sweep,
                reasons = read.reasons.join("; "),
                "The pages do not add up."
            );
        }
        failed.into_iter().map(|read| read.slice.clone()).collect()
    }

    /// The evidence of the list with that index. The caller fills in how the list was read.
    pub(in crate::extract) fn verdict(&self, list: u32) -> Verdict {
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
            list,
            rows_received: received,
            distinct_keys,
            total_before: None,
            total_after: None,
            effective_page_size: 0,
            sweeps: 0,
            complete: reasons.is_empty(),
            reasons,
            accepted: self.reads.values().map(|read| (read.slice.name.clone(), read.sweep)).collect(),
            not_found: 0,
            outside: 0,
            ids_asked: 0,
            missing_ids: Vec::new(),
            unreadable: 0,
            unfiltered: false,
        }
    }
}

/// Rows that more than one reading holds. Ids divide a list without overlap, so one of the readings received a page of
/// another slice, and has the right number of rows by chance.
fn shared(readings: &[&[u64]]) -> HashSet<u64> {
    let mut all: Vec<u64> = readings.iter().flat_map(|rows| rows.iter().copied()).collect();
    all.sort_unstable();
    all.windows(2).filter_map(|pair| (pair.first() == pair.last()).then(|| pair.first().copied())?).collect()
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
