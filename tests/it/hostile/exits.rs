//! The ways out of the warehouse, each read back by something that shares no code with what wrote it.

use std::path::Path;
use std::process::Command;

use duckdb::Connection;
use serde_json::Value;
use vainu_etl::export::{ExportFormat, ExportOptions, export};
use vainu_etl::query::{self, Format, QueryOptions, query_to_file};

use crate::support::with;

/// The only column of a query.
pub(super) fn column(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// Exports `prospects` as Parquet; returns the file.
pub(super) fn export_parquet(warehouse: &Path, dir: &Path) -> String {
    let options =
        with(ExportOptions::new(warehouse, dir), |options| options.tables = vec!["prospects".into()]);
    let manifest = export(&options).unwrap();
    dir.join(&manifest.tables[0].files[0].path).display().to_string()
}

/// Exports `prospects` as raw CSV; returns the names of the companies without a reject.
pub(super) fn export_csv(warehouse: &Path, dir: &Path) -> Vec<String> {
    let options = with(ExportOptions::new(warehouse, dir), |options| {
        options.tables = vec!["prospects".into()];
        options.format = ExportFormat::Csv;
        options.raw_csv = true;
    });
    let manifest = export(&options).unwrap();
    let text = fs_err::read_to_string(dir.join(&manifest.tables[0].files[0].path)).unwrap();
    let rows = csv_rows(&text);
    let place = |name: &str| rows[0].iter().position(|column| column == name).unwrap();
    let (id, name) = (place("business_id"), place("company_name"));
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "no value makes a field or a row");
    rows[1..].iter().filter(|row| row[id].as_str() < "9000").map(|row| row[name].clone()).collect()
}

/// Writes the result of a query as Parquet; returns the file.
pub(super) fn query_parquet(warehouse: &Path, sql: &str, folder: &Path) -> String {
    let file = folder.join("query.parquet");
    let options = QueryOptions::new(Format::Parquet);
    query_to_file(warehouse, sql, &options, &file).unwrap();
    file.display().to_string()
}

/// The only column of a query, by way of the text of a format.
pub(super) fn query(warehouse: &Path, sql: &str, format: Format) -> Vec<String> {
    let text = output(warehouse, sql, &with(QueryOptions::new(format), |options| options.raw_csv = true));
    let name = |row: &Value| row["company_name"].as_str().unwrap().to_owned();
    match format {
        Format::Csv => single_column(&text),
        Format::Json => serde_json::from_str::<Vec<Value>>(&text).unwrap().iter().map(name).collect(),
        // The only line feeds are those between rows.
        Format::Jsonl => {
            text.split_terminator('\n').map(|line| name(&serde_json::from_str(line).unwrap())).collect()
        }
        other => panic!("{other} is not read back"),
    }
}

/// The only column of a query as CSV that a spreadsheet may open.
pub(super) fn query_guarded_csv(warehouse: &Path, sql: &str) -> Vec<String> {
    single_column(&output(warehouse, sql, &QueryOptions::new(Format::Csv)))
}

/// What a terminal is given.
pub(super) fn on_terminal(warehouse: &Path, sql: &str, format: Format) -> String {
    output(warehouse, sql, &with(QueryOptions::new(format), |options| options.terminal = true))
}

fn output(warehouse: &Path, sql: &str, options: &QueryOptions) -> String {
    let mut out = Vec::new();
    query::query(warehouse, sql, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn single_column(csv: &str) -> Vec<String> {
    let rows = csv_rows(csv);
    rows[1..].iter().map(|row| row.concat()).collect()
}

/// RFC 4180, to the letter: anything else than it allows is a panic.
fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut field = String::new();
        if let Some(quoted) = rest.strip_prefix('"') {
            rest = quoted;
            loop {
                let (part, after) = rest.split_once('"').expect("a quoted field ends with a quote");
                field.push_str(part);
                rest = after;
                match rest.strip_prefix('"') {
                    Some(after) => {
                        field.push('"');
                        rest = after;
                    }
                    None => break,
                }
            }
        } else {
            let end = rest.find([',', '\r', '\n']).expect("a line ends with CRLF");
            field.push_str(&rest[..end]);
            assert!(!field.contains('"'), "a field with a quote is quoted: {field:?}");
            rest = &rest[end..];
        }
        row.push(field);
        if let Some(after) = rest.strip_prefix(',') {
            rest = after;
        } else {
            rest = rest.strip_prefix("\r\n").expect("a line ends with CRLF");
            rows.push(std::mem::take(&mut row));
        }
    }
    assert!(row.is_empty());
    rows
}

/// Whether `script` is there, which runs a command on a terminal of its own.
pub(super) fn has_script() -> bool {
    Command::new("script").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// What a terminal receives when the binary runs on it, errors included.
pub(super) fn in_terminal(dir: &Path, arguments: &str) -> String {
    let command = format!("{} {arguments}", env!("CARGO_BIN_EXE_vainu-etl"));
    let output = Command::new("script")
        .args(["--quiet", "--command", &command, "/dev/null"])
        .current_dir(dir)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Asserts that a terminal shows all of the text and acts on none of it, line ends aside.
pub(super) fn assert_only_text(shown: &str, place: &str) {
    for line in shown.split('\n') {
        let line = line.trim_end_matches('\r');
        let acting = line.chars().find(|character| {
            let code = u32::from(*character);
            code < 0x20
                || (0x7f..=0x9f).contains(&code)
                || [0xad, 0x61c, 0x180e, 0xfeff].contains(&code)
                || [0x200b..=0x200f, 0x2028..=0x202e, 0x2060..=0x206f, 0xfff9..=0xfffb, 0xe0000..=0xe007f]
                    .iter()
                    .any(|range| range.contains(&code))
        });
        assert_eq!(acting, None, "{place}: {line:.200?}");
    }
}
