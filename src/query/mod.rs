//! Reads the published warehouse: runs one SELECT and writes its rows in the requested format.
//!
//! Three restrictions keep a query from changing anything and from reading anything outside of the warehouse. The file
//! is opened read-only. DuckDB's access to other files and to the network is disabled, and its configuration is
//! locked. The text has to be one reading statement ([`QueryError::NotReading`], [`QueryError::SeveralStatements`]).

mod cells;
mod columns;
mod csv;
mod csv_options;
mod error;
mod format;
mod json;
mod markdown;
mod open;
mod parquet;
mod scan;
mod scratch;
mod statement;
mod table;
mod target;
mod texts;
mod types;
mod whole_table;
mod writer;
mod xlsx;
mod xlsx_cell;

use std::{io::Write, path::Path};

use arrow::{array::RecordBatch, compute::cast, datatypes::DataType};
use duckdb::{Connection, Statement};

use columns::Carrier;
pub(crate) use columns::Column;
pub(crate) use csv::FORMULA;
pub use csv_options::{CsvOptions, CsvOptionsError, Delimiter};
pub use error::QueryError;
pub use format::Format;
pub(crate) use json::escape as escape_json;
pub(crate) use open::open;
pub(crate) use scratch::becomes_an_error;
use statement::Reading;
use target::Target;
pub use target::TargetError;
pub(crate) use texts::{Texts, texts};
pub(crate) use types::{Reader, Type};
pub(crate) use writer::{Rows, Sheet, writer};
pub(crate) use xlsx::MOST_ROWS as MOST_SHEET_ROWS;

/// How the rows are written. Start with [`QueryOptions::new`] or the default and set single fields.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryOptions {
    /// Format of the output. Default: [`Format::Table`].
    pub format: Format,
    /// Width of the terminal in columns, for [`Format::Table`]: cells are shortened, and columns that do not fit are
    /// left out and named. `None`: whole cells and all columns. Default: 100.
    pub width: Option<u16>,
    /// Largest number of rows that [`Format::Table`] shows. Other formats write all rows. Default: 1000.
    pub max_rows: usize,
    /// CSV: whether text that a spreadsheet would read as a formula is written unchanged, see [`Format::Csv`].
    /// Default: false.
    pub raw_csv: bool,
    /// CSV: differences from RFC 4180. Default: no differences.
    pub csv: CsvOptions,
    /// Whether the output goes to a terminal. CSV and JSON then escape the characters that a terminal acts on, and
    /// binary formats are refused. [`Format::Table`] and [`Format::Markdown`] always escape. Default: false.
    pub terminal: bool,
}

impl QueryOptions {
    /// The default of each field but `format`.
    pub fn new(format: Format) -> Self {
        Self { format, ..Self::default() }
    }
}

impl Default for QueryOptions {
    fn default() -> Self {
        Self {
            format: Format::Table,
            width: Some(100),
            max_rows: 1000,
            raw_csv: false,
            csv: CsvOptions::default(),
            terminal: false,
        }
    }
}

/// What a query wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// Rows written.
    pub rows: u64,
    /// Whether there were more rows than [`QueryOptions::max_rows`]. Always false for formats other than
    /// [`Format::Table`].
    pub truncated: bool,
}

/// Runs `sql` on the warehouse at `path` and writes the result to `out`.
///
/// `sql` is one reading statement (SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN) or the name of a
/// view or table, which returns all its rows. Rows are streamed: memory does not grow with the result.
///
/// # Errors
/// [`QueryError`] if there is no warehouse, if `sql` is not one reading statement, if DuckDB refuses it, if the format
/// cannot hold a value, or if writing to `out` fails.
pub fn query(
    path: &Path,
    sql: &str,
    options: &QueryOptions,
    out: &mut (dyn Write + Send),
) -> Result<Written, QueryError> {
    run(path, sql, options, None, out)
}

/// Like [`query`], but writes to `file`. The result goes to a temporary file beside it, which is renamed when it is
/// complete, so a failed query leaves an earlier file unchanged. A device or pipe is written to directly.
///
/// # Errors
/// As [`query`]; [`QueryError::Target`] if `file` is a folder or belongs to the warehouse; [`QueryError::Write`] if it
/// cannot be written.
pub fn query_to_file(
    path: &Path,
    sql: &str,
    options: &QueryOptions,
    file: &Path,
) -> Result<Written, QueryError> {
    let options = QueryOptions { terminal: false, ..options.clone() };
    Target::find(file, path)?.write(|folder, out| run(path, sql, &options, folder, out))
}

fn run(
    path: &Path,
    sql: &str,
    options: &QueryOptions,
    scratch: Option<&Path>,
    out: &mut (dyn Write + Send),
) -> Result<Written, QueryError> {
    refuse_binary(options)?;
    let conn = open(path, false)?;
    let reading = statement::reading(&conn, sql)?;
    let sheet = Sheet { name: reading.relation.as_deref().unwrap_or("query"), scratch };
    if !reading.is_table {
        let mut statement = conn.prepare(&reading.sql).map_err(QueryError::sql)?;
        return stream(&mut statement, None, options, sheet, out, QueryError::sql);
    }
    let (columns, sql) = columns_and_statement(&conn, &reading, options)?;
    let mut statement = conn.prepare(&sql).map_err(QueryError::sql_around)?;
    stream(&mut statement, Some(columns), options, sheet, out, QueryError::sql_around)
}

/// The columns of `reading`, and the statement that converts their values for the format.
fn columns_and_statement(
    conn: &Connection,
    reading: &Reading,
    options: &QueryOptions,
) -> Result<(Vec<Column>, String), QueryError> {
    let columns = columns::describe(conn, &reading.sql)?;
    // One row more than is shown, which tells whether there are more rows.
    let limit = (options.format == Format::Table && options.max_rows < usize::MAX)
        .then(|| options.max_rows.saturating_add(1));
    let sql = columns::statement_for(&reading.sql, &columns, Carrier::of(options.format), limit);
    Ok((columns, sql))
}

/// Writes the rows of `statement`. If `columns` is `None`, all values are texts.
fn stream(
    statement: &mut Statement<'_>,
    columns: Option<Vec<Column>>,
    options: &QueryOptions,
    sheet: Sheet<'_>,
    out: &mut (dyn Write + Send),
    failed: fn(duckdb::Error) -> QueryError,
) -> Result<Written, QueryError> {
    let schema = statement.stream_arrow([]).map_err(failed)?.get_schema();
    let columns = columns.unwrap_or_else(|| {
        let fields = schema.fields().iter();
        fields.map(|field| Column { name: field.name().clone(), kind: Type::Text }).collect()
    });
    let mut rows = writer(&columns, &schema, options, sheet, out)?;
    let mut written = Written { rows: 0, truncated: false };
    while let Some(array) = statement.step().map_err(failed)? {
        let batch = RecordBatch::from(&array);
        let room = rows.room();
        let kept = batch.num_rows().min(room);
        rows.batch(&batch.slice(0, kept))?;
        written.rows += kept as u64;
        if batch.num_rows() > room {
            written.truncated = true;
            break;
        }
    }
    rows.finish(written)?;
    out.flush().map_err(QueryError::Write)?;
    Ok(written)
}

/// Writes rows that do not come from the warehouse, in the same formats.
///
/// # Errors
/// [`QueryError`] if the format cannot hold a value, if a binary format goes to a terminal, or if writing to `out`
/// fails.
pub(crate) fn write_rows(
    batch: &RecordBatch,
    options: &QueryOptions,
    out: &mut (dyn Write + Send),
) -> Result<Written, QueryError> {
    refuse_binary(options)?;
    let columns = columns::of_batch(batch);
    let batch = if options.format == Format::Parquet { batch.clone() } else { as_texts(batch)? };
    let sheet = Sheet { name: "result", scratch: None };
    let mut rows = writer(&columns, &batch.schema(), options, sheet, out)?;
    let kept = batch.num_rows().min(rows.room());
    rows.batch(&batch.slice(0, kept))?;
    let written = Written { rows: kept as u64, truncated: kept < batch.num_rows() };
    rows.finish(written)?;
    out.flush().map_err(QueryError::Write)?;
    Ok(written)
}

fn as_texts(batch: &RecordBatch) -> Result<RecordBatch, QueryError> {
    let names = batch.schema_ref().fields().iter().map(|field| field.name().clone());
    let texts = batch.columns().iter().map(|column| cast(column, &DataType::Utf8));
    let columns = names.zip(texts).map(|(name, text)| Ok((name, text.map_err(QueryError::format)?, true)));
    let columns = columns.collect::<Result<Vec<_>, QueryError>>()?;
    RecordBatch::try_from_iter_with_nullable(columns).map_err(QueryError::format)
}

fn refuse_binary(options: &QueryOptions) -> Result<(), QueryError> {
    if options.terminal && options.format.is_binary() {
        return Err(QueryError::BinaryToTerminal(options.format));
    }
    Ok(())
}
