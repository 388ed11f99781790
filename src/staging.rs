//! What normalising hands to loading: Parquet files on disk and a few counts.
//!
//! Parquet is the hand-over format because both sides of it use all cores and bounded memory: several workers
//! write files side by side, and `DuckDB` reads them in parallel by column name.

use std::path::PathBuf;
use std::time::Duration;

use arrow::datatypes::{DataType, Field, TimeUnit};

use crate::schema::Table;

/// Columns of a staged row after the table's declared ones.
///
/// `_extra`: JSON object of the fields without a column, and of fields that say something else than the field
/// that won their column; null when there are none; always JSON that `DuckDB` accepts. `_present`: bit *i* is
/// set when the record had at least one field of declared column *i*, so that an absent field never overwrites
/// a loaded value. `_seen_at`: when the page was fetched, UTC. `_list`: index of the list that the row came
/// from. `_newest`: false when a later page, or an earlier row of the same page, holds the same key. Rows that are
/// replaced together are so as a whole: those of an answer about a company, and the elements of a record's array.
pub fn row_fields() -> [Field; 5] {
    [
        Field::new("_extra", DataType::Utf8, true),
        Field::new("_present", DataType::UInt64, false),
        Field::new("_seen_at", DataType::Timestamp(TimeUnit::Microsecond, None), false),
        Field::new("_list", DataType::UInt32, false),
        Field::new("_newest", DataType::Boolean, false),
    ]
}

/// Columns of a staged reject; the names are those of `etl.rejects`. `reject_id` tells those of a run apart, `list` is the
/// index of the list. `newest`: false when what was rejected is of a record, or of an answer about a company, of which a
/// later page holds a newer one.
pub fn reject_fields() -> [Field; 9] {
    [
        Field::new("reject_id", DataType::Utf8, false),
        Field::new("list", DataType::UInt32, false),
        Field::new("table_name", DataType::Utf8, false),
        Field::new("key", DataType::Utf8, true),
        Field::new("field", DataType::Utf8, true),
        Field::new("raw", DataType::Utf8, false),
        Field::new("reason", DataType::Utf8, false),
        Field::new("page", DataType::Int64, false),
        Field::new("newest", DataType::Boolean, false),
    ]
}

/// Columns of a staged scope after the columns of the table's scope: what of a table was read, and when.
///
/// A row for each parent whose children came, also when there were none: these replace the earlier ones as a whole.
/// `_seen_at` and `_newest` as in [`row_fields`].
pub fn scope_fields() -> [Field; 2] {
    [
        Field::new("_seen_at", DataType::Timestamp(TimeUnit::Microsecond, None), false),
        Field::new("_newest", DataType::Boolean, false),
    ]
}

/// What was staged for one table.
#[derive(Debug)]
pub struct StagedTable {
    /// The table.
    pub table: &'static Table,
    /// Parquet files of rows: the table's declared columns, then [`row_fields`]. None when there was no row.
    pub rows: Vec<PathBuf>,
    /// Parquet files of the scopes read: the scope's columns, then [`scope_fields`]. Only for tables of children and of
    /// companies' answers; what else was read is told by the lists.
    pub scopes: Vec<PathBuf>,
    /// Rows written to [`StagedTable::rows`].
    pub rows_staged: u64,
}

impl StagedTable {
    /// Nothing staged yet for that table.
    pub fn new(table: &'static Table) -> Self {
        Self { table, rows: Vec::new(), scopes: Vec::new(), rows_staged: 0 }
    }
}

/// What was staged of one stream.
#[derive(Debug, Default)]
pub struct Staged {
    /// Its tables, in the order of the stream's targets.
    pub tables: Vec<StagedTable>,
    /// Parquet files of [`reject_fields`]. None when nothing was rejected.
    pub rejects: Vec<PathBuf>,
    /// How the records differ from the document.
    pub drift: Vec<Drift>,
    /// Records read, the elements of their arrays included: rows staged and records rejected whole.
    pub records: u64,
    /// Records rejected whole.
    pub records_rejected: u64,
    /// Rejects of single values; their rows are staged, nearly always with NULL in the value's place (text with
    /// half of a surrogate pair is kept as far as it fits; of a field that a record has twice the last value is kept).
    pub cells_rejected: u64,
    /// Time spent on reading pages into columns, added up over the workers.
    pub parsing: Duration,
    /// Time spent on writing the columns to the files, added up over the workers.
    pub building: Duration,
}

impl Staged {
    /// Rows staged in all tables.
    pub fn rows_staged(&self) -> u64 {
        self.tables.iter().map(|table| table.rows_staged).sum()
    }
}

/// One field that differs from the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The API's field.
    pub field: String,
    /// How it differs.
    pub kind: DriftKind,
    /// Records in which it was seen.
    pub count: u64,
    /// One value as received, shortened; none for a missing field.
    pub sample: Option<String>,
}

/// How a field differs from the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DriftKind {
    /// A field without a column.
    Unknown,
    /// A documented field that a record lacks.
    Missing,
    /// Another JSON type than documented.
    Type,
    /// Values with more digits than the column, which are rounded.
    Precision,
    /// What is around the JSON differs: how an answer is labelled or begins.
    Envelope,
}

impl DriftKind {
    /// The kind as `etl.schema_drift` holds it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Missing => "missing",
            Self::Type => "type",
            Self::Precision => "precision",
            Self::Envelope => "envelope",
        }
    }
}
