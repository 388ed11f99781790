//! The binary, made to fail at a point, against a simulator in this process; and what is there afterwards.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use vainu_etl::crash::{Point, VARIABLE};
use vainu_etl::landing::bundle::MOST_COMPANIES;
use vainu_etl::landing::runs::{self, LandedRun, RunState};
use vainu_etl::simulator::{DEMO_API_KEY, Simulator};

use super::files::{copy, folder, names};
use crate::parts::{self, Part};
use crate::support::{assert_equal_rows, expected, prospects, simulator, stderr, vainu_etl, value};

const PAGE_SIZE: &str = "20";
const CONCURRENCY: usize = 2;
/// Each slot holds its page until it is durable, and there are twice as many as requests in flight.
const MOST_PAGES_LOST: usize = 2 * CONCURRENCY;
/// Answers about companies in flight, the bundle that is filled, and the two that are written meanwhile.
const MOST_ANSWERS_LOST: usize = 2 * CONCURRENCY + 3 * MOST_COMPANIES;

/// What is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    /// Companies alone: one ordered list.
    Prospects,
    /// Everything that is loaded when no stream is named: lists of each kind, and a request for each company.
    Default,
}

impl Load {
    pub(super) const ALL: [Self; 2] = [Self::Prospects, Self::Default];

    /// The streams named on the command line.
    fn streams(self) -> &'static [&'static str] {
        match self {
            Self::Prospects => &["prospects"],
            Self::Default => &[],
        }
    }

    /// Companies of the first version: alone 22 pages and an empty one; with everything else four bundles at least, so
    /// that losing all of them would be too many.
    fn companies(self) -> u32 {
        match self {
            Self::Prospects => 400,
            Self::Default => 240,
        }
    }
}

/// How a process ends at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    Panic,
    Kill,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Error, Self::Panic, Self::Kill];

    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Panic => "panic",
            Self::Kill => "kill",
        }
    }
}

/// A simulator, and a folder with the warehouse that is loaded from it.
pub(super) struct Rig {
    load: Load,
    simulator: Arc<Simulator>,
    dir: TempDir,
    /// The simulator runs in it.
    runtime: Arc<Runtime>,
}

impl Rig {
    pub(super) fn new(load: Load) -> Self {
        let runtime = Runtime::new().unwrap();
        let simulator = runtime.block_on(simulator(load.companies(), &[]));
        Self { load, simulator: Arc::new(simulator), dir: folder(), runtime: Arc::new(runtime) }
    }

    /// A copy of another warehouse, loaded from the same simulator.
    pub(super) fn like(other: &Self) -> Self {
        let (simulator, runtime) = (Arc::clone(&other.simulator), Arc::clone(&other.runtime));
        let rig = Self { load: other.load, simulator, dir: folder(), runtime };
        copy(other.dir.path(), rig.dir.path());
        rig
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn warehouse(&self) -> PathBuf {
        self.dir.path().join("vainu.duckdb")
    }

    pub(super) fn state(&self) -> PathBuf {
        self.dir.path().join("vainu.duckdb.etl")
    }

    /// From now on the API answers with the second version: one company gone, two changed.
    pub(super) fn change(&self) {
        let keys: Vec<(String, String)> = self
            .simulator
            .companies()
            .take(3)
            .map(|company| ["country", "business_id"].map(|key| company[key].as_str().unwrap().to_owned()))
            .map(|[country, id]| (country, id))
            .collect();
        self.simulator.delete_company(&keys[0].0, &keys[0].1).unwrap();
        let changes =
            [(&keys[1], "company_name", json!("Renamed Oy")), (&keys[2], "turn_over", json!(7_000_000))];
        for ((country, id), field, value) in changes {
            self.simulator.set_field(country, id, field, &value).unwrap();
        }
    }

    /// The command that is given again and again.
    pub(super) fn sync(&self) -> Command {
        let mut command = vainu_etl(self.dir.path());
        command.env("VAINU_API_KEY", DEMO_API_KEY).args(["--base-url", &self.simulator.base_url(), "sync"]);
        command.args(self.load.streams());
        command.args(["--page-size", PAGE_SIZE, "--concurrency", &CONCURRENCY.to_string()]);
        command.args(["--keep-raw", "1"]);
        command
    }

    /// Runs the command; it has to succeed, asking for no page that has landed.
    pub(super) fn succeed(&self) -> String {
        let output = self.watched(&mut self.sync());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stderr(&output)
    }

    /// Runs the command and lets it fail; shows that it has, and that the message is one.
    pub(super) fn crash(&self, point: Point, kind: Kind, nth: u32) {
        let mut command = self.sync();
        command.env(VARIABLE, format!("{}:{}:{nth}", point.name(), kind.name()));
        let output = self.watched(&mut command);
        let text = stderr(&output);
        let place = format!("{}:{}:{nth} of {}", point.name(), kind.name(), self.dir.path().display());
        let sign =
            format!("{VARIABLE} asks for {} at {}", ["an error", "a panic"][kind as usize % 2], point.name());
        match kind {
            Kind::Kill => assert_eq!(signal(&output), Some(9), "{place}: {text}"),
            Kind::Panic => {
                assert_eq!(output.status.code(), Some(1), "{place}: {text}");
                assert!(text.contains(&format!("error: internal error: {sign}")), "{place}: {text}");
                assert!(text.contains("hint: "), "{place}: {text}");
                assert!(!text.contains("panicked at") && !text.contains("RUST_BACKTRACE"), "{place}: {text}");
            }
            Kind::Error => {
                let code = if is_tidying(point) { 0 } else { 6 };
                assert_eq!(output.status.code(), Some(code), "{place}: {text}");
                assert!(text.contains(&sign), "{place}: {text}");
                assert!(code == 0 || text.contains("hint: "), "{place}: {text}");
            }
        }
    }

    /// Runs a session, and checks that it asks for nothing that has landed, and only for that a second time which was
    /// in flight, or in a bundle that was not yet durable.
    fn watched(&self, command: &mut Command) -> Output {
        let landed = self.landed();
        self.simulator.clear_requests();
        let output = command.output().unwrap();
        let asked = self.asked();
        let again: Vec<_> = asked.iter().filter(|part| landed.contains(part)).collect();
        assert!(again.is_empty(), "{again:?} had landed and were asked for again: {}", stderr(&output));
        let kept: BTreeSet<Part> = self.runs().iter().flat_map(parts_of).collect();
        let (answers, pages): (Vec<&Part>, Vec<&Part>) =
            asked.iter().filter(|part| !kept.contains(part)).partition(|part| part.is_answer());
        for (lost, most) in [(pages, MOST_PAGES_LOST), (answers, MOST_ANSWERS_LOST)] {
            assert!(lost.len() <= most, "{lost:?} were received and did not land: {}", stderr(&output));
        }
        output
    }

    /// What was asked for.
    pub(super) fn asked(&self) -> Vec<Part> {
        parts::asked(&self.simulator.requests())
    }

    /// Only later requests count.
    pub(super) fn forget_requests(&self) {
        self.simulator.clear_requests();
    }

    /// What the unfinished run has.
    pub(super) fn landed(&self) -> BTreeSet<Part> {
        self.runs().iter().filter(|run| run.state == RunState::Unfinished).flat_map(parts_of).collect()
    }

    fn runs(&self) -> Vec<LandedRun> {
        runs::list(&self.state().join("landing")).unwrap_or_default()
    }

    /// What the API gives now is what the warehouse holds, no more and no less: the companies value by value, of
    /// everything else as many rows. Their values are compared with those of a run that nothing disturbed.
    pub(super) fn assert_equal_to_source(&self) {
        assert_equal_rows(&prospects(&self.warehouse()), &expected(self.simulator.companies()));
        if self.load == Load::Prospects {
            return;
        }
        let groups = self.simulator.target_groups();
        let members =
            groups.iter().map(|group| self.simulator.members(text(group, "id")).unwrap().len()).sum();
        let statements = self.simulator.companies().map(|company| {
            self.simulator.statements(text(&company, "country"), text(&company, "business_id")).unwrap().len()
        });
        // Those of companies that are gone stay, as the companies do.
        let live = "(country, business_id) IN (SELECT (country, business_id) FROM prospects WHERE _deleted_at IS NULL)";
        let rejected = "SELECT count(*) FROM etl.rejects WHERE last_run = (SELECT max(run_id) FROM etl.runs)";
        let tables: [(&str, &str, usize); 4] = [
            ("target_groups", "true", groups.len()),
            ("target_group_members", "true", members),
            ("customer_data", "true", self.simulator.customer_data().len()),
            ("financial_statements", live, statements.sum()),
        ];
        for (table, which, there) in tables {
            let sql = format!(
                "SELECT (SELECT count(*) FROM {table} WHERE {which}) + ({rejected} AND table_name = '{table}')"
            );
            assert_eq!(value::<i64>(&self.warehouse(), &sql), i64::try_from(there).unwrap(), "{table}");
        }
    }

    /// Nothing is left that belongs to a run in progress.
    pub(super) fn assert_tidy(&self) {
        assert_eq!(names(&self.state().join("staging")), Vec::<String>::new());
        let landing = names(&self.state().join("landing"));
        assert_eq!(landing.len(), 1, "--keep-raw 1: {landing:?}");
        assert!(landing.iter().all(|name| !name.contains('.')), "{landing:?}");
        assert!(names(&self.state().join("generations")).iter().all(|name| name.ends_with(".duckdb")));
        assert_eq!(names(self.dir.path()), ["vainu.duckdb", "vainu.duckdb.etl"]);
    }
}

/// What comes after the run is recorded is tidying up; an error there is only a warning.
pub(super) fn is_tidying(point: Point) -> bool {
    use Point::{GenerationsPruned, RunRecorded, RunSetAside, StagingEmptied};
    matches!(point, GenerationsPruned | RunRecorded | RunSetAside | StagingEmptied)
}

fn parts_of(run: &LandedRun) -> impl Iterator<Item = Part> {
    parts::landed(&run.folder).into_keys()
}

fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field].as_str().unwrap()
}

/// The signal that ended a process.
#[cfg(unix)]
fn signal(output: &Output) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&output.status)
}

#[cfg(not(unix))]
fn signal(output: &Output) -> Option<i32> {
    (!output.status.success()).then_some(9)
}
