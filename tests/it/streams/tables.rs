//! The tables of a published file, and the comparison of two sets of tables.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::mapping::{Mapped, TABLES};
use crate::support::{Row, open};

/// Rows by table; of each row the values by column.
pub(super) type Tables = BTreeMap<&'static str, BTreeSet<Row>>;

/// The row that the mapping makes of a record.
pub(super) fn row(columns: &[Mapped], record: &Value) -> Row {
    let field = |path: &&str| {
        let found = path.split('.').try_fold(record, |value, name| value.get(name))?;
        Some(found).filter(|value| !value.is_null())
    };
    let cell = |(column, fields, form): &Mapped| {
        ((*column).to_owned(), fields.iter().filter_map(field).find_map(form))
    };
    columns.iter().map(cell).collect()
}

/// What a published file holds: of companies those that are there, of times the microseconds since 1970.
pub(super) fn found(path: &Path) -> Tables {
    TABLES.iter().map(|(table, columns)| (*table, rows_of(path, table, columns))).collect()
}

fn rows_of(path: &Path, table: &str, columns: &[Mapped]) -> BTreeSet<Row> {
    let connection = open(path);
    let kind = format!(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'main' AND table_name = '{table}'"
    );
    let mut kinds: BTreeMap<String, String> = BTreeMap::new();
    let mut statement = connection.prepare(&kind).unwrap();
    for pair in statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap() {
        let (name, kind) = pair.unwrap();
        kinds.insert(name, kind);
    }
    let values = columns.iter().map(|(name, ..)| match kinds[*name].as_str() {
        "TIMESTAMP" => format!("CAST(epoch_us({name}) AS VARCHAR)"),
        _ => format!("CAST({name} AS VARCHAR)"),
    });
    let live = if table == "prospects" { "_deleted_at IS NULL" } else { "true" };
    let sql = format!("SELECT {} FROM main.{table} WHERE {live}", values.collect::<Vec<_>>().join(", "));
    let mut statement = connection.prepare(&sql).unwrap();
    let cells = |row: &duckdb::Row<'_>| {
        columns
            .iter()
            .enumerate()
            .map(|(index, (name, ..))| Ok(((*name).to_owned(), row.get(index)?)))
            .collect()
    };
    let rows: Vec<Row> = statement.query_map([], cells).unwrap().collect::<Result<_, _>>().unwrap();
    let (count, rows) = (rows.len(), BTreeSet::from_iter(rows));
    assert_eq!(rows.len(), count, "{table}: no row is there twice");
    rows
}

/// Asserts that two sets of tables hold the same rows, naming the first rows that differ.
pub(super) fn assert_same(found: &Tables, wanted: &Tables, place: &str) {
    assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "{place}");
    for (table, rows) in found {
        let wanted = &wanted[table];
        let more = rows.difference(wanted).next();
        let missing = wanted.difference(rows).next();
        assert_eq!(more, missing, "{place}: {table}: found and wanted");
        assert_eq!(rows.len(), wanted.len(), "{place}: {table}");
    }
}

/// The rows of each table that only one of two sets holds: those that went, and those that came.
pub(super) fn changes(before: &Tables, after: &Tables) -> BTreeMap<&'static str, (Vec<Row>, Vec<Row>)> {
    let of_table = |(table, rows): (&&'static str, &BTreeSet<Row>)| {
        let now = &after[table];
        (*table, (rows.difference(now).cloned().collect(), now.difference(rows).cloned().collect()))
    };
    let changed = before.iter().map(of_table);
    changed
        .filter(|(_, (gone, new)): &(_, (Vec<Row>, Vec<Row>))| !(gone.is_empty() && new.is_empty()))
        .collect()
}
