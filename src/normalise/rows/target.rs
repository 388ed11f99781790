//! Rows and scopes of one table, held until they are taken.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use crate::normalise::drift::DriftTally;
use crate::normalise::mapping::plan::TableMapping;
use crate::normalise::mapping::record::{Record, RecordReader};
use crate::normalise::mapping::stream_plan::Part;
use crate::normalise::normaliser::LandedPage;
use crate::normalise::output::batch::RowBuilder;
use crate::normalise::output::rejects::{At, Rejects};
use crate::normalise::output::scopes::ScopeBuilder;
use crate::normalise::rows::row::{Context, Row};

/// The state of one part of the records.
#[derive(Debug)]
pub(in crate::normalise) struct Target {
    pub(in crate::normalise) reader: RecordReader,
    pub(in crate::normalise) drift: DriftTally,
    /// `None` for a table that is not wanted.
    rows: Option<RowBuilder>,
    scopes: Option<ScopeBuilder>,
    /// Position of the unit of each row of the last page.
    row_units: Vec<usize>,
    /// Position of the unit of each scope of the last page.
    scope_units: Vec<usize>,
    /// Number of rows appended in total.
    pub(in crate::normalise) counted: u64,
}

/// Reusable space for one record and its row.
#[derive(Debug)]
pub(in crate::normalise) struct Scratch<'a> {
    pub(in crate::normalise) record: Record<'a>,
    pub(in crate::normalise) row: Row<'a>,
}

impl Scratch<'_> {
    pub(in crate::normalise) fn new(plan: &TableMapping) -> Self {
        Self { record: Record::new(plan), row: Row::default() }
    }
}

impl Target {
    pub(in crate::normalise) fn new(part: &Part) -> Self {
        Self {
            reader: RecordReader::default(),
            drift: DriftTally::new(&part.plan),
            rows: part.wanted.then(|| RowBuilder::new(&part.plan)),
            scopes: part.scope.as_ref().map(|scope| ScopeBuilder::new(&part.plan, scope)),
            row_units: Vec::new(),
            scope_units: Vec::new(),
            counted: 0,
        }
    }

    /// Appends a row and its rejects, unless the table is not wanted. `key` is the key that the rejects name.
    pub(in crate::normalise) fn append(
        &mut self,
        at: At<'_>,
        row: &Row<'_>,
        unit: usize,
        key: impl FnOnce() -> String,
        rejects: &mut Rejects,
    ) {
        let Some(rows) = &mut self.rows else { return };
        rows.append(row, at.page.fetched_at_us, at.page.list);
        self.row_units.push(unit);
        self.counted += 1;
        if row.rejects.is_empty() {
            return;
        }
        let (key, at) = (key(), At { unit: Some(unit), ..at });
        for reject in &row.rejects {
            rejects.cell(at, &key, reject);
        }
    }

    /// Appends the scope of what was read, when the table has scopes.
    pub(in crate::normalise) fn append_scope(
        &mut self,
        plan: &TableMapping,
        context: &Context<'_, '_>,
        page: &LandedPage,
        unit: usize,
    ) {
        if let Some(scopes) = &mut self.scopes {
            scopes.append(plan, context, page.fetched_at_us);
            self.scope_units.push(unit);
        }
    }

    /// Marks the rows and scopes of the last page as the newest or not, by their units.
    pub(in crate::normalise) fn mark(&mut self, newest: &[bool]) {
        let of_unit = |unit: usize| newest.get(unit).copied().unwrap_or_default();
        if let Some(rows) = &mut self.rows {
            self.row_units.drain(..).for_each(|unit| rows.append_newest(of_unit(unit)));
        }
        if let Some(scopes) = &mut self.scopes {
            self.scope_units.drain(..).for_each(|unit| scopes.append_newest(of_unit(unit)));
        }
    }

    /// Number of rows or of scopes held, whichever is larger.
    pub(in crate::normalise) fn pending(&self) -> usize {
        let rows = self.rows.as_ref().map_or(0, RowBuilder::len);
        rows.max(self.scopes.as_ref().map_or(0, ScopeBuilder::len))
    }

    /// Takes the rows held; `None` when the table is not wanted.
    pub(in crate::normalise) fn take_rows(&mut self) -> Option<Result<RecordBatch, ArrowError>> {
        self.rows.as_mut().map(RowBuilder::finish)
    }

    /// Takes the scopes held; `None` when the table has no scopes.
    pub(in crate::normalise) fn take_scopes(&mut self) -> Option<Result<RecordBatch, ArrowError>> {
        self.scopes.as_mut().map(ScopeBuilder::finish)
    }
}
