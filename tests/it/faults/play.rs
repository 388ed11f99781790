//! Plays one row of the table for one kind of list.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use vainu_etl::catalog::PROSPECTS;
use vainu_etl::clock::SkippingClock;
use vainu_etl::error::Error;
use vainu_etl::report::Report;
use vainu_etl::simulator::{Request, Simulator, Switches};

use super::case::Case;
use super::run::{answered, assert_ends, assert_resumes, bounded, chain, change, settings, succeed};
use super::shared;
use crate::canonical::assert_same_rows;
use crate::crashes::files::copy;
use crate::parts::{self, Part};
use crate::support::{Job, assert_equal_rows};

/// Read timeout and attempt timeout in rows in which the server makes the client wait. The read timeout is longer than
/// the second between two bytes of `trickle`, so that the attempt timeout is the one that expires.
const PATIENCE: (Duration, Duration) = (Duration::from_millis(1200), Duration::from_millis(2400));
/// Every row makes fewer requests than this: at most twelve readings of an unordered list with eleven requests each,
/// and one before them.
const MOST_REQUESTS: usize = 12 * 11 + 2;

/// The expected outcome of a fault.
#[derive(Debug, Clone, Copy)]
pub(super) enum Then {
    /// The run succeeds and publishes exactly the data of the API.
    Equal,
    /// The run succeeds. It publishes every row that the API had during the whole run, and no row that it never had.
    /// For changes that pages and counts may not show: one company deleted and one added in the part already read.
    Throughout,
    /// The run publishes the rows received, deletes nothing, reports this reason and ends with exit code 4. In the
    /// text, `{rows}` is the number of rows of the API, `{more}` five more, `{fewer}` five fewer.
    Incomplete(&'static str),
    /// The run ends with this exit code and a message that contains these texts. It publishes nothing.
    Ends(u8, &'static [&'static str]),
}

/// The simulator's behaviour in a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Play {
    /// Faults (`KIND@N`). The simulator's log names them.
    Faults(&'static str),
    /// Switches, and a check of the log that they had an effect.
    Switches(&'static [&'static str], fn(&Log) -> bool),
}

/// A summary of the requests to the simulator.
#[derive(Debug)]
pub(super) struct Log {
    /// Number of rows of each page of the stream.
    pub(super) pages: Vec<usize>,
    /// The page size requested.
    pub(super) full: usize,
    /// True if anything was requested twice.
    pub(super) again: bool,
    pub(super) faults: Vec<String>,
}

impl Log {
    /// True if the log names this fault or change.
    pub(super) fn plays(&self, what: &str) -> bool {
        self.faults.iter().any(|fault| fault == what)
    }

    fn of(case: &Case, requests: &[Request]) -> Self {
        let of_stream = |request: &&Request| {
            Part::of_request(request).is_some_and(|part| part.stream == case.stream.name)
        };
        let asked = parts::asked(requests);
        Self {
            pages: requests.iter().filter(of_stream).filter_map(|request| request.rows).collect(),
            full: case.page_size as usize,
            again: asked.iter().collect::<BTreeSet<_>>().len() < asked.len(),
            faults: requests.iter().filter_map(|request| request.fault.clone()).collect(),
        }
    }
}

pub(super) async fn play(case: Case, play: Play, then: Then) {
    let simulator = shared::simulator(&case).await;
    let job = case.job();
    match then {
        Then::Throughout => {
            let before = case.held(&simulator);
            start(&case, &simulator, play);
            let report = succeed(&case, &job, &simulator).await;
            fired(&case, &simulator, play);
            assert_eq!((report.exit_code, report.rejects), (0, 0), "{play:?}: {:?}", report.lists);
            let (after, rows) = (case.held(&simulator), case.published(&job));
            for row in before.iter().filter(|row| after.contains(row)) {
                assert_eq!(rows.iter().filter(|found| *found == row).count(), 1, "{row:?}");
            }
            assert!(rows.iter().all(|row| before.contains(row) || after.contains(row)));
        }
        Then::Equal => {
            start(&case, &simulator, play);
            let (outcome, clock) = run(&case, &job, &simulator, play, then).await;
            let report = outcome.unwrap_or_else(|error| panic!("{play:?}: {}", chain(&error)));
            fired(&case, &simulator, play);
            assert_eq!(report.exit_code, 0, "{play:?}: {:?}", report.lists);
            assert!(simulator.requests().len() < MOST_REQUESTS, "{play:?}: {}", simulator.requests().len());
            waited(play, &clock);
            assert_equal_rows(&case.published(&job), &case.held(&simulator));
            simulator.reconfigure(|config| config.switches = Switches::default());
            match play {
                // Faults leave the data alone.
                Play::Faults(_) => assert_as_calm(&case, &job, shared::first(&case, &simulator)).await,
                Play::Switches(..) => {
                    let calm = case.job();
                    let run = async {
                        assert_eq!(succeed(&case, &calm, &simulator).await.exit_code, 0);
                        calm.dir.path().to_owned()
                    };
                    assert_as_calm(&case, &job, run).await;
                }
            }
        }
        Then::Incomplete(reason) => {
            copy(&shared::first(&case, &simulator).await, job.dir.path());
            start(&case, &simulator, play);
            let report = run(&case, &job, &simulator, play, then).await.0.unwrap();
            fired(&case, &simulator, play);
            let list = report.lists.iter().find(|list| !list.complete).expect("a list is not complete");
            assert_eq!((report.exit_code, list.deleted), (4, 0), "{play:?}");
            let rows = case.held(&simulator);
            let reason = reason
                .replace("{rows}", &rows.len().to_string())
                .replace("{more}", &(rows.len() + 5).to_string())
                .replace("{fewer}", &(rows.len() - 5).to_string());
            assert!(list.reasons.iter().any(|text| text.contains(&reason)), "{reason}: {:?}", report.lists);
            assert_equal_rows(&case.published(&job), &rows);
            simulator.reconfigure(|config| config.switches = Switches::default());
            assert_eq!(succeed(&case, &job, &simulator).await.exit_code, 0);
            assert_equal_rows(&case.published(&job), &case.held(&simulator));
        }
        Then::Ends(code, says) => {
            let first = shared::first(&case, &simulator).await;
            copy(&first, job.dir.path());
            change(&simulator);
            let before = fs_err::read(job.warehouse()).unwrap();
            start(&case, &simulator, play);
            let error = run(&case, &job, &simulator, play, then).await.0.expect_err("the run ends");
            fired(&case, &simulator, play);
            assert_ends(&error, code, says);
            assert!(simulator.requests().len() < MOST_REQUESTS, "{play:?}: {}", simulator.requests().len());
            assert_eq!(fs_err::read(job.warehouse()).unwrap(), before, "the old generation is as it was");
            let landed = answered(&simulator.requests());
            assert_eq!(landed.is_empty(), !lands_first(&case, play), "{play:?}: {landed:?}");
            simulator.reconfigure(|config| config.switches = Switches::default());
            assert_resumes(&case, &job, &simulator, &landed).await;
            assert_as_calm(&case, &job, shared::second(&case, &simulator, &first)).await;
        }
    }
}

/// Every table equals that of a run without faults, which `calm` makes; it gives the folder. Not for companies: these
/// were compared with the simulator's data.
async fn assert_as_calm(case: &Case, job: &Job, calm: impl Future<Output = PathBuf>) {
    if *case.stream != PROSPECTS {
        assert_same_rows(&job.warehouse(), &calm.await.join("vainu.duckdb"), case.stream.name);
    }
}

/// Sets the switches. The simulator counts its requests from 1 again.
fn start(case: &Case, simulator: &Simulator, play: Play) {
    let mut switches = Switches::default();
    match play {
        Play::Faults(faults) => switches.set(&format!("fault={}", case.faults(faults))).unwrap(),
        Play::Switches(settings, _) => {
            for setting in settings {
                switches.set(&case.switch(setting)).unwrap();
            }
        }
    }
    simulator.reconfigure(|config| config.switches = switches);
}

/// Asserts by the log that the faults or switches were played.
fn fired(case: &Case, simulator: &Simulator, play: Play) {
    let requests = simulator.requests();
    match play {
        Play::Faults(faults) => {
            for fault in case.faults(faults).split(',') {
                let (kind, number) = fault.split_once('@').unwrap();
                let label = kind.split(':').next().unwrap();
                let number: u64 = number.trim_end_matches('+').parse().unwrap();
                let met = requests.iter().find(|request| request.sequence == number).unwrap();
                assert_eq!(met.fault.as_deref(), Some(label), "{fault} was played");
            }
            let of_stream = |request: &&Request| {
                // A count belongs to a list, not to a page.
                Part::of_request(request).is_none_or(|part| part.stream == case.stream.name)
            };
            let met = requests.iter().filter(|request| request.fault.is_some());
            let meets = met.clone().any(|request| of_stream(&request));
            assert!(meets || !lands_first(case, play), "{:?}", met.collect::<Vec<_>>());
        }
        Play::Switches(_, shows) => {
            assert!(shows(&Log::of(case, &requests)), "{play:?} was not played: {requests:#?}");
        }
    }
}

/// True if a page is landed before the first fault.
fn lands_first(case: &Case, play: Play) -> bool {
    let Play::Faults(faults) = play else { return true };
    let faults = case.faults(faults);
    let numbers = faults.split(',').map(|fault| fault.split_once('@').unwrap().1.trim_end_matches('+'));
    numbers.map(|number| number.parse::<u64>().unwrap()).min().unwrap() > case.first_landed
}

/// Asserts that a pause requested by the server was kept, or cut to the maximum. The wait before a retry counts towards
/// it.
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

/// Runs a load. Timeouts are short if the row makes the client wait.
async fn run(
    case: &Case,
    job: &Job,
    simulator: &Simulator,
    play: Play,
    then: Then,
) -> (Result<Report, Error>, Arc<SkippingClock>) {
    let (mut settings, clock) = settings(case, job, simulator);
    if let Play::Faults(faults) = play
        && ["hang", "stall", "trickle"].iter().any(|kind| faults.contains(kind))
    {
        (settings.client.read_timeout, settings.client.attempt_timeout) = PATIENCE;
        // One request at a time: at most one waits for an answer that does not come.
        settings.extract.requests_at_once = 1;
    } else if let Then::Equal = then {
        // Several faults of a row may meet the same request.
        settings.client.max_attempts = 5;
    }
    (bounded(&settings).await, clock)
}
