//! What several test modules share: a simulator, a temporary warehouse, and runs against them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use duckdb::{AccessMode, Config as DuckDbConfig, Connection};
use serde_json::Value;
use tempfile::TempDir;
use url::Url;
use vainu_etl::api::{ClientSettings, Credentials};
use vainu_etl::catalog::{Endpoint, Lists, PROSPECTS, Stream};
use vainu_etl::error::Error;
use vainu_etl::extract::Unobserved;
use vainu_etl::pipeline::{SyncSettings, sync};
use vainu_etl::report::Report;
use vainu_etl::secret::Secret;
use vainu_etl::selection::{Selection, lists_of};
use vainu_etl::simulator::{Config, Simulator, Switches};

/// Values of a company by column, as text; `None` is NULL.
pub(crate) type Row = BTreeMap<String, Option<String>>;

/// Cases of a property: what `PROPTEST_CASES` says, for a long search, else this many.
pub(crate) fn cases(few: u32) -> u32 {
    std::env::var("PROPTEST_CASES").map_or(few, |cases| cases.parse().unwrap())
}

/// `settings` after `change`. Settings may grow, so `..` builds them in their own crate only.
pub(crate) fn with<T>(mut settings: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut settings);
    settings
}

/// A stream without tables and filters, for tests that give it some.
pub(crate) const fn stream(name: &'static str, endpoint: Endpoint, lists: Lists) -> Stream {
    Stream {
        name,
        doc: "A stream.",
        things: "rows",
        endpoint,
        filters: None,
        lists,
        by_default: false,
        targets: &[],
    }
}

/// A simulator with that many companies and those switches.
pub(crate) async fn simulator(companies: u32, switches: &[&str]) -> Simulator {
    let mut chosen = Switches::default();
    for switch in switches {
        chosen.set(switch).unwrap();
    }
    Simulator::start(with(Config::new(companies), |config| config.switches = chosen)).await.unwrap()
}

/// A folder with a warehouse in it, made by runs against simulators.
pub(crate) struct Job {
    pub(crate) dir: TempDir,
    pub(crate) page_size: u32,
    pub(crate) slice_rows: u64,
    pub(crate) selections: Vec<Vec<String>>,
    pub(crate) streams: Vec<&'static Stream>,
}

impl Job {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            page_size: 1000,
            slice_rows: 25_000,
            selections: vec![vec![]],
            streams: vec![&PROSPECTS],
        }
    }

    pub(crate) fn select(mut self, selections: &[&[&str]]) -> Self {
        self.selections =
            selections.iter().map(|pairs| pairs.iter().map(|pair| (*pair).to_owned()).collect()).collect();
        self
    }

    pub(crate) fn warehouse(&self) -> PathBuf {
        self.dir.path().join("vainu.duckdb")
    }

    pub(crate) fn settings(&self, simulator: &Simulator) -> SyncSettings {
        let selections: Vec<_> =
            self.selections.iter().map(|pairs| Selection::from_pairs(pairs).unwrap()).collect();
        let credentials = Credentials::ApiKey(Secret::new(Config::default().api_key));
        let base_url = Url::parse(&simulator.base_url()).unwrap();
        let client = ClientSettings::new(base_url, credentials);
        let mut settings = SyncSettings::new(self.warehouse(), client);
        settings.streams.clone_from(&self.streams);
        settings.lists = lists_of(&selections).unwrap();
        settings.arguments = "a test".into();
        settings.extract.page_size = self.page_size;
        settings.extract.slice_rows = self.slice_rows;
        settings.extract.requests_at_once = 16;
        settings
    }

    pub(crate) async fn sync(&self, simulator: &Simulator) -> Result<Report, Error> {
        sync(&self.settings(simulator), &Unobserved, std::future::pending()).await
    }

    pub(crate) fn rows(&self) -> Vec<Row> {
        prospects(&self.warehouse())
    }
}

/// Damages one byte of a file.
pub(crate) fn flip(path: &Path, byte: usize) {
    let mut bytes = fs_err::read(path).unwrap();
    bytes[byte] ^= 0x10;
    fs_err::write(path, bytes).unwrap();
}

/// Opens a published file as a reader does; with one thread, because what tests read is small.
pub(crate) fn open(path: &Path) -> Connection {
    let config = DuckDbConfig::default().access_mode(AccessMode::ReadOnly).unwrap().threads(1).unwrap();
    Connection::open_with_flags(path, config).unwrap()
}

/// One value of a published file.
pub(crate) fn value<T: duckdb::types::FromSql>(path: &Path, sql: &str) -> T {
    open(path).query_row(sql, [], |row| row.get(0)).unwrap()
}

/// How a JSON value reads in the warehouse.
type Form = fn(&Value) -> String;

/// Columns of `prospects` that a filter answer fills, with the field that fills each and how.
const COLUMNS: &[(&str, &str, Form)] = &[
    ("country", "country", text),
    ("business_id", "business_id", text),
    ("company_name", "company_name", text),
    ("status", "status", text),
    ("registration_date", "registration_date", padded_date),
    ("link", "link", text),
    ("phone", "phone", text),
    ("industry_code", "industry_code", text),
    ("industry_division", "industry_code_2", two_digits),
    ("address", "address", text),
    ("postal", "postal", text),
    ("city", "city", text),
    ("municipality", "municipality", text),
    ("visiting_address", "visiting_address", text),
    ("visiting_postal", "visiting_postal", text),
    ("visiting_city", "visiting_city", text),
    ("visiting_municipality", "visiting_municipality", text),
    ("currency_code", "currency_code", text),
    ("turn_over_eur", "turn_over", two_decimals),
    ("turn_over_local", "turn_over_local", two_decimals),
    ("turn_over_is_estimate", "turn_over_is_estimate", text),
    ("profit_percent", "profit", two_decimals),
    ("turn_over_growth_percent", "development_of_turnover", two_decimals),
    ("staff_number", "staff_number", text),
    ("staff_number_is_estimate", "staff_number_is_estimate", text),
    ("vainu_link", "vainu_link", text),
    ("linkedin_id", "linkedin_id", text),
    ("twitter_link", "twitter_link", text),
    ("facebook_link", "facebook_link", text),
];

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn padded_date(value: &Value) -> String {
    let parts: Vec<u32> = text(value).split('-').map(|part| part.parse().unwrap()).collect();
    format!("{:04}-{:02}-{:02}", parts[0], parts[1], parts[2])
}

fn two_digits(value: &Value) -> String {
    format!("{:0>2}", text(value))
}

fn two_decimals(value: &Value) -> String {
    let text = text(value);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}.{fraction:0<2}")
}

/// The companies as the published file should hold them, worked out from the simulator's own records.
pub(crate) fn expected(companies: impl Iterator<Item = Value>) -> Vec<Row> {
    let mut rows: Vec<Row> = companies
        .map(|company| {
            let cell =
                |field: &str, form: Form| company.get(field).filter(|value| !value.is_null()).map(form);
            COLUMNS.iter().map(|(column, field, form)| ((*column).to_owned(), cell(field, *form))).collect()
        })
        .collect();
    rows.sort_by(by_key);
    rows
}

/// The companies of a published file, without the columns that the load fills.
pub(crate) fn prospects(path: &Path) -> Vec<Row> {
    let names: Vec<&str> = COLUMNS.iter().map(|(column, ..)| *column).collect();
    let casts: Vec<String> = names.iter().map(|name| format!("CAST({name} AS VARCHAR)")).collect();
    let connection = open(path);
    let sql = format!("SELECT {} FROM prospects WHERE _deleted_at IS NULL", casts.join(", "));
    let mut statement = connection.prepare(&sql).unwrap();
    let mut rows: Vec<Row> = statement
        .query_map([], |row| {
            names.iter().enumerate().map(|(index, name)| Ok(((*name).to_owned(), row.get(index)?))).collect()
        })
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    rows.sort_by(by_key);
    rows
}

fn by_key(a: &Row, b: &Row) -> std::cmp::Ordering {
    (&a["country"], &a["business_id"]).cmp(&(&b["country"], &b["business_id"]))
}

/// Asserts that two sets of companies are equal, naming the first that differs.
pub(crate) fn assert_equal_rows(found: &[Row], expected: &[Row]) {
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
}

/// The binary, with an environment that knows nothing of the outside.
pub(crate) fn vainu_etl(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vainu-etl"));
    command.current_dir(dir).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// stdout of a finished command as text.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// stderr of a finished command as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
