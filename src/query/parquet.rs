//! Writes a result as one Parquet file.
//!
//! The file is written from Arrow batches, because DuckDB's own `COPY` needs access to files, which a query does not
//! have.

use std::io::Write;

use arrow::{
    array::RecordBatch,
    datatypes::{FieldRef, Fields, Schema, SchemaRef},
};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::properties::WriterProperties,
};

use super::{
    QueryError, Rows, Written,
    columns::{Column, unique_names},
};

/// Rows per row group, as in DuckDB's default. It limits the memory of the writer.
const ROW_GROUP_ROWS: usize = 122_880;

pub(super) struct Parquet<'out> {
    writer: ArrowWriter<&'out mut (dyn Write + Send)>,
    schema: SchemaRef,
}

impl<'out> Parquet<'out> {
    /// Begins a file. `schema` is the schema of the batches; `columns` describes their columns, in the same order.
    pub(super) fn start(
        columns: &[Column],
        schema: &SchemaRef,
        out: &'out mut (dyn Write + Send),
    ) -> Result<Self, QueryError> {
        let named =
            |(field, name): (&FieldRef, String)| field.as_ref().clone().with_name(name).with_nullable(true);
        let fields: Fields = schema.fields().iter().zip(unique_names(columns)).map(named).collect();
        let schema: SchemaRef = Schema::new(fields).into();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .build();
        let writer = ArrowWriter::try_new(out, schema.clone(), Some(properties)).map_err(failed)?;
        Ok(Self { writer, schema })
    }
}

impl Rows for Parquet<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let batch = RecordBatch::try_new(self.schema.clone(), batch.columns().to_vec())
            .map_err(QueryError::format)?;
        self.writer.write(&batch).map_err(failed)
    }

    fn finish(self: Box<Self>, _: Written) -> Result<(), QueryError> {
        self.writer.close().map(drop).map_err(failed)
    }
}

/// Maps an I/O error of the output to [`QueryError::Write`]: a full disk is not a problem of the format.
fn failed(error: ParquetError) -> QueryError {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => QueryError::Write(*source),
            Err(other) => QueryError::Format(other),
        },
        other => QueryError::format(other),
    }
}
