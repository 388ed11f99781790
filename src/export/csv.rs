//! CSV by our own writer, which disarms formulas.

use std::{io::BufWriter, path::Path};

use arrow::array::RecordBatch;
use duckdb::Connection;

use super::ExportError;
use crate::query::{Csv, CsvStyle};

/// Writes the rows of `select`; returns their number.
pub(super) fn write(
    conn: &Connection,
    table: &str,
    select: &str,
    path: &Path,
    raw: bool,
) -> Result<u64, ExportError> {
    let failed = |source| ExportError::table(table, source);
    let mut statement = conn.prepare(select).map_err(failed)?;
    let schema = statement.stream_arrow([]).map_err(failed)?.get_schema();
    let mut out = BufWriter::new(fs_err::File::create(path)?);
    let style = CsvStyle { raw, terminal: false };
    let mut csv = Csv::start(&schema, style, &mut out).map_err(|source| ExportError::table(table, source))?;
    let mut rows = 0;
    while let Some(array) = statement.step().map_err(failed)? {
        let batch = RecordBatch::from(&array);
        csv.write(&batch).map_err(|source| ExportError::table(table, source))?;
        rows += batch.num_rows() as u64;
    }
    out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    Ok(rows)
}
