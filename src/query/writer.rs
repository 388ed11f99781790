//! The writer of a format.

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

/// One output format: takes batches of one schema, in order.
pub(crate) trait Rows {
    /// How many more rows are wanted; a table stops, the other formats take all.
    fn room(&self) -> usize {
        usize::MAX
    }
    /// Takes the rows of a batch.
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), QueryError>;
    /// Writes what ends the output.
    fn finish(self: Box<Self>, written: Written) -> Result<(), QueryError>;
}

/// What only a spreadsheet needs to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sheet<'a> {
    /// Name of the sheet.
    pub(crate) name: &'a str,
    /// Folder for what is not written yet; the system's for such when there is none.
    pub(crate) scratch: Option<&'a Path>,
}

/// Begins an output. `schema` is that of the batches: texts, but for JSON's nesting and Parquet's types.
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
