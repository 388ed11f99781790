//! From a staged run to the load: what it needs to know, and the views and checks that go with it.

use std::collections::HashMap;
use std::sync::Arc;

use super::SyncSettings;
use super::staging::StagedStream;
use crate::catalog;
use crate::error::{Error, SOURCE};
use crate::landing::ledger::{RunList, Verdict};
use crate::landing::runs::{LandedRun, is_partial};
use crate::load::{
    self, FailedCheck, Hooks, ListResult, LoadError, LoadInput, LoadSettings, Published, RunRecord,
    StreamInput,
};
use crate::views;
use crate::workspace::{Lock, Workspace};

/// What the load needs to know of a run. `ahead_us` is by how much the computer's clock is ahead of the server's, in
/// microseconds.
pub(super) fn load_input(
    settings: &SyncSettings,
    run: &LandedRun,
    staged: Vec<StagedStream>,
    retired: Vec<(String, String)>,
    finished_at_us: i64,
    ahead_us: i64,
) -> LoadInput {
    let verdicts: HashMap<u32, &Verdict> =
        run.verdicts.iter().map(|verdict| (verdict.list, verdict)).collect();
    let streams: Vec<StreamInput> = staged
        .into_iter()
        .map(|StagedStream { stream, lists, staged }| {
            let evidence = |index: &u32| {
                let read_at_us = Some(run.clock_us.saturating_sub(ahead_us));
                Some(ListResult { read_at_us, ..list_result(run.lists.get(index)?, verdicts.get(index)?) })
            };
            let lists = lists.iter().filter_map(evidence).collect();
            StreamInput { stream, staged, lists }
        })
        .collect();
    let complete = run.verdicts.iter().all(|verdict| verdict.complete);
    let record = RunRecord {
        run_id: run.header.run_id.clone(),
        started_at_us: run.header.started_at_us,
        clock_us: run.clock_us,
        finished_at_us,
        status: if complete { "complete" } else { "incomplete" }.to_owned(),
        exit_code: if complete { 0 } else { SOURCE },
        arguments: Some(run.header.arguments.clone()),
        requests: run.spent.requests,
        retries: run.spent.retries,
        bytes: run.spent.bytes,
    };
    LoadInput {
        streams,
        retired,
        run: record,
        from_scratch: settings.restart_history,
        selects_all: None,
        max_deleted_percent: settings.max_deleted_percent,
        accepted_checks: settings.accepted_checks.clone(),
        status_texts: settings.status_texts.clone(),
        keep: settings.keep,
    }
}

/// The parent that a list is of, as columns and values. `None` for a list that is of none.
pub(crate) fn parent_of(list: &RunList) -> Option<Vec<(&'static str, String)>> {
    catalog::stream(&list.stream)?.lists.parent()?.values(list.parent.as_deref()?)
}

/// A list and its evidence, as a load takes them.
pub(crate) fn list_result(list: &RunList, verdict: &Verdict) -> ListResult {
    let parent = parent_of(list).unwrap_or_default();
    ListResult {
        list: list.label.clone(),
        parent,
        window_us: list.window_from_us.zip(list.window_to_us).filter(|_| is_partial(list, verdict)),
        read_at_us: None,
        verdict: verdict.clone(),
    }
}

/// Publishes on a thread of its own: the connection to the warehouse has one owner.
pub(super) async fn publish(
    workspace: Workspace,
    lock: Arc<Lock>,
    input: LoadInput,
    settings: LoadSettings,
) -> Result<(LoadInput, Published), Error> {
    let work = tokio::task::spawn_blocking(move || {
        let published = publish_with_views(&workspace, &lock, &input, &settings)?;
        Ok::<_, Error>((input, published))
    });
    work.await.map_err(|error| Error::Internal { what: error.to_string() })?
}

/// Publishes with the bundled views and checks; on one thread, when the memory is too little for several.
pub(crate) fn publish_with_views(
    workspace: &Workspace,
    lock: &Lock,
    input: &LoadInput,
    settings: &LoadSettings,
) -> Result<Published, LoadError> {
    let install = |connection: &duckdb::Connection| Ok(views::install_with(connection, &input.status_texts)?);
    let check = |connection: &duckdb::Connection| {
        let failed = views::run_checks(connection)?.into_iter();
        Ok(failed
            .map(|check| FailedCheck {
                name: check.name.to_owned(),
                rows: check.rows,
                sample: check.sample_rows,
            })
            .collect())
    };
    let publish = |settings: &LoadSettings| {
        load::publish(workspace, lock, input, settings, Hooks { install: &install, check: &check })
    };
    match publish(settings) {
        // Each thread holds rows of its own: what is too wide for several may fit one.
        Err(error @ LoadError::OutOfMemory { .. }) if settings.threads > 1 => {
            tracing::warn!(%error, "The rows do not fit in the memory of a load on several threads; one loads them now.");
            publish(&LoadSettings { threads: 1, ..settings.clone() })
        }
        outcome => outcome,
    }
}
