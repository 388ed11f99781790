//! Warehouses with a person and a company in every place, and what is in their files afterwards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use duckdb::Connection;
use tempfile::TempDir;
use vainu_etl::erase::{EraseOptions, Outcome, Subject, erase};
use vainu_etl::landing::Landing;
use vainu_etl::landing::ledger::{Ask, Entry, Header, LEDGER_VERSION, RequestKey, RunList, Verdict};
use vainu_etl::rebuild::{RebuildSettings, rebuild};
use vainu_etl::selection::SelectionUse;

use crate::crashes::files::{copy, folder};
use crate::shared;
use crate::support::open;

/// The person.
pub(super) const JANE: &str = "jane@b.example";
/// The company, as people write it.
pub(super) const ALFA: &str = "FI0000000-1";

/// Two pages in which the person and the company stand in every way that a landed page can have them. The company
/// has a namesake in Denmark with the same digits.
pub(super) const PAGES: [&str; 2] = [
    r#"[ {"country":"FI","business_id":"00000001","company_name":"Alfa Oy","staff_number":"Jane@b.example"} ,
 {"country":"FI", "business_id":"0000000-2","company_name":"Beeta Oy", "turn_over":1.50e3,
  "contacts":[{"email":"Jane@B.example","phone":"+358 1"}, {"email":"john@b.example"}],"owner_email":"JANE@b.example"}]"#,
    r#"{"results":[{"country":"DK","business_id":"00000001","company_name":"Alfa ApS","description":"ask jane@b.example."},
{"country":"FI","business_id":"00000003","company_name":"Gamma Oy","mother":{"business_id":"00000001","name":"Alfa Oy"},
 "subsidiaries":["FI00000001","FI00000009"]}],"count":4}"#,
];

/// A folder with a warehouse.
pub(super) struct Rig {
    pub(super) dir: TempDir,
}

impl Rig {
    /// A landed run of [`PAGES`], published three times; the last file has rows that the earlier ones lack.
    pub(super) fn new() -> Self {
        let made = shared::find("erase").unwrap_or_else(|making| {
            copy(Self::make().dir.path(), making.folder());
            making.done()
        });
        let rig = Self { dir: folder() };
        copy(&made, rig.dir.path());
        rig
    }

    fn make() -> Self {
        let rig = Self { dir: folder() };
        rig.land("20260101T000000Z-0000", Some(Entry::Published { generation: 1 }));
        for _ in 0..3 {
            rig.rebuild();
        }
        let connection = Connection::open(rig.warehouse()).unwrap();
        connection
            .execute_batch(
                "INSERT INTO contacts (country, business_id, position, email, phone, _run_id)
                    VALUES ('FI', '00000001', 0, 'x@b.example', '1', 'r'), ('FI', '00000002', 0, ' JANE@b.example', '+358 1', 'r'),
                    ('DK', '00000001', 0, 'jane@b.example.com', '3', 'r');
                 ALTER TABLE customer_data ALTER COLUMN owner_email SET NOT NULL;
                 INSERT INTO customer_data (id, owner_email, notes, country, business_id, _run_id)
                    VALUES ('a', 'jane@b.example', 'call jane@b.example', 'FI', '00000002', 'r'), ('b', 'x', NULL, NULL, '00000001', 'r');
                 INSERT INTO etl.changes VALUES ('FI', '00000001', 'phone', 'r', '1', '2', TIMESTAMP '2026-01-01'),
                    ('FI', '00000002', 'owner_email', 'r', 'jane@b.example', 'x', TIMESTAMP '2026-01-01');",
            )
            .unwrap();
        connection.close().unwrap();
        rig
    }

    /// A copy of all of it.
    pub(super) fn like(other: &Self) -> Self {
        let rig = Self { dir: folder() };
        copy(other.dir.path(), rig.dir.path());
        rig
    }

    pub(super) fn warehouse(&self) -> PathBuf {
        self.dir.path().join("vainu.duckdb")
    }

    pub(super) fn state(&self) -> PathBuf {
        self.dir.path().join("vainu.duckdb.etl")
    }

    pub(super) fn landed(&self, run_id: &str) -> PathBuf {
        self.state().join("landing").join(run_id)
    }

    /// Lands [`PAGES`] as a run that ends so.
    pub(super) fn land(&self, run_id: &str, end: Option<Entry>) {
        vainu_etl::workspace::Workspace::open(&self.warehouse()).unwrap();
        let header = Header {
            version: LEDGER_VERSION,
            run_id: run_id.to_owned(),
            started_at_us: 1_767_225_600_000_000,
            lists: vec![RunList {
                stream: "prospects".to_owned(),
                label: "all".to_owned(),
                serves: vec!["prospects".to_owned()],
                parent: None,
                window_from_us: None,
                window_to_us: None,
            }],
            arguments: "--filter business_ids=FI00000001".to_owned(),
            fingerprint: "f".to_owned(),
            selection: SelectionUse::default(),
        };
        let verdict = Verdict {
            list: 0,
            rows_received: 4,
            distinct_keys: 4,
            total_before: Some(4),
            total_after: Some(4),
            effective_page_size: 2,
            sweeps: 1,
            complete: true,
            reasons: Vec::new(),
            accepted: vec![(String::new(), 1)],
            not_found: 0,
            outside: 0,
            ids_asked: 0,
            missing_ids: Vec::new(),
            unreadable: 0,
            unfiltered: false,
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let landing = Landing::create(&self.landed(run_id), &header).unwrap();
            for (number, page) in (0..).zip(PAGES) {
                let ask = Ask::Page { offset: number * 2, limit: 2, again: 0, with_count: false };
                let key = RequestKey { list: 0, sweep: 1, slice: String::new(), ask };
                landing.land(key, page.into(), 1_767_225_600_000_000).await.unwrap();
            }
            landing.note(Entry::Judged(verdict)).await.unwrap();
            if let Some(end) = end {
                landing.note(end).await.unwrap();
            }
        });
    }

    pub(super) fn rebuild(&self) {
        rebuild(&self.warehouse(), &RebuildSettings::default()).unwrap();
    }

    pub(super) fn erase(&self, subjects: &[&str]) -> Outcome {
        erase(&self.warehouse(), &options(subjects)).unwrap()
    }

    /// The published file and the generations.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let mut files = all_files(&self.state().join("generations"));
        files.push(self.warehouse());
        files
    }

    /// Every file that says a text, in capitals or not: as it lies there, decompressed, and as a table's cell.
    pub(super) fn files_that_say(&self, text: &str) -> Vec<String> {
        let text = text.to_lowercase();
        let says = |path: &PathBuf| {
            let bytes = fs_err::read(path).unwrap();
            let mut said = String::from_utf8_lossy(&bytes).to_lowercase().contains(&text);
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("zst") => {
                    let pages = zstd::decode_all(bytes.as_slice()).unwrap();
                    said |= String::from_utf8_lossy(&pages).to_lowercase().contains(&text);
                }
                Some("duckdb") => said |= format!("{:?}", dump(path)).to_lowercase().contains(&text),
                _ => {}
            }
            said
        };
        let files = all_files(self.dir.path()).into_iter().filter(says);
        files.map(|path| path.strip_prefix(self.dir.path()).unwrap().display().to_string()).collect()
    }
}

pub(super) fn options(subjects: &[&str]) -> EraseOptions {
    let subject = |text: &&str| Subject::company(text).or_else(|_| Subject::person(text)).unwrap();
    EraseOptions::new(subjects.iter().map(subject).collect())
}

/// Place, table, rows and action of what was touched.
pub(super) fn lines(outcome: &Outcome) -> Vec<String> {
    let line = |row: &vainu_etl::erase::Touched| {
        format!("{} {} {} {}", row.place, row.table, row.rows, row.action.name())
    };
    outcome.touched.iter().map(line).collect()
}

/// All rows of all tables, as text, in their order.
pub(super) fn dump(path: &Path) -> BTreeMap<String, Vec<String>> {
    let connection = open(path);
    let tables =
        texts(&connection, "SELECT schema_name || '.' || table_name FROM duckdb_tables() ORDER BY table_oid");
    let rows = |table: &String| {
        texts(&connection, &format!("SELECT CAST(t AS VARCHAR) FROM {table} t ORDER BY rowid"))
    };
    tables.iter().map(|table| (table.clone(), rows(table))).collect()
}

/// Tables, views and comments of a file.
pub(super) fn layout(path: &Path) -> Vec<String> {
    let connection = open(path);
    let mut all = Vec::new();
    for sql in [
        "SELECT concat_ws(' ', sql, comment) FROM duckdb_tables() ORDER BY schema_name, table_name",
        "SELECT concat_ws(' ', sql, comment) FROM duckdb_views() WHERE NOT internal ORDER BY view_name",
        "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, comment) FROM duckdb_columns() \
         WHERE NOT internal ORDER BY ALL",
        "SELECT concat_ws(' ', format_version, generation, tool_version, published_at) FROM etl.warehouse",
        "SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal",
    ] {
        all.extend(texts(&connection, sql));
    }
    all
}

pub(super) fn texts(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, Option<String>>(0)).unwrap();
    rows.map(|row| row.unwrap().unwrap_or_else(|| "NULL".to_owned())).collect()
}

pub(super) fn all_files(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs_err::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().flat_map(|path| if path.is_dir() { all_files(&path) } else { vec![path] }).collect()
}
