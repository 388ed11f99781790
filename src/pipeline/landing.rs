//! Where a run lands its pages: in the folder of an unfinished run of the same selections, or in a new one.

use xxhash_rust::xxh3::xxh3_64;

use super::{SyncSettings, plan};
use crate::clock;
use crate::error::Error;
use crate::extract::Plan;
use crate::extract::landing::Landing;
use crate::extract::ledger::{Entry, Header, LEDGER_VERSION, Ledger};
use crate::extract::runs::{self, RunState};
use crate::selection::SelectionUse;
use crate::workspace::Workspace;

/// A landed run older than this is not resumed: the list has moved on too far for its pages to fit together.
const RESUME_WITHIN_US: i64 = 24 * 3600 * 1_000_000;

/// A run that is open for landing.
pub(super) struct Opened {
    pub(super) landing: Landing,
    /// What its ledger holds.
    pub(super) recorded: Vec<Entry>,
    pub(super) plan: Plan,
}

/// An unfinished run of the same selections, or a new run.
pub(super) fn open(settings: &SyncSettings, workspace: &Workspace) -> Result<Opened, Error> {
    let fingerprint = fingerprint(settings);
    let now = clock::now_us();
    runs::sweep(&workspace.landing_dir())?;
    for run in runs::list(&workspace.landing_dir())? {
        if run.state != RunState::Unfinished {
            continue;
        }
        let too_old = now.saturating_sub(run.header.started_at_us) > RESUME_WITHIN_US;
        let same = run.header.fingerprint == fingerprint;
        if same && !too_old && !settings.restart {
            tracing::info!(
                run_id = run.header.run_id,
                pages = run.pages.len(),
                bundles_of_answers = run.answers.len(),
                "Resuming the unfinished run."
            );
            let (landing, recorded) = Landing::resume(&run.folder)?;
            let plan = plan::plan(settings, workspace, run.header.started_at_us)?;
            return Ok(Opened { landing, recorded, plan });
        }
        if too_old || same {
            tracing::warn!(
                run_id = run.header.run_id,
                "An unfinished run is given up; its pages stay for a while."
            );
            Ledger::resume(&run.folder)?.0.append(&[Entry::Abandoned])?;
        }
    }
    let plan = plan::plan(settings, workspace, now)?;
    let run_id = run_id(now);
    let header = Header {
        version: LEDGER_VERSION,
        run_id: run_id.clone(),
        started_at_us: now,
        lists: plan.known_lists(),
        arguments: settings.arguments.clone(),
        fingerprint,
        selection: SelectionUse {
            details_for: settings.details_for,
            forgets_others: settings.forget_selections,
        },
    };
    let landing = Landing::create(&workspace.landing_dir().join(&run_id), &header)?;
    Ok(Opened { landing, recorded: vec![Entry::Opened(header)], plan })
}

/// Hash over everything that decides which requests are made.
fn fingerprint(settings: &SyncSettings) -> String {
    let streams: Vec<&str> = settings.streams.iter().map(|stream| stream.name).collect();
    let mut text = format!(
        "{} {} {} {} {:?} {:?} {} {} {}",
        settings.client.base_url,
        streams.join(","),
        settings.extract.page_size,
        settings.extract.slice_rows,
        settings.target_groups,
        settings.details_max_age,
        settings.full,
        settings.details_for.label(),
        settings.forget_selections,
    );
    for list in settings.lists.iter().chain(&settings.customer_lists) {
        text.push_str(&format!("\n{} {:?} {:?}", list.label, list.parameters, list.id_chunks));
    }
    format!("{:016x}", xxh3_64(text.as_bytes()))
}

/// A time-ordered id: the second, and after the dash the fraction of it in 65,536ths.
pub(crate) fn run_id(now_us: i64) -> String {
    let time = jiff::Timestamp::from_microsecond(now_us).unwrap_or_default().strftime("%Y%m%dT%H%M%SZ");
    let fraction = (now_us.rem_euclid(1_000_000) << 16) / 1_000_000;
    format!("{time}-{fraction:04x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_of_time_within_a_second_too() {
        let second = 1_767_225_599_000_000;
        let ids = [0, 20, 500_000, 999_999, 1_000_000].map(|micros| run_id(second + micros));
        assert_eq!(ids[2], "20251231T235959Z-8000");
        assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
    }
}
