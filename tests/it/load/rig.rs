//! A warehouse in a temporary folder, and loads into it.

use std::cell::Cell;
use std::path::Path;

use duckdb::Connection;
use vainu_etl::catalog::PROSPECTS;
use vainu_etl::landing::ledger::Verdict;
use vainu_etl::load::{
    Hooks, ListResult, LoadError, LoadInput, LoadSettings, Published, RunRecord, StreamInput, publish,
};
use vainu_etl::workspace::{Lock, Workspace};

use crate::staged_fixture::{SEEN_AT_US, StagedFixture};
use crate::support::with;

/// A warehouse, locked by the test.
pub(super) struct Rig {
    pub(super) workspace: Workspace,
    pub(super) lock: Lock,
    pub(super) settings: LoadSettings,
    pub(super) dir: tempfile::TempDir,
    loads: Cell<u32>,
}

/// Hooks that do nothing.
pub(super) const NO_HOOKS: Hooks<'static> = Hooks { install: &|_| Ok(()), check: &|_| Ok(Vec::new()) };

impl Rig {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // Characters that mean something in SQL and in file patterns.
        let folder = dir.path().join("it's [1] folder*");
        fs_err::create_dir(&folder).unwrap();
        let workspace = Workspace::open(&folder.join("vainu.duckdb")).unwrap();
        let lock = workspace.lock("test").unwrap();
        let settings = with(LoadSettings::default(), |settings| settings.threads = 2);
        Self { workspace, lock, settings, dir, loads: Cell::new(0) }
    }

    /// When the run of that name finished: `rN` N hours after the rows were seen.
    pub(super) fn finished_at(run: &str) -> i64 {
        let hours: i64 = run.trim_start_matches('r').parse().unwrap();
        SEEN_AT_US + hours * 3_600_000_000
    }

    pub(super) fn load(
        &self,
        run: &str,
        staged: StagedFixture,
        lists: Vec<ListResult>,
    ) -> Result<Published, LoadError> {
        self.load_with(run, staged, lists, |_| {})
    }

    pub(super) fn load_with(
        &self,
        run: &str,
        staged: StagedFixture,
        lists: Vec<ListResult>,
        change: impl FnOnce(&mut LoadInput),
    ) -> Result<Published, LoadError> {
        let mut input = self.input(run, staged, lists);
        change(&mut input);
        publish(&self.workspace, &self.lock, &input, &self.settings, NO_HOOKS)
    }

    pub(super) fn input(&self, run: &str, staged: StagedFixture, lists: Vec<ListResult>) -> LoadInput {
        self.loads.set(self.loads.get() + 1);
        let folder = self.workspace.staging_dir().join(format!("{run}-{}", self.loads.get()));
        let staged = staged.write(&folder);
        LoadInput {
            from_scratch: false,
            selects_all: None,
            streams: vec![StreamInput { stream: &PROSPECTS, staged, lists }],
            retired: Vec::new(),
            run: RunRecord {
                run_id: run.to_owned(),
                started_at_us: SEEN_AT_US,
                clock_us: SEEN_AT_US,
                finished_at_us: Self::finished_at(run),
                status: "complete".to_owned(),
                exit_code: 0,
                arguments: Some("country=FI".to_owned()),
                requests: 10,
                retries: 1,
                bytes: 1000,
            },
            max_deleted_percent: 50.0,
            accepted_checks: Vec::new(),
            status_texts: Vec::new(),
            keep: 3,
        }
    }

    /// The published file as a reader opens it.
    pub(super) fn reader(&self) -> Connection {
        open_reader(self.workspace.published())
    }

    /// The rows of a query on the published file, cells separated by `|`.
    pub(super) fn rows(&self, sql: &str) -> Vec<String> {
        rows(&self.reader(), sql)
    }

    pub(super) fn published_bytes(&self) -> Vec<u8> {
        fs_err::read(self.workspace.published()).unwrap()
    }
}

/// Opens a file as a reader does.
pub(super) fn open_reader(path: &Path) -> Connection {
    let config = duckdb::Config::default().access_mode(duckdb::AccessMode::ReadOnly).unwrap();
    Connection::open_with_flags(path, config).unwrap()
}

/// The rows of a query, cells as text separated by `|`.
pub(super) fn rows(connection: &Connection, sql: &str) -> Vec<String> {
    let columns = {
        let mut described = connection.prepare(&format!("DESCRIBE {sql}")).unwrap();
        described.query_map([], |_| Ok(())).unwrap().count()
    };
    let names: Vec<_> = (1..=columns).map(|number| format!("c{number}")).collect();
    let cells: Vec<_> = names.iter().map(|name| format!("coalesce({name}::VARCHAR, 'NULL')")).collect();
    let sql = format!("SELECT concat_ws('|', {}) FROM ({sql}) t({})", cells.join(", "), names.join(", "));
    let mut statement = connection.prepare(&sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// A list that was read completely.
pub(super) fn complete(list: &str) -> ListResult {
    let verdict = Verdict {
        list: 0,
        rows_received: 5,
        distinct_keys: 4,
        total_before: Some(5),
        total_after: None,
        effective_page_size: 500,
        sweeps: 1,
        complete: true,
        reasons: Vec::new(),
        accepted: Vec::new(),
        not_found: 0,
        outside: 0,
        ids_asked: 0,
        missing_ids: Vec::new(),
        unreadable: 0,
        unfiltered: false,
    };
    ListResult { list: list.to_owned(), parent: Vec::new(), window_us: None, read_at_us: None, verdict }
}

/// A list of which a part may be missing.
pub(super) fn incomplete(list: &str) -> ListResult {
    let mut list = complete(list);
    list.verdict.complete = false;
    list
}
