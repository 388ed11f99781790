//! Arrow builders for rows, with the columns of the catalog.

use std::sync::Arc;

use arrow::array::{
    ArrayBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder,
    RecordBatch, StringBuilder, TimestampMicrosecondBuilder, UInt32Builder, UInt64Builder,
};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use crate::normalise::mapping::plan::TableMapping;
use crate::normalise::rows::row::Row;
use crate::record::cell::Cell;
use crate::schema::{DECIMAL_PRECISION, DECIMAL_SCALE, Kind};
use crate::staging::row_fields;

/// Rows that become a record batch.
#[derive(Debug)]
pub(in crate::normalise) struct RowBuilder {
    schema: SchemaRef,
    columns: Vec<ColumnBuilder>,
    extra: StringBuilder,
    present: UInt64Builder,
    seen_at: TimestampMicrosecondBuilder,
    list: UInt32Builder,
    newest: BooleanBuilder,
}

impl RowBuilder {
    pub(in crate::normalise) fn new(plan: &TableMapping) -> Self {
        Self {
            schema: plan.table.arrow_schema(&row_fields()),
            columns: plan.columns.iter().map(|column| ColumnBuilder::new(column.kind)).collect(),
            extra: StringBuilder::new(),
            present: UInt64Builder::new(),
            seen_at: TimestampMicrosecondBuilder::new(),
            list: UInt32Builder::new(),
            newest: BooleanBuilder::new(),
        }
    }

    /// Number of rows appended so far.
    pub(in crate::normalise) fn len(&self) -> usize {
        self.present.len()
    }

    /// Appends a row without `_newest`, which is known only when the whole page has been read. Cannot fail, so that
    /// all columns stay equally long.
    pub(in crate::normalise) fn append(&mut self, row: &Row<'_>, seen_at: i64, list: u32) {
        for (builder, cell) in self.columns.iter_mut().zip(&row.cells) {
            builder.append(cell);
        }
        self.extra.append_option(row.extra.as_deref());
        self.present.append_value(row.present);
        self.seen_at.append_value(seen_at);
        self.list.append_value(list);
    }

    /// Appends whether the next row is the newest of its company.
    pub(in crate::normalise) fn append_newest(&mut self, newest: bool) {
        self.newest.append_value(newest);
    }

    /// Takes the rows so far as a record batch.
    pub(in crate::normalise) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let mut arrays: Vec<_> = self.columns.iter_mut().map(ColumnBuilder::finish).collect();
        let last: [&mut dyn ArrayBuilder; 5] =
            [&mut self.extra, &mut self.present, &mut self.seen_at, &mut self.list, &mut self.newest];
        arrays.extend(last.map(ArrayBuilder::finish));
        RecordBatch::try_new(Arc::clone(&self.schema), arrays)
    }
}

/// The builder of one column.
#[derive(Debug)]
enum ColumnBuilder {
    Text(StringBuilder),
    Boolean(BooleanBuilder),
    Integer(Int64Builder),
    Double(Float64Builder),
    Decimal(Decimal128Builder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
}

impl ColumnBuilder {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text | Kind::Code { .. } | Kind::BusinessId | Kind::Country | Kind::Json => {
                Self::Text(StringBuilder::new())
            }
            Kind::Boolean => Self::Boolean(BooleanBuilder::new()),
            Kind::Integer => Self::Integer(Int64Builder::new()),
            Kind::Double => Self::Double(Float64Builder::new()),
            Kind::Decimal => {
                let decimals = Decimal128Builder::new();
                // The constants are within the limits of the type. If they were not, `finish` would fail.
                Self::Decimal(
                    decimals.with_precision_and_scale(DECIMAL_PRECISION, DECIMAL_SCALE).unwrap_or_default(),
                )
            }
            Kind::Date => Self::Date(Date32Builder::new()),
            Kind::Timestamp => Self::Timestamp(TimestampMicrosecondBuilder::new()),
        }
    }

    fn append(&mut self, cell: &Cell<'_>) {
        match (self, cell) {
            (Self::Text(builder), Cell::Text(text)) => builder.append_value(text),
            (Self::Boolean(builder), Cell::Boolean(value)) => builder.append_value(*value),
            (Self::Integer(builder), Cell::Integer(value)) => builder.append_value(*value),
            (Self::Double(builder), Cell::Double(value)) => builder.append_value(*value),
            (Self::Decimal(builder), Cell::Decimal(value)) => builder.append_value((*value).into()),
            (Self::Date(builder), Cell::Date(value)) => builder.append_value(*value),
            (Self::Timestamp(builder), Cell::Timestamp(value)) => builder.append_value(*value),
            (builder, cell) => {
                debug_assert_eq!(*cell, Cell::Null, "parsed for another kind than {builder:?}");
                builder.append_null();
            }
        }
    }

    fn append_null(&mut self) {
        match self {
            Self::Text(builder) => builder.append_null(),
            Self::Boolean(builder) => builder.append_null(),
            Self::Integer(builder) => builder.append_null(),
            Self::Double(builder) => builder.append_null(),
            Self::Decimal(builder) => builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::Timestamp(builder) => builder.append_null(),
        }
    }

    fn finish(&mut self) -> arrow::array::ArrayRef {
        match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Integer(builder) => Arc::new(builder.finish()),
            Self::Double(builder) => Arc::new(builder.finish()),
            Self::Decimal(builder) => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder) => Arc::new(builder.finish()),
        }
    }
}
