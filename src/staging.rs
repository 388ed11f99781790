//! The hand-over from normalising to loading: Parquet files on disk and a few counts.
//!
//! Parquet is the format because both sides can use all cores with bounded memory: several workers write files in
//! parallel, and `DuckDB` reads them in parallel by column name.

use std::path::PathBuf;
use std::time::Duration;

use arrow::datatypes::{DataType, Field, TimeUnit};

use crate::schema::Table;

/// Columns of a staged row after the table's declared ones.
///
/// - `_extra`: JSON object of the fields without a column, and of fields whose value differs from that of the field
///   that supplied their column. NULL if there are none. Always JSON that `DuckDB` accepts.
/// - `_present`: bit *i* is set if the record had at least one field of declared column *i*, so that an absent field
///   never overwrites a loaded value.
/// - `_seen_at`: when the page was fetched, UTC.
/// - `_list`: index of the list that the row came from.
/// - `_newest`: false if a later page, or an earlier row of the same page, holds the same key. For rows that are
///   replaced together (those of an answer about a company, and the elements of a record's array) it is the same in
///   all of them.
pub fn row_fields() -> [Field; 5] {
    [
        Field::new("_extra", DataType::Utf8, true),
        Field::new("_present", DataType::UInt64, false),
        Field::new("_seen_at", DataType::Timestamp(TimeUnit::Microsecond, None), false),
        Field::new("_list", DataType::UInt32, false),
        Field::new("_newest", DataType::Boolean, false),
    ]
}

/// Columns of a staged reject, named as in `etl.rejects`.
///
/// - `list`: index of the list.
/// - `newest`: false if the reject is of a record, or of an answer about a company, of which a later page holds a
///   newer one.
pub fn reject_fields() -> [Field; 8] {
    [
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

/// Columns of a staged scope, after the columns of the table's scope. A scope says what was read of a table, and when.
///
/// There is one row for each parent whose children were read, even if it has none: the children read replace the
/// earlier ones as a whole. `_seen_at` and `_newest` are as in [`row_fields`].
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
    /// Parquet files of rows: the table's declared columns, then [`row_fields`]. Empty if there were no rows.
    pub rows: Vec<PathBuf>,
    /// Parquet files of the scopes read: the scope's columns, then [`scope_fields`]. Only for tables of children and
    /// of answers about companies; for other tables the lists say what was read.
    pub scopes: Vec<PathBuf>,
    /// Rows written to [`StagedTable::rows`].
    pub rows_staged: u64,
}

impl StagedTable {
    /// An entry for `table` with nothing staged.
    pub fn new(table: &'static Table) -> Self {
        Self { table, rows: Vec::new(), scopes: Vec::new(), rows_staged: 0 }
    }
}

/// What was staged for one stream.
#[derive(Debug, Default)]
pub struct Staged {
    /// Its tables, in the order of the stream's targets.
    pub tables: Vec<StagedTable>,
    /// Parquet files of rejects, with the columns [`reject_fields`]. Empty if nothing was rejected.
    pub rejects: Vec<PathBuf>,
    /// Differences between the records and the API's document.
    pub drift: Vec<Drift>,
    /// Records read, including the elements of their arrays: those staged as rows and those rejected whole.
    pub records: u64,
    /// Records rejected whole.
    pub records_rejected: u64,
    /// Rejects of single values. Their rows are staged, nearly always with NULL in place of the value. Exceptions:
    /// text with half of a surrogate pair is kept as far as it fits, and of a field that a record has twice the last
    /// value is kept.
    pub cells_rejected: u64,
    /// Time spent on reading pages into columns, summed over the workers. Streams that are made of the same pages share
    /// it: it is that of the first, and zero for the others.
    pub parsing: Duration,
    /// Time spent on writing the columns to the files, summed over the workers; shared as [`Staged::parsing`] is.
    pub building: Duration,
}

impl Staged {
    /// Rows staged in all tables.
    pub fn rows_staged(&self) -> u64 {
        self.tables.iter().map(|table| table.rows_staged).sum()
    }
}

/// One field that differs from the API's document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// Name of the API's field.
    pub field: String,
    /// How it differs.
    pub kind: DriftKind,
    /// Number of records that differ in this way.
    pub count: u64,
    /// One value as received, shortened; `None` for a missing field.
    pub sample: Option<String>,
}

/// How a field differs from the API's document.
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
    /// What surrounds the JSON differs: the header `Content-Type`, or the beginning of the answer.
    Envelope,
}

impl DriftKind {
    /// The value of `kind` in `etl.schema_drift`.
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
