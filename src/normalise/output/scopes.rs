//! Builds record batches of scopes: what was read of a table.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayBuilder, BooleanBuilder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;

use crate::normalise::mapping::plan::TableMapping;
use crate::normalise::rows::row::Context;
use crate::record::key;
use crate::schema::Kind;
use crate::staging::scope_fields;

/// Scopes of one table.
#[derive(Debug)]
pub(in crate::normalise) struct ScopeBuilder {
    schema: SchemaRef,
    /// Positions of the scope's columns in the table's mapping.
    positions: Vec<usize>,
    columns: Vec<StringBuilder>,
    seen_at: TimestampMicrosecondBuilder,
    newest: BooleanBuilder,
}

impl ScopeBuilder {
    /// A builder for the columns at these positions.
    pub(in crate::normalise) fn new(plan: &TableMapping, positions: &[usize]) -> Self {
        let columns = positions.iter().filter_map(|position| plan.columns.get(*position));
        let fields = columns.map(|column| Field::new(column.name, DataType::Utf8, true));
        Self {
            schema: Arc::new(Schema::new(fields.chain(scope_fields()).collect::<Vec<_>>())),
            positions: positions.to_vec(),
            columns: positions.iter().map(|_| StringBuilder::new()).collect(),
            seen_at: TimestampMicrosecondBuilder::new(),
            newest: BooleanBuilder::new(),
        }
    }

    /// Number of scopes appended so far.
    pub(in crate::normalise) fn len(&self) -> usize {
        self.seen_at.len()
    }

    /// Appends the scope of the rows in this context, without `_newest`.
    pub(in crate::normalise) fn append(
        &mut self,
        plan: &TableMapping,
        context: &Context<'_, '_>,
        seen_at: i64,
    ) {
        let mut country = None;
        for (position, builder) in self.positions.iter().zip(&mut self.columns) {
            let column = plan.columns.get(*position);
            let cell = column.map(|column| (column.kind, context.parent(column, country.as_deref())));
            let text = cell.as_ref().and_then(|(_, cell)| key::part(cell));
            builder.append_option(text.as_deref());
            if let Some((Kind::Country, _)) = &cell {
                country = text.map(Cow::into_owned);
            }
        }
        self.seen_at.append_value(seen_at);
    }

    /// Appends whether the next scope is the newest of its kind.
    pub(in crate::normalise) fn append_newest(&mut self, newest: bool) {
        self.newest.append_value(newest);
    }

    /// Takes the scopes so far as a record batch.
    pub(in crate::normalise) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let mut arrays: Vec<_> = self.columns.iter_mut().map(ArrayBuilder::finish).collect();
        let last: [&mut dyn ArrayBuilder; 2] = [&mut self.seen_at, &mut self.newest];
        arrays.extend(last.map(ArrayBuilder::finish));
        RecordBatch::try_new(Arc::clone(&self.schema), arrays)
    }
}
