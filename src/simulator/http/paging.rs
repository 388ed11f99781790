//! Pages of a list, and the changes that switches make to them.

use crate::simulator::data::rng::{Rng, Stream};
use crate::simulator::data::world::World;
use crate::simulator::endpoints::listing::List;
use crate::simulator::http::server::Shared;
use crate::simulator::settings::switches::Switches;

/// Most companies that are generated to find a new one for the list.
const INSERT_TRIES: u32 = 200;

/// The state that an endpoint keeps between pages.
#[derive(Debug, Default)]
pub(in crate::simulator) struct Pages {
    answered: u64,
    last: Vec<u32>,
}

/// One page of a list.
pub(in crate::simulator) struct Page {
    /// Number of the page, from 1, over all lists of the endpoint.
    pub(in crate::simulator) number: u64,
    pub(in crate::simulator) rows: Vec<u32>,
    /// Index in the list after the last row of the page.
    pub(in crate::simulator) end: usize,
}

impl Pages {
    /// Takes the rows of the next page and applies the switches. `limit` is `None` for all rows.
    pub(in crate::simulator) fn take(
        &mut self,
        switches: &Switches,
        limit: Option<u64>,
        offset: u64,
        list: &[u32],
    ) -> Page {
        let most = match switches.clamp_late {
            Some((after, limit)) if self.answered >= after => Some(limit),
            _ => switches.limit_max,
        };
        self.answered += 1;
        let number = self.answered;
        let (mut start, mut length) = (usize::try_from(offset).unwrap_or(usize::MAX), usize::MAX);
        if switches.limit_ignored {
            start = 0;
        } else {
            let asked = limit.unwrap_or(u64::MAX).min(most.map_or(u64::MAX, u64::from));
            length = usize::try_from(asked).unwrap_or(usize::MAX);
        }
        let mut rows: Vec<u32> = list.iter().skip(start).take(length).copied().collect();
        if switches.short_page.is_some_and(|every| number.is_multiple_of(every)) {
            rows.pop();
        }
        if switches.repeat_page == Some(number) && number > 1 {
            rows.clone_from(&self.last);
        }
        self.last.clone_from(&rows);
        Page { number, end: start.saturating_add(rows.len()), rows }
    }

    /// The total that answers give for a list, with the errors that the switches add.
    pub(in crate::simulator) fn total(&self, switches: &Switches, list: &[u32]) -> u64 {
        let late = match switches.total_late {
            Some((after, wrong_by)) if self.answered >= after => wrong_by,
            _ => 0,
        };
        let total = u64::try_from(list.len()).unwrap_or(u64::MAX);
        total.saturating_add_signed(switches.total_offset).saturating_add_signed(late)
    }

    /// True if the rows are now in another order than on the first pages.
    pub(in crate::simulator) fn is_reordered(&self, switches: &Switches) -> bool {
        switches.reorder_after.is_some_and(|after| self.answered >= after)
    }
}

/// Deletes and inserts companies after a page, as the switches say. `is_wanted` is true for companies of the list.
pub(in crate::simulator) fn drift(
    shared: &Shared,
    switches: &Switches,
    page: &Page,
    list: &List,
    is_wanted: impl FnMut(&World, u32) -> bool,
) {
    let drifts = switches.drift.is_some_and(|every| page.number.is_multiple_of(every));
    if drifts || switches.delete_after == Some(page.number) {
        delete(shared, list, page.end);
    }
    if drifts || switches.insert_after == Some(page.number) {
        insert(shared, is_wanted);
    }
}

/// Deletes a company that was on an earlier page or on this one, so that the later rows move up.
fn delete(shared: &Shared, list: &List, end: usize) {
    shared.change(|world| {
        let mut draw = Rng::new(world.seed(), u64::try_from(end).unwrap_or(0), Stream::Drift);
        let answered = u32::try_from(end.min(list.len())).unwrap_or(u32::MAX);
        if let Some(index) = list.get(draw.below(answered) as usize) {
            world.delete(*index);
        }
    });
}

/// Adds a new company that belongs to the list.
fn insert(shared: &Shared, mut is_wanted: impl FnMut(&World, u32) -> bool) {
    shared.change(|world| {
        for _ in 0..INSERT_TRIES {
            let index = world.insert_next();
            if is_wanted(world, index) {
                break;
            }
            world.delete(index);
        }
    });
}
