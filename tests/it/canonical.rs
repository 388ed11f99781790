//! What a published file says, as one hash per table: equal for equal data, however and when they were loaded.

use std::collections::BTreeMap;
use std::path::Path;

use duckdb::Connection;

use crate::support::open;

/// Tables about the runs themselves, which differ between two loads of the same data.
const ABOUT_RUNS: &[&str] = &["etl.runs", "etl.streams", "etl.warehouse"];

/// Columns that carry times, runs, or the order in which pages came.
pub(crate) const ABOUT_THE_LOAD: &[&str] = &[
    "run_id",
    "_run_id",
    "first_seen_run",
    "first_run",
    "last_run",
    "_first_seen_at",
    "_last_seen_at",
    "_details_at",
    "changed_at",
    "page",
    "sample",
];

/// A hash over the rows of every table, in an order that does not depend on how they were loaded; by table name,
/// with the number of rows.
pub(crate) fn hashes(warehouse: &Path) -> BTreeMap<String, (u64, String)> {
    let connection = open(warehouse);
    let tables = columns(&connection);
    assert!(tables.contains_key("main.prospects"), "{:?}", tables.keys());
    let hash = |(table, columns): (String, Vec<String>)| {
        let sql = format!(
            "SELECT count(*), coalesce(md5(string_agg(line, '' ORDER BY line)), '') \
             FROM (SELECT md5(to_json(t)::VARCHAR) AS line FROM (SELECT {} FROM {table}) AS t)",
            columns.join(", ")
        );
        let hash = connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)));
        (table, hash.unwrap())
    };
    tables.into_iter().map(hash).collect()
}

/// The rows of every table of schema `main` as JSON, in an order that does not depend on how they were loaded.
pub(crate) fn rows(warehouse: &Path) -> BTreeMap<String, Vec<String>> {
    let connection = open(warehouse);
    let tables = columns(&connection).into_iter().filter(|(table, _)| table.starts_with("main."));
    let rows = |(table, columns): (String, Vec<String>)| {
        let sql = format!(
            "SELECT to_json(t)::VARCHAR AS line FROM (SELECT {} FROM {table}) AS t ORDER BY line",
            columns.join(", ")
        );
        let mut statement = connection.prepare(&sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>();
        (table, rows.unwrap())
    };
    tables.map(rows).collect()
}

/// Asserts that two files hold the same in schema `main`, naming the first row that differs.
pub(crate) fn assert_same_rows(found: &Path, wanted: &Path, place: &str) {
    let (found, wanted) = (rows(found), rows(wanted));
    assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "{place}");
    for (table, rows) in &found {
        for (row, wanted) in rows.iter().zip(&wanted[table]) {
            assert_eq!(row, wanted, "{place}: {table}");
        }
        assert_eq!(rows.len(), wanted[table].len(), "{place}: {table}");
    }
}

/// The columns of each table that say something of the data.
fn columns(connection: &Connection) -> BTreeMap<String, Vec<String>> {
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut statement = connection
        .prepare(
            "SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns() \
             WHERE table_name IN (SELECT table_name FROM duckdb_tables()) AND NOT internal \
             ORDER BY ALL",
        )
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (table, column): (String, String) = (row.get(0).unwrap(), row.get(1).unwrap());
        if ABOUT_RUNS.contains(&table.as_str()) || ABOUT_THE_LOAD.contains(&column.as_str()) {
            continue;
        }
        // A lead of several target groups leads to a company of the one whose answer came last.
        if (table.as_str(), column.as_str()) == ("main.leads", "vainu_link") {
            continue;
        }
        columns.entry(table).or_default().push(match column.as_str() {
            "_deleted_at" => "_deleted_at IS NOT NULL AS deleted".to_owned(),
            _ => format!("\"{column}\""),
        });
    }
    columns
}
