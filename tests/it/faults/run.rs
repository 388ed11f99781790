//! Runs against a server that fails. Waits are skipped, attempts are few, and every run has a time limit.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use vainu_etl::api::Jitter;
use vainu_etl::clock::SkippingClock;
use vainu_etl::error::Error;
use vainu_etl::extract::Unobserved;
use vainu_etl::pipeline::{SyncSettings, sync};
use vainu_etl::report::Report;
use vainu_etl::simulator::{Request, Simulator};

use super::case::Case;
use crate::parts::{self, Part};
use crate::support::{Job, assert_equal_rows};

/// Longest time of one run, with retries. Most runs take less than a second.
const BOUND: Duration = Duration::from_secs(90);

/// The settings of a row, with few attempts, and its clock, which skips and records waits.
pub(super) fn settings(case: &Case, job: &Job, simulator: &Simulator) -> (SyncSettings, Arc<SkippingClock>) {
    let clock = Arc::new(SkippingClock::new(SystemTime::now()));
    let mut settings = case.settings(job, simulator);
    // Windows of time end where the simulator's data do.
    settings.now_us = Some(simulator.now().as_microsecond());
    settings.client.clock = clock.clone();
    settings.client.jitter = Jitter::Fixed(0.5);
    settings.client.max_attempts = 3;
    (settings, clock)
}

pub(super) async fn run(case: &Case, job: &Job, simulator: &Simulator) -> Result<Report, Error> {
    bounded(&settings(case, job, simulator).0).await
}

/// Runs a load, within the time limit.
pub(super) async fn bounded(settings: &SyncSettings) -> Result<Report, Error> {
    let run = sync(settings, &Unobserved, std::future::pending());
    tokio::time::timeout(BOUND, run).await.expect("the run ends in bounded time")
}

/// Runs a load that must succeed.
pub(super) async fn succeed(case: &Case, job: &Job, simulator: &Simulator) -> Report {
    run(case, job, simulator).await.unwrap_or_else(|error| panic!("{}", chain(&error)))
}

/// Publishes a first generation, then changes the API's data. Returns the bytes of the published file.
pub(super) async fn first_generation(case: &Case, job: &Job, simulator: &Simulator) -> Vec<u8> {
    succeed(case, job, simulator).await;
    change(simulator);
    fs_err::read(job.warehouse()).unwrap()
}

/// Changes the API's data: deletes a company, renames another, removes a target group.
pub(super) fn change(simulator: &Simulator) {
    // The companies of customer data: companies and members of target groups are among them.
    let keys: Vec<(String, String)> = simulator
        .customer_data()
        .iter()
        .map(|customer| &customer["prospect_info"])
        .map(|company| ["country", "business_id"].map(|key| company[key].as_str().unwrap().to_owned()))
        .map(|[country, id]| (country, id.replace('-', "")))
        .collect();
    let first = keys.iter().position(|(country, _)| country == "FI" || country == "SE").unwrap_or(0);
    simulator.delete_company(&keys[first].0, &keys[first].1).unwrap();
    if let Some((country, id)) =
        keys.iter().enumerate().find(|(place, _)| *place != first).map(|(_, key)| key)
    {
        simulator.set_field(country, id, "company_name", &"Toinen Oy".into()).unwrap();
    }
    let groups = simulator.target_groups();
    simulator.remove_target_group(groups.last().unwrap()["id"].as_str().unwrap()).unwrap();
}

/// The same command continues after the fault is gone: it requests nothing again that has landed, and the data is
/// right.
pub(super) async fn assert_resumes(case: &Case, job: &Job, simulator: &Simulator, landed: &[Part]) {
    let report = succeed(case, job, simulator).await;
    assert_eq!(report.exit_code, 0, "{:?}", report.lists);
    assert_equal_rows(&case.published(job), &case.held(simulator));
    let asked = parts::asked(&simulator.requests());
    for part in landed {
        let again = asked.iter().filter(|other| *other == part).count();
        assert!(again < case.readings, "{part:?} had landed and was asked for {again} times more");
    }
    assert!(report.resumed);
}

/// The parts that were answered in full, each once.
pub(super) fn answered(requests: &[Request]) -> Vec<Part> {
    let answered = requests.iter().filter(|request| request.status == 200 && request.fault.is_none());
    answered.filter_map(Part::of_request).collect::<BTreeSet<_>>().into_iter().collect()
}

pub(super) fn assert_ends(error: &Error, code: u8, says: &[&str]) {
    let text = chain(error);
    assert_eq!(error.exit_code(), code, "{text}");
    for part in says {
        assert!(text.contains(part), "no `{part}` in: {text}");
    }
    assert!(error.hint().is_some(), "no hint: {text}");
}

/// The error and its causes, as the command line prints them.
pub(super) fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
