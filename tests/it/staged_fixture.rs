//! Staged Parquet files for load tests, from rows written as JSON.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use arrow::json::ReaderBuilder;
use parquet::arrow::ArrowWriter;
use serde_json::{Map, Value, json};
use vainu_etl::catalog::PROSPECTS_TABLE;
use vainu_etl::schema::{Disposition, Table};
use vainu_etl::staging::{Staged, StagedTable, reject_fields, row_fields, scope_fields};

/// When the staged rows of a fixture were seen, unless told otherwise: 2026-01-02 03:04:05.
pub(crate) const SEEN_AT_US: i64 = 1_767_323_045_000_000;

/// A fixture's rows, of `prospects` unless a table is named.
pub(crate) struct StagedFixture {
    tables: Vec<TableRows>,
    rejects: Vec<Value>,
    seen_at_us: i64,
}

/// What is staged for one table.
struct TableRows {
    table: &'static Table,
    rows: Vec<Value>,
    scopes: Vec<Value>,
}

impl StagedFixture {
    /// A fixture of companies.
    pub(crate) fn new() -> Self {
        Self::of(&[&PROSPECTS_TABLE])
    }

    /// A fixture of the tables named, all of them wanted.
    pub(crate) fn of(tables: &[&'static Table]) -> Self {
        let none = |table: &&'static Table| TableRows { table, rows: Vec::new(), scopes: Vec::new() };
        Self { tables: tables.iter().map(none).collect(), rejects: Vec::new(), seen_at_us: SEEN_AT_US }
    }

    /// The same rows, seen at another time.
    pub(crate) fn seen_at(mut self, microseconds: i64) -> Self {
        self.seen_at_us = microseconds;
        self
    }

    /// Adds the newest row of a company. The columns in `values` are those that its record had, also those with
    /// null; the others are absent.
    pub(crate) fn row(self, list: u32, country: &str, business_id: &str, values: Value) -> Self {
        self.add(&PROSPECTS_TABLE, list, company(country, business_id, values), true)
    }

    /// Adds a row of a company of which a newer one was seen.
    pub(crate) fn older_row(self, list: u32, country: &str, business_id: &str, values: Value) -> Self {
        self.add(&PROSPECTS_TABLE, list, company(country, business_id, values), false)
    }

    /// Adds the newest row of any table, its key among the values.
    pub(crate) fn row_of(self, table: &'static Table, list: u32, values: Value) -> Self {
        self.add(table, list, values, true)
    }

    /// Adds a scope of a table that was read.
    pub(crate) fn scope(mut self, table: &'static Table, columns: Value) -> Self {
        let mut scope = columns;
        scope["_newest"] = true.into();
        self.of_table(table).scopes.push(scope);
        self
    }

    /// Adds companies `first..end` with a name.
    pub(crate) fn companies(mut self, list: u32, country: &str, numbers: std::ops::Range<u32>) -> Self {
        for number in numbers {
            let values = json!({"company_name": format!("Company {number}")});
            self = self.row(list, country, &format!("{number:08}"), values);
        }
        self
    }

    /// Adds a rejected value.
    pub(crate) fn reject(mut self, list: u32, field: &str, raw: &str) -> Self {
        self.rejects.push(json!({
            "list": list, "table_name": "prospects", "key": "FI/00000001",
            "field": field, "raw": raw, "reason": "not a number", "page": 7, "newest": true,
        }));
        self
    }

    /// Adds a reject with all that it has, in the order of the table's columns.
    pub(crate) fn reject_of(
        mut self,
        list: u32,
        (table, key, field): (&str, Option<&str>, Option<&str>),
        (raw, reason): (&str, &str),
        page: u32,
    ) -> Self {
        self.rejects.push(json!({
            "list": list, "table_name": table, "key": key, "field": field, "raw": raw,
            "reason": reason, "page": page, "newest": true,
        }));
        self
    }

    fn add(mut self, table: &'static Table, list: u32, values: Value, newest: bool) -> Self {
        let Value::Object(mut row) = values else { panic!("values are an object") };
        row.insert("_present".into(), present(table, &row).into());
        row.insert("_list".into(), list.into());
        row.insert("_newest".into(), newest.into());
        self.of_table(table).rows.push(Value::Object(row));
        self
    }

    fn of_table(&mut self, table: &'static Table) -> &mut TableRows {
        self.tables.iter_mut().find(|rows| rows.table == table).expect("the fixture has the table")
    }

    /// Writes the files into `folder`, which is made.
    pub(crate) fn write(mut self, folder: &Path) -> Staged {
        fs_err::create_dir_all(folder).unwrap();
        let mut staged = Staged {
            rejects: write(folder, "rejects", &self.rejects, &schema(&reject_fields())),
            cells_rejected: self.rejects.len() as u64,
            ..Staged::default()
        };
        for TableRows { table, rows, scopes } in &mut self.tables {
            for row in rows.iter_mut().chain(scopes.iter_mut()) {
                row["_seen_at"] = self.seen_at_us.into();
            }
            let rows_staged = rows.len() as u64;
            staged.records += rows_staged;
            staged.tables.push(StagedTable {
                rows: write(folder, table.name, rows, &table.arrow_schema(&row_fields())),
                scopes: write(folder, &format!("{}-scopes", table.name), scopes, &scope_schema(table)),
                rows_staged,
                ..StagedTable::new(table)
            });
        }
        staged
    }
}

fn company(country: &str, business_id: &str, mut values: Value) -> Value {
    values["country"] = country.into();
    values["business_id"] = business_id.into();
    values
}

/// Bit *i* is set when the record had declared column *i*.
fn present(table: &Table, row: &Map<String, Value>) -> u64 {
    let columns = table.columns.iter().enumerate();
    columns.filter(|(_, column)| row.contains_key(column.name)).map(|(bit, _)| 1 << bit).sum()
}

fn scope_schema(table: &Table) -> Arc<Schema> {
    let columns = match table.disposition {
        Disposition::Replace { scope } => scope,
        _ => table.key,
    };
    let columns = columns.iter().map(|name| Field::new(*name, DataType::Utf8, false));
    schema(&columns.chain(scope_fields()).collect::<Vec<_>>())
}

fn schema(fields: &[Field]) -> Arc<Schema> {
    Arc::new(Schema::new(fields.to_vec()))
}

/// Two files, so that more than one is read.
fn write(folder: &Path, name: &str, rows: &[Value], schema: &Arc<Schema>) -> Vec<PathBuf> {
    let parts = rows.chunks(rows.len().div_ceil(2).max(1)).enumerate();
    parts
        .map(|(part, rows)| {
            let path = folder.join(format!("{name}-{part}.parquet"));
            let mut decoder = ReaderBuilder::new(schema.clone())
                .with_batch_size(8192)
                .build_decoder()
                .expect("the schema is one that JSON can hold");
            let file = fs_err::File::create(&path).unwrap();
            let mut writer = ArrowWriter::try_new(file, schema.clone(), None).unwrap();
            for rows in rows.chunks(8192) {
                decoder.serialize(rows).unwrap();
                while let Some(batch) = decoder.flush().unwrap() {
                    writer.write(&batch).unwrap();
                }
            }
            writer.close().unwrap();
            path
        })
        .collect()
}
