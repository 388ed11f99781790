//! Runs of chosen streams, and what they asked for.

use std::collections::BTreeMap;

use vainu_etl::catalog::{STREAMS, Stream};
use vainu_etl::error::Error;
use vainu_etl::extract::Unobserved;
use vainu_etl::pipeline::{SyncSettings, sync};
use vainu_etl::report::{ListLine, Report};
use vainu_etl::simulator::{Request, Simulator};

use super::leads::Leads;
use super::tables::{Tables, assert_same, found};
use super::wanted::Wanted;
use crate::support::Job;

/// Every stream that there is.
pub(super) const ALL: &[&str] = &[
    "prospects",
    "target_groups",
    "target_group_members",
    "financial_statements",
    "leads",
    "customer_data",
    "details",
    "contacts",
    "technologies",
    "company_leads",
];

/// What is loaded when no stream is named.
pub(super) const DEFAULT: &[&str] =
    &["prospects", "target_groups", "target_group_members", "financial_statements", "leads", "customer_data"];

/// The streams of those names, in the catalog's order.
pub(super) fn streams(names: &[&str]) -> Vec<&'static Stream> {
    let chosen: Vec<_> = STREAMS.iter().filter(|stream| names.contains(&stream.name)).collect();
    assert_eq!(chosen.len(), names.len());
    chosen
}

/// A warehouse of those streams.
pub(super) fn job(names: &[&str]) -> Job {
    Job { streams: streams(names), ..Job::new() }
}

/// A run with settings that `change` has changed.
pub(super) async fn run(
    job: &Job,
    simulator: &Simulator,
    change: impl FnOnce(&mut SyncSettings),
) -> Result<Report, Error> {
    let mut settings = job.settings(simulator);
    change(&mut settings);
    sync(&settings, &Unobserved, std::future::pending()).await
}

/// Asserts that a file holds what the simulator has, in every table.
pub(super) fn assert_equal_to_source(job: &Job, wanted: &Wanted<'_>, place: &str) {
    assert_same(&found(&job.warehouse()), &tables(job, wanted), place);
}

/// The tables that a file should have.
pub(super) fn tables(job: &Job, wanted: &Wanted<'_>) -> Tables {
    wanted.tables(&Leads::found(&job.warehouse()))
}

/// The line of a list in a report.
pub(super) fn list<'r>(report: &'r Report, stream: &str, list: &str) -> &'r ListLine {
    let line = report.lists.iter().find(|line| line.stream == stream && line.list == list);
    line.unwrap_or_else(|| panic!("{stream} {list}: {:?}", report.lists))
}

/// The requests of an endpoint: their paths below the version contain `part`.
pub(super) fn requests(simulator: &Simulator, part: &str) -> Vec<Request> {
    let mut requests = simulator.requests();
    requests.retain(|request| request.path.contains(part));
    requests
}

/// The query of a request as text.
pub(super) fn query(request: &Request) -> String {
    let pairs: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// How often each company was asked about, by what stands behind its id: nothing, `all`, `contacts`, ...
pub(super) fn asked(simulator: &Simulator) -> BTreeMap<String, BTreeMap<String, usize>> {
    let mut asked: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for request in simulator.requests() {
        let Some((_, rest)) = request.path.split_once("/prospect/") else { continue };
        let (company, part) = rest.split_once('/').unwrap();
        let companies = asked.entry(part.trim_end_matches('/').to_owned()).or_default();
        *companies.entry(company.to_owned()).or_default() += 1;
    }
    asked
}
