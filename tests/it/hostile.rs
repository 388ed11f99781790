//! Hostile values on their whole way: from an answer of the API through landing, normalising and loading to every
//! exit there is. Each ends as data, exactly, or as a reject that holds it as received; and nothing that a company is
//! called reaches a terminal as anything but text.

mod exits;
mod streams;
mod subjects;
mod values;

use std::sync::LazyLock;

use duckdb::Connection;
use tempfile::TempDir;
use vainu_etl::extract::Unobserved;
use vainu_etl::pipeline::sync;
use vainu_etl::query::Format;

use crate::support::{Job, open, simulator, stderr, vainu_etl};
use crate::wire::{Received, Wire};
use values::{REJECTED, Rejected, texts};

/// The page with all values: company number n is called as text number n; then the records with rejects.
fn records() -> Vec<String> {
    let named = texts().into_iter().enumerate().map(|(number, text)| {
        format!(r#"{{"country":"FI","business_id":"{number:04}","company_name":{},"x_same":{0}}}"#, text.json)
    });
    named.chain(REJECTED.iter().map(Rejected::record)).collect()
}

fn answer(request: &Received) -> String {
    let records = records();
    let asks = |name: &str, value: &str| request.query().contains(&(name.to_owned(), value.to_owned()));
    match () {
        () if asks("count", "true") => format!(r#"{{"count":{}}}"#, records.len()),
        () if asks("offset", "0") => format!("[{}]", records.join(",")),
        () if asks("offset", &(records.len() - 1).to_string()) => format!("[{}]", records[records.len() - 1]),
        () => "[]".to_owned(),
    }
}

/// The warehouse with the hostile companies, loaded once for all tests of a process.
fn warehouse() -> &'static Job {
    static JOB: LazyLock<Job> = LazyLock::new(|| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let wire = Wire::start(answer).await;
            let job = Job::new();
            // The simulator only lends its settings.
            let mut settings = job.settings(&simulator(0, &[]).await);
            settings.client.base_url = wire.url();
            let report = sync(&settings, &Unobserved, std::future::pending()).await.unwrap();
            assert_eq!((report.exit_code, report.rows), (0, texts().len() as u64 + kept_rows()));
            job
        })
    });
    &JOB
}

/// Records with a reject that are rows all the same: all but those without a usable key.
fn kept_rows() -> u64 {
    REJECTED.iter().filter(|rejected| rejected.key.is_some()).count() as u64
}

#[test]
fn every_text_comes_out_of_every_exit_as_it_went_in() {
    let job = warehouse();
    let names: Vec<String> = texts().into_iter().map(|text| text.value).collect();
    let select = |from: &str| {
        format!("SELECT company_name FROM {from} WHERE business_id < '9000' ORDER BY business_id")
    };
    let folder = TempDir::new().unwrap();
    let path = job.warehouse();
    let mut found: Vec<(String, Vec<String>)> = vec![
        ("the table".into(), exits::column(&open(&path), &select("prospects"))),
        ("the view".into(), exits::column(&open(&path), &select("companies"))),
        (
            "_extra".into(),
            exits::column(
                &open(&path),
                "SELECT _extra ->> 'x_same' FROM prospects WHERE business_id < '9000' ORDER BY business_id",
            ),
        ),
        ("the export as Parquet".into(), {
            let file = exits::export_parquet(&path, &folder.path().join("parquet"));
            exits::column(&Connection::open_in_memory().unwrap(), &select(&format!("read_parquet('{file}')")))
        }),
        ("the export as CSV".into(), exits::export_csv(&path, &folder.path().join("csv"))),
        ("a query as Parquet".into(), {
            let file = exits::query_parquet(&path, &select("prospects"), folder.path());
            exits::column(&Connection::open_in_memory().unwrap(), &format!("FROM read_parquet('{file}')"))
        }),
    ];
    for format in [Format::Csv, Format::Json, Format::Jsonl] {
        found.push((format!("a query as {format}"), exits::query(&path, &select("prospects"), format)));
    }
    for (exit, values) in found {
        assert_eq!(values.len(), names.len(), "{exit}");
        for (value, name) in values.iter().zip(&names) {
            assert!(value == name, "{exit}: {name:.200?} became {value:.200?}");
        }
    }
}

#[test]
fn csv_as_it_is_by_default_differs_by_the_apostrophe_before_formulas_only() {
    let sql = "SELECT company_name FROM prospects WHERE business_id < '9000' ORDER BY business_id";
    let guarded = exits::query_guarded_csv(&warehouse().warehouse(), sql);
    let mut disarmed = 0;
    for (text, cell) in texts().iter().zip(&guarded) {
        if text.formula {
            assert_eq!(*cell, format!("'{}", text.value));
            disarmed += 1;
        } else {
            assert!(*cell == text.value, "{cell:.200?}");
        }
    }
    assert_eq!(disarmed, 11);
    // Opened by a spreadsheet, no cell begins like a formula.
    assert!(guarded.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])));
}

#[test]
fn what_does_not_fit_is_a_reject_as_received() {
    let connection = open(&warehouse().warehouse());
    let sql = "SELECT coalesce(key, '-'), coalesce(field, '-'), raw, reason FROM etl.rejects";
    let mut statement = connection.prepare(sql).unwrap();
    let mut found: Vec<[String; 4]> = statement
        .query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for rejected in REJECTED {
        let expected = rejected.reject();
        let place = found.iter().position(|reject| *reject == expected);
        let place = place.unwrap_or_else(|| panic!("{expected:.300?} is not among {found:.300?}"));
        found.remove(place);
    }
    // The lone surrogates of the texts, each in its column and in `_extra`.
    assert_eq!(found.len(), 2 * texts().iter().filter(|text| text.lossy).count(), "{found:.300?}");
}

#[test]
fn nothing_but_text_reaches_a_terminal() {
    let path = warehouse().warehouse();
    for sql in ["SELECT company_name, _extra FROM prospects", "FROM etl.rejects", "FROM etl.schema_drift"] {
        for format in [Format::Table, Format::Markdown, Format::Csv, Format::Json, Format::Jsonl] {
            let shown = exits::on_terminal(&path, sql, format);
            exits::assert_only_text(&shown, &format!("{sql} as {format}"));
        }
    }
}

/// The same through the binary, on a terminal made for it, as a user sees it.
#[test]
fn the_commands_show_text_only_on_a_terminal() {
    if !exits::has_script() {
        eprintln!("skipped: `script`, which makes a terminal, is not installed");
        return;
    }
    let job = warehouse();
    for arguments in [
        "query 'FROM prospects WHERE length(company_name) < 999' --format table",
        "query 'FROM prospects WHERE length(company_name) < 999' --format csv",
        "query 'FROM prospects WHERE length(company_name) < 999' --format jsonl",
        "query 'SELECT 1 AS \"\u{202e}\u{9b}x\"' --format json",
        "rejects",
        "rejects --format csv",
        "rejects --format jsonl",
        "rejects --format markdown",
        "status",
        "status --format json",
    ] {
        let shown = exits::in_terminal(job.dir.path(), arguments);
        assert!(!shown.is_empty(), "{arguments}");
        exits::assert_only_text(&shown, arguments);
    }
    let refused = exits::in_terminal(job.dir.path(), "rejects --format parquet");
    assert!(refused.starts_with("error: "), "{refused:.200}");
}

#[test]
fn a_hostile_argument_is_shown_as_text() {
    let dir = TempDir::new().unwrap();
    let argument = "company_nam\u{1b}[2J\u{202e}=x";
    let output = vainu_etl(dir.path()).args(["sync", "--select", argument]).output().unwrap();
    assert!(!output.status.success());
    exits::assert_only_text(&stderr(&output), "sync --select");
}
