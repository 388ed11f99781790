//! Reads a list whose pages come in no documented order: the API's document names no parameter for it
//! (`getTargetGroupById`).
//!
//! When the pages join, as those of an ordered list do, one reading is the proof, unless it lacks rows that an earlier
//! one held: then it must come twice. When they do not join, the list is read again, and the rows of all readings
//! together count. The list is complete when there are as many distinct rows as the server counts, the count is the
//! same in each of these readings, and the last reading brought no new row. One reading alone does not suffice:
//! deleted rows may make up in number for rows that never came. A reading with rows beyond the total does not count
//! either: a server that ignores the offset sends the same page each time, and a total that is too small may be the
//! number of its rows.

use std::collections::HashSet;

use crate::extract::ExtractError;
use crate::extract::paging::slice;
use crate::extract::paging::slice_read::{Slice, SliceRead};
use crate::extract::source::Source;
use crate::landing::LandingError;
use crate::landing::ledger::{Ask, RequestKey, Verdict};

/// Maximum number of readings of a list. If pages are shuffled for each request, each reading shows about two thirds
/// of the rows not yet seen: 11 readings leave less than one row in 100,000 unseen, and one more finds nothing new.
const MOST_SWEEPS: u32 = 12;

/// Reads the list with that index.
pub(in crate::extract) async fn read(source: &Source<'_>, index: u32) -> Result<Verdict, ExtractError> {
    let mut reading =
        Reading { source, list: index, sweeps: Vec::new(), page_size: source.page_size(index).into() };
    let mut judged = None;
    for sweep in 1..=MOST_SWEEPS {
        let differs = reading.sweep(sweep).await?;
        judged = Some(reading.judge());
        let complete = judged.as_ref().is_some_and(|verdict| verdict.complete);
        // Three readings are allowed for any list; further ones only while the readings differ.
        if complete || (sweep >= 3 && !differs) {
            break;
        }
        tracing::warn!(
            list = source.lists.get(index).named.label,
            sweep,
            reasons = judged.as_ref().map(|verdict| verdict.reasons.join("; ")),
            "The pages do not add up."
        );
    }
    let verdict = judged.ok_or(LandingError::Stopped)?;
    Ok(source.judged(verdict))
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
    /// The total, if it was the same before and after the reading; `None` otherwise.
    fn total(&self) -> Option<u64> {
        self.before.filter(|_| self.before == self.after)
    }
}

impl Reading<'_, '_> {
    /// Reads the list once more. Returns true unless exactly the rows came that had come before: then the next reading
    /// may bring others.
    async fn sweep(&mut self, sweep: u32) -> Result<bool, ExtractError> {
        let before = self.count(sweep, Ask::CountBefore).await?;
        if sweep == 1 {
            self.source.observer.list_counted(&self.source.lists.get(self.list).named, before);
        }
        let slice = Slice { list: self.list, name: String::new(), total: before };
        let read = slice::read(self.source, slice, sweep, self.page_size, 0).await?;
        self.page_size = read.effective_page_size;
        let after = self.count(sweep, Ask::CountAfter).await?;
        let known: HashSet<u64> =
            self.sweeps.iter().flat_map(|one| one.read.companies.iter().copied()).collect();
        let differs = read.companies != known;
        self.sweeps.push(Sweep { before, after, read });
        Ok(differs)
    }

    async fn count(&self, sweep: u32, ask: Ask) -> Result<Option<u64>, ExtractError> {
        self.source.count(RequestKey { list: self.list, sweep, slice: String::new(), ask }).await
    }

    fn judge(&self) -> Verdict {
        if let Some(last) = self.sweeps.last().filter(|last| self.is_proven(last)) {
            let distinct = last.read.distinct;
            return self.verdict(vec![last.read.sweep], last.read.rows.len() as u64, distinct, Vec::new());
        }
        // The latest readings that have the same total and no row beyond it.
        let total = self.sweeps.last().and_then(Sweep::total);
        let is_alike =
            |sweep: &&Sweep| total.is_some() && sweep.total() == total && !sweep.read.rows_beyond_total;
        let alike: Vec<&Sweep> = self.sweeps.iter().rev().take_while(is_alike).collect();
        let before: HashSet<u64> =
            alike.iter().skip(1).flat_map(|sweep| sweep.read.companies.iter().copied()).collect();
        let mut together = before.clone();
        together.extend(alike.iter().flat_map(|sweep| &sweep.read.companies));
        let nothing_new = alike.len() > 1 && together.len() == before.len();
        if nothing_new && total == Some(together.len() as u64) {
            let used = alike.iter().map(|sweep| sweep.read.sweep).collect();
            return self.verdict(used, together.len() as u64, together.len() as u64, Vec::new());
        }
        let all: HashSet<u64> =
            self.sweeps.iter().flat_map(|sweep| sweep.read.companies.iter().copied()).collect();
        let mut reasons = self.sweeps.last().map_or_else(Vec::new, |last| last.read.reasons.clone());
        reasons.push(match total {
            Some(total) if alike.is_empty() => format!("rows came beyond the server's total of {total}"),
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

    /// Whether the last reading alone proves the list: its pages join, and nothing that came before contradicts it.
    fn is_proven(&self, last: &Sweep) -> bool {
        let is_alone = |sweep: &Sweep| {
            sweep.read.adds_up() && sweep.after.is_none_or(|total| total == sweep.read.rows.len() as u64)
        };
        let (now, earlier) = (&last.read.companies, self.sweeps.split_last().map_or(&[][..], |(_, all)| all));
        // A total that counts fewer rows than have come proves nothing for a reading with fewer rows.
        let is_too_small =
            |sweep: &Sweep| sweep.read.distinct > now.len() as u64 && sweep.before == last.before;
        let lacks = earlier.iter().any(|sweep| !sweep.read.companies.is_subset(now));
        let comes_twice = || earlier.iter().any(|sweep| is_alone(sweep) && sweep.read.companies == *now);
        is_alone(last) && !earlier.iter().any(is_too_small) && (!lacks || comes_twice())
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
            outside: 0,
            ids_asked: 0,
            missing_ids: Vec::new(),
            unreadable: 0,
            unfiltered: false,
        }
    }
}
