//! What `plan` says before a run, and what the run then asks for.

use std::collections::BTreeMap;
use std::time::Duration;

use vainu_etl::pipeline::{SyncSettings, estimate};
use vainu_etl::simulator::Simulator;

use super::run::{ALL, DEFAULT, job, run};
use super::wanted::key_of;
use crate::support::{Job, simulator};

/// Requests of a run by the stream whose endpoint answered them.
fn made(simulator: &Simulator) -> BTreeMap<&'static str, u64> {
    let mut made = BTreeMap::new();
    for request in simulator.requests() {
        let path = request.path.trim_start_matches("/api/v1/").trim_end_matches('/');
        let parts: Vec<&str> = path.split('/').collect();
        let stream = match parts.as_slice() {
            ["prospects", "filter"] => "prospects",
            ["target_groups"] => "target_groups",
            ["target_group", _] => "target_group_members",
            ["target_group", _, "leads"] => "leads",
            ["customer_data"] => "customer_data",
            ["prospect", _] => "technologies",
            ["prospect", _, "all"] => "details",
            ["prospect", _, "contacts"] => "contacts",
            ["prospect", _, "leads"] => "company_leads",
            ["prospect", _, "financial_statements"] => "financial_statements",
            _ => panic!("{path}"),
        };
        *made.entry(stream).or_default() += 1;
    }
    made
}

/// Asserts that a run makes about as many requests as was said: within 10 %, or 5.
async fn assert_estimated(job: &Job, simulator: &Simulator, place: &str, change: impl Fn(&mut SyncSettings)) {
    let mut settings = job.settings(simulator);
    change(&mut settings);
    simulator.clear_requests();
    let estimated = estimate(&settings).await.unwrap();
    assert_eq!(estimated.spent, simulator.requests().len() as u64, "{place}");
    simulator.clear_requests();
    let report = run(job, simulator, &change).await.unwrap();
    assert_eq!(report.exit_code, 0, "{place}: {:?}", report.lists);
    let mut made = made(simulator);
    for line in &estimated.streams {
        let really = made.remove(line.endpoint).unwrap_or(0);
        let off = line.requests.abs_diff(really);
        assert!(
            off <= 5.max(really / 10),
            "{place}: {}: {} said, {really} made",
            line.endpoint,
            line.requests
        );
        if line.rows == Some(line.requests) {
            assert_eq!(line.requests, really, "{place}: {}: each company is known", line.endpoint);
        }
    }
    assert!(made.is_empty(), "{place}: nobody said that there would be {made:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_streams_of_all_companies_take_about_as_many_requests_as_said() {
    let simulator = simulator(5000, &[]).await;
    assert_estimated(&job(DEFAULT), &simulator, "default streams", |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_chosen_in_other_ways_takes_about_as_many_requests_as_said() {
    let simulator = simulator(600, &[]).await;
    let small = |names: &[&str]| Job { page_size: 50, ..job(names) };
    assert_estimated(&small(ALL), &simulator, "all streams", |_| ()).await;
    assert_estimated(&small(&["target_group_members"]), &simulator, "one target group", |settings| {
        settings.target_groups = vec!["Suomi ja Ruotsi".to_owned()];
    })
    .await;
    let ids: Vec<String> = simulator
        .companies()
        .step_by(2)
        .map(|company| {
            let (country, id) = key_of(&company);
            format!("{country}{id}")
        })
        .collect();
    let by_id = small(&["prospects", "financial_statements"])
        .select(&[&[&format!("business_ids={}", ids.join(","))]]);
    assert_estimated(&by_id, &simulator, "business ids", |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn companies_that_are_new_enough_are_taken_off() {
    let simulator = simulator(300, &[]).await;
    let names = ["prospects", "details"];
    let day = |settings: &mut SyncSettings| settings.details_max_age = Some(Duration::from_hours(24));
    let finnish = job(&names).select(&[&["country=FI"]]);
    assert_estimated(&finnish, &simulator, "FI", day).await;
    let all = Job { dir: finnish.dir, ..job(&names) };
    assert_estimated(&all, &simulator, "all but FI", day).await;
    assert_estimated(&all, &simulator, "nobody", day).await;
}
