//! A record split into its fields, each still as JSON text.

use std::borrow::Cow;

use crate::normalise::mapping::plan::{Slot, TableMapping};
use crate::record::fields::Fields;
use crate::record::json_text::{self, Raw};

/// The fields of one record. Reused for all records of a page.
#[derive(Debug)]
pub(in crate::normalise) struct Record<'a> {
    /// Value of each known field, by slot; `None` when the record lacks it.
    pub(in crate::normalise) known: Vec<Option<Raw<'a>>>,
    /// Fields without a column, in the record's order.
    pub(in crate::normalise) unknown: Vec<Unknown<'a>>,
    /// Fields without a column of each object inside the record, in the order of [`TableMapping::nested`].
    pub(in crate::normalise) nested: Vec<Vec<Unknown<'a>>>,
    /// Known fields that occurred again, each with its earlier value.
    pub(in crate::normalise) repeated: Vec<(Slot, Raw<'a>)>,
}

/// A field without a column.
#[derive(Debug)]
pub(in crate::normalise) struct Unknown<'a> {
    pub(in crate::normalise) name: Cow<'a, str>,
    /// The name as received, with its quotes.
    pub(in crate::normalise) raw_name: Raw<'a>,
    pub(in crate::normalise) value: Raw<'a>,
}

impl<'a> Record<'a> {
    pub(in crate::normalise) fn new(plan: &TableMapping) -> Self {
        Self {
            known: vec![None; plan.fields.len()],
            unknown: Vec::new(),
            nested: plan.nested.iter().map(|_| Vec::new()).collect(),
            repeated: Vec::new(),
        }
    }

    /// The value of a known field; `None` when the record lacks it.
    pub(in crate::normalise) fn get(&self, slot: Slot) -> Option<Raw<'a>> {
        self.known.get(slot).copied().flatten()
    }

    /// Removes all fields.
    pub(in crate::normalise) fn clear(&mut self) {
        self.known.fill(None);
        self.unknown.clear();
        self.nested.iter_mut().for_each(Vec::clear);
        self.repeated.clear();
    }
}

/// The record without the fields that were not asked for. `written` writes each part of it.
pub(in crate::normalise) fn without_hidden<'a>(
    plan: &TableMapping,
    raw: &'a str,
    written: impl Fn(&'a str) -> Cow<'a, str>,
) -> Cow<'a, str> {
    let Some(fields) = Fields::new(raw).filter(|_| !plan.hidden.is_empty()) else {
        return written(raw);
    };
    let hidden =
        |name| plan.find(&json_text::content(name).text).is_some_and(|slot| plan.hidden.contains(&slot));
    let kept = fields
        .filter(|(name, _)| !hidden(*name))
        .map(|(name, value)| [&*written(name.text), ":", &*written(value.text)].concat());
    Cow::Owned(format!("{{{}}}", kept.collect::<Vec<_>>().join(",")))
}

/// Reads records and remembers the order of their fields. The next record nearly always has the same order, and then a
/// field costs one comparison instead of a lookup.
#[derive(Debug, Default)]
pub(in crate::normalise) struct RecordReader {
    order: Vec<Option<Slot>>,
}

impl RecordReader {
    /// Splits a record into fields. Returns false when it is not an object.
    pub(in crate::normalise) fn read<'a>(
        &mut self,
        plan: &TableMapping,
        raw: &'a str,
        record: &mut Record<'a>,
    ) -> bool {
        record.clear();
        let Some(fields) = Fields::new(raw) else { return false };
        for (position, (name, value)) in fields.enumerate() {
            self.put(plan, position, name, value, record);
        }
        if !plan.nested.is_empty() {
            record.open_nested(plan);
        }
        true
    }

    fn put<'a>(
        &mut self,
        plan: &TableMapping,
        position: usize,
        raw_name: Raw<'a>,
        value: Raw<'a>,
        record: &mut Record<'a>,
    ) {
        let name = json_text::content(raw_name).text;
        let predicted = self.order.get(position).copied().flatten();
        let slot = match predicted {
            Some(slot) if plan.is(slot, &name) => Some(slot),
            _ => self.look_up(plan, position, &name),
        };
        match slot.and_then(|slot| Some((slot, record.known.get_mut(slot)?))) {
            Some((slot, place)) => {
                if let Some(earlier) = place.replace(value) {
                    record.repeated.push((slot, earlier));
                }
            }
            None => record.unknown.push(Unknown { name, raw_name, value }),
        }
    }

    fn look_up(&mut self, plan: &TableMapping, position: usize, name: &str) -> Option<Slot> {
        /// Number of fields whose order is remembered. Longer records are not worth it.
        const REMEMBERED: usize = 256;
        let slot = plan.find(name);
        match self.order.get_mut(position) {
            Some(place) => *place = slot,
            None if position < REMEMBERED => self.order.push(slot),
            None => {}
        }
        slot
    }
}
