//! The writers of the output formats.

use std::{io::Write, path::Path};

use arrow::{array::RecordBatch, datatypes::SchemaRef};

use super::{
    Format, QueryError, QueryOptions, Written,
    columns::Column,
    csv::{Csv, CsvStyle},
    json::{Json, Layout},
    markdown::Markdown,
    parquet::Parquet,
    table::Table,
    whole_table::WholeTable,
    xlsx,
};

/// Writer of one output format. Takes batches of one schema, in order.
pub(crate) trait Rows {
    /// Number of rows that the writer still takes. Only tables have a limit.
    fn room(&self) -> usize {
        usize::MAX
    }
    /// Takes the rows of a batch.
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), QueryError>;
    /// Writes the end of the output.
    fn finish(self: Box<Self>, written: Written) -> Result<(), QueryError>;
}

/// Options for XLSX only.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sheet<'a> {
    /// Name of the sheet.
    pub(crate) name: &'a str,
    /// Folder for temporary files; `None` for that of the system.
    pub(crate) scratch: Option<&'a Path>,
}

/// Creates the writer for `options.format` and begins the output. `schema` is the schema of the batches: texts, except
/// for the nesting of JSON and the types of Parquet.
pub(crate) fn writer<'out>(
    columns: &[Column],
    schema: &SchemaRef,
    options: &QueryOptions,
    sheet: Sheet<'_>,
    out: &'out mut (dyn Write + Send),
) -> Result<Box<dyn Rows + 'out>, QueryError> {
    Ok(match (options.format, options.width) {
        (Format::Table, Some(width)) => Box::new(Table::new(columns, width, options, out)),
        (Format::Table, None) => Box::new(WholeTable::new(columns, options.max_rows, out)),
        (Format::Csv, _) => {
            let style = CsvStyle { raw: options.raw_csv, terminal: options.terminal, options: options.csv };
            Box::new(Csv::start(columns, style, out)?)
        }
        (Format::Json, _) => Box::new(Json::start(columns, Layout::Array, options.terminal, out)),
        (Format::Jsonl, _) => Box::new(Json::start(columns, Layout::Lines, options.terminal, out)),
        (Format::Markdown, _) => Box::new(Markdown::start(columns, out)?),
        (Format::Parquet, _) => Box::new(Parquet::start(columns, schema, out)?),
        (Format::Xlsx, _) => Box::new(xlsx::Sheet::start(columns, sheet.name, sheet.scratch, out)?),
    })
}
