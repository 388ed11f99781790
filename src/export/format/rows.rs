//! Writes CSV and XLSX with the writers of `query`, which make formulas harmless.

use std::{io::BufWriter, path::Path};

use arrow::array::RecordBatch;
use duckdb::Connection;

use crate::export::{ExportError, ExportFormat, ExportOptions, relation::Relation};
use crate::query::{Column, Format, MOST_SHEET_ROWS, QueryError, QueryOptions, Sheet, Written, writer};
use crate::schema::ddl::identifier;

/// Writes the rows of `select` to `path` and returns their number.
pub(in crate::export) fn write(
    conn: &Connection,
    relation: &Relation,
    country_in_path: bool,
    select: &str,
    path: &Path,
    options: &ExportOptions,
) -> Result<u64, ExportError> {
    let refused = |source: duckdb::Error| ExportError::table(&relation.name, source);
    let failed = |source: QueryError| ExportError::table(&relation.name, source);
    let columns: Vec<Column> =
        relation.in_file(country_in_path).map(crate::export::relation::Column::described).collect();
    let mut statement = conn.prepare(select).map_err(refused)?;
    let schema = statement.stream_arrow([]).map_err(refused)?.get_schema();
    let mut out = BufWriter::new(fs_err::File::create(path)?);
    let format = if options.format == ExportFormat::Xlsx { Format::Xlsx } else { Format::Csv };
    let style =
        QueryOptions { format, raw_csv: options.raw_csv, csv: options.csv, ..QueryOptions::default() };
    let sheet = Sheet { name: &relation.name, scratch: path.parent() };
    let mut rows = writer(&columns, &schema, &style, sheet, &mut out).map_err(failed)?;
    let mut written = Written { rows: 0, truncated: false };
    while let Some(array) = statement.step().map_err(refused)? {
        let batch = RecordBatch::from(&array);
        rows.batch(&batch).map_err(failed)?;
        written.rows += batch.num_rows() as u64;
    }
    rows.finish(written).map_err(failed)?;
    out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    Ok(written.rows)
}

/// Checks that the rows that meet `condition` fit into one sheet, before any row is written.
///
/// # Errors
/// [`QueryError::TooLarge`], as the source of [`ExportError::Table`], if there are more than [`MOST_SHEET_ROWS`] rows.
pub(in crate::export) fn fit_into_a_sheet(
    conn: &Connection,
    relation: &Relation,
    condition: Option<&str>,
) -> Result<(), ExportError> {
    let condition = condition.map(|condition| format!(" WHERE {condition}")).unwrap_or_default();
    let sql = format!("SELECT count(*) FROM \"main\".{}{condition}", identifier(&relation.name));
    let rows: u64 = conn
        .query_row(&sql, [], |row| row.get(0))
        .map_err(|source| ExportError::table(&relation.name, source))?;
    if rows <= u64::from(MOST_SHEET_ROWS) {
        return Ok(());
    }
    let what = format!("it has {rows} rows, a sheet has room for {MOST_SHEET_ROWS} below its header");
    Err(ExportError::table(&relation.name, QueryError::TooLarge { what }))
}
