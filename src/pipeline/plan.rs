//! From the settings and what is known to what a run reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::SyncSettings;
use super::known::{self, DAY_US};
use super::planner::{self, Planned};
use crate::catalog::{Lists, Paging};
use crate::error::Error;
use crate::extract::{Plan, PlannedStream};
use crate::workspace::Workspace;

/// What the run that started then reads.
pub(super) fn plan(
    settings: &SyncSettings,
    workspace: &Workspace,
    started_at_us: i64,
) -> Result<Plan, Error> {
    let planned = planner::plan(&settings.streams);
    let streams = planned.iter().map(|planned| stream(settings, workspace, planned, started_at_us));
    Ok(Plan { streams: streams.collect::<Result<_, _>>()?, target_groups: settings.target_groups.clone() })
}

fn stream(
    settings: &SyncSettings,
    workspace: &Workspace,
    planned: &Planned,
    started_at_us: i64,
) -> Result<PlannedStream, Error> {
    let endpoint = planned.endpoint;
    let lists = match endpoint.lists {
        Lists::Selections => settings.lists.clone(),
        Lists::Whole if matches!(endpoint.endpoint.paging, Paging::Numbered { .. }) => {
            settings.customer_lists.clone()
        }
        Lists::Whole | Lists::TargetGroups | Lists::Companies => Vec::new(),
    };
    let mut stream = PlannedStream::new(endpoint, lists);
    stream.serves = planned.serves.iter().map(|served| served.stream.name).collect();
    if let Some(window) = endpoint.endpoint.window {
        // A day less than it goes back: the zone of its clock is not known.
        let days = if window.parameter.is_some() { window.days.saturating_sub(1) } else { window.days };
        let earliest_us = started_at_us.saturating_sub(i64::from(days).saturating_mul(DAY_US));
        warn_of_gaps(endpoint.name, &known::covered(workspace, endpoint)?, earliest_us);
        // All of it in each run: a company that joined a target group brings what came before.
        stream.window_us = Some((earliest_us, started_at_us));
    }
    if let (Lists::Companies, Some(age), false) = (endpoint.lists, settings.details_max_age, settings.full) {
        let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
        let streams: Vec<_> = planned.serves.iter().map(|served| served.stream).collect();
        stream.fresh = Arc::new(known::fresh(workspace, &streams, started_at_us.saturating_sub(age))?);
    }
    Ok(stream)
}

/// What lies between the last reading and the earliest moment that can be asked for cannot be had any more.
fn warn_of_gaps(stream: &str, covered_us: &BTreeMap<String, i64>, earliest_us: i64) {
    for (list, to) in covered_us.iter().filter(|(_, to)| **to < earliest_us) {
        tracing::warn!(
            stream,
            list,
            read_until = crate::clock::utc_text(*to),
            from = crate::clock::utc_text(earliest_us),
            "The last reading was too long ago: the API no longer gives what came between."
        );
    }
}
