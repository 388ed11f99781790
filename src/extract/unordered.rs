//! Reads a list whose pages come in an order that nobody promises.
//!
//! When the pages happen to join, as those of an ordered list, one reading is the proof. When they do not, the list is
//! read again, and what has come in all readings together counts: as many different rows as the server counts, the
//! same number in each of these readings, are all of them. A row that went away and another that came in its place
//! between two readings make one too many, which is seen.

use std::collections::HashSet;

use super::ExtractError;
use super::ledger::{Ask, RequestKey, Verdict};
use super::slice::{self, Slice, SliceRead};
use super::source::Source;

/// A list is read at most so often. Pages that are shuffled anew for each request show about two thirds of what is
/// left in each reading: 10 readings leave less than one row in 20,000 unseen.
const MOST_SWEEPS: u32 = 10;

/// Reads the list with that index.
pub(super) async fn read(source: &Source<'_>, index: u32) -> Result<Verdict, ExtractError> {
    let mut reading =
        Reading { source, list: index, sweeps: Vec::new(), page_size: source.page_size(index).into() };
    let mut judged = None;
    for sweep in 1..=MOST_SWEEPS {
        let settled = reading.sweep(sweep).await?;
        judged = Some(reading.judge());
        let complete = judged.as_ref().is_some_and(|verdict| verdict.complete);
        // Three readings are due to any list; further ones only while they differ. That one brings nothing new does not mean
        // that there is nothing: of a few rows left unseen it misses each with a third's chance.
        if complete || (sweep >= 3 && settled) {
            break;
        }
        tracing::warn!(
            list = source.lists.get(index).named.label,
            sweep,
            reasons = judged.as_ref().map(|verdict| verdict.reasons.join("; ")),
            "The pages do not add up."
        );
    }
    let verdict = judged.ok_or(ExtractError::LandingStopped)?;
    source.observer.list_judged(&source.lists.get(index).named, &verdict);
    Ok(verdict)
}

struct Reading<'a, 'b> {
    source: &'a Source<'b>,
    list: u32,
    sweeps: Vec<Sweep>,
    /// Rows that a full page is known to hold.
    page_size: u64,
}

/// One reading of the whole list.
struct Sweep {
    before: Option<u64>,
    after: Option<u64>,
    read: SliceRead,
}

impl Sweep {
    /// The total, where it was the same before and after.
    fn total(&self) -> Option<u64> {
        self.before.filter(|_| self.before == self.after)
    }
}

impl Reading<'_, '_> {
    /// Reads the list once more; true when that showed just the rows that had come before, and all of them.
    async fn sweep(&mut self, sweep: u32) -> Result<bool, ExtractError> {
        let before = self.count(sweep, Ask::CountBefore).await?;
        if sweep == 1 {
            self.source.observer.list_counted(&self.source.lists.get(self.list).named, before);
        }
        let slice = Slice { list: self.list, name: String::new(), total: before };
        let read = slice::read(self.source, slice, sweep, self.page_size, 0).await?;
        self.page_size = read.effective_page_size;
        let after = self.count(sweep, Ask::CountAfter).await?;
        let earlier: HashSet<u64> =
            self.sweeps.iter().flat_map(|sweep| sweep.read.companies.iter().copied()).collect();
        let settled =
            read.companies.len() == earlier.len() && read.companies.iter().all(|row| earlier.contains(row));
        self.sweeps.push(Sweep { before, after, read });
        Ok(settled)
    }

    async fn count(&self, sweep: u32, ask: Ask) -> Result<Option<u64>, ExtractError> {
        self.source.count(RequestKey { list: self.list, sweep, slice: String::new(), ask }).await
    }

    fn judge(&self) -> Verdict {
        let alone = self.sweeps.last().filter(|last| {
            last.read.adds_up() && last.after.is_none_or(|total| total == last.read.rows.len() as u64)
        });
        if let Some(last) = alone {
            let distinct = last.read.distinct;
            return self.verdict(vec![last.read.sweep], last.read.rows.len() as u64, distinct, Vec::new());
        }
        // The latest readings with the same total, together.
        let total = self.sweeps.last().and_then(Sweep::total);
        let alike: Vec<&Sweep> =
            self.sweeps.iter().rev().take_while(|sweep| total.is_some() && sweep.total() == total).collect();
        let mut together: HashSet<u64> = HashSet::new();
        let mut used = Vec::new();
        for sweep in &alike {
            together.extend(&sweep.read.companies);
            used.push(sweep.read.sweep);
            if total == Some(together.len() as u64) {
                let distinct = together.len() as u64;
                return self.verdict(used, distinct, distinct, Vec::new());
            }
        }
        let all: HashSet<u64> =
            self.sweeps.iter().flat_map(|sweep| sweep.read.companies.iter().copied()).collect();
        let mut reasons = self.sweeps.last().map_or_else(Vec::new, |last| last.read.reasons.clone());
        reasons.push(match total {
            Some(total) => format!(
                "the server's total is {total}, {} different rows came in {} readings",
                together.len(),
                alike.len()
            ),
            None => "the server's total changed while the list was read, or there is none".to_owned(),
        });
        let sweeps = self.sweeps.iter().map(|sweep| sweep.read.sweep).collect();
        self.verdict(sweeps, all.len() as u64, all.len() as u64, reasons)
    }

    fn verdict(&self, sweeps: Vec<u32>, received: u64, distinct: u64, reasons: Vec<String>) -> Verdict {
        let last = self.sweeps.last();
        Verdict {
            list: self.list,
            rows_received: received,
            distinct_keys: distinct,
            total_before: last.and_then(|last| last.before),
            total_after: last.and_then(|last| last.after),
            effective_page_size: self.page_size,
            sweeps: u32::try_from(self.sweeps.len()).unwrap_or(u32::MAX),
            complete: reasons.is_empty(),
            reasons,
            accepted: sweeps.into_iter().map(|sweep| (String::new(), sweep)).collect(),
            not_found: 0,
        }
    }
}
