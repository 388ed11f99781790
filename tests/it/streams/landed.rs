//! Runs that stop in the middle of asking about companies, and what they have landed.

use std::collections::BTreeSet;

use vainu_etl::landing::ledger::{self, Entry};
use vainu_etl::landing::runs::{self, LandedRun, RunState};
use vainu_etl::simulator::Simulator;

use super::run::{asked, run};
use crate::support::Job;

/// Streams that ask about companies by three endpoints, with lists of every kind beside them.
pub(super) const STREAMS: &[&str] = &[
    "prospects",
    "target_groups",
    "target_group_members",
    "customer_data",
    "details",
    "contacts",
    "technologies",
];

/// A run that stops after so many requests.
pub(super) async fn stopped(job: &Job, simulator: &Simulator, requests: u64) {
    let error =
        run(job, simulator, |settings| settings.client.max_requests = Some(requests)).await.unwrap_err();
    assert_eq!(error.exit_code(), 8, "{error:?}");
}

/// All runs that have landed anything, the oldest first.
pub(super) fn landed(job: &Job) -> Vec<LandedRun> {
    runs::list(&job.warehouse().with_extension("duckdb.etl").join("landing")).unwrap()
}

/// The run that is not at its end.
pub(super) fn unfinished(job: &Job) -> LandedRun {
    landed(job).into_iter().find(|run| run.state == RunState::Unfinished).unwrap()
}

/// Companies that a run has durable answers about, as requests name them, by stream of the endpoint.
pub(super) fn answered(run: &LandedRun, stream: &str) -> BTreeSet<String> {
    let entries = ledger::read(&run.folder).unwrap();
    let of_stream = entries.into_iter().filter_map(|entry| match entry {
        Entry::Answered(answers) if run.lists[&answers.list].stream == stream => Some(answers),
        _ => None,
    });
    let companies = of_stream.flat_map(|answers| [answers.companies, answers.not_found].concat());
    companies.map(|company| company.replace('/', "")).collect()
}

/// The companies that an endpoint was asked about since the requests were forgotten.
pub(super) fn asked_of(simulator: &Simulator, endpoint: &str) -> BTreeSet<String> {
    asked(simulator).remove(endpoint).unwrap_or_default().into_keys().collect()
}
