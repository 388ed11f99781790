//! Reads a list whose pages come under one order, and decides whether the evidence adds up.
//!
//! A long list is cut into slices by the first characters of its ids. A cut is used only when the counts of its slices
//! add up to the whole. Slices are read while others are still being cut. A slice that does not add up is read again,
//! cut finer, down to slices that fit one page: such a page needs no order, and no change can tear it. When the
//! evidence still does not add up after three sweeps, the list is reported as incomplete.

use futures::channel::mpsc;
use futures::{Stream, StreamExt, stream};

use crate::extract::paging::reconcile::Readings;
use crate::extract::paging::slice;
use crate::extract::paging::slice_read::{Slice, SliceRead};
use crate::extract::paging::slicer::{Cutter, sum};
use crate::extract::source::Source;
use crate::extract::{ExtractError, all_or_first_error};
use crate::landing::ledger::{Ask, Verdict};

/// Maximum number of readings of a list.
const MOST_SWEEPS: u32 = 3;
/// Number of slices that are read concurrently.
const SLICES_AT_ONCE: usize = 4;

/// Reads the list with that index.
pub(in crate::extract) async fn read(source: &Source<'_>, list: u32) -> Result<Verdict, ExtractError> {
    let mut reading = ListReading::new(source, list);
    let cutter = reading.cutter;
    let mut pending = cutter.count_roots(1, Ask::CountBefore).await?;
    let total_before = sum(pending.iter().map(|slice| slice.total));
    source.observer.list_counted(&source.lists.get(list).named, total_before);
    let mut total_after = None;
    for sweep in 1..=MOST_SWEEPS {
        reading.sweeps = sweep;
        if sweep == 1 {
            reading.cut_and_read(pending).await?;
        } else {
            reading.read_slices(stream::iter(pending), sweep).await?;
        }
        pending = reading.cut_failed(sweep + 1).await?;
        if pending.is_empty() {
            let roots = cutter.count_roots(sweep, Ask::CountAfter).await?;
            total_after = sum(roots.iter().map(|slice| slice.total));
            let outvoted = reading.readings.outvoted && total_after == total_before;
            if outvoted || total_after.is_none_or(|total| total == reading.readings.received()) {
                break;
            }
            if sweep < MOST_SWEEPS {
                pending = reading.changed(sweep + 1).await?;
            }
            if pending.is_empty() {
                break;
            }
        } else if sweep == MOST_SWEEPS {
            let roots = cutter.count_roots(sweep, Ask::CountAfter).await?;
            total_after = sum(roots.iter().map(|slice| slice.total));
        }
    }
    let verdict = reading.readings.verdict(list);
    let unfiltered = verdict.complete && source.is_unfiltered(list, total_after.or(total_before)).await?;
    // A list that was not read to its end does not show which ids are missing.
    let missing_ids = if verdict.complete { source.missing_ids(list) } else { Vec::new() };
    let verdict = Verdict {
        total_before,
        total_after,
        effective_page_size: reading.page_size,
        sweeps: reading.sweeps,
        ids_asked: source.lists.get(list).list.id_chunks.iter().map(|chunk| chunk.len() as u64).sum(),
        missing_ids,
        unfiltered,
        ..verdict
    };
    Ok(source.judged(verdict))
}

struct ListReading<'a, 'b> {
    source: &'a Source<'b>,
    cutter: Cutter<'a, 'b>,
    /// Rows that a full page is known to hold.
    page_size: u64,
    /// Rows in the longest page received.
    longest_page: u64,
    sweeps: u32,
    readings: Readings,
}

impl<'a, 'b> ListReading<'a, 'b> {
    fn new(source: &'a Source<'b>, list: u32) -> Self {
        let page_size = u64::from(source.page_size(list));
        Self {
            source,
            cutter: Cutter::new(source, list),
            page_size,
            longest_page: 0,
            sweeps: 0,
            readings: Readings::of(&source.lists.get(list).named.label),
        }
    }

    /// Reads the list for the first time, each slice as soon as it is short enough.
    async fn cut_and_read(&mut self, roots: Vec<Slice>) -> Result<(), ExtractError> {
        let (cutter, most) = (self.cutter, self.source.settings.slice_rows);
        let (sender, slices) = mpsc::unbounded();
        let cut = async move {
            // The reader of the slices goes on until the sender is dropped.
            cutter.cut(roots, 1, most, |slice| drop(sender.unbounded_send(slice))).await
        };
        let (cut, read) = futures::join!(cut, self.read_first(slices));
        all_or_first_error(vec![cut, read]).map(drop)
    }

    /// Reads the first slice alone, which shows how many rows a page really holds. The others are planned with that
    /// number.
    async fn read_first(
        &mut self,
        mut slices: impl Stream<Item = Slice> + Unpin,
    ) -> Result<(), ExtractError> {
        if let Some(first) = slices.next().await {
            let read = slice::read(self.source, first, 1, self.page_size, self.longest_page).await?;
            self.page_size = read.effective_page_size;
            self.keep(read);
        }
        self.read_slices(slices, 1).await
    }

    async fn read_slices(
        &mut self,
        slices: impl Stream<Item = Slice>,
        sweep: u32,
    ) -> Result<(), ExtractError> {
        let reads =
            slices.map(|slice| slice::read(self.source, slice, sweep, self.page_size, self.longest_page));
        let reads = reads.buffer_unordered(SLICES_AT_ONCE).collect().await;
        for read in all_or_first_error(reads)? {
            self.keep(read);
        }
        Ok(())
    }

    fn keep(&mut self, read: SliceRead) {
        self.longest_page = self.longest_page.max(read.longest_page);
        self.readings.keep(read);
    }

    /// The slices to read again because they do not add up, cut as finely as possible.
    async fn cut_failed(&mut self, sweep: u32) -> Result<Vec<Slice>, ExtractError> {
        let failed = self.readings.failed(sweep - 1);
        if sweep > MOST_SWEEPS {
            return Ok(failed);
        }
        let names = failed.into_iter().map(|slice| slice.name).collect();
        self.cut_again(names, sweep).await
    }

    /// The slices whose count differs from the number of rows received, cut as finely as possible.
    async fn changed(&mut self, sweep: u32) -> Result<Vec<Slice>, ExtractError> {
        let names = self.readings.names();
        let recounted = self.cutter.count(names, sweep, Ask::CountBefore).await?;
        let changed = recounted.into_iter().filter(|slice| slice.total != self.readings.rows_of(&slice.name));
        let names = changed.map(|slice| slice.name).collect();
        self.cut_again(names, sweep).await
    }

    async fn cut_again(&mut self, names: Vec<String>, sweep: u32) -> Result<Vec<Slice>, ExtractError> {
        let mut pending = Vec::new();
        // `changed` may have asked for these counts as `Ask::CountBefore`, and a key must not be used twice.
        let recounted = self.cutter.count(names, sweep, Ask::CountAgain).await?;
        for slice in recounted {
            let name = slice.name.clone();
            let mut parts = Vec::new();
            self.cutter.cut(vec![slice], sweep, self.page_size, |part| parts.push(part)).await?;
            if parts.first().is_none_or(|part| part.name != name) {
                self.readings.remove(&name);
            }
            pending.extend(parts);
        }
        Ok(pending)
    }
}
