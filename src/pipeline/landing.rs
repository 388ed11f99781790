//! Where a run lands its pages: in the folder of an unfinished run of the same selections, or in a new one.

use std::path::Path;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::watermarks;
use super::{SyncSettings, plan};
use crate::api::ClientSettings;
use crate::clock::{self, Timeline, utc_text};
use crate::error::Error;
use crate::extract::{ExtractSettings, Plan};
use crate::landing::Landing;
use crate::landing::ledger::{Entry, Header, LEDGER_VERSION, Ledger};
use crate::landing::runs::{self, LandedRun, RunState};
use crate::selection::SelectionUse;
use crate::workspace::{Workspace, rights};

/// A landed run that started longer ago than this is not resumed: the list has moved on too far for its pages to fit
/// together. One that seems to start so much later than now started with another clock, nobody knows when.
const RESUME_WITHIN_US: i64 = 24 * 3600 * 1_000_000;

/// A run that is open for landing.
pub(super) struct Opened {
    pub(super) landing: Landing,
    /// What its ledger holds.
    pub(super) recorded: Vec<Entry>,
    pub(super) plan: Plan,
    /// Whether it goes on with an unfinished run.
    pub(super) resumed: bool,
    /// The times that it writes down.
    pub(super) timeline: Arc<Timeline>,
}

/// An unfinished run of the same selections, or a new run.
pub(super) fn open(
    settings: &SyncSettings,
    workspace: &Workspace,
    history: Option<&Path>,
) -> Result<Opened, Error> {
    let fingerprint = fingerprint(settings);
    runs::tidy(&workspace.landing_dir());
    let landed = runs::list(&workspace.landing_dir())?;
    let written = watermarks::last_written(history)?;
    let now = clock::now_us();
    for run in &landed {
        if run.state != RunState::Unfinished {
            continue;
        }
        let age_us = now.saturating_sub(run.clock_us).saturating_abs();
        let too_old = age_us > RESUME_WITHIN_US;
        let same = run.header.fingerprint == fingerprint;
        if !same && !too_old {
            continue;
        }
        if same && !too_old && !settings.restart {
            match Landing::resume(&run.folder) {
                Ok((landing, recorded)) => {
                    tracing::info!(
                        run_id = run.header.run_id,
                        pages = run.pages.len() + run.answers.len(),
                        "Resuming the unfinished run."
                    );
                    let timeline = Arc::new(Timeline::after(written.max(Some(run.last_written_us()))));
                    let landing = landing.with_timeline(Arc::clone(&timeline));
                    let plan = plan::plan(settings, history, run.clock_us, Some(&run.header.lists))?;
                    return Ok(Opened { landing, recorded, plan, resumed: true, timeline });
                }
                Err(error) if error.is_refused() => {
                    let mend = rights::mend(&run.folder);
                    tracing::warn!(
                        run_id = run.header.run_id,
                        %error,
                        mend,
                        "The unfinished run is another user's and cannot be gone on with; a new one is started."
                    );
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
        }
        tracing::warn!(
            run_id = run.header.run_id,
            started_at = utc_text(run.clock_us),
            clock = utc_text(now),
            "An unfinished run is given up; its pages stay for a while."
        );
        let noted =
            Ledger::resume(&run.folder).and_then(|(mut ledger, _)| ledger.append(&[Entry::Abandoned]));
        match noted {
            Err(error) if error.is_refused() => {
                let mend = rights::mend(&run.folder);
                tracing::warn!(%error, mend, "An unfinished run of another user cannot be given up; it is passed over.");
            }
            noted => noted?,
        }
    }
    let timeline = Arc::new(Timeline::after(written));
    let (now, started_at_us) = (timeline.clock_us(), timeline.started_us());
    let plan = plan::plan(settings, history, now, None)?;
    let run_id = new_run_id(started_at_us, &landed, history)?;
    let header = Header {
        version: LEDGER_VERSION,
        run_id: run_id.clone(),
        started_at_us,
        lists: plan.known_lists(),
        arguments: settings.arguments.clone(),
        fingerprint,
        selection: SelectionUse {
            details_for: settings.details_for,
            forgets_others: settings.forget_selections,
        },
    };
    let clock = (started_at_us != now).then_some(Entry::Clock { at_us: now });
    let folder = workspace.landing_dir().join(&run_id);
    let landing = Landing::create_with(&folder, &header, clock.as_slice())?;
    let landing = landing.with_timeline(Arc::clone(&timeline));
    let recorded = std::iter::once(Entry::Opened(header)).chain(clock).collect();
    Ok(Opened { landing, recorded, plan, resumed: false, timeline })
}

/// Hash over everything that decides which requests are made.
///
/// Every setting is named here, so that a new one is either part of the hash or said to decide no request.
fn fingerprint(settings: &SyncSettings) -> String {
    let SyncSettings {
        streams,
        lists,
        customer_lists,
        target_groups,
        details_for,
        forget_selections,
        details_max_age,
        full,
        full_every,
        overlap,
        client:
            ClientSettings {
                base_url,
                // How fast and how often is asked, and by whom: what is asked for is the same.
                credentials: _,
                connect_timeout: _,
                read_timeout: _,
                attempt_timeout: _,
                max_attempts: _,
                max_backoff: _,
                retry_after_cap: _,
                retry_floor: _,
                retry_share: _,
                concurrency: _,
                requests_per_second: _,
                max_requests: _,
                deadline: _,
                max_body_bytes: _,
                jitter: _,
                clock: _,
            },
        extract: ExtractSettings { page_size, slice_rows, requests_at_once: _ },
        restart_history,
        // Where the result goes, and what becomes of it there.
        warehouse: _,
        load: _,
        keep: _,
        keep_raw: _,
        max_deleted_percent: _,
        accepted_checks: _,
        status_texts: _,
        // When the run is, whether it resumes at all, and the lists in the user's words.
        now_us: _,
        restart: _,
        arguments: _,
    } = settings;
    let streams: Vec<&str> = streams.iter().map(|stream| stream.name).collect();
    let mut text = format!(
        "{base_url} {} {page_size} {slice_rows} {target_groups:?} {details_max_age:?} {full} {} {forget_selections}",
        streams.join(","),
        details_for.label(),
    );
    for list in lists.iter().chain(customer_lists) {
        text.push_str(&format!("\n{} {:?} {:?}", list.label, list.parameters, list.id_chunks));
    }
    if let Some(every) = full_every {
        text.push_str(&format!("\nfull every {every:?}, overlap {overlap:?}"));
    }
    // What is known decides which companies are asked about.
    if *restart_history {
        text.push_str("\nrestart history");
    }
    format!("{:016x}", xxh3_64(text.as_bytes()))
}

/// The id of a run that starts now: runs are told apart, and put in order, by their ids, so that it is behind those of all
/// runs that have landed or that the warehouse holds, whatever clock they had.
pub(crate) fn new_run_id(
    started_at_us: i64,
    landed: &[LandedRun],
    history: Option<&Path>,
) -> Result<String, Error> {
    let held = watermarks::last_run(history)?;
    let ids = landed.iter().map(|run| run.header.run_id.as_str()).chain(held.as_deref());
    let last_us = ids.filter_map(id_us).max();
    Ok(run_id(Timeline::after(last_us).started_us().max(started_at_us)))
}

/// The first moment that has this id, microseconds since 1970, UTC; none for a text that is no id of ours.
fn id_us(id: &str) -> Option<i64> {
    let (second, fraction) = id.split_once('-')?;
    let second = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", second).ok()?;
    let second = jiff::tz::Offset::UTC.to_timestamp(second).ok()?.as_second();
    let fraction = i64::from(u16::from_str_radix(fraction, 16).ok()?);
    second.checked_mul(1_000_000)?.checked_add((fraction * 1_000_000 + 0xffff) >> 16)
}

/// A time-ordered id: the second, and after the dash the fraction of it in 65,536ths.
fn run_id(now_us: i64) -> String {
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

    #[test]
    fn the_id_behind_another_is_never_the_same() {
        let second = 1_767_225_599_000_000;
        for micros in (0..1_000_000).step_by(997).chain(999_900..1_000_000) {
            let id = run_id(second + micros);
            let first_us = id_us(&id).unwrap();
            assert!((second..=second + micros).contains(&first_us), "{id}");
            assert_eq!(run_id(first_us), id);
            assert!(run_id(first_us + 16) > id, "{id}");
        }
        for none in ["", "20260131", "20260131T000000Z-", "20260131T000000Z-12345", "2026x131T000000Z-0000"] {
            assert_eq!(id_us(none), None, "{none}");
        }
    }
}
