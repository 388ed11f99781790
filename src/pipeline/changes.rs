//! Which lists are read only for what changed since they were last read.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::SyncSettings;
use super::watermarks::{self, LastReading};
use crate::catalog::Lists;
use crate::clock::utc_text;
use crate::error::Error;
use crate::extract::{Changes, PlannedStream};
use crate::landing::ledger::RunList;
use crate::record::fingerprint;
use crate::schema::Disposition;
use crate::selection::List;

/// The lists of a stream of which only what changed is read, by label, in a run that started when the computer's clock
/// said `clock_us`.
///
/// A list is read whole if it was never read whole before, if that is too long ago, if its selection is of ids or
/// filters by the time of the change itself, if the file lacks a column of the stream's tables, and if a clock went back in between.
pub(super) fn of(
    settings: &SyncSettings,
    history: Option<&Path>,
    stream: &PlannedStream,
    clock_us: i64,
    recorded: Option<&[RunList]>,
) -> Result<BTreeMap<String, Changes>, Error> {
    let mut changes = BTreeMap::new();
    let (Some(every), Some(path), false) = (settings.full_every, history, settings.full) else {
        return Ok(changes);
    };
    // Rows of other tables are replaced as a whole, and a list of changes is no whole.
    let merges = stream.stream.targets.iter().all(|target| target.table.disposition == Disposition::Merge);
    let Some(cursor) = stream.stream.endpoint.cursor.filter(|_| merges) else { return Ok(changes) };
    let has_cursor =
        |list: &List| list.parameters.iter().any(|(name, _)| name.split("__").next() == Some(cursor.field));
    let lists = stream.lists.iter().filter(|list| list.id_chunks.is_empty() && !has_cursor(list));
    let labels: Vec<&str> = lists.map(|list| list.label.as_str()).collect();
    let readings = watermarks::last_readings(path, stream.stream, &labels)?;
    if let Some(recorded) = recorded {
        // What the run asked for when it started, it goes on to ask for, whatever the file says by now.
        for list in recorded.iter().filter(|list| list.stream == stream.stream.name) {
            let known = readings.get(&list.label).map_or(0, |reading| reading.known);
            let window_us = list.window_from_us.zip(list.window_to_us);
            changes.extend(window_us.map(|window_us| (list.label.clone(), Changes { window_us, known })));
        }
        return Ok(changes);
    }
    for (label, reading) in readings {
        let since =
            since(&reading, clock_us, watermarks::micros(every), watermarks::micros(settings.overlap));
        if let Some(from_us) = since {
            let from = utc_text(from_us);
            tracing::info!(stream = stream.stream.name, list = label, from, "Only what changed is read.");
            changes.insert(label, Changes { window_us: (from_us, clock_us), known: reading.known });
        }
    }
    Ok(changes)
}

/// From when on what changed is read, microseconds since 1970, UTC. `None` if the list has to be read whole.
fn since(reading: &LastReading, clock_us: i64, every_us: i64, overlap_us: i64) -> Option<i64> {
    let age_us = clock_us.saturating_sub(reading.whole_clock_us);
    let went_back = clock_us < reading.whole_clock_us.max(reading.last_clock_us);
    let is_due = age_us >= every_us || went_back || reading.known == 0;
    (!is_due).then(|| reading.read_at_us.saturating_sub(overlap_us))
}

/// Companies that the lists of the streams hold, that need to be asked about, and that a list of changes may not show.
pub(super) fn due(
    history: Option<&Path>,
    streams: &[PlannedStream],
    fresh: &HashSet<u64>,
) -> Result<Vec<String>, Error> {
    let asks = streams.iter().any(|planned| planned.stream.lists.is_of_answers());
    let (Some(path), true) = (history, asks) else { return Ok(Vec::new()) };
    let mut due = Vec::new();
    for planned in streams.iter().filter(|planned| planned.stream.lists == Lists::Selections) {
        let labels: Vec<&str> = planned.changes.keys().map(String::as_str).collect();
        watermarks::companies_of(path, planned.stream, &labels, |company| {
            if !fresh.contains(&fingerprint(&company)) {
                due.push(company);
            }
        })?;
    }
    Ok(due)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600 * 1_000_000;

    #[test]
    fn a_list_is_read_whole_when_that_is_due_or_a_clock_went_back() {
        let reading = LastReading {
            read_at_us: 98 * HOUR,
            whole_clock_us: 10 * HOUR,
            last_clock_us: 100 * HOUR,
            known: 5,
        };
        let since = |reading: &LastReading, clock: i64| since(reading, clock * HOUR, 168 * HOUR, 6 * HOUR);
        assert_eq!(since(&reading, 124), Some(92 * HOUR), "by the server's clock, less the overlap");
        assert_eq!(since(&reading, 177), Some(92 * HOUR));
        for (clock, why) in
            [(178, "a week after"), (99, "before the last reading"), (9, "before the whole one")]
        {
            assert_eq!(since(&reading, clock), None, "{why}");
        }
        assert_eq!(
            since(&LastReading { known: 0, ..reading }, 124),
            None,
            "a list that is forgotten or empty"
        );
    }
}
