//! Objects inside a record whose fields feed columns of the record's table. The catalog writes the name of such a
//! field after that of the object: `prospect_info.vid`.

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
    /// Slot of the object's field in the record.
    pub(in crate::normalise) slot: Slot,
    /// The known fields of the object, and their slots.
    fields: Vec<(&'static str, Slot)>,
}

impl Nested {
    /// The object in the field with slot `object`, with its first known field.
    pub(in crate::normalise) fn new(object: Slot, field: &'static str, slot: Slot) -> Self {
        Self { slot: object, fields: vec![(field, slot)] }
    }

    /// Adds a known field of the object.
    pub(in crate::normalise) fn know(&mut self, field: &'static str, slot: Slot) {
        self.fields.push((field, slot));
    }

    /// Slot of a field of the object; `None` when the field is not known.
    pub(in crate::normalise) fn find(&self, field: &str) -> Option<Slot> {
        self.fields.iter().find(|(name, _)| *name == field).map(|(_, slot)| *slot)
    }

    /// Name of a slot's field inside the object; `None` when the slot is not of a field of this object.
    pub(in crate::normalise) fn name_of(&self, slot: Slot) -> Option<&'static str> {
        self.fields.iter().find(|(_, of)| *of == slot).map(|(name, _)| *name)
    }
}

impl Record<'_> {
    /// Splits the objects inside the record into fields. When an object is null, each of its fields is null.
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
    /// Rejects values that should be objects and are not.
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
