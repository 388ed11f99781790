//! Objects inside a record whose fields feed columns of the record's table. The catalog writes such a field behind the
//! object's: `prospect_info.vid`.

use crate::normalise::drift::DriftTally;
use crate::normalise::mapping::plan::{Slot, TableMapping};
use crate::normalise::mapping::record::{Record, Unknown};
use crate::normalise::rows::row::{Row, RowInput};
use crate::record::fields::Fields;
use crate::record::json_text::{self, JsonType};

const NOT_AN_OBJECT: &str = "not an object";

/// An object inside the record.
#[derive(Debug)]
pub(in crate::normalise) struct Nested {
    /// The slot of its field in the record.
    pub(in crate::normalise) slot: Slot,
    /// The fields of it that are known, and their slots.
    fields: Vec<(&'static str, Slot)>,
}

impl Nested {
    /// The object in the field at `object`, with its first known field.
    pub(in crate::normalise) fn new(object: Slot, field: &'static str, slot: Slot) -> Self {
        Self { slot: object, fields: vec![(field, slot)] }
    }

    /// Makes a further field of the object known.
    pub(in crate::normalise) fn know(&mut self, field: &'static str, slot: Slot) {
        self.fields.push((field, slot));
    }

    /// The slot of a field of the object.
    pub(in crate::normalise) fn find(&self, field: &str) -> Option<Slot> {
        self.fields.iter().find(|(name, _)| *name == field).map(|(_, slot)| *slot)
    }

    /// The name inside the object of a slot's field; none when it is of no field of this object.
    pub(in crate::normalise) fn name_of(&self, slot: Slot) -> Option<&'static str> {
        self.fields.iter().find(|(_, of)| *of == slot).map(|(name, _)| *name)
    }
}

impl Record<'_> {
    /// Takes the objects inside the record apart. Of an object that is null every field is.
    pub(in crate::normalise) fn open_nested(&mut self, plan: &TableMapping) {
        for (nested, unknown) in plan.nested.iter().zip(&mut self.nested) {
            let Some(object) = self.known.get(nested.slot).copied().flatten() else { continue };
            let Some(fields) = Fields::new(object.text) else {
                if json_text::type_of(object.text) == JsonType::Null {
                    for (_, slot) in &nested.fields {
                        self.known.get_mut(*slot).into_iter().for_each(|place| *place = Some(object));
                    }
                }
                continue;
            };
            for (raw_name, value) in fields {
                let name = json_text::content(raw_name).text;
                let place = nested.find(&name).and_then(|slot| Some((slot, self.known.get_mut(slot)?)));
                match place {
                    Some((slot, place)) => {
                        let earlier = place.replace(value);
                        self.repeated.extend(earlier.map(|earlier| (slot, earlier)));
                    }
                    None => unknown.push(Unknown { name, raw_name, value }),
                }
            }
        }
    }
}

impl<'a> Row<'a> {
    /// Rejects what should be an object and is none.
    pub(in crate::normalise) fn check_nested(
        &mut self,
        &RowInput { plan, record, place, .. }: &RowInput<'_, 'a>,
        drift: &mut DriftTally,
    ) {
        for nested in &plan.nested {
            let Some(value) = record.get(nested.slot) else { continue };
            let is_object = value.text.starts_with('{') || json_text::type_of(value.text) == JsonType::Null;
            if !is_object && plan.tells(nested.slot) {
                self.reject(plan.field(nested.slot).into(), value, NOT_AN_OBJECT);
                drift.other_type(nested.slot, value.text, place);
            }
        }
    }
}
