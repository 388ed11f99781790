//! Columns that no field feeds: values from the context of a record, and values made of its fields.

use std::borrow::Cow;

use crate::normalise::drift::DriftTally;
use crate::normalise::mapping::plan::{ColumnPlan, MadeOf, Slot};
use crate::normalise::mapping::record::Record;
use crate::normalise::rows::row::{Row, RowInput};
use crate::record::cell::{self, Cell};
use crate::record::json_text::{self, JsonType, Raw};
use crate::record::repairs::Repairs;
use crate::record::{key, time};
use crate::schema::{Kind, Origin};

/// The context of a record.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::normalise) struct Context<'s, 'a> {
    /// What the request was about, as names of columns and their values.
    pub(in crate::normalise) asked: &'a [(&'static str, String)],
    /// Cells of the enclosing row; `None` when there is none.
    pub(in crate::normalise) enclosing: Option<&'s [Cell<'a>]>,
    /// Position in the array, or of the record in the page.
    pub(in crate::normalise) position: usize,
    /// The array's field and the element, when the element is not an object with fields.
    pub(in crate::normalise) element: Option<(&'static str, Raw<'a>)>,
    /// Whether several elements of the array could be what the request was about, so that it is not known of any.
    pub(in crate::normalise) ambiguous: bool,
    /// The repairs in the page.
    pub(in crate::normalise) repairs: Option<&'a Repairs>,
}

impl<'a> Context<'_, 'a> {
    /// The value of the same name in the enclosing row, or else in the request.
    pub(in crate::normalise) fn parent(&self, column: &ColumnPlan, country: Option<&str>) -> Cell<'a> {
        let of_row = || self.enclosing?.get(column.enclosing?).cloned();
        of_row().unwrap_or_else(|| self.asked(column.name, column.kind, country))
    }

    /// The value that the request has for a column; NULL when it has none.
    fn asked(&self, name: &str, kind: Kind, country: Option<&str>) -> Cell<'a> {
        let asked = self.asked.iter().find(|(asked, _)| *asked == name);
        asked.map_or(Cell::Null, |(_, value)| cell::typed(kind, value.trim(), country).cell)
    }

    /// The value that the request has for the column, when the columns that it is made of have the values of the
    /// request too; NULL otherwise.
    pub(in crate::normalise) fn asked_when_same(&self, column: &ColumnPlan, record: &Record<'a>) -> Cell<'a> {
        let asked = self.asked(column.name, column.kind, None);
        let country = match &asked {
            _ if self.ambiguous => return Cell::Null,
            Cell::Null => return Cell::Null,
            Cell::Text(text) if column.kind == Kind::Country => Some(text.as_ref()),
            _ => None,
        };
        let says_the_same = |column: &MadeOf| {
            let asked = self.asked(column.name, column.kind, country);
            let values = column.slots.iter().filter_map(|slot| record.get(*slot));
            let said = values.map(|value| cell::parse_raw(column.kind, value, country).cell);
            said.into_iter().find(|cell| *cell != Cell::Null).is_some_and(|said| said == asked)
        };
        if column.made_of.iter().all(says_the_same) { asked } else { Cell::Null }
    }
}

impl<'a> Row<'a> {
    /// The cell of a column that no field feeds.
    pub(in crate::normalise) fn derive(
        &mut self,
        source: &RowInput<'_, 'a>,
        column: &ColumnPlan,
        country: Option<&str>,
        drift: &mut DriftTally,
    ) -> Cell<'a> {
        if !matches!(column.origin, Origin::System(_) | Origin::Load) {
            self.present |= column.bit;
        }
        match column.origin {
            Origin::Parent => source.context.parent(column, country),
            Origin::Position => Cell::Integer(i64::try_from(source.context.position).unwrap_or(i64::MAX)),
            Origin::Element => self.element(source, column, country),
            Origin::HashOf => self.hash_of(source, column, drift),
            Origin::Fields | Origin::AskedWhenSame | Origin::System(_) | Origin::Load => Cell::Null,
        }
    }

    fn element(&mut self, source: &RowInput<'_, 'a>, column: &ColumnPlan, country: Option<&str>) -> Cell<'a> {
        let Some((field, value)) = source.context.element else { return Cell::Null };
        let parsed = cell::parse_raw(column.kind, value, country);
        if let Some(reason) = parsed.reject {
            self.reject(Cow::Borrowed(field), value, reason);
        }
        parsed.cell
    }

    /// The record's own value, or else a hash of the columns that it is made of.
    fn hash_of(
        &mut self,
        &RowInput { plan, record, place, .. }: &RowInput<'_, 'a>,
        column: &ColumnPlan,
        drift: &mut DriftTally,
    ) -> Cell<'a> {
        for (own, value) in column.slots.iter().filter_map(|slot| Some((slot, record.get(*slot)?))) {
            // A number is as good an id as a text, so it is not a drift.
            let parsed = cell::parse_raw(Kind::Text, value, None);
            if let Some(reason) = parsed.reject {
                self.reject(Cow::Borrowed(plan.field(*own)), value, reason);
                if parsed.other_type {
                    drift.other_type(*own, value.text, place);
                }
            }
            if let Cell::Text(text) = parsed.cell
                && !text.trim().is_empty()
            {
                return Cell::Text(text);
            }
        }
        let hash = key::hash_of(column.made_of.iter().map(|column| hashed_column(record, column)));
        Cell::Text(format!("{hash:016x}").into())
    }
}

/// What a column contributes to a hash: its first field that is not blank, or else its first field that has a value;
/// `None` when no field has one.
fn hashed_column<'a>(record: &Record<'a>, column: &MadeOf) -> Option<Cow<'a, str>> {
    let mut values = column.slots.iter().filter_map(|slot| hashed(record, *slot));
    let first = values.next()?;
    if !first.trim().is_empty() {
        return Some(first);
    }
    Some(values.find(|value| !value.trim().is_empty()).unwrap_or(first))
}

/// What a field contributes to a hash: the text of a string. A time contributes its seconds only, since the API writes
/// the same time with and without a fraction.
fn hashed<'a>(record: &Record<'a>, slot: Slot) -> Option<Cow<'a, str>> {
    let raw = record.get(slot)?;
    let text = match json_text::type_of(raw.text) {
        JsonType::Null => return None,
        JsonType::String => json_text::content(raw).text,
        _ => Cow::Borrowed(raw.text),
    };
    match time::micros(text.trim()) {
        Ok((micros, _)) => Some(Cow::Owned(format!("@{}", micros.div_euclid(1_000_000)))),
        Err(_) => Some(text),
    }
}
