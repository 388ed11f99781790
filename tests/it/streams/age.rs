//! `details_max_age`: what is known of a company and new enough is not asked for again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;
use vainu_etl::report::Report;
use vainu_etl::simulator::Simulator;

use super::run::{asked, assert_equal_to_source, job, list, run, streams};
use super::wanted::{Wanted, key_of};
use crate::support::{Job, simulator};

/// A run that asks for what is older than that.
async fn sync_older_than(job: &Job, simulator: &Simulator, age: Duration) -> Report {
    simulator.clear_requests();
    let report = run(job, simulator, |settings| settings.details_max_age = Some(age)).await.unwrap();
    assert_eq!(report.exit_code, 0, "{:?}", report.lists);
    report
}

/// How many companies an endpoint was asked about.
fn count(simulator: &Simulator, endpoint: &str) -> usize {
    asked(simulator).get(endpoint).map_or(0, BTreeMap::len)
}

const DAY: Duration = Duration::from_hours(24);

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_enough_is_not_asked_for_again_unless_everything_is() {
    let simulator = simulator(250, &[]).await;
    let job = job(&["prospects", "details", "technologies"]);
    sync_older_than(&job, &simulator, DAY).await;
    assert_eq!((count(&simulator, "all"), count(&simulator, "")), (250, 250));
    let report = sync_older_than(&job, &simulator, DAY).await;
    assert_eq!((count(&simulator, "all"), count(&simulator, "")), (0, 0));
    let line = list(&report, "details", "companies");
    assert_eq!((line.complete, line.total_before, line.rows_received), (true, Some(0), 0));
    let wanted = Wanted::all(&simulator, &["prospects", "details", "technologies"]);
    assert_equal_to_source(&job, &wanted, "what is known stays");
    simulator.clear_requests();
    let full = run(&job, &simulator, |settings| {
        settings.details_max_age = Some(DAY);
        settings.full = true;
    });
    full.await.unwrap();
    assert_eq!((count(&simulator, "all"), count(&simulator, "")), (250, 250));
    sync_older_than(&job, &simulator, Duration::ZERO).await;
    assert_eq!((count(&simulator, "all"), count(&simulator, "")), (250, 250));
    simulator.clear_requests();
    job.sync(&simulator).await.unwrap();
    assert_eq!(count(&simulator, "all"), 250, "without an age every run asks for everything");
}

#[tokio::test(flavor = "multi_thread")]
async fn companies_that_come_later_are_asked_about_alone() {
    let simulator = simulator(250, &[]).await;
    let names = ["prospects", "details"];
    let finnish = job(&names).select(&[&["country=FI"]]);
    sync_older_than(&finnish, &simulator, DAY).await;
    let first = count(&simulator, "all");
    let all = Job { dir: finnish.dir, ..job(&names) };
    sync_older_than(&all, &simulator, DAY).await;
    assert_eq!(count(&simulator, "all"), 250 - first);
    assert!(asked(&simulator)["all"].keys().all(|company| !company.starts_with("FI")));
    assert_equal_to_source(&all, &Wanted::all(&simulator, &names), "both runs together");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_new_is_due_for_every_company() {
    let simulator = simulator(200, &[]).await;
    let first = job(&["prospects", "details"]);
    sync_older_than(&first, &simulator, DAY).await;
    let names = ["prospects", "details", "technologies"];
    let second = Job { dir: first.dir, streams: streams(&names), ..Job::new() };
    sync_older_than(&second, &simulator, DAY).await;
    assert_eq!(count(&simulator, ""), 200);
    assert_equal_to_source(&second, &Wanted::all(&simulator, &names), "with the new stream");
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_one_stream_does_not_make_another_look_newer_than_it_is() {
    let simulator = simulator(150, &[]).await;
    let before = Instant::now();
    let first = job(&["prospects", "details"]);
    sync_older_than(&first, &simulator, DAY).await;
    let details_read = before.elapsed();
    tokio::time::sleep(Duration::from_millis(300)).await;
    // A company is corrected after its details were read.
    let of_statements = |key: &(String, String)| simulator.statements(&key.0, &key.1).unwrap();
    let key = simulator.companies().map(|company| key_of(&company));
    let key = key.into_iter().find(|key| !of_statements(key).is_empty()).unwrap();
    let year = i16::try_from(of_statements(&key)[0]["year"].as_i64().unwrap()).unwrap();
    simulator.set_statement(&key.0, &key.1, year, "staff_number", &json!(4321)).unwrap();
    let names = ["prospects", "details", "technologies"];
    let second = Job { dir: first.dir, streams: streams(&names), ..Job::new() };
    let between = before.elapsed();
    sync_older_than(&second, &simulator, DAY).await;
    // The details are as old as the first run, the technologies as the second; the age asked for lies between.
    let middle = (details_read + between) / 2;
    let oldest_allowed = before.elapsed().checked_sub(middle).unwrap();
    sync_older_than(&second, &simulator, oldest_allowed).await;
    assert_equal_to_source(
        &second,
        &Wanted::all(&simulator, &names),
        "details older than asked for are read again",
    );
}
