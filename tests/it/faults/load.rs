//! A large load under many faults at once ends equal to one without any.
//!
//! `SOAK=5` plays five seeds instead of one.

use vainu_etl::simulator::{Config, Simulator, Switches};

use super::succeed;
use crate::canonical::hashes;
use crate::support::Job;

const COMPANIES: u32 = 20_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_fifth_of_all_requests_fails_and_the_data_are_equal() {
    let seeds: u64 = std::env::var("SOAK").ok().and_then(|count| count.parse().ok()).unwrap_or(1);
    for seed in 1..=seeds {
        let start = |rate: f64| {
            let switches = Switches { fault_rate_percent: rate, ..Switches::default() };
            Simulator::start(Config { companies: COMPANIES, seed, switches, ..Config::default() })
        };
        let job = || Job { page_size: 100, slice_rows: 5000, ..Job::new() };
        let (good, calm) = (start(0.0).await.unwrap(), job());
        let report = succeed(&calm, &good).await;
        assert_eq!((report.exit_code, report.retries, report.rows), (0, 0, u64::from(COMPANIES)));
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
