//! A small published warehouse: thirteen companies whose figures stand on the boundaries of every class.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use duckdb::Connection;
use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
};
use vainu_etl::{
    catalog,
    query::{Format, QueryError, QueryOptions, Written, query},
    schema::ddl,
    views,
};

/// Two runs in `etl.runs`, the second later.
const RUNS: &str = "INSERT INTO etl.runs
    (run_id, started_at, finished_at, status, exit_code, tool_version, requests, retries, bytes, rows, rejects) VALUES
    ('run-1', TIMESTAMP '2026-01-01 01:00:00', TIMESTAMP '2026-01-01 02:00:00', 'complete', 0, '0', 0, 0, 0, 0, 0),
    ('run-2', TIMESTAMP '2026-01-02 01:00:00', TIMESTAMP '2026-01-02 02:00:00', 'complete', 0, '0', 0, 0, 0, 0, 0);";

const ROWS: &str = "INSERT INTO prospects (
    country, business_id, company_name, status, registration_date, industry_division, turn_over_eur, staff_number,
    turn_over_growth_percent, profit_percent, visiting_municipality, municipality, visiting_city, visiting_postal,
    postal, mother, _deleted_at, _run_id, _first_seen_at, _last_seen_at)
    SELECT v.*, 'run-1', TIMESTAMP '2026-01-01 01:30:00', TIMESTAMP '2026-01-02 01:30:00.25' FROM (VALUES
    ('FI', '00000001', 'Alfa Oy', 'active', DATE '1994-06-08', '62', 1999999.99, 9, 4.2, 8.0,
        'Helsinki', 'Vantaa', NULL, '00100', '01300', '{\"name\": \"Mother Oy\", \"id\": 1}', NULL),
    ('FI', '00000002', 'Beeta Oy', 'active', NULL, '62', 2000000.00, 9, -1.0, NULL,
        NULL, 'Espoo', NULL, NULL, '02600', NULL, NULL),
    ('FI', '00000003', 'Gamma Oy', ' Active ', NULL, '62', 2000000.01, 9, NULL, NULL,
        NULL, NULL, 'ESPOO', ' 02150', NULL, NULL, NULL),
    ('FI', '00000004', 'Delta Oy', 'active', NULL, '62', 100000.00, 10, 10.0, NULL,
        'Helsinki', NULL, NULL, '00200', NULL, NULL, NULL),
    ('FI', '00000005', 'Eta Oy', NULL, NULL, '01', NULL, 249, NULL, NULL,
        'Helsinki', NULL, NULL, '00500', NULL, NULL, NULL),
    ('FI', '00000006', 'Theta Oy', '', NULL, '01', 50000000.01, NULL, NULL, NULL,
        'Salo', NULL, NULL, '24100', NULL, NULL, NULL),
    ('FI', '00000007', 'Iota Oy', 'active', NULL, NULL, NULL, NULL, NULL, NULL,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('FI', '00000008', 'Kappa Oyj', 'active', NULL, '62', 2000000.00, 250, 2.0, NULL,
        '', 'Helsinki', NULL, '', '00510', NULL, NULL),
    ('FI', '00000009', 'Lambda Oy', 'active', NULL, '62', 999000000.00, 5, NULL, NULL,
        'Helsinki', NULL, NULL, '00100', NULL, NULL, TIMESTAMP '2026-01-02 00:00:00'),
    ('DK', '00000001', 'Alfa ApS', 'active', NULL, '62', 200000.00, 49, NULL, NULL,
        'København', NULL, NULL, '2100', NULL, NULL, NULL),
    ('DK', '00000002', '=Evil' || chr(27) || '[31m ApS', 'dissolved', NULL, '00', 400000.00, 0, NULL, NULL,
        'København', NULL, NULL, '2100', NULL, NULL, NULL),
    ('DK', '00000003', 'Øresund, \"A/S\"', 'active', NULL, '47', 10000000.00, 50, NULL, NULL,
        'Aarhus', NULL, NULL, '8000', NULL, NULL, NULL),
    ('SE', '0000000001', 'Negativ AB', 'active', NULL, '62', -5.00, NULL, NULL, NULL,
        'Stockholm', NULL, NULL, '111 20', NULL, NULL, NULL)) AS v;";

/// A published warehouse in a folder of its own, removed when dropped.
pub(crate) struct Warehouse {
    folder: tempfile::TempDir,
    path: PathBuf,
}

impl Warehouse {
    /// The thirteen companies, views installed. Built once for all tests of a process.
    pub(crate) fn new() -> Self {
        static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| std::fs::read(Warehouse::with("").path()).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vainu.duckdb");
        std::fs::write(&path, FILE.as_slice()).unwrap();
        Self { folder, path }
    }

    /// The same, with `sql` run before the views are installed.
    pub(crate) fn with(sql: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vainu.duckdb");
        let warehouse = Self { folder, path };
        build(&warehouse.folder.path().join("next-0001.duckdb"), sql);
        std::fs::rename(warehouse.folder.path().join("next-0001.duckdb"), &warehouse.path).unwrap();
        warehouse
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that holds the file, for a test's own files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A connection that may write, as the loader's.
    pub(crate) fn open(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    /// The result of `sql` as `query` writes it.
    pub(crate) fn query(&self, sql: &str, options: &QueryOptions) -> Result<(String, Written), QueryError> {
        let mut out = Vec::new();
        let written = query(&self.path, sql, options, &mut out)?;
        Ok((String::from_utf8(out).unwrap(), written))
    }

    /// The result of `sql` as CSV lines without the header.
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        let options = QueryOptions::new(Format::Csv);
        let (text, _) = self.query(sql, &options).unwrap();
        text.lines().skip(1).map(str::to_owned).collect()
    }

    /// How `query` refuses `sql`.
    pub(crate) fn refusal(&self, sql: &str) -> QueryError {
        self.query(sql, &QueryOptions::default()).unwrap_err()
    }
}

/// Builds the file as the loader does: attached under a name that readers will not see.
pub(crate) fn build(path: &Path, sql: &str) {
    let conn = Connection::open_in_memory().unwrap();
    let attach = format!("ATTACH '{}' AS w (STORAGE_VERSION 'v1.2.0'); USE w;", path.display());
    conn.execute_batch(&attach).unwrap();
    conn.execute_batch("CREATE SCHEMA etl").unwrap();
    for table in catalog::tables() {
        conn.execute_batch(&ddl::create_table(table)).unwrap();
        conn.execute_batch(&ddl::comments(table)).unwrap();
    }
    conn.execute_batch(RUNS).unwrap();
    conn.execute_batch(ROWS).unwrap();
    conn.execute_batch(sql).unwrap();
    views::install(&conn).unwrap();
    conn.execute_batch("USE memory; DETACH w").unwrap();
}
