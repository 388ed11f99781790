//! Reads one list and decides whether the evidence adds up.
//!
//! A long list is cut into slices by the first characters of its ids; the cut is used only when the slices'
//! counts add up to the whole. A slice that does not add up is read again, cut finer, down to slices that fit
//! one page: such a page needs no order and cannot be torn by a change. After three sweeps the list is what it
//! is, and is said not to be complete.

use futures::StreamExt;

use super::ledger::{Ask, RequestKey, Verdict};
use super::readings::Readings;
use super::slice;
use super::slice_read::{Slice, SliceRead};
use super::source::Source;
use super::{ExtractError, all_or_first_error};

/// A list is read at most so often.
const MOST_SWEEPS: u32 = 3;
/// Slices that are read side by side.
const SLICES_AT_ONCE: usize = 4;
/// Most characters of an id that a slice is cut by; national ids have 8 to 10 digits.
const LONGEST_PREFIX: usize = 10;

/// Reads the list with that index.
pub(super) async fn read(source: &Source<'_>, list: u32) -> Result<Verdict, ExtractError> {
    let mut reading = ListReading::new(source, list);
    let roots = reading.count_roots(1, Ask::CountBefore).await?;
    let total_before = sum(roots.iter().map(|slice| slice.total));
    source.observer.list_counted(&source.lists.get(list).named, total_before);
    let mut pending = Vec::new();
    for root in roots {
        pending.extend(reading.cut(root, 1, source.settings.slice_rows).await?);
    }
    let mut total_after = None;
    for sweep in 1..=MOST_SWEEPS {
        reading.sweeps = sweep;
        reading.read_slices(pending, sweep).await?;
        pending = reading.cut_failed(sweep + 1).await?;
        if pending.is_empty() {
            let roots = reading.count_roots(sweep, Ask::CountAfter).await?;
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
            let roots = reading.count_roots(sweep, Ask::CountAfter).await?;
            total_after = sum(roots.iter().map(|slice| slice.total));
        }
    }
    let verdict = Verdict {
        total_before,
        total_after,
        effective_page_size: reading.page_size,
        sweeps: reading.sweeps,
        ..reading.readings.verdict(list)
    };
    source.observer.list_judged(&source.lists.get(list).named, &verdict);
    Ok(verdict)
}

struct ListReading<'a, 'b> {
    source: &'a Source<'b>,
    list: u32,
    /// Rows that a full page is known to hold.
    page_size: u64,
    /// Rows of the longest page that came.
    longest_page: u64,
    sweeps: u32,
    readings: Readings,
}

impl<'a, 'b> ListReading<'a, 'b> {
    fn new(source: &'a Source<'b>, list: u32) -> Self {
        let page_size = u64::from(source.page_size(list));
        Self {
            source,
            list,
            page_size,
            longest_page: 0,
            sweeps: 0,
            readings: Readings::of(&source.lists.get(list).named.label),
        }
    }

    fn key(&self, sweep: u32, name: &str, ask: Ask) -> RequestKey {
        RequestKey { list: self.list, sweep, slice: name.to_owned(), ask }
    }

    /// The whole list, or its chunks of ids, each counted.
    async fn count_roots(&self, sweep: u32, ask: Ask) -> Result<Vec<Slice>, ExtractError> {
        let chunks = self.source.lists.get(self.list).list.id_chunks.len();
        let names: Vec<String> = if chunks == 0 {
            vec![String::new()]
        } else {
            (0..chunks).map(|chunk| format!("#{chunk}")).collect()
        };
        self.count(names, sweep, ask).await
    }

    async fn count(&self, names: Vec<String>, sweep: u32, ask: Ask) -> Result<Vec<Slice>, ExtractError> {
        let at_once = self.source.settings.requests_at_once.max(1);
        let counts = names.into_iter().map(|name| async move {
            let total = self.source.count(self.key(sweep, &name, ask)).await?;
            Ok(Slice { list: self.list, name, total })
        });
        let mut slices: Vec<Slice> =
            all_or_first_error(futures::stream::iter(counts).buffer_unordered(at_once).collect().await)?;
        slices.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(slices)
    }

    /// Cuts a slice by the next character of the ids until none holds more than `most` rows. A cut whose counts
    /// do not add up is not used: then the API compares ids in a way that is not known here, or the list moved.
    async fn cut(&self, slice: Slice, sweep: u32, most: u64) -> Result<Vec<Slice>, ExtractError> {
        let mut whole = vec![slice];
        let mut done = Vec::new();
        while let Some(slice) = whole.pop() {
            let too_long = slice.total.is_some_and(|total| total > most);
            if !too_long || slice.name.len() >= LONGEST_PREFIX || !self.can_cut(&slice) {
                done.push(slice);
                continue;
            }
            let names = ('0'..='9').map(|digit| format!("{}{digit}", slice.name)).collect();
            let parts = self.count(names, sweep, Ask::CountBefore).await?;
            if sum(parts.iter().map(|part| part.total)) == slice.total {
                whole.extend(parts.into_iter().filter(|part| part.total != Some(0)));
            } else {
                tracing::debug!(slice = slice.name, "The counts of its parts do not add up; it is not cut.");
                done.push(slice);
            }
        }
        Ok(done)
    }

    fn can_cut(&self, slice: &Slice) -> bool {
        let known = self.source.lists.get(self.list);
        let chosen_by_id = !known.list.id_chunks.is_empty()
            || known.list.parameters.iter().any(|(key, _)| key.starts_with("business_id"));
        !chosen_by_id && !slice.name.starts_with('#')
    }

    async fn read_slices(&mut self, slices: Vec<Slice>, sweep: u32) -> Result<(), ExtractError> {
        let mut slices = slices.into_iter();
        // The first slice shows how many rows a page really holds; the others are planned with that.
        if sweep == 1
            && let Some(first) = slices.next()
        {
            let read = slice::read(self.source, first, sweep, self.page_size, self.longest_page).await?;
            self.page_size = read.effective_page_size;
            self.keep(read);
        }
        let reads =
            slices.map(|slice| slice::read(self.source, slice, sweep, self.page_size, self.longest_page));
        let reads = futures::stream::iter(reads).buffer_unordered(SLICES_AT_ONCE).collect().await;
        for read in all_or_first_error(reads)? {
            self.keep(read);
        }
        Ok(())
    }

    fn keep(&mut self, read: SliceRead) {
        self.longest_page = self.longest_page.max(read.longest_page);
        self.readings.keep(read);
    }

    /// The slices to read again because they do not add up, cut as fine as they go.
    async fn cut_failed(&mut self, sweep: u32) -> Result<Vec<Slice>, ExtractError> {
        let failed = self.readings.failed(sweep - 1);
        if sweep > MOST_SWEEPS {
            return Ok(failed);
        }
        let names = failed.into_iter().map(|slice| slice.name).collect();
        self.cut_again(names, sweep).await
    }

    /// The slices whose count is no longer what was received.
    async fn changed(&mut self, sweep: u32) -> Result<Vec<Slice>, ExtractError> {
        let names = self.readings.names();
        let recounted = self.count(names, sweep, Ask::CountBefore).await?;
        let changed = recounted.into_iter().filter(|slice| slice.total != self.readings.rows_of(&slice.name));
        let names = changed.map(|slice| slice.name).collect();
        self.cut_again(names, sweep).await
    }

    async fn cut_again(&mut self, names: Vec<String>, sweep: u32) -> Result<Vec<Slice>, ExtractError> {
        let mut pending = Vec::new();
        // `changed` has asked for these counts already: the same key must not be asked for twice.
        let recounted = self.count(names, sweep, Ask::CountAgain).await?;
        for slice in recounted {
            let name = slice.name.clone();
            let parts = self.cut(slice, sweep, self.page_size).await?;
            if parts.first().is_none_or(|part| part.name != name) {
                self.readings.remove(&name);
            }
            pending.extend(parts);
        }
        Ok(pending)
    }
}

/// The sum, or none when a part is unknown or the sum is no number that a list can have: what a server claims may
/// be any.
fn sum(mut parts: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    parts.try_fold(0_u64, |sum, part| sum.checked_add(part?))
}
