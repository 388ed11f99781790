//! The parts of a record that are rows of other tables, above all the elements of its arrays.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::normalise::dedup::group::{Groups, Unit};
use crate::normalise::drift::Position;
use crate::normalise::mapping::stream_plan::{From, Part};
use crate::normalise::normaliser::LandedPage;
use crate::normalise::output::rejects::{At, Rejects, Unusable};
use crate::normalise::rows::row::{CellReject, Context, RowInput};
use crate::normalise::rows::target::{Scratch, Target};
use crate::record::cell::{self, Cell};
use crate::record::fields::Elements;
use crate::record::json_text::{self, JsonType, Raw};
use crate::record::repairs::Repairs;
use crate::schema::Origin;

pub(in crate::normalise) const NOT_AN_OBJECT: &str = "not a JSON object";
pub(in crate::normalise) const SAME_KEY: &str = "another element has the same key";

/// The rows read so far of those that belong together, by the hash of their key.
#[derive(Debug, Default)]
pub(in crate::normalise) struct Siblings<'a>(HashMap<u64, &'a str>);

/// How a row relates to its siblings.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::normalise) enum Sibling {
    New,
    /// The same JSON came before.
    Same,
    /// Other JSON with the same key came before.
    Other,
}

impl<'a> Siblings<'a> {
    /// Checks whether a row with that key came before, and remembers this one when none did.
    pub(in crate::normalise) fn add(&mut self, key: u64, raw: &'a str) -> Sibling {
        match self.0.entry(key) {
            Entry::Vacant(place) => {
                place.insert(raw);
                Sibling::New
            }
            Entry::Occupied(earlier) if *earlier.get() == raw => Sibling::Same,
            Entry::Occupied(_) => Sibling::Other,
        }
    }
}

/// A record that became a row, with what its other parts have in common.
#[derive(Debug)]
pub(in crate::normalise) struct Parent<'s, 'a> {
    pub(in crate::normalise) page: &'a LandedPage,
    /// The main part of the record, and the record with its row.
    pub(in crate::normalise) main: (&'s Part, &'s Scratch<'a>),
    pub(in crate::normalise) raw: &'a str,
    pub(in crate::normalise) place: Position,
    /// Position of its unit.
    pub(in crate::normalise) unit: usize,
    /// The repairs in the page.
    pub(in crate::normalise) repairs: Option<&'a Repairs>,
}

impl<'a> Parent<'_, 'a> {
    /// Reads one of the record's other parts.
    pub(in crate::normalise) fn read(
        &self,
        part: &Part,
        target: &mut Target,
        scratch: &mut Scratch<'a>,
        (rejects, units): (&mut Rejects, &mut Groups),
    ) {
        let siblings = Siblings::default();
        let mut reading =
            ChildReader { parent: self, part, target, scratch, rejects, units, siblings, ambiguous: false };
        match part.from {
            From::Record => reading.object(self.place.record, Raw { text: self.raw, escapes: 0 }),
            From::Elements { field, slot } => {
                if let Some(array) = self.main.1.record.get(slot) {
                    reading.array(field, array);
                }
            }
        }
    }

    fn context(&self, position: usize) -> Context<'_, 'a> {
        let enclosing = Some(self.main.1.row.cells.as_slice());
        let repairs = self.repairs;
        Context { asked: &self.page.parent, enclosing, position, repairs, ..Context::default() }
    }
}

/// A part that is being read.
struct ChildReader<'r, 's, 'a> {
    parent: &'r Parent<'s, 'a>,
    part: &'r Part,
    target: &'r mut Target,
    scratch: &'r mut Scratch<'a>,
    rejects: &'r mut Rejects,
    units: &'r mut Groups,
    siblings: Siblings<'a>,
    /// Whether several elements could be what the request was about.
    ambiguous: bool,
}

impl<'a> ChildReader<'_, '_, 'a> {
    /// Reads an array. Null is an array without elements; any other value that is not an array counts as not read.
    fn array(&mut self, field: &'static str, array: Raw<'a>) {
        let elements = Elements::new(array.text);
        if elements.is_none() && json_text::type_of(array.text) != JsonType::Null {
            return self.not_a_list(field, array);
        }
        let parent = self.parent;
        self.target.append_scope(&self.part.plan, &parent.context(0), parent.page, parent.unit);
        self.ambiguous = self.could_be_asked_for(array) > 1;
        for (position, element) in elements.into_iter().flatten().enumerate() {
            self.element(field, position, element);
        }
    }

    /// Number of distinct elements that could be what the request was about, if it fills a column. Two companies can
    /// have everything in common that an element says about them, except their names.
    fn could_be_asked_for(&mut self, array: Raw<'a>) -> usize {
        let plan = &self.part.plan;
        let column = plan.columns.iter().find(|column| column.origin == Origin::AskedWhenSame);
        let Some(column) = column.filter(|_| !self.parent.page.parent.is_empty()) else { return 0 };
        let context = self.parent.context(0);
        let mut found: Vec<&str> = Vec::new();
        for element in Elements::new(array.text).into_iter().flatten() {
            let record = &mut self.scratch.record;
            let is_object = self.target.reader.read(plan, element.text, record);
            let says_itself = |slot: &usize| {
                let value = record.get(*slot);
                value.is_some_and(|value| cell::parse_raw(column.kind, value, None).cell != Cell::Null)
            };
            let could_be = is_object
                && !column.slots.iter().any(says_itself)
                && context.asked_when_same(column, record) != Cell::Null;
            if could_be && !found.contains(&element.text) {
                found.push(element.text);
            }
        }
        found.len()
    }

    fn not_a_list(&mut self, field: &'static str, value: Raw<'a>) {
        let (main, Scratch { row, .. }) = self.parent.main;
        let at = At { table: main.plan.table.name, share: main.share, ..self.at() };
        let reject = CellReject { field: Cow::Borrowed(field), raw: value.text, reason: "not a list" };
        self.rejects.cell(at, &row.key(&main.plan), &reject);
    }

    /// Reads an element: an object, or a single value when the table has a column for it.
    fn element(&mut self, field: &'static str, position: usize, element: Raw<'a>) {
        let plan = &self.part.plan;
        if !plan.takes_values() {
            return self.object(position, element);
        }
        let object = element.text.starts_with('{') && plan.takes_objects();
        if object {
            self.target.reader.read(plan, element.text, &mut self.scratch.record);
        } else {
            self.scratch.record.clear();
        }
        self.row(position, element, (!object).then_some((field, element)));
    }

    fn object(&mut self, position: usize, object: Raw<'a>) {
        if self.target.reader.read(&self.part.plan, object.text, &mut self.scratch.record) {
            self.row(position, object, None);
        } else {
            self.reject(object.text, Unusable::because(NOT_AN_OBJECT));
        }
    }

    fn row(&mut self, position: usize, raw: Raw<'a>, element: Option<(&'static str, Raw<'a>)>) {
        let (parent, plan) = (self.parent, &self.part.plan);
        let at = self.at();
        let Scratch { record, row } = &mut *self.scratch;
        let context = Context { element, ambiguous: self.ambiguous, ..parent.context(position) };
        let source = RowInput { plan, record, place: parent.place, context };
        if let Err(unusable) = row.fill(&source, &mut self.target.drift) {
            return self.reject(raw.text, unusable);
        }
        let siblings = matches!(self.part.from, From::Elements { .. });
        match if siblings { self.siblings.add(row.key_hash(plan), raw.text) } else { Sibling::New } {
            Sibling::New => {
                let unit = match self.part.unit {
                    Unit::Record => parent.unit,
                    Unit::Answer => self.units.answer().unwrap_or(parent.unit),
                    Unit::Row(table) => self.units.row(table, &row.key(plan), raw.text),
                };
                self.target.append(at, row, unit, || row.key(plan), self.rejects);
            }
            Sibling::Same => {}
            Sibling::Other => {
                let key = Some(row.key(plan));
                self.reject(raw.text, Unusable { key, ..Unusable::because(SAME_KEY) });
            }
        }
    }

    /// Rejects a whole element, or a part that is the record itself. When its own key or field is not known, those of
    /// the record and of the array are used.
    fn reject(&mut self, raw: &str, unusable: Unusable) {
        let at = self.at();
        let (main, Scratch { row, .. }) = self.parent.main;
        let key = unusable.key.or_else(|| Some(row.key(&main.plan)));
        match self.part.from {
            From::Record => self.rejects.record_of(at, &main.plan, raw, &Unusable { key, ..unusable }),
            From::Elements { field, .. } => {
                let field = unusable.field.or(Some(field));
                self.rejects.record(at, raw, &Unusable { key, field, ..unusable });
            }
        }
    }

    fn at(&self) -> At<'a> {
        let Parent { page, unit, .. } = *self.parent;
        At { page, table: self.part.plan.table.name, share: self.part.share, unit: Some(unit) }
    }
}
