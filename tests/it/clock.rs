//! A clock that is wrong, in one run or in the middle of one: nothing is refused for it, no time goes back, and it is said.

use std::process::Output;

use serde_json::Value;
use vainu_etl::clock::VARIABLE;
use vainu_etl::simulator::{DEMO_API_KEY, Simulator};

use crate::support::{
    assert_equal_rows, expected, open, prospects, simulator, stderr, stdout, vainu_etl, value,
};

const DAY: i64 = 86_400;

/// A warehouse that is loaded by runs with clocks of choice.
struct Clocks {
    dir: tempfile::TempDir,
    simulator: Simulator,
}

impl Clocks {
    async fn new(companies: u32, switches: &[&str]) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), simulator: simulator(companies, switches).await }
    }

    fn warehouse(&self) -> std::path::PathBuf {
        self.dir.path().join("vainu.duckdb")
    }

    /// Runs a command with a clock that is so wrong.
    async fn run(&self, clock: &str, arguments: &[&str]) -> Output {
        let mut command = vainu_etl(self.dir.path());
        command.env("VAINU_API_KEY", DEMO_API_KEY).env(VARIABLE, clock).env("NO_COLOR", "1");
        command.args(["--base-url", &self.simulator.base_url()]).args(arguments);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    /// A sync that ends well; what it says.
    async fn sync(&self, clock: &str, arguments: &[&str]) -> String {
        let output = self.run(clock, &[&["sync", "--page-size", "50"], arguments].concat()).await;
        assert_eq!(output.status.code(), Some(0), "clock {clock}: {}", stderr(&output));
        stderr(&output)
    }

    fn number(&self, sql: &str) -> i64 {
        value(&self.warehouse(), sql)
    }

    /// Asserts what has to hold whatever the clocks said.
    fn assert_in_order(&self, place: &str) {
        let connection = open(&self.warehouse());
        for (what, sql) in [
            (
                "companies seen last before first",
                "SELECT count(*) FROM prospects WHERE _last_seen_at < _first_seen_at",
            ),
            ("companies without a time", "SELECT count(*) FROM prospects WHERE _last_seen_at IS NULL"),
            (
                "runs that finished before they started",
                "SELECT count(*) FROM etl.runs WHERE finished_at < started_at",
            ),
            (
                "runs that started before the one before finished",
                "SELECT count(*) FROM (SELECT started_at, lag(finished_at) OVER (ORDER BY run_id) AS earlier FROM etl.runs) \
                 WHERE started_at <= earlier",
            ),
            (
                "companies seen after the last run finished",
                "SELECT count(*) FROM prospects WHERE _last_seen_at > (SELECT max(finished_at) FROM etl.runs)",
            ),
            (
                "a generation finished before its run",
                "SELECT count(*) FROM etl.warehouse WHERE published_at < (SELECT max(finished_at) FROM etl.runs)",
            ),
        ] {
            let found: i64 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
            assert_eq!(found, 0, "{place}: {what}");
        }
        assert_equal_rows(&prospects(&self.warehouse()), &expected(self.simulator.companies()));
    }

    /// Ids of the published runs as `status` shows them, the last one first.
    async fn runs(&self) -> Vec<String> {
        let output = self.run("0", &["status", "--format", "json"]).await;
        let status: Value = serde_json::from_str(&stdout(&output)).unwrap();
        let runs = status["runs"].as_array().unwrap().iter();
        runs.map(|run| run["run_id"].as_str().unwrap().to_owned()).collect()
    }
}

fn now() -> i64 {
    vainu_etl::clock::now_us() / 1_000_000
}

mod a_wrong_clock_in_one_run_stops_no_later_run_and_no_time_goes_back {
    use super::{DAY, in_every_other_run, now};

    macro_rules! table {
        ($($name:ident: $clock:expr;)*) => {
            $(#[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has clocks that can be set wrong")]
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                in_every_other_run(&$clock).await;
            })*
        };
    }

    table! {
        right: "0";
        a_day_ahead: DAY.to_string();
        four_hundred_days_ahead: (400 * DAY).to_string();
        a_day_behind: (-DAY).to_string();
        in_1970: (-now()).to_string();
        in_9000: (220_000_000_000 - now()).to_string();
        a_day_ahead_in_the_middle: format!("0,{DAY}@12");
        a_day_back_in_the_middle: format!("0,{}@12", -DAY);
        ahead_and_then_behind: format!("{DAY}@6,{}@14", -DAY);
    }
}

/// Runs with that clock between runs with the right one: each shows the latest names, and is the last of all runs.
async fn in_every_other_run(clock: &str) {
    let clocks = Clocks::new(230, &[]).await;
    let mut known: Vec<String> = Vec::new();
    let mut latest = i64::MIN;
    for (round, clock) in ["0", clock, "0", clock, "0"].into_iter().enumerate() {
        let place = format!("run {round}");
        let key = clocks.simulator.companies().next().unwrap();
        let key = ["country", "business_id"].map(|name| key[name].as_str().unwrap().to_owned());
        let new_name = serde_json::json!(format!("Name {round} Oy"));
        clocks.simulator.set_field(&key[0], &key[1], "company_name", &new_name).unwrap();
        clocks.sync(clock, &["prospects"]).await;
        clocks.assert_in_order(&place);
        let runs = clocks.runs().await;
        assert_eq!(runs[1..], known, "{place}: the last run is the first that is shown");
        known = runs;
        let seen = clocks.number("SELECT epoch_us(max(_last_seen_at)) FROM prospects");
        assert!(seen > latest, "{place}: the last time seen went back");
        latest = seen;
    }
    let rebuilt = clocks.run(clock, &["rebuild"]).await;
    assert_eq!(rebuilt.status.code(), Some(0), "{}", stderr(&rebuilt));
    assert_equal_rows(&prospects(&clocks.warehouse()), &expected(clocks.simulator.companies()));
}

#[cfg_attr(
    not(debug_assertions),
    ignore = "only a build with debug assertions has clocks that can be set wrong"
)]
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_went_back_is_a_warning_with_both_clocks_and_none_is_given_without_reason() {
    let clocks = Clocks::new(60, &[]).await;
    let silent = |text: &str| !text.contains("clock");
    assert!(silent(&clocks.sync("0", &["prospects"]).await));
    assert!(silent(&clocks.sync("-2", &["prospects"]).await), "a clock that is adjusted is not wrong");
    let ahead = clocks.sync(&DAY.to_string(), &["prospects"]).await;
    assert!(
        ahead.contains("clock is 1 day 0 h ahead of the API's") && ahead.contains("api_date="),
        "{ahead}"
    );
    let behind = clocks.sync("0", &["prospects"]).await;
    for part in ["clock is behind the last time that was written", "clock=", "last_written=", "api_date="] {
        assert!(behind.contains(part), "no `{part}` in {behind}");
    }
    assert!(!behind.contains("the API's ("), "the clock is right now: {behind}");
    let jump = clocks.sync(&format!("{},0@8", 3 * DAY), &["prospects"]).await;
    assert!(jump.contains("went back while the run was at work"), "{jump}");
}

#[cfg_attr(
    not(debug_assertions),
    ignore = "only a build with debug assertions has clocks that can be set wrong"
)]
#[tokio::test(flavor = "multi_thread")]
async fn doctor_compares_the_computers_clock_with_the_apis_and_with_what_was_written() {
    for (date, clock, says) in [
        ("date=0", "0", None),
        ("date=60", "0", None),
        ("date=-86400", "0", Some("1 day 0 h ahead of the API's")),
        ("date=7230", "0", Some("2 h 0 min behind the API's")),
        ("date=86400", "86400", None),
    ] {
        let clocks = Clocks::new(40, &[date]).await;
        let output = clocks.run(clock, &["doctor"]).await;
        let text = stdout(&output);
        match says {
            None => assert!(text.contains("ok    clock") && text.contains("as the API's"), "{date}: {text}"),
            Some(says) => {
                assert!(text.contains("FAIL  clock") && text.contains(says), "{date}: {text}");
                assert_eq!(output.status.code(), Some(6), "{text}");
            }
        }
    }
    let clocks = Clocks::new(40, &[]).await;
    clocks.sync(&DAY.to_string(), &["prospects"]).await;
    let output = clocks.run("0", &["doctor"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(
        stdout(&output).contains("note  clock        the warehouse was last written at"),
        "{}",
        stdout(&output)
    );
}

/// How often single companies were asked about.
fn asked_about(simulator: &Simulator) -> usize {
    let asked = simulator
        .requests()
        .iter()
        .filter(|request| request.path.trim_end_matches('/').ends_with("/all"))
        .count();
    simulator.clear_requests();
    asked
}

mod details_read_with_a_wrong_clock_are_read_again_once_and_then_their_age_counts {
    use super::{DAY, details, now};

    macro_rules! table {
        ($($name:ident: $clock:expr, $again:expr;)*) => {
            $(#[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has clocks that can be set wrong")]
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                details($clock, $again).await;
            })*
        };
    }

    table! {
        right: 0, 0;
        a_day_ahead: DAY, 50;
        four_hundred_days_ahead: 400 * DAY, 50;
        a_day_behind: -DAY, 0;
        forty_days_behind: -40 * DAY, 50;
        in_1970: -now(), 50;
    }
}

/// Reads details by a clock that is so many seconds ahead, then by the right one; `again` is how many companies that asks
/// about.
async fn details(clock: i64, again: usize) {
    let names = ["prospects", "details", "--details-max-age", "30d"];
    let clocks = Clocks::new(50, &[]).await;
    clocks.sync(&clock.to_string(), &names).await;
    assert_eq!(asked_about(&clocks.simulator), 50, "{clock}: the first time");
    clocks.sync("0", &names).await;
    assert_eq!(asked_about(&clocks.simulator), again, "{clock}: with the right clock again");
    clocks.sync("60", &names).await;
    assert_eq!(asked_about(&clocks.simulator), 0, "{clock}: a minute later");
    clocks.sync(&(31 * DAY).to_string(), &names).await;
    assert_eq!(asked_about(&clocks.simulator), 50, "{clock}: a month later");
}

mod an_unfinished_run_is_gone_on_with_within_a_day_by_whatever_clock_and_else_given_up {
    use super::{DAY, unfinished};

    #[cfg_attr(
        not(debug_assertions),
        ignore = "only a build with debug assertions has clocks that can be set wrong"
    )]
    #[tokio::test(flavor = "multi_thread")]
    async fn by_the_right_clock() {
        unfinished(0, 0, true).await;
    }

    #[cfg_attr(
        not(debug_assertions),
        ignore = "only a build with debug assertions has clocks that can be set wrong"
    )]
    #[tokio::test(flavor = "multi_thread")]
    async fn begun_two_hours_ahead() {
        unfinished(7200, 0, true).await;
    }

    #[cfg_attr(
        not(debug_assertions),
        ignore = "only a build with debug assertions has clocks that can be set wrong"
    )]
    #[tokio::test(flavor = "multi_thread")]
    async fn found_two_hours_later() {
        unfinished(0, 7200, true).await;
    }

    #[cfg_attr(
        not(debug_assertions),
        ignore = "only a build with debug assertions has clocks that can be set wrong"
    )]
    #[tokio::test(flavor = "multi_thread")]
    async fn begun_four_hundred_days_ahead() {
        unfinished(400 * DAY, 0, false).await;
    }

    #[cfg_attr(
        not(debug_assertions),
        ignore = "only a build with debug assertions has clocks that can be set wrong"
    )]
    #[tokio::test(flavor = "multi_thread")]
    async fn found_two_days_later() {
        unfinished(0, 2 * DAY, false).await;
    }

    #[cfg_attr(
        not(debug_assertions),
        ignore = "only a build with debug assertions has clocks that can be set wrong"
    )]
    #[tokio::test(flavor = "multi_thread")]
    async fn begun_two_days_behind() {
        unfinished(-2 * DAY, 0, false).await;
    }
}

/// A run that is stopped by the first clock, and what the next does by the second.
async fn unfinished(first: i64, second: i64, resumes: bool) {
    let clocks = Clocks::new(300, &[]).await;
    let options = ["sync", "prospects", "--page-size", "50", "--max-requests", "4"];
    let stopped = clocks.run(&first.to_string(), &options).await;
    assert_eq!(stopped.status.code(), Some(8), "{}", stderr(&stopped));
    let text = clocks.sync(&second.to_string(), &["prospects"]).await;
    assert_eq!(text.contains("Resuming the unfinished run"), resumes, "{first} and {second}: {text}");
    assert_eq!(text.contains("unfinished run is given up"), !resumes, "{first} and {second}: {text}");
    clocks.assert_in_order(&format!("{first} and {second}"));
    // What was given up stays for a while, or goes with `--keep-raw 1`: the runs after it are runs of their own.
    let mut known = clocks.runs().await;
    for options in [&["prospects"][..], &["prospects", "--keep-raw", "1"], &["prospects"]] {
        clocks.sync(&second.to_string(), options).await;
        let runs = clocks.runs().await;
        assert_eq!(runs[1..], known, "{first} and {second}: the last run is the first that is shown");
        known = runs;
    }
    let rebuilt = clocks.run(&second.to_string(), &["rebuild"]).await;
    assert_eq!(rebuilt.status.code(), Some(0), "{first} and {second}: {}", stderr(&rebuilt));
    assert!(clocks.runs().await[0] > known[0], "{first} and {second}: the rebuilt file has a run of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warehouse_that_holds_times_to_come_is_loaded_on_and_begun_anew_without_them() {
    let clocks = Clocks::new(80, &[]).await;
    clocks.sync("0", &["prospects"]).await;
    let writer = duckdb::Connection::open(clocks.warehouse()).unwrap();
    let later = "UPDATE prospects SET _first_seen_at = _first_seen_at + INTERVAL 40 DAY, _last_seen_at = _last_seen_at + INTERVAL 40 DAY; CHECKPOINT";
    writer.execute_batch(later).unwrap();
    drop(writer);
    for _ in 0..2 {
        let text = clocks.sync("0", &["prospects"]).await;
        assert!(text.contains("clock is behind the last time that was written"), "{text}");
        clocks.assert_in_order("times to come");
    }
    let text = clocks.sync("0", &["prospects", "--restart-history"]).await;
    assert!(!text.contains("clock is behind"), "{text}");
    for latest in [
        "max(_last_seen_at) FROM prospects",
        "max(finished_at) FROM etl.runs",
        "published_at FROM etl.warehouse",
    ] {
        let latest_us = clocks.number(&format!("SELECT epoch_us({}", latest.replacen(" FROM", ") FROM", 1)));
        assert!(latest_us / 1_000_000 <= now() + 1, "{latest}");
    }
    assert_eq!(clocks.number("SELECT generation FROM etl.warehouse"), 4);
    assert_eq!(clocks.number("SELECT count(*) FROM etl.runs"), 1, "the history begins anew");
    let text = clocks.sync("0", &["prospects"]).await;
    assert!(!text.contains("clock is behind"), "{text}");
    clocks.assert_in_order("begun anew");
}
