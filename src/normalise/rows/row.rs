//! Turns a record into the cells of one row, or into the reason why it cannot be one.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::normalise::drift::{DriftTally, Position};
use crate::normalise::mapping::plan::{ColumnPlan, TableMapping};
use crate::normalise::mapping::record::Record;
use crate::normalise::output::rejects::Unusable;
pub(in crate::normalise) use crate::normalise::rows::context::Context;
use crate::normalise::rows::extra::{Losers, last_of_each_name, path_of};
use crate::record::cell::{self, Cell};
use crate::record::json_text::Raw;
use crate::record::key;
use crate::schema::{Kind, Origin};

/// The cells of one row. Reused for all records of a page.
#[derive(Debug, Default)]
pub(in crate::normalise) struct Row<'a> {
    /// One cell for each declared column.
    pub(in crate::normalise) cells: Vec<Cell<'a>>,
    /// JSON object of the fields without a column; `None` when there are none.
    pub(in crate::normalise) extra: Option<String>,
    /// Bit mask of the columns for which the record has a field.
    pub(in crate::normalise) present: u64,
    /// Values that are not, or not exactly, in their column.
    pub(in crate::normalise) rejects: Vec<CellReject<'a>>,
}

/// A value that does not fit its column.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::normalise) struct CellReject<'a> {
    pub(in crate::normalise) field: Cow<'a, str>,
    pub(in crate::normalise) raw: &'a str,
    pub(in crate::normalise) reason: &'static str,
}

pub(in crate::normalise) const REPEATED: &str = "the field comes again in the record; its last value is used";

/// The input of a row.
#[derive(Debug)]
pub(in crate::normalise) struct RowInput<'s, 'a> {
    pub(in crate::normalise) plan: &'s TableMapping,
    pub(in crate::normalise) record: &'s Record<'a>,
    pub(in crate::normalise) place: Position,
    pub(in crate::normalise) context: Context<'s, 'a>,
}

impl<'a> Row<'a> {
    /// Fills the row from a record.
    ///
    /// # Errors
    /// A required column stays empty. The record is then rejected whole, and nothing of the row may be used.
    pub(in crate::normalise) fn fill(
        &mut self,
        source: &RowInput<'_, 'a>,
        drift: &mut DriftTally,
    ) -> Result<(), Unusable> {
        let RowInput { plan, record, .. } = *source;
        self.cells.clear();
        self.rejects.clear();
        self.extra = None;
        self.present = 0;
        let last = last_of_each_name(&record.unknown);
        if !plan.quiet {
            count_fields(source, &last, drift);
        }
        let mut losers = Vec::new();
        let mut country = None;
        for column in &plan.columns {
            let by_field = match column.origin {
                Origin::Fields | Origin::AskedWhenSame => true,
                Origin::Element => source.context.element.is_none(),
                _ => false,
            };
            // Called from one place only, so that it is inlined into this loop.
            let mut cell = if by_field {
                self.resolve(source, column, country.as_deref(), &mut losers, drift)
            } else {
                self.derive(source, column, country.as_deref(), drift)
            };
            if column.origin == Origin::AskedWhenSame && cell == Cell::Null {
                cell = source.context.asked_when_same(column, record);
                self.present |= column.bit;
            }
            if column.required
                && column.in_key
                && column.kind == Kind::Text
                && column.origin == Origin::Fields
            {
                cell = without_blanks(cell);
            }
            match &cell {
                Cell::Null if column.required => return Err(self.no_key(source, column)),
                Cell::Text(text) if column.kind == Kind::Country => country = Some(text.clone()),
                _ => {}
            }
            self.cells.push(cell);
        }
        for (slot, earlier) in &record.repeated {
            let same = record.get(*slot).is_some_and(|last| last.text == earlier.text);
            if !same && earlier.text != "null" && plan.tells(*slot) {
                self.reject(Cow::Borrowed(plan.field(*slot)), *earlier, REPEATED);
            }
        }
        if !plan.nested.is_empty() {
            self.check_nested(source, drift);
        }
        if !(record.unknown.is_empty() && losers.is_empty() && plan.nested.is_empty()) {
            self.collect_extra(plan, record, &last, &losers);
        }
        if let Some(repairs) = source.context.repairs {
            self.check_repairs(plan, record, repairs);
        }
        Ok(())
    }

    /// The row's key, such as `FI/09704098`.
    pub(in crate::normalise) fn key(&self, plan: &TableMapping) -> String {
        let cells = plan.key.iter().filter_map(|column| self.cells.get(*column));
        key::written(cells.map(|cell| key::part(cell).unwrap_or_default()))
    }

    /// Hash of the row's key, in which NULL and an empty text differ.
    pub(in crate::normalise) fn key_hash(&self, plan: &TableMapping) -> u64 {
        key::hash_of(plan.key.iter().filter_map(|column| self.cells.get(*column)).map(key::part))
    }

    /// The cell of one column: its first field with a value wins. Another field with a different value is a loser, and
    /// is kept.
    fn resolve(
        &mut self,
        &RowInput { plan, record, place, .. }: &RowInput<'_, 'a>,
        column: &ColumnPlan,
        country: Option<&str>,
        losers: &mut Losers<'a>,
        drift: &mut DriftTally,
    ) -> Cell<'a> {
        let mut winner = Cell::Null;
        for slot in &column.slots {
            let Some(value) = record.get(*slot) else { continue };
            self.present |= column.bit;
            let mut parsed = cell::parse_raw(column.kind, value, country);
            if parsed.other_type {
                drift.other_type(*slot, value.text, place);
            }
            if parsed.rounded {
                if column.in_key {
                    parsed = parsed.exact();
                } else {
                    drift.rounded(*slot, value.text, place);
                }
            }
            if let Some(reason) = parsed.reject {
                self.reject(Cow::Borrowed(plan.field(*slot)), value, reason);
            }
            match parsed.cell {
                Cell::Null => {}
                cell if winner == Cell::Null => winner = cell,
                cell if cell == winner => {}
                _ => losers.push((*slot, value)),
            }
        }
        winner
    }

    /// Why a record with an empty required column cannot be used.
    fn no_key(&self, source: &RowInput<'_, 'a>, column: &ColumnPlan) -> Unusable {
        let plan = source.plan;
        let rejected = |field: &str| self.rejects.iter().find(|reject| reject.field == field);
        let of_element = source.context.element.map(|(field, _)| field);
        let mut fields = column.slots.iter().map(|slot| plan.field(*slot)).chain(of_element);
        let (field, why) = match fields.clone().find_map(|field| Some((field, rejected(field)?.reason))) {
            Some((field, reason)) => (Some(field), reason),
            None => (fields.next(), "missing or empty"),
        };
        let key = (plan.key.iter().all(|key| *key < self.cells.len())).then(|| self.key(plan));
        Unusable { key, field, reason: format!("no usable key: {} is {why}", column.name) }
    }

    /// Notes that a value is not, or not exactly, in its column.
    pub(in crate::normalise) fn reject(&mut self, name: Cow<'a, str>, value: Raw<'a>, reason: &'static str) {
        self.rejects.push(CellReject { field: name, raw: value.text, reason });
    }
}

/// An id without surrounding blanks; NULL when nothing else is left, since rows could not be told apart by it.
fn without_blanks(cell: Cell<'_>) -> Cell<'_> {
    match cell {
        Cell::Text(text) if text.trim().is_empty() => Cell::Null,
        Cell::Text(Cow::Borrowed(text)) => Cell::Text(Cow::Borrowed(text.trim())),
        Cell::Text(text) if text.trim().len() < text.len() => Cell::Text(Cow::Owned(text.trim().to_owned())),
        cell => cell,
    }
}

/// Counts unknown and missing fields, each once per record.
fn count_fields(
    &RowInput { plan, record, place, .. }: &RowInput<'_, '_>,
    last: &HashMap<&str, usize>,
    drift: &mut DriftTally,
) {
    for slot in &plan.documented {
        if record.get(*slot).is_none() {
            drift.missing(*slot);
        }
    }
    for (field, unknown) in record.unknown.iter().enumerate() {
        if last.get(unknown.name.as_ref()).is_none_or(|last| *last == field) {
            drift.unknown(&unknown.name, unknown.value.text, Position { field, ..place });
        }
    }
    for (nested, unknown) in plan.nested.iter().zip(&record.nested) {
        if !plan.hidden.contains(&nested.slot) {
            let last = last_of_each_name(unknown);
            for (field, unknown) in unknown.iter().enumerate() {
                if last.get(unknown.name.as_ref()).is_none_or(|last| *last == field) {
                    let path = path_of(plan.field(nested.slot), &unknown.name);
                    drift.unknown(&path, unknown.value.text, Position { field, ..place });
                }
            }
        }
    }
}
