//! Staged Parquet files for load tests, from rows written as JSON.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use arrow::json::ReaderBuilder;
use parquet::arrow::ArrowWriter;
use serde_json::{Map, Value, json};
use vainu_etl::catalog::PROSPECTS_TABLE;
use vainu_etl::staging::{Staged, StagedTable, reject_fields, row_fields};

/// When the staged rows of a fixture were seen, unless told otherwise: 2026-01-02 03:04:05.
pub(crate) const SEEN_AT_US: i64 = 1_767_323_045_000_000;

/// A fixture's rows of `prospects`.
pub(crate) struct StagedFixture {
    rows: Vec<Value>,
    rejects: Vec<Value>,
    seen_at_us: i64,
}

impl StagedFixture {
    pub(crate) fn new() -> Self {
        Self { rows: Vec::new(), rejects: Vec::new(), seen_at_us: SEEN_AT_US }
    }

    /// The same rows, seen at another time.
    pub(crate) fn seen_at(mut self, microseconds: i64) -> Self {
        self.seen_at_us = microseconds;
        self
    }

    /// Adds the newest row of a company. The columns in `values` are those that its record had, also those with
    /// null; the others are absent.
    pub(crate) fn row(self, list: u32, country: &str, business_id: &str, values: Value) -> Self {
        self.add(list, country, business_id, values, true)
    }

    /// Adds a row of a company of which a newer one was seen.
    pub(crate) fn older_row(self, list: u32, country: &str, business_id: &str, values: Value) -> Self {
        self.add(list, country, business_id, values, false)
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
    pub(crate) fn reject(mut self, list: u32, id: &str, field: &str, raw: &str) -> Self {
        self.rejects.push(json!({
            "reject_id": id, "list": list, "table_name": "prospects", "key": "FI/00000001",
            "field": field, "raw": raw, "reason": "not a number", "page": 7,
        }));
        self
    }

    fn add(mut self, list: u32, country: &str, business_id: &str, values: Value, newest: bool) -> Self {
        let Value::Object(mut row) = values else { panic!("values are an object") };
        row.insert("country".into(), country.into());
        row.insert("business_id".into(), business_id.into());
        row.insert("_present".into(), present(&row).into());
        row.insert("_list".into(), list.into());
        row.insert("_newest".into(), newest.into());
        self.rows.push(Value::Object(row));
        self
    }

    /// Writes the files into `folder`, which is made.
    pub(crate) fn write(mut self, folder: &Path) -> Staged {
        fs_err::create_dir_all(folder).unwrap();
        for row in &mut self.rows {
            row["_seen_at"] = self.seen_at_us.into();
        }
        let rows_staged = self.rows.len() as u64;
        let rows = write(folder, "rows", &self.rows, &PROSPECTS_TABLE.arrow_schema(&row_fields()));
        Staged {
            tables: vec![StagedTable { rows, rows_staged, ..StagedTable::new(&PROSPECTS_TABLE) }],
            rejects: write(folder, "rejects", &self.rejects, &schema(&reject_fields())),
            records: rows_staged,
            cells_rejected: self.rejects.len() as u64,
            ..Staged::default()
        }
    }
}

/// Bit *i* is set when the record had declared column *i*.
fn present(row: &Map<String, Value>) -> u64 {
    let columns = PROSPECTS_TABLE.columns.iter().enumerate();
    columns.filter(|(_, column)| row.contains_key(column.name)).map(|(bit, _)| 1 << bit).sum()
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
