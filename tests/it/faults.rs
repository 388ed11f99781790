//! Faults: one table, a row per fault, and for each a whole run against a simulator that plays it.
//!
//! A row says what the run comes to. Either the published data equal what the simulator holds, or the run ends with
//! an exit code and a message, leaves the published file as it was, and goes on where it stopped once the fault is
//! gone. The simulator's own log proves that the fault was played.

mod load;
mod memory;
mod outside;
mod secrets;
mod table;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use vainu_etl::api::{ClientSettings, Jitter};
use vainu_etl::clock::SkippingClock;
use vainu_etl::error::Error;
use vainu_etl::extract::Unobserved;
use vainu_etl::pipeline::{SyncSettings, sync};
use vainu_etl::report::Report;
use vainu_etl::simulator::{Config, Request, Simulator, Switches};

use crate::support::{Job, assert_equal_rows, expected};

/// Companies of a row: seven pages.
const COMPANIES: u32 = 600;
/// No run of a row may take longer, retries and all; most take less than a second.
const BOUND: Duration = Duration::from_secs(90);
/// How long the client of a row waits for the next byte, and for a whole answer, where the server lets it wait. Longer
/// than the second between two bytes of a trickle, so that it is the whole answer that takes too long.
const PATIENCE: (Duration, Duration) = (Duration::from_millis(1500), Duration::from_secs(3));

/// What a fault comes to.
#[derive(Debug, Clone, Copy)]
enum Then {
    /// The run succeeds, and what it publishes is what is there.
    Equal,
    /// The run succeeds, and publishes every company that was there from its start to its end, and none that never was.
    /// For changes that pages and counts need not show: one company gone and another come where was read already.
    Throughout,
    /// The run publishes what came, deletes nothing, says this, and ends with exit code 4.
    Incomplete(&'static str),
    /// The run ends with this exit code, and its message has these parts; nothing is published.
    Ends(u8, &'static [&'static str]),
}

/// What the simulator does.
#[derive(Debug, Clone, Copy)]
enum Play {
    /// Faults (`KIND@N`) that its log names.
    Faults(&'static str),
    /// Switches, and what in the log shows that they were played.
    Switches(&'static [&'static str], fn(&[Request]) -> bool),
}

/// Plays a row of the table.
async fn play(play: Play, then: Then) {
    let simulator = Simulator::start(Config { companies: COMPANIES, ..Config::default() }).await.unwrap();
    let job = Job { page_size: 100, ..Job::new() };
    match then {
        Then::Throughout => {
            let before = expected(simulator.companies());
            start(&simulator, play);
            let report = run(&job, &simulator).await.0.unwrap();
            fired(&simulator, play);
            assert_eq!((report.exit_code, report.rejects), (0, 0), "{play:?}: {:?}", report.lists);
            let (after, rows) = (expected(simulator.companies()), job.rows());
            for company in before.iter().filter(|company| after.contains(company)) {
                assert_eq!(rows.iter().filter(|row| *row == company).count(), 1, "{company:?}");
            }
            assert!(rows.iter().all(|row| before.contains(row) || after.contains(row)));
        }
        Then::Equal => {
            start(&simulator, play);
            let (outcome, clock) = run_with(&job, &simulator, play).await;
            let report = outcome.unwrap_or_else(|error| panic!("{play:?}: {}", chain(&error)));
            fired(&simulator, play);
            assert_eq!((report.exit_code, report.rejects), (0, 0), "{play:?}: {:?}", report.lists);
            assert_equal_rows(&job.rows(), &expected(simulator.companies()));
            assert!(simulator.requests().len() < 100, "{play:?}: {}", simulator.requests().len());
            waited(play, &clock);
        }
        Then::Incomplete(reason) => {
            run(&job, &simulator).await.0.unwrap();
            start(&simulator, play);
            let report = run(&job, &simulator).await.0.unwrap();
            fired(&simulator, play);
            assert_eq!((report.exit_code, report.lists[0].deleted), (4, 0), "{play:?}");
            assert!(report.lists[0].reasons.iter().any(|text| text.contains(reason)), "{:?}", report.lists);
            assert_equal_rows(&job.rows(), &expected(simulator.companies()));
            simulator.reconfigure(|config| config.switches = Switches::default());
            assert_eq!(run(&job, &simulator).await.0.unwrap().exit_code, 0);
            assert_equal_rows(&job.rows(), &expected(simulator.companies()));
        }
        Then::Ends(code, says) => {
            let before = first_generation(&job, &simulator).await;
            start(&simulator, play);
            let error = run_with(&job, &simulator, play).await.0.expect_err("the run ends");
            fired(&simulator, play);
            assert_ends(&error, code, says);
            assert!(simulator.requests().len() < 60, "{play:?}: {}", simulator.requests().len());
            assert_eq!(fs_err::read(job.warehouse()).unwrap(), before, "the old generation is as it was");
            let landed = pages(&simulator.requests());
            assert_eq!(landed.is_empty(), !lands_first(play), "{play:?}: {landed:?}");
            simulator.reconfigure(|config| config.switches = Switches::default());
            assert_resumes(&job, &simulator, &landed).await;
        }
    }
}

/// Publishes a first generation and then changes the companies; returns the published bytes.
async fn first_generation(job: &Job, simulator: &Simulator) -> Vec<u8> {
    run(job, simulator).await.0.unwrap();
    let keys: Vec<(String, String)> = simulator.companies().take(10).map(|company| key(&company)).collect();
    simulator.set_field(&keys[0].0, &keys[0].1, "company_name", &"Toinen Oy".into()).unwrap();
    simulator.delete_company(&keys[9].0, &keys[9].1).unwrap();
    fs_err::read(job.warehouse()).unwrap()
}

fn key(company: &Value) -> (String, String) {
    let text = |field: &str| company[field].as_str().unwrap().to_owned();
    (text("country"), text("business_id"))
}

/// The same command goes on once the fault is gone: no landed page is asked for again, and the data are right.
async fn assert_resumes(job: &Job, simulator: &Simulator, landed: &[String]) {
    let report = run(job, simulator).await.0.unwrap_or_else(|error| panic!("resumed: {}", chain(&error)));
    assert_eq!(report.exit_code, 0);
    assert_equal_rows(&job.rows(), &expected(simulator.companies()));
    let asked = pages(&simulator.requests());
    let again: Vec<_> = asked.iter().filter(|page| landed.contains(page)).collect();
    assert!(again.is_empty(), "landed pages were asked for again: {again:?}");
    assert!(report.resumed);
}

/// Sets the simulator's switches; it counts its requests from 1 again.
fn start(simulator: &Simulator, play: Play) {
    let mut switches = Switches::default();
    match play {
        Play::Faults(faults) => switches.set(&format!("fault={faults}")).unwrap(),
        Play::Switches(settings, _) => settings.iter().for_each(|setting| switches.set(setting).unwrap()),
    }
    simulator.reconfigure(|config| config.switches = switches);
}

/// The log shows that what was to be played was played.
fn fired(simulator: &Simulator, play: Play) {
    let requests = simulator.requests();
    match play {
        Play::Faults(faults) => {
            for fault in faults.split(',') {
                let (kind, number) = fault.split_once('@').unwrap();
                let label = kind.split(':').next().unwrap();
                let number: u64 = number.trim_end_matches('+').parse().unwrap();
                let met = requests.iter().find(|request| request.sequence == number).unwrap();
                assert_eq!(met.fault.as_deref(), Some(label), "{fault} was played");
            }
        }
        Play::Switches(_, shows) => assert!(shows(&requests), "{play:?} was not played: {requests:#?}"),
    }
}

/// Whether a page is answered before the play goes wrong: the first page is request 2.
fn lands_first(play: Play) -> bool {
    let Play::Faults(faults) = play else { return true };
    !faults.contains("@1") && !faults.contains("@2")
}

/// A pause that the server asked for was kept, or cut to what is allowed. The retry's own wait counts towards it.
fn waited(play: Play, clock: &SkippingClock) {
    let Play::Faults(faults) = play else { return };
    let longest = clock.sleeps().into_iter().max().unwrap_or_default().as_secs();
    let asked = faults.split([':', '@']).nth(1).unwrap_or_default();
    let wanted = match asked {
        "absurd" => 119..=120,
        "date30" => 27..=30,
        "7" => 6..=7,
        _ => return,
    };
    assert!(wanted.contains(&longest), "{faults}: {:?}", clock.sleeps());
}

/// The settings of a row: waits are skipped and written down, attempts are few.
fn settings(job: &Job, simulator: &Simulator) -> (SyncSettings, Arc<SkippingClock>) {
    let clock = Arc::new(SkippingClock::new(SystemTime::now()));
    let settings = job.settings(simulator);
    let client = ClientSettings {
        clock: clock.clone(),
        jitter: Jitter::Fixed(0.5),
        max_attempts: 3,
        ..settings.client
    };
    (SyncSettings { client, ..settings }, clock)
}

async fn run(job: &Job, simulator: &Simulator) -> (Result<Report, Error>, Arc<SkippingClock>) {
    let (settings, clock) = settings(job, simulator);
    (bounded(&settings).await, clock)
}

/// A run with little patience where the play is about waiting.
async fn run_with(
    job: &Job,
    simulator: &Simulator,
    play: Play,
) -> (Result<Report, Error>, Arc<SkippingClock>) {
    let (mut settings, clock) = settings(job, simulator);
    if let Play::Faults(faults) = play
        && ["hang", "stall", "trickle"].iter().any(|kind| faults.contains(kind))
    {
        (settings.client.read_timeout, settings.client.attempt_timeout) = PATIENCE;
    }
    (bounded(&settings).await, clock)
}

/// A run that ends in time.
async fn bounded(settings: &SyncSettings) -> Result<Report, Error> {
    let run = sync(settings, &Unobserved, std::future::pending());
    tokio::time::timeout(BOUND, run).await.expect("the run ends in bounded time")
}

/// Pages that were answered in full, by what was asked.
fn pages(requests: &[Request]) -> Vec<String> {
    let answered = requests.iter().filter(|request| request.status == 200 && request.fault.is_none());
    answered
        .filter(|request| request.param("offset").is_some())
        .map(|request| format!("{:?}", request.query))
        .collect()
}

fn assert_ends(error: &Error, code: u8, says: &[&str]) {
    let text = chain(error);
    assert_eq!(error.exit_code(), code, "{text}");
    for part in says {
        assert!(text.contains(part), "no `{part}` in: {text}");
    }
    assert!(error.hint().is_some(), "no hint: {text}");
}

/// The error with its causes, as the command line prints it.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// A run that succeeds, with waits skipped and the product's own limits on attempts.
async fn succeed(job: &Job, simulator: &Simulator) -> Report {
    let (mut settings, _) = settings(job, simulator);
    settings.client.max_attempts = job.settings(simulator).client.max_attempts;
    bounded(&settings).await.unwrap_or_else(|error| panic!("{}", chain(&error)))
}
