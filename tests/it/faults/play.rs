//! Plays a row of the table for a kind of list.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use vainu_etl::catalog::PROSPECTS;
use vainu_etl::clock::SkippingClock;
use vainu_etl::error::Error;
use vainu_etl::report::Report;
use vainu_etl::simulator::{Config, Request, Simulator, Switches};

use super::case::Case;
use super::run::{
    answered, assert_ends, assert_resumes, bounded, chain, first_generation, settings, succeed,
};
use crate::canonical::assert_same_rows;
use crate::crashes::files::copy;
use crate::parts::{self, Part};
use crate::support::{Job, assert_equal_rows};

/// How long the client of a row waits for the next byte, and for a whole answer, where the server lets it wait. Longer
/// than the second between two bytes of a trickle, so that it is the whole answer that takes too long.
const PATIENCE: (Duration, Duration) = (Duration::from_millis(1200), Duration::from_millis(2400));
/// Every row takes fewer requests than this: twelve readings of an unordered list, eleven requests each, and one before.
const MOST_REQUESTS: usize = 12 * 11 + 2;

/// What a fault comes to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Then {
    /// The run succeeds, and what it publishes is what is there.
    Equal,
    /// The run succeeds, and publishes all that was there from its start to its end, and nothing that never was.
    /// For changes that pages and counts need not show: one company gone and another come where was read already.
    Throughout,
    /// The run publishes what came, deletes nothing, says this, and ends with exit code 4. `{rows}` are the rows that
    /// there are, `{more}` five more, `{fewer}` five fewer.
    Incomplete(&'static str),
    /// The run ends with this exit code, and its message has these parts; nothing is published.
    Ends(u8, &'static [&'static str]),
}

/// What the simulator does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Play {
    /// Faults (`KIND@N`) that its log names.
    Faults(&'static str),
    /// Switches, and what in the log shows that they were played.
    Switches(&'static [&'static str], fn(&Log) -> bool),
}

/// What a simulator was asked.
#[derive(Debug)]
pub(super) struct Log {
    /// Rows of the pages that were answered for the stream.
    pub(super) pages: Vec<usize>,
    /// Rows of a page as asked for.
    pub(super) full: usize,
    /// Whether anything was asked for twice.
    pub(super) again: bool,
    pub(super) faults: Vec<String>,
}

impl Log {
    /// Whether something of that name was played.
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
    let config = Config { companies: case.companies, ..Config::default() };
    let simulator = Simulator::start(config).await.unwrap();
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
            let calm = case.job();
            assert_as_calm(&case, &job, calm, &simulator).await;
        }
        Then::Incomplete(reason) => {
            succeed(&case, &job, &simulator).await;
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
            let before = first_generation(&case, &job, &simulator).await;
            let calm = case.job();
            copy(job.dir.path(), calm.dir.path());
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
            assert_as_calm(&case, &job, calm, &simulator).await;
        }
    }
}

/// Every table is as a run without faults makes it. Companies alone are compared with what the simulator holds, value by
/// value.
async fn assert_as_calm(case: &Case, job: &Job, calm: Job, simulator: &Simulator) {
    if *case.stream == PROSPECTS {
        return;
    }
    simulator.reconfigure(|config| config.switches = Switches::default());
    assert_eq!(succeed(case, &calm, simulator).await.exit_code, 0);
    assert_same_rows(&job.warehouse(), &calm.warehouse(), case.stream.name);
}

/// Sets the simulator's switches; it counts its requests from 1 again.
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

/// The log shows that what was to be played was played.
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
                // A count is of no page, but of the list.
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

/// Whether anything is landed before the play goes wrong.
fn lands_first(case: &Case, play: Play) -> bool {
    let Play::Faults(faults) = play else { return true };
    let faults = case.faults(faults);
    let numbers = faults.split(',').map(|fault| fault.split_once('@').unwrap().1.trim_end_matches('+'));
    numbers.map(|number| number.parse::<u64>().unwrap()).min().unwrap() > case.first_landed
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

/// A run with little patience where the play is about waiting.
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
        // Nobody waits for several of them one after the other.
        settings.extract.requests_at_once = 1;
    } else if let Then::Equal = then {
        // Several faults of a row may meet the same request.
        settings.client.max_attempts = 5;
    }
    (bounded(&settings).await, clock)
}
