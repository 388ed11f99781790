//! The binary, made to fail at a point, against a simulator in this process; and what is there afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use vainu_etl::crash::{Point, VARIABLE};
use vainu_etl::extract::ledger::Ask;
use vainu_etl::extract::runs::{self, LandedRun, RunState};
use vainu_etl::simulator::{DEMO_API_KEY, Simulator};

use crate::support::{assert_equal_rows, expected, open, prospects, simulator, stderr, vainu_etl};

/// Companies of the first version, read in pages of [`PAGE_SIZE`]: 22 pages and an empty one.
const COMPANIES: u32 = 400;
const PAGE_SIZE: &str = "20";
const CONCURRENCY: usize = 2;

/// All rows of all tables as text, by table; see [`dump`].
pub(super) type Dump = BTreeMap<String, Vec<String>>;

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

/// A folder for a warehouse. In memory where that is possible: what a process leaves behind does not depend on the
/// disk, and the many syncs do.
pub(super) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// Whether the binary has points to fail at; says so when it has not.
#[expect(clippy::print_stdout, reason = "a test that is skipped says why")]
pub(super) fn has_points() -> bool {
    if !cfg!(debug_assertions) {
        println!("skipped: a build without debug assertions has no points to fail at");
    }
    cfg!(debug_assertions)
}

/// A simulator, and a folder with the warehouse that is loaded from it.
pub(super) struct Rig {
    simulator: Arc<Simulator>,
    dir: TempDir,
    /// The simulator runs in it.
    runtime: Arc<Runtime>,
}

impl Rig {
    pub(super) fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let simulator = runtime.block_on(simulator(COMPANIES, &[]));
        Self { simulator: Arc::new(simulator), dir: folder(), runtime: Arc::new(runtime) }
    }

    /// A copy of another warehouse, loaded from the same simulator.
    pub(super) fn like(other: &Self) -> Self {
        let (simulator, runtime) = (Arc::clone(&other.simulator), Arc::clone(&other.runtime));
        let rig = Self { simulator, dir: folder(), runtime };
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

    /// Runs a session, and checks that it asks for no page that has landed, and only for those a second time that
    /// were in flight.
    fn watched(&self, command: &mut Command) -> Output {
        let landed = self.landed();
        self.simulator.clear_requests();
        let output = command.output().unwrap();
        let asked = self.offsets();
        let again: Vec<_> = asked.iter().filter(|offset| landed.contains(offset)).collect();
        assert!(
            again.is_empty(),
            "pages {again:?} have landed and were asked for again: {}",
            stderr(&output)
        );
        let kept: BTreeSet<u64> = self.runs().iter().flat_map(offsets).collect();
        let lost = asked.iter().filter(|offset| !kept.contains(offset)).count();
        // Each slot holds its page until it is durable, and there are twice as many as requests in flight.
        assert!(lost <= 2 * CONCURRENCY, "{lost} pages were received and did not land: {}", stderr(&output));
        output
    }

    /// First rows of the pages that were asked for.
    pub(super) fn offsets(&self) -> Vec<u64> {
        let requests = self.simulator.requests();
        requests.iter().filter_map(|request| request.param("offset")?.parse().ok()).collect()
    }

    /// Only later requests count.
    pub(super) fn forget_requests(&self) {
        self.simulator.clear_requests();
    }

    /// First rows of the pages that the unfinished run has.
    pub(super) fn landed(&self) -> BTreeSet<u64> {
        self.runs().iter().filter(|run| run.state == RunState::Unfinished).flat_map(offsets).collect()
    }

    fn runs(&self) -> Vec<LandedRun> {
        runs::list(&self.state().join("landing")).unwrap_or_default()
    }

    /// What the API gives now is what the warehouse holds, no more and no less.
    pub(super) fn assert_equal_to_source(&self) {
        assert_equal_rows(&prospects(&self.warehouse()), &expected(self.simulator.companies()));
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

fn offsets(run: &LandedRun) -> impl Iterator<Item = u64> {
    run.pages.values().filter_map(|(key, _)| match key.ask {
        Ask::Page { offset, .. } => Some(offset),
        _ => None,
    })
}

/// What a file holds, in a form that two runs of the same data share: run ids by their rank, times by whether there
/// is one, without what counts requests. None when there is no file. It must open, and stand alone.
pub(super) fn dump(path: &Path) -> Option<Dump> {
    assert!(!path.with_extension("duckdb.wal").exists(), "a log is left beside {}", path.display());
    if !path.exists() {
        return None;
    }
    let connection = open(path);
    let texts = |sql: &str| -> Vec<(String, String)> {
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    let mut all = Dump::new();
    for (table, _) in texts("SELECT schema_name || '.' || table_name, '' FROM duckdb_tables()") {
        let (schema, name) = table.split_once('.').unwrap();
        let columns = texts(&format!(
            "SELECT column_name, data_type FROM duckdb_columns() \
             WHERE schema_name = '{schema}' AND table_name = '{name}' ORDER BY column_index"
        ));
        let cells: Vec<String> = columns
            .iter()
            .filter(|(column, _)| !["requests", "retries", "bytes", "reject_id"].contains(&column.as_str()))
            .map(|(column, kind)| match column.as_str() {
                "run_id" | "_run_id" | "first_seen_run" => format!(
                    "(SELECT count(*) FROM etl.runs r WHERE r.started_at <= \
                     (SELECT started_at FROM etl.runs o WHERE o.run_id = t.\"{column}\"))"
                ),
                // The values of a changed time.
                "before" | "after" => format!(
                    "CASE WHEN ends_with(t.field, '_at') AND t.\"{column}\" IS NOT NULL THEN 'a time' ELSE t.\"{column}\" END"
                ),
                _ if kind.starts_with("TIMESTAMP") => format!("t.\"{column}\" IS NOT NULL"),
                _ => format!("t.\"{column}\""),
            })
            .map(|cell| format!("coalesce(CAST({cell} AS VARCHAR), '∅')"))
            .collect();
        let sql =
            format!("SELECT concat_ws('|', {}) AS line, '' FROM {table} t ORDER BY line", cells.join(", "));
        all.insert(table, texts(&sql).into_iter().map(|(line, _)| line).collect());
    }
    Some(all)
}

/// Asserts that two files hold the same, naming the first row that differs.
pub(super) fn assert_same(found: Option<&Dump>, wanted: Option<&Dump>, place: &str) {
    let (Some(found), Some(wanted)) = (found, wanted) else {
        assert_eq!(found.is_some(), wanted.is_some(), "{place}: whether there is a file");
        return;
    };
    assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "{place}");
    for (table, rows) in found {
        for (row, wanted) in rows.iter().zip(&wanted[table]) {
            assert_eq!(row, wanted, "{place}: {table}");
        }
        assert_eq!(rows.len(), wanted[table].len(), "{place}: {table}");
    }
}

/// The names in a folder, in order.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = fs_err::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Copies what is in a folder into another.
pub(super) fn copy(from: &Path, to: &Path) {
    for entry in fs_err::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs_err::create_dir_all(&target).unwrap();
            copy(&path, &target);
        } else {
            fs_err::copy(&path, &target).unwrap();
        }
    }
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

/// A run that has stopped at a point and waits.
#[cfg(target_os = "linux")]
pub(super) fn stopped_at(rig: &Rig, point: Point) -> std::process::Child {
    let mut command = rig.sync();
    command.env(VARIABLE, format!("{}:stop", point.name())).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    let stat = format!("/proc/{}/stat", child.id());
    // The third field: `T` for stopped, `Z` for ended.
    let state = || fs_err::read_to_string(&stat).unwrap().rsplit(") ").next().unwrap().chars().next();
    while state() != Some('T') {
        assert_ne!(state(), Some('Z'), "the run ended before {}", point.name());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child
}

/// Lets a stopped run go on to its end.
#[cfg(target_os = "linux")]
pub(super) fn go_on(child: std::process::Child) -> Output {
    assert!(Command::new("kill").args(["-CONT", &child.id().to_string()]).status().unwrap().success());
    child.wait_with_output().unwrap()
}
