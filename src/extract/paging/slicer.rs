//! Cuts a list into slices by the first characters of its ids.
//!
//! Slices are counted level by level, those of one level concurrently. A slice can be read as soon as it is short
//! enough, so that the first pages come while longer slices are still being cut.

use std::collections::HashMap;

use futures::StreamExt;

use crate::extract::paging::slice_read::Slice;
use crate::extract::source::Source;
use crate::extract::{ExtractError, all_or_first_error};
use crate::landing::ledger::{Ask, RequestKey};

/// Maximum number of characters of an id by which slices are cut. National ids have 8 to 10 digits.
const LONGEST_PREFIX: usize = 10;

/// Counts and cuts one list.
#[derive(Clone, Copy)]
pub(in crate::extract) struct Cutter<'a, 'b> {
    source: &'a Source<'b>,
    list: u32,
}

impl<'a, 'b> Cutter<'a, 'b> {
    pub(in crate::extract) fn new(source: &'a Source<'b>, list: u32) -> Self {
        Self { source, list }
    }

    /// The whole list, or each of its chunks of ids, with its count.
    pub(in crate::extract) async fn count_roots(
        &self,
        sweep: u32,
        ask: Ask,
    ) -> Result<Vec<Slice>, ExtractError> {
        let chunks = self.source.lists.get(self.list).list.id_chunks.len();
        let names: Vec<String> = if chunks == 0 {
            vec![String::new()]
        } else {
            (0..chunks).map(|chunk| format!("#{chunk}")).collect()
        };
        self.count(names, sweep, ask).await
    }

    /// The slices with these names, counted, in the order of their names.
    pub(in crate::extract) async fn count(
        &self,
        names: Vec<String>,
        sweep: u32,
        ask: Ask,
    ) -> Result<Vec<Slice>, ExtractError> {
        let at_once = self.source.settings.requests_at_once.max(1);
        let counts = names.into_iter().map(|name| async move {
            let key = RequestKey { list: self.list, sweep, slice: name.clone(), ask };
            let total = self.source.count(key).await?;
            Ok(Slice { list: self.list, name, total })
        });
        let mut slices: Vec<Slice> =
            all_or_first_error(futures::stream::iter(counts).buffer_unordered(at_once).collect().await)?;
        slices.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(slices)
    }

    /// Cuts slices by the next character of the ids until none holds more than `most` rows, and calls `done` with each
    /// slice that is cut no further. A cut whose counts do not add up is not used: then the API compares ids in an
    /// unknown way, or the list has changed.
    pub(in crate::extract) async fn cut(
        &self,
        slices: Vec<Slice>,
        sweep: u32,
        most: u64,
        mut done: impl FnMut(Slice),
    ) -> Result<(), ExtractError> {
        let mut level = slices;
        while !level.is_empty() {
            let (longer, short): (Vec<Slice>, Vec<Slice>) =
                level.into_iter().partition(|slice| self.is_cut(slice, most));
            short.into_iter().for_each(&mut done);
            let names = longer.iter().flat_map(|slice| parts_of(&slice.name)).collect();
            let mut parts_by_whole: HashMap<String, Vec<Slice>> = HashMap::new();
            for part in self.count(names, sweep, Ask::CountBefore).await? {
                let mut whole = part.name.clone();
                whole.pop();
                parts_by_whole.entry(whole).or_default().push(part);
            }
            level = Vec::new();
            for slice in longer {
                let parts = parts_by_whole.remove(&slice.name).unwrap_or_default();
                if sum(parts.iter().map(|part| part.total)) == slice.total {
                    level.extend(parts.into_iter().filter(|part| part.total != Some(0)));
                } else {
                    tracing::debug!(
                        slice = slice.name,
                        "The counts of its parts do not add up; it is not cut."
                    );
                    done(slice);
                }
            }
        }
        Ok(())
    }

    /// Whether the slice is too long and can be cut.
    fn is_cut(&self, slice: &Slice, most: u64) -> bool {
        let known = self.source.lists.get(self.list);
        let chosen_by_id = !known.list.id_chunks.is_empty()
            || known.list.parameters.iter().any(|(key, _)| key.starts_with("business_id"));
        slice.total.is_some_and(|total| total > most)
            && slice.name.len() < LONGEST_PREFIX
            && !chosen_by_id
            && !slice.name.starts_with('#')
    }
}

/// Names of the parts of the slice with that name.
fn parts_of(name: &str) -> impl Iterator<Item = String> {
    ('0'..='9').map(move |digit| format!("{name}{digit}"))
}

/// The sum; `None` when a part is unknown or the sum overflows, since a server may claim any number.
pub(in crate::extract) fn sum(mut parts: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    parts.try_fold(0_u64, |sum, part| sum.checked_add(part?))
}
