//! Folders whose names mean something to `DuckDB`: a warehouse and its exports say the same there as anywhere else, and
//! an erasure is as complete.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use duckdb::Connection;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use vainu_etl::catalog::{self, STREAMS};
use vainu_etl::erase::{EraseOptions, Outcome, Subject, erase};
use vainu_etl::export::{ExportFormat, ExportOptions, Manifest, export};
use vainu_etl::extract::Unobserved;
use vainu_etl::pipeline::sync;
use vainu_etl::simulator::{Config, Simulator};
use vainu_etl::staging::{reject_fields, row_fields, scope_fields};

use crate::canonical;
use crate::crashes::files::{copy, folder};
use crate::shared;
use crate::support::{Job, open, simulator, stderr, vainu_etl, with};

/// Names of folders, each with something that a path can mean besides a name.
const ODD: [&str; 30] = [
    "country=NO",
    "status=archived",
    "city=",
    "=x",
    "a=b=c",
    "*",
    "a*b",
    "?",
    "what?",
    "[x]",
    "[!a]",
    "[",
    "]",
    "{a,b}",
    "{i}",
    "it's",
    "a\"b",
    "100%",
    "%41",
    "\\",
    "a\\b",
    "a;b",
    "#1",
    " two words ",
    "å😀",
    "new\nline",
    "~",
    "a:b",
    "...",
    "-x",
];

/// Every column of every table, of staged files and of the views that are exported.
fn columns() -> Vec<String> {
    let mut names = BTreeSet::new();
    for table in catalog::tables() {
        names.extend(table.all_columns().map(|column| column.name.to_owned()));
    }
    let staged = row_fields().into_iter().chain(reject_fields()).chain(scope_fields());
    names.extend(staged.map(|field| field.name().clone()));
    for own in
        ["_newest", "_list", "_seen_at", "_present", "_extra", "_run_id", "reason", "business_id", "country"]
    {
        assert!(names.contains(own), "{own}");
    }
    // Names that statements of the load give to columns of their own.
    names.extend(
        ["rowid", "row", "value", "n", "occurrence", "filename", "file_row_number"].map(str::to_owned),
    );
    names.into_iter().collect()
}

/// Folders in one another, as few as paths may be long, in each of which a column seems to be 1.
fn folders_of_columns(base: &Path) -> Vec<PathBuf> {
    let mut folders = vec![base.to_owned()];
    for column in columns() {
        let deepest = folders.last_mut().unwrap();
        let next = deepest.join(format!("{column}=1"));
        if next.as_os_str().len() > 3_000 {
            folders.push(base.join(format!("{column}=1")));
        } else {
            *deepest = next;
        }
    }
    folders
}

/// The same company in every warehouse of a simulator, as the tables have it.
struct Gone {
    country: String,
    business_id: String,
}

impl Gone {
    fn of(warehouse: &Path) -> Self {
        let sql = "SELECT country, business_id FROM contacts ORDER BY ALL LIMIT 1";
        let found = open(warehouse).query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)));
        let (country, business_id) = found.unwrap();
        Self { country, business_id }
    }

    fn text(&self) -> String {
        format!("{}{}", self.country, self.business_id)
    }

    /// Tables with rows whose key is the company's.
    fn tables(&self, rows: &Exported) -> Vec<String> {
        let (country, id) = (
            format!("\"country\":\"{}\"", self.country),
            format!("\"business_id\":\"{}\"", self.business_id),
        );
        let is = |line: &String| line.contains(&country) && line.contains(&id);
        rows.iter().filter(|(_, lines)| lines.iter().any(is)).map(|(table, _)| table.clone()).collect()
    }
}

/// Rows of an export as JSON, by table.
type Exported = BTreeMap<String, Vec<String>>;

/// What an export says, read from a copy in a folder with a plain name. The country of a file is what the manifest says.
fn exported(dir: &Path) -> Exported {
    let plain = folder();
    copy(dir, plain.path());
    let manifest: Manifest =
        serde_json::from_slice(&fs_err::read(plain.path().join("manifest.json")).unwrap()).unwrap();
    let connection = Connection::open_in_memory().unwrap();
    let mut tables = Exported::new();
    for table in &manifest.tables {
        let names = table.columns.iter().map(|column| column.name.as_str());
        // Views have them without the underscore.
        let bare = |name: &str| name.trim_start_matches('_').to_owned();
        let about_the_load = canonical::ABOUT_THE_LOAD.iter().chain(&["_deleted_at"]);
        let about_the_load: BTreeSet<String> = about_the_load.map(|name| bare(name)).collect();
        let names = names.filter(|name| !about_the_load.contains(&bare(name)));
        for file in &table.files {
            let path = plain.path().join(&file.path).display().to_string();
            let read = match manifest.format {
                ExportFormat::Parquet => format!("read_parquet('{path}', hive_partitioning = false)"),
                ExportFormat::Csv => {
                    format!(
                        "read_csv('{path}', all_varchar = true, header = true, hive_partitioning = false)"
                    )
                }
                ExportFormat::Xlsx => unreachable!("no workbook is written here"),
            };
            let country = file.country.as_ref().map(|country| format!("'{country}' AS country"));
            let columns = names.clone().map(|name| match &country {
                Some(country) if name == "country" => country.clone(),
                _ => format!("\"{name}\""),
            });
            let columns: Vec<String> = columns.collect();
            let sql =
                format!("SELECT to_json(t)::VARCHAR FROM (SELECT {} FROM {read}) AS t", columns.join(", "));
            let mut statement = connection.prepare(&sql).unwrap();
            let lines =
                statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<Vec<String>, _>>();
            tables.entry(table.name.clone()).or_default().extend(lines.unwrap());
        }
    }
    for lines in tables.values_mut() {
        lines.sort();
    }
    tables
}

/// A warehouse in a folder, and what becomes of it.
struct Place<'s> {
    warehouse: PathBuf,
    exports: [PathBuf; 2],
    simulator: &'s Simulator,
}

/// What is the same wherever the warehouse lies.
#[derive(PartialEq, Serialize, Deserialize)]
struct Said {
    loaded: BTreeMap<String, (u64, String)>,
    exported: [Exported; 2],
    touched: Vec<(String, u64, String)>,
    left: [Exported; 2],
}

impl<'s> Place<'s> {
    fn new(folder: &Path, file: &str, simulator: &'s Simulator) -> Self {
        fs_err::create_dir_all(folder).unwrap();
        let exports = ["parquet", "csv"].map(|name| folder.join(name));
        Self { warehouse: folder.join(file), exports, simulator }
    }

    async fn sync(&self) {
        let job = Job { streams: STREAMS.iter().collect(), ..Job::new() };
        let mut settings = job.settings(self.simulator);
        settings.warehouse.clone_from(&self.warehouse);
        // Windows of time end where the simulator's data do.
        settings.now_us = Some(self.simulator.now().as_microsecond());
        let report = sync(&settings, &Unobserved, std::future::pending()).await;
        let report = report.unwrap_or_else(|error| panic!("{}: {error:?}", self.warehouse.display()));
        assert!(report.lists.iter().all(|list| list.complete), "{}", self.warehouse.display());
    }

    fn export(&self) {
        for (dir, format) in self.exports.iter().zip([ExportFormat::Parquet, ExportFormat::Csv]) {
            let mut options = ExportOptions::new(&self.warehouse, dir);
            options.format = format;
            options.partition_by_country = format == ExportFormat::Parquet;
            export(&options).unwrap();
        }
    }

    fn erase(&self, gone: &Gone) -> Outcome {
        let subjects = vec![Subject::company(&gone.text()).unwrap()];
        erase(&self.warehouse, &EraseOptions::new(subjects)).unwrap()
    }

    fn exported(&self) -> [Exported; 2] {
        self.exports.clone().map(|dir| exported(&dir))
    }

    /// Two loads, the second over the first, then an export in both forms and an erasure.
    async fn said(&self) -> Said {
        self.sync().await;
        let first = canonical::hashes(&self.warehouse);
        self.sync().await;
        let loaded = canonical::hashes(&self.warehouse);
        for table in ["main.prospects", "main.contacts", "main.financial_statements"] {
            assert!(
                loaded[table].0 > 0 && first[table] == loaded[table],
                "{table} in {}",
                self.warehouse.display()
            );
        }
        self.export();
        let exported = self.exported();
        let gone = Gone::of(&self.warehouse);
        assert!(gone.tables(&exported[0]).contains(&"contacts".to_owned()), "{}", self.warehouse.display());
        let outcome = self.erase(&gone);
        assert_eq!((outcome.problems, outcome.remaining), (vec![], vec![]), "{}", self.warehouse.display());
        let left = self.exported();
        for rows in &left {
            assert_eq!(gone.tables(rows), Vec::<String>::new(), "{}", self.warehouse.display());
        }
        let rows = "SELECT count(*) FROM prospects WHERE country = ? AND business_id = ?";
        let rows: u64 = open(&self.warehouse)
            .query_row(rows, [&gone.country, &gone.business_id], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 0);
        let again = self.erase(&gone);
        let removed = |row: &&vainu_etl::erase::Touched| row.action != vainu_etl::erase::Action::Left;
        assert_eq!(again.touched.iter().find(removed), None, "{}", self.warehouse.display());
        let touched = outcome.touched.iter().filter(|row| !row.place.starts_with("landing"));
        let touched =
            touched.map(|row| (row.table.clone(), row.rows, row.action.name().to_owned())).collect();
        Said { loaded, exported, touched, left }
    }
}

impl Said {
    fn assert_same(&self, wanted: &Self, place: &Place<'_>) {
        let place = place.warehouse.display();
        assert_eq!(self.loaded, wanted.loaded, "{place}");
        for (found, wanted) in
            self.exported.iter().chain(&self.left).zip(wanted.exported.iter().chain(&wanted.left))
        {
            for (table, rows) in wanted {
                assert_eq!(&found[table], rows, "{table} in {place}");
            }
        }
        assert_eq!(self.touched, wanted.touched, "{place}");
        assert!(self == wanted, "{place}");
    }
}

/// What a warehouse says in a folder with a plain name. The same for all tests, whose simulators have the same data.
async fn in_a_plain_folder(simulator: &Simulator) -> Said {
    let made = match shared::find("places") {
        Ok(made) => made,
        Err(making) => {
            let base = folder();
            let said = Place::new(base.path(), "vainu.duckdb", simulator).said().await;
            fs_err::write(making.folder().join("said.json"), serde_json::to_vec(&said).unwrap()).unwrap();
            making.done()
        }
    };
    serde_json::from_slice(&fs_err::read(made.join("said.json")).unwrap()).unwrap()
}

/// Asserts that a warehouse says in each place what it says in a folder with a plain name.
async fn assert_the_same_in(places: &[(PathBuf, &str)]) {
    let config = with(Config::new(24), |config| config.now = Some(shared::now()));
    let simulator = Simulator::start(config).await.unwrap();
    let wanted = in_a_plain_folder(&simulator).await;
    for (folder, file) in places {
        let place = Place::new(folder, file, &simulator);
        place.said().await.assert_same(&wanted, &place);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_named_as_a_partition_of_any_column_changes_no_value() {
    let base = folder();
    let folders = folders_of_columns(base.path());
    let named: usize =
        folders.iter().map(|folder| folder.components().count() - base.path().components().count()).sum();
    assert_eq!(named, columns().len());
    let places: Vec<_> = folders.into_iter().map(|folder| (folder, "vainu.duckdb")).collect();
    assert_the_same_in(&places).await;
}

mod folders_of_any_name_in_one_another_change_no_value {
    use super::in_one_another;

    #[tokio::test(flavor = "multi_thread")]
    async fn all_of_them() {
        in_one_another(&[], "vainu.duckdb").await;
    }

    // Patterns without a backslash, then without a question mark, too: each goes another way.
    #[tokio::test(flavor = "multi_thread")]
    async fn without_a_backslash() {
        in_one_another(&['\\'], "*?[x].duckdb").await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn without_a_question_mark_either() {
        in_one_another(&['\\', '?'], "a'b;c#d%.duckdb").await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn without_patterns() {
        in_one_another(&['*', '[', '?'], "\\ {i}\n=1.duckdb").await;
    }
}

/// The odd folders whose names have none of these characters, in one another.
async fn in_one_another(without: &[char], file: &str) {
    let base = folder();
    let names = ODD.iter().filter(|name| !name.contains(without));
    let folder = names.fold(base.path().to_owned(), |path, name| path.join(name));
    assert_the_same_in(&[(folder, file)]).await;
}

#[test]
fn every_statement_with_a_path_is_written_in_one_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let below = path.strip_prefix(&root).unwrap();
            if path.is_dir() {
                if !below.starts_with("files") && !below.starts_with("simulator") {
                    folders.push(path);
                }
                continue;
            }
            let text = fs_err::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            for line in code {
                let has = |text: &str| line.contains(text);
                let spelled = has("read_parquet")
                    || has("parquet_scan")
                    || has("read_csv")
                    || has("read_json")
                    || has("ATTACH {")
                    || has("ATTACH '")
                    || has(") TO {")
                    || has("temp_directory =")
                    || has("Connection::open(")
                    || has("Connection::open_with_flags");
                if spelled {
                    found.push(format!("{}: {}", below.display(), line.trim()));
                }
            }
        }
    }
    assert_eq!(found, Vec::<String>::new(), "write it in src/files, which says what DuckDB makes of a path");
}

/// A folder with a warehouse of a few companies.
async fn small(file: &Path) -> TempDir {
    let base = folder();
    let simulator = simulator(12, &[]).await;
    let folder = base.path().join(file.parent().unwrap());
    Place::new(&folder, file.file_name().unwrap().to_str().unwrap(), &simulator).sync().await;
    base
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_below_a_folder_named_as_a_partition_is_erased_and_looked_at_again() {
    let base = small(Path::new("country=XX/vainu.duckdb")).await;
    let dir = base.path().join("country=XX");
    let run = |arguments: &[&str]| vainu_etl(&dir).args(arguments).output().unwrap();
    let output = run(&["export", "--to", "business_id=1/out", "--partition-by", "country"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let gone = Gone::of(&dir.join("vainu.duckdb"));
    let out = dir.join("business_id=1/out");
    assert!(!gone.tables(&exported(&out)).is_empty());
    let output = run(&["erase", "--business-id", &gone.text()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("Looked again at "), "{}", stderr(&output));
    assert_eq!(gone.tables(&exported(&out)), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_database_needs_elsewhere_is_private_and_is_taken_away() {
    use std::os::unix::fs::PermissionsExt;
    let base = small(Path::new("what?/vainu.duckdb")).await;
    let dir = base.path().join("what?");
    let names = crate::crashes::files::names;
    assert_eq!(names(&dir), ["vainu.duckdb", "vainu.duckdb.etl"]);
    let elsewhere = names(base.path()).into_iter().find(|name| name.starts_with(".vainu-etl-")).unwrap();
    let elsewhere = base.path().join(elsewhere);
    assert_eq!(fs_err::metadata(&elsewhere).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(names(&elsewhere), Vec::<String>::new());
    // What a run that was killed leaves there is personal data, too.
    fs_err::write(elsewhere.join("left.parquet"), "jane@b.example").unwrap();
    let erased = vainu_etl(&dir).args(["erase", "--contact", "jane@b.example"]).output().unwrap();
    assert_eq!(erased.status.code(), Some(0), "{}", stderr(&erased));
    assert_eq!(names(&elsewhere), Vec::<String>::new());
}

#[test]
fn names_that_no_warehouse_can_have_are_said_before_anything_is_asked() {
    use std::os::unix::ffi::OsStrExt;
    let base = folder();
    let odd = base.path().join(std::ffi::OsStr::from_bytes(b"x\xff"));
    fs_err::create_dir(&odd).unwrap();
    for (warehouse, says) in [
        (odd.join("vainu.duckdb"), "is not UTF-8"),
        (base.path().join("etl.duckdb"), "the warehouse cannot be called `etl.duckdb`"),
        (base.path().join("ETL.2026.duckdb"), "the warehouse cannot be called `ETL.2026.duckdb`"),
    ] {
        let mut command = vainu_etl(base.path());
        // Nobody answers there: it must not come to a request.
        command.args(["--base-url", "http://127.0.0.1:9", "--warehouse"]).arg(&warehouse);
        let output = command.arg("sync").env("VAINU_API_KEY", "0".repeat(64)).output().unwrap();
        assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
    }
    assert_eq!(fs_err::read_dir(&odd).unwrap().count(), 0);
}
