//! Reads the published warehouse: one SELECT in, rows out in the format asked for.
//!
//! Three locks keep a query from changing anything or reading what is not in the warehouse: the file is opened read
//! only; DuckDB's access to other files and to the network is off, and its configuration locked; and the text has to
//! be one statement that reads ([`QueryError::NotReading`], [`QueryError::SeveralStatements`]).

mod cells;
mod csv;
mod error;
mod format;
mod json;
mod markdown;
mod open;
mod parquet;
mod statement;
mod table;
mod texts;

use std::{io::Write, path::Path};

use arrow::{array::RecordBatch, datatypes::SchemaRef};

pub(crate) use csv::{Csv, CsvStyle};
pub use error::QueryError;
pub use format::Format;
pub(crate) use json::escape as escape_json;
pub(crate) use open::open;
pub(crate) use texts::texts;

/// How the rows are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryOptions {
    /// Format of the output. Default: [`Format::Table`].
    pub format: Format,
    /// Columns of the terminal, for [`Format::Table`]; columns that do not fit are left out and named. Default: 100.
    pub width: u16,
    /// Most rows that [`Format::Table`] shows. Other formats write all rows. Default: 1000.
    pub max_rows: usize,
    /// CSV: leave text that a spreadsheet would take for a formula as it is. Default: false, see [`Format::Csv`].
    pub raw_csv: bool,
    /// Whether the output goes to a terminal: CSV and JSON then escape the characters that it would act on, and Parquet
    /// is refused. [`Format::Table`] and [`Format::Markdown`] always escape. Default: false.
    pub terminal: bool,
}

impl Default for QueryOptions {
    fn default() -> Self {
        Self { format: Format::Table, width: 100, max_rows: 1000, raw_csv: false, terminal: false }
    }
}

/// What a query wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Rows written.
    pub rows: u64,
    /// Whether there were more rows than [`QueryOptions::max_rows`]; only a table leaves rows out.
    pub truncated: bool,
}

/// Runs `sql` on the warehouse at `path` and writes the result to `out`.
///
/// `sql` is one statement that reads (SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN) or the name of a
/// view or table, which stands for all its rows. Rows are streamed: memory does not grow with the result.
///
/// # Errors
/// [`QueryError`]: no warehouse, not a reading statement, several statements, SQL that DuckDB refuses, a value that the
/// format cannot hold, or `out` failing.
pub fn query(
    path: &Path,
    sql: &str,
    options: &QueryOptions,
    out: &mut (dyn Write + Send),
) -> Result<Written, QueryError> {
    if options.terminal && options.format == Format::Parquet {
        return Err(QueryError::BinaryToTerminal);
    }
    let conn = open(path, false)?;
    // One row more than shown, so that the note about more rows is true.
    let limit = (options.format == Format::Table).then(|| options.max_rows.saturating_add(1));
    let sql = statement::reading(&conn, sql, limit)?;
    let mut statement = conn.prepare(&sql).map_err(QueryError::sql)?;
    let schema = statement.stream_arrow([]).map_err(QueryError::sql)?.get_schema();
    let is_json = |column| statement.column_logical_type(column).get_alias().as_deref() == Some("JSON");
    let schema = cells::with_json_marked(&schema, is_json);
    let mut rows = writer(&schema, options, out)?;
    let mut written = Written { rows: 0, truncated: false };
    while let Some(array) = statement.step().map_err(QueryError::sql)? {
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

/// Writes rows that come from elsewhere than the warehouse, in the same forms.
///
/// # Errors
/// [`QueryError`]: a value that the format cannot hold, Parquet to a terminal, or `out` failing.
pub(crate) fn write_rows(
    batch: &RecordBatch,
    options: &QueryOptions,
    out: &mut (dyn Write + Send),
) -> Result<Written, QueryError> {
    if options.terminal && options.format == Format::Parquet {
        return Err(QueryError::BinaryToTerminal);
    }
    let mut rows = writer(&batch.schema(), options, out)?;
    let kept = batch.num_rows().min(rows.room());
    rows.batch(&batch.slice(0, kept))?;
    let written = Written { rows: kept as u64, truncated: kept < batch.num_rows() };
    rows.finish(written)?;
    out.flush().map_err(QueryError::Write)?;
    Ok(written)
}

/// Like [`query`], into `file`: written beside it first and renamed when complete, so that a failed query leaves an
/// earlier file as it is.
///
/// # Errors
/// As [`query`]; [`QueryError::Write`] when the file cannot be written.
pub fn query_to_file(
    path: &Path,
    sql: &str,
    options: &QueryOptions,
    file: &Path,
) -> Result<Written, QueryError> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = file.with_file_name(name);
    let written = write_file(path, sql, options, &temporary)
        .and_then(|written| fs_err::rename(&temporary, file).map_err(QueryError::Write).map(|()| written));
    if written.is_err() {
        // The query's own error matters; what is left over has a name that says what it is.
        let _ = fs_err::remove_file(&temporary);
    }
    written
}

fn write_file(
    path: &Path,
    sql: &str,
    options: &QueryOptions,
    temporary: &Path,
) -> Result<Written, QueryError> {
    let file = fs_err::File::create(temporary).map_err(QueryError::Write)?;
    let mut out = std::io::BufWriter::new(file);
    let written = query(path, sql, &QueryOptions { terminal: false, ..options.clone() }, &mut out)?;
    let file = out.into_inner().map_err(|error| QueryError::Write(error.into_error()))?;
    file.sync_all().map_err(QueryError::Write)?;
    Ok(written)
}

/// One output format: takes batches of one schema, in order.
trait Rows {
    /// How many more rows are wanted; a table stops, the other formats take all.
    fn room(&self) -> usize {
        usize::MAX
    }
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), QueryError>;
    fn finish(self: Box<Self>, written: Written) -> Result<(), QueryError>;
}

fn writer<'out>(
    schema: &SchemaRef,
    options: &QueryOptions,
    out: &'out mut (dyn Write + Send),
) -> Result<Box<dyn Rows + 'out>, QueryError> {
    Ok(match options.format {
        Format::Table => Box::new(table::Table::new(schema, options, out)),
        Format::Csv => {
            let style = CsvStyle { raw: options.raw_csv, terminal: options.terminal };
            Box::new(Csv::start(schema, style, out)?)
        }
        Format::Json => Box::new(json::array(schema, options.terminal, out)),
        Format::Jsonl => Box::new(json::lines(schema, options.terminal, out)),
        Format::Markdown => Box::new(markdown::Markdown::start(schema, out)?),
        Format::Parquet => Box::new(parquet::Parquet::start(schema, out)?),
    })
}
