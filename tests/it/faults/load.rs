//! A large load with many faults at once gives the same data as a load without faults.
//!
//! `SOAK=5` plays five seeds instead of one.

use jiff::Timestamp;
use vainu_etl::catalog::{PROSPECTS, STREAMS, Stream};
use vainu_etl::pipeline::SyncSettings;
use vainu_etl::report::Report;
use vainu_etl::simulator::{Config, Simulator, Switches};

use super::case::ordered;
use super::run::{bounded, chain, settings};
use crate::canonical::hashes;
use crate::support::{Job, with};

/// Loads the streams twice: from a server that fails a fifth of all requests, and from one that does not. Compares the
/// tables.
#[expect(clippy::print_stdout, reason = "a long test says what it did")]
async fn a_fifth_of_all_requests_fails(streams: &[&'static Stream], companies: u32) {
    let seeds: u64 = std::env::var("SOAK").ok().and_then(|count| count.parse().ok()).unwrap_or(1);
    // The time determines which leads there are.
    let now = Some(Timestamp::now());
    for seed in 1..=seeds {
        let start = |rate: f64| {
            let switches = with(Switches::default(), |switches| switches.fault_rate_percent = rate);
            Simulator::start(with(Config::new(companies), |config| {
                config.seed = seed;
                config.switches = switches;
                config.now = now;
            }))
        };
        let job = || Job { page_size: 100, slice_rows: 5000, streams: streams.to_vec(), ..Job::new() };
        let (good, calm) = (start(0.0).await.unwrap(), job());
        let report = succeed(&calm, &good).await;
        assert_eq!((report.exit_code, report.retries, report.rows), (0, 0, u64::from(companies)));
        let (bad, stormy) = (start(20.0).await.unwrap(), job());
        let report = succeed(&stormy, &bad).await;
        assert_eq!(report.exit_code, 0, "{:?}", report.lists);
        let requests = bad.requests();
        let faults: Vec<&str> = requests.iter().filter_map(|request| request.fault.as_deref()).collect();
        let share = faults.len() * 100 / requests.len();
        assert!((15..=25).contains(&share), "{} of {} requests failed", faults.len(), requests.len());
        let mut kinds = faults.clone();
        kinds.sort_unstable();
        kinds.dedup();
        assert!(kinds.len() >= 12, "{kinds:?}");
        assert_eq!(hashes(&stormy.warehouse()), hashes(&calm.warehouse()), "seed {seed}");
        println!(
            "seed {seed}: {} of {} requests failed in {} ways; tables are equal",
            faults.len(),
            requests.len(),
            kinds.len()
        );
    }
}

/// Runs a load that must succeed. Waits are skipped; the limit on attempts is the product's default.
async fn succeed(job: &Job, simulator: &Simulator) -> Report {
    let (SyncSettings { client, .. }, _) = settings(&ordered(), job, simulator);
    let mut settings = job.settings(simulator);
    let max_attempts = settings.client.max_attempts;
    settings.client = client;
    settings.client.max_attempts = max_attempts;
    bounded(&settings).await.unwrap_or_else(|error| panic!("{}", chain(&error)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fifth_of_all_requests_fails_and_the_data_are_equal() {
    a_fifth_of_all_requests_fails(&[&PROSPECTS], 20_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fifth_of_all_requests_for_every_stream_fails_and_the_data_are_equal() {
    let streams: Vec<&'static Stream> = STREAMS.iter().collect();
    a_fifth_of_all_requests_fails(&streams, 250).await;
}
