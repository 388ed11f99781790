//! From the settings and what is known to what a run reads.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use super::planner::{self, Planned};
use super::watermarks::{self, DAY_US};
use super::{SyncSettings, changes};
use crate::catalog::{Lists, TARGET_GROUP};
use crate::clock::utc_text;
use crate::error::Error;
use crate::extract::{Plan, PlannedStream};
use crate::landing::ledger::RunList;
use crate::normalise::page_summary;

/// What a run reads that started when the computer's clock said `clock_us`, after what `history` holds. A run that goes on
/// reads the windows of time that its lists had when it started, `recorded`.
pub(super) fn plan(
    settings: &SyncSettings,
    history: Option<&Path>,
    clock_us: i64,
    recorded: Option<&[RunList]>,
) -> Result<Plan, Error> {
    let planned = planner::plan(&settings.streams);
    let fresh = fresh(settings, history, &planned, clock_us)?;
    let streams = planned.iter().map(|planned| stream(settings, history, planned, clock_us, &fresh));
    let mut streams: Vec<PlannedStream> = streams.collect::<Result<_, _>>()?;
    for stream in &mut streams {
        stream.changes = changes::of(settings, history, stream, clock_us, recorded)?;
    }
    Ok(Plan {
        due: changes::due(history, &streams, &fresh)?,
        streams,
        wanted: [(TARGET_GROUP.stream, settings.target_groups.clone())].into(),
        details_for: settings.details_for,
    })
}

fn stream(
    settings: &SyncSettings,
    history: Option<&Path>,
    planned: &Planned,
    clock_us: i64,
    fresh: &Arc<HashSet<u64>>,
) -> Result<PlannedStream, Error> {
    let endpoint = planned.endpoint;
    let lists = match endpoint.lists {
        Lists::Selections => settings.lists.clone(),
        Lists::Whole if endpoint.filters.is_some() => settings.customer_lists.clone(),
        Lists::Whole | Lists::EachOf(_) | Lists::AnswersOf(_) => Vec::new(),
    };
    let mut stream = PlannedStream::new(endpoint, lists, page_summary);
    stream.serves = planned.serves.iter().map(|served| served.stream.name).collect();
    if let Some(window) = endpoint.endpoint.window {
        // A day less than it goes back: the zone of its clock is not known.
        let days = if window.parameter.is_some() { window.days.saturating_sub(1) } else { window.days };
        let now_us = settings.now_us.unwrap_or(clock_us);
        let earliest_us = now_us.saturating_sub(i64::from(days).saturating_mul(DAY_US));
        warn_of_gap(endpoint.name, watermarks::covered(history, endpoint, now_us)?, earliest_us);
        // All of it in each run: a company that joined a target group brings what came before.
        stream.window_us = Some((earliest_us, now_us));
    }
    if endpoint.lists.is_of_answers() {
        stream.fresh = Arc::clone(fresh);
    }
    Ok(stream)
}

/// Companies that need not be asked for by any endpoint. A company has one time for all that was read of it, so that what
/// one endpoint has to read again all of them read again: else a stream that is new would make the others look new too.
fn fresh(
    settings: &SyncSettings,
    history: Option<&Path>,
    planned: &[Planned],
    clock_us: i64,
) -> Result<Arc<HashSet<u64>>, Error> {
    let asking = planned.iter().filter(|planned| planned.endpoint.lists.is_of_answers());
    let streams: Vec<_> = asking.flat_map(|planned| &planned.serves).map(|served| served.stream).collect();
    let (Some(age), false, false) = (settings.details_max_age, settings.full, streams.is_empty()) else {
        return Ok(Arc::default());
    };
    Ok(Arc::new(watermarks::fresh(history, &streams, clock_us, watermarks::micros(age))?))
}

/// What lies between the last reading and the earliest moment that can be asked for cannot be had any more.
fn warn_of_gap(stream: &str, covered_us: Option<i64>, earliest_us: i64) {
    if let Some(to) = covered_us.filter(|to| *to < earliest_us) {
        tracing::warn!(
            stream,
            read_until = utc_text(to),
            from = utc_text(earliest_us),
            "The last reading was too long ago: the API no longer gives what came between."
        );
    }
}
