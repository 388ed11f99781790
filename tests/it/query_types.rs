//! `query`: every type that DuckDB has, its least, greatest and odd values, by themselves and nested, in every format.
//!
//! What is right is what DuckDB itself says: `CAST(x AS VARCHAR)`, asked of another connection.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::path::Path;

use calamine::{Data, Reader};
use duckdb::Connection;
use serde_json::value::RawValue;
use vainu_etl::query::{Format, QueryError, QueryOptions, query_to_file};
use vainu_etl::terminal;

use crate::fixture_warehouse::Warehouse;
use crate::support::with;

mod values;

use values::{Json, TYPES, Value};

/// How a value is put into another, and taken out again.
const NESTINGS: [Nesting; 5] = [
    Nesting { wrap: str::to_owned, json: str::to_owned, take: str::to_owned },
    Nesting {
        wrap: |value| format!("[{value}, NULL]"),
        json: |inner| format!("[{inner},null]"),
        take: |column| format!("{column}[1]"),
    },
    Nesting {
        wrap: |value| format!("{{'k': {value}}}"),
        json: |inner| format!("{{\"k\":{inner}}}"),
        take: |column| format!("{column}.k"),
    },
    Nesting {
        wrap: |value| format!("map {{'k': {value}}}"),
        json: |inner| format!("{{\"k\":{inner}}}"),
        take: |column| format!("{column}['k']"),
    },
    Nesting {
        wrap: |value| format!("[{{'a\"b': [{value}]}}]"),
        json: |inner| format!("[{{\"a\\\"b\":[{inner}]}}]"),
        take: |column| format!("{column}[1].\"a\"\"b\"[1]"),
    },
];

struct Nesting {
    wrap: fn(&str) -> String,
    json: fn(&str) -> String,
    take: fn(&str) -> String,
}

/// One column of a test: an expression, and what is right.
struct Case {
    sql: String,
    /// DuckDB's text; none for NULL.
    text: Option<String>,
    json: String,
    /// How the innermost value is taken out of the column `c`, and its text.
    inner: (fn(&str) -> String, Option<String>),
    parquet: bool,
}

/// What DuckDB says about an expression.
fn text(conn: &Connection, sql: &str) -> duckdb::Result<Option<String>> {
    conn.query_row(&format!("SELECT CAST({sql} AS VARCHAR)"), [], |row| row.get(0))
}

fn reference() -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    let _ = conn.execute_batch("SET TimeZone = 'UTC'");
    conn
}

fn cases(values: &[Value]) -> Vec<Case> {
    let conn = reference();
    let mut cases = Vec::new();
    for value in values {
        let inner = text(&conn, value.sql).unwrap_or_else(|error| panic!("{}: {error}", value.sql));
        let inner_json = json(value.json, inner.as_deref());
        for nesting in &NESTINGS {
            let sql = (nesting.wrap)(value.sql);
            cases.push(Case {
                text: text(&conn, &sql).unwrap_or_else(|error| panic!("{sql}: {error}")),
                json: (nesting.json)(&inner_json),
                inner: (nesting.take, inner.clone()),
                parquet: value.parquet,
                sql,
            });
        }
        // A union is known by its text alone.
        let sql = format!("union_value(u := {})", value.sql);
        if let Ok(text) = text(&conn, &sql) {
            cases.push(Case {
                json: json(Json::Text, text.as_deref()),
                inner: (str::to_owned, text.clone()),
                text,
                parquet: true,
                sql,
            });
        }
    }
    cases
}

fn json(form: Json, text: Option<&str>) -> String {
    let Some(text) = text else { return "null".to_owned() };
    match form {
        Json::Raw(json) => json.to_owned(),
        Json::Same => text.to_owned(),
        Json::Number if text.starts_with('.') || text.starts_with("-.") => text.replacen('.', "0.", 1),
        Json::Number if !text.contains('n') => text.to_owned(),
        Json::Number | Json::Text => serde_json::Value::from(text).to_string(),
    }
}

fn statement(cases: &[Case]) -> String {
    let columns: Vec<&str> = cases.iter().map(|case| case.sql.as_str()).collect();
    format!("SELECT {}", columns.join(",\n"))
}

fn output(warehouse: &Warehouse, cases: &[Case], format: Format) -> String {
    let options = with(QueryOptions::new(format), |options| {
        options.width = None;
        options.raw_csv = true;
    });
    let (text, written) = warehouse.query(&statement(cases), &options).unwrap_or_else(|error| {
        panic!("{format} of {}: {error}: {:?}", statement(cases), std::error::Error::source(&error))
    });
    assert_eq!(written.rows, 1);
    text
}

fn file(warehouse: &Warehouse, cases: &[Case], format: Format) -> std::path::PathBuf {
    let path = warehouse.folder().join(format!("out.{format}"));
    let options = with(QueryOptions::new(format), |options| options.raw_csv = true);
    query_to_file(warehouse.path(), &statement(cases), &options, &path).unwrap_or_else(|error| {
        panic!("{format} of {}: {error}: {:?}", statement(cases), std::error::Error::source(&error))
    });
    path
}

#[test]
fn no_type_of_duckdb_is_missing_here() {
    let conn = reference();
    let sql = "SELECT DISTINCT logical_type FROM duckdb_types() WHERE internal AND logical_type <> 'VARCHAR' \
               UNION SELECT upper(type_name) FROM duckdb_types() WHERE internal AND logical_type = 'VARCHAR' \
               AND upper(type_name) IN ('VARCHAR', 'JSON')";
    let known: BTreeSet<String> = conn
        .prepare(sql)
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let tried: BTreeSet<String> = TYPES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert!(known.len() >= 36, "{known:?}");
    assert_eq!(tried, known);
}

#[test]
fn the_text_formats_say_what_duckdb_says() {
    let warehouse = Warehouse::new();
    for (name, values) in TYPES {
        let cases = cases(values);
        let table = output(&warehouse, &cases, Format::Table);
        let row = table.lines().nth(3).unwrap();
        let row = row.strip_prefix("│ ").unwrap().strip_suffix(" │").unwrap();
        let markdown = output(&warehouse, &cases, Format::Markdown);
        let markdown =
            markdown.lines().nth(2).unwrap().strip_prefix("| ").unwrap().strip_suffix(" |").unwrap();
        let csv = file(&warehouse, &cases, Format::Csv);
        let csv = csv_row(&csv);
        assert_eq!((csv.len(), row.split(" ┆ ").count()), (cases.len(), cases.len()), "{name}");
        for (((case, csv), cell), markdown) in
            cases.iter().zip(csv).zip(row.split(" ┆ ")).zip(markdown.split(" | "))
        {
            let text = case.text.as_deref();
            assert_eq!(csv.as_deref(), text, "{name} as CSV: {}", case.sql);
            let shown = text.map_or("∅".to_owned(), |text| terminal::safe(text).into_owned());
            assert_eq!(cell.trim(), shown.trim(), "{name} in a table: {}", case.sql);
            let plain = markdown.replace("<br>", "\n").replace("&lt;", "<");
            let plain = unescaped(&plain);
            assert_eq!(plain.trim(), text.unwrap_or_default().trim(), "{name} as Markdown: {}", case.sql);
        }
    }
}

/// The only row, read by DuckDB.
fn csv_row(path: &Path) -> Vec<Option<String>> {
    let sql = format!(
        "SELECT * FROM read_csv('{}', all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', \
         allow_quoted_nulls = false, new_line = '\\r\\n')",
        path.display()
    );
    let conn = reference();
    let mut statement = conn.prepare(&sql).unwrap();
    let mut rows = statement.query([]).unwrap();
    let row = rows.next().unwrap().unwrap();
    let width = row.as_ref().column_count();
    (0..width).map(|index| row.get(index).unwrap()).collect()
}

fn unescaped(markdown: &str) -> String {
    let mut plain = String::new();
    let mut characters = markdown.chars();
    while let Some(character) = characters.next() {
        plain.push(if character == '\\' { characters.next().unwrap() } else { character });
    }
    plain
}

#[test]
fn json_has_its_own_form_of_what_it_knows_and_duckdbs_text_of_the_rest() {
    let warehouse = Warehouse::new();
    for (name, values) in TYPES {
        let cases = cases(values);
        for (format, before, after) in [(Format::Json, "[", "]\n"), (Format::Jsonl, "", "\n")] {
            let text = output(&warehouse, &cases, format);
            let line = text.strip_prefix(before).unwrap().strip_suffix(after).unwrap();
            assert!(!line.contains('\n'), "{name}: {line}");
            let found = members(line);
            assert_eq!(found.len(), cases.len(), "{name}: {line}");
            for (case, found) in cases.iter().zip(found) {
                assert_eq!(found, case.json, "{name} as {format}: {}", case.sql);
            }
        }
    }
}

/// The values of an object as they are written, in their order.
fn members(object: &str) -> Vec<String> {
    struct Members(Vec<String>);
    impl<'de> serde::Deserialize<'de> for Members {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = Members;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                    let mut found = Vec::new();
                    while let Some((_, value)) = map.next_entry::<String, Box<RawValue>>()? {
                        found.push(value.get().to_owned());
                    }
                    Ok(Members(found))
                }
            }
            deserializer.deserialize_map(Visitor)
        }
    }
    serde_json::from_str::<Members>(object).unwrap_or_else(|error| panic!("{error}: {object}")).0
}

#[test]
fn parquet_gives_back_what_went_in_or_says_which_column_does_not_fit() {
    let warehouse = Warehouse::new();
    let conn = reference();
    for (name, values) in TYPES {
        let all = cases(values);
        let (fits, does_not): (Vec<Case>, Vec<Case>) = all.into_iter().partition(|case| case.parquet);
        if !fits.is_empty() {
            let path = file(&warehouse, &fits, Format::Parquet);
            let names: Vec<String> = (0..fits.len()).map(|index| format!("c{index}")).collect();
            let taken = fits
                .iter()
                .zip(&names)
                .map(|(case, name)| format!("CAST({} AS VARCHAR)", (case.inner.0)(name)));
            let sql = format!(
                "SELECT {} FROM read_parquet('{}') AS t({})",
                taken.collect::<Vec<_>>().join(", "),
                path.display(),
                names.join(", ")
            );
            let mut statement = conn.prepare(&sql).unwrap();
            let mut rows = statement.query([]).unwrap();
            let row = rows.next().unwrap().unwrap();
            for (index, case) in fits.iter().enumerate() {
                let found: Option<String> = row.get(index).unwrap();
                assert_eq!(found, case.inner.1, "{name} as Parquet: {}", case.sql);
            }
        }
        for case in does_not {
            let options = QueryOptions::new(Format::Parquet);
            let sql = format!("SELECT {} AS wide", case.sql);
            let path = warehouse.folder().join("refused.parquet");
            let error = query_to_file(warehouse.path(), &sql, &options, &path).unwrap_err();
            assert!(
                matches!(&error, QueryError::Sql(message) if message.contains("DECIMAL(38,0)") || message.contains("column \"wide\"")),
                "{error}"
            );
            assert!(!path.exists());
        }
    }
}

#[test]
fn a_spreadsheet_gets_numbers_dates_and_booleans_as_such_and_the_rest_as_duckdbs_text() {
    let warehouse = Warehouse::new();
    let conn = reference();
    for (name, values) in TYPES {
        let cases = cases(values);
        let path = file(&warehouse, &cases, Format::Xlsx);
        let mut workbook: calamine::Xlsx<_> = calamine::open_workbook(&path).unwrap();
        let range = workbook.worksheet_range("query").unwrap();
        for (index, case) in cases.iter().enumerate() {
            let cell = range.get_value((1, u32::try_from(index).unwrap())).unwrap_or(&Data::Empty);
            let text = case.text.as_deref().unwrap_or_default();
            let place = format!("{name} in a sheet: {}: {cell:?}", case.sql);
            match cell {
                Data::Empty => assert_eq!("", text, "{place}"),
                Data::String(found) => assert_eq!(found, text, "{place}"),
                Data::Bool(found) => assert_eq!(found.to_string(), text, "{place}"),
                Data::Float(found) => {
                    assert_eq!(found.to_bits(), text.parse::<f64>().unwrap().to_bits(), "{place}");
                    let digits = text.chars().filter(char::is_ascii_digit).count();
                    assert!(digits <= 16 || ["FLOAT", "DOUBLE"].contains(name), "{place}");
                }
                Data::DateTime(found) => {
                    #[expect(clippy::cast_possible_truncation, reason = "microseconds of a year before 2100")]
                    let micros = ((found.as_f64() - 25_569.0) * 86_400e6).round() as i64;
                    let expected: i64 = conn
                        .query_row(&format!("SELECT epoch_us(CAST({} AS TIMESTAMP))", case.sql), [], |row| {
                            row.get(0)
                        })
                        .unwrap();
                    assert_eq!(micros, expected, "{place}");
                }
                other => panic!("{place}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_text_with_nul_comes_out_of_every_format() {
    let warehouse = Warehouse::new();
    let sql = "SELECT 'a' || chr(0) || 'b' AS x";
    let found = |format| warehouse.query(sql, &QueryOptions::new(format)).unwrap().0;
    assert_eq!(found(Format::Csv), "x\r\na\0b\r\n");
    assert_eq!(found(Format::Jsonl), "{\"x\":\"a\\u0000b\"}\n");
    assert!(found(Format::Table).contains("a\\u{0}b"));
    assert!(found(Format::Markdown).contains("a\\u{0}b"));
}

#[test]
fn order_and_number_of_rows_are_those_of_the_statement() {
    let warehouse = Warehouse::new();
    let sql = "SELECT range AS n, range % 7 AS n FROM range(300000) ORDER BY hash(range)";
    let conn = reference();
    let mut statement = conn.prepare(sql).unwrap();
    let expected: Vec<i64> =
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let (text, written) = warehouse.query(sql, &QueryOptions::new(Format::Csv)).unwrap();
    assert_eq!(written.rows, 300_000);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("n,n"));
    let found: Vec<i64> = lines.map(|line| line.split_once(',').unwrap().0.parse().unwrap()).collect();
    assert!(found == expected, "the order differs");
}
