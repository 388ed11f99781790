//! `_extra`: the fields without a column, as a JSON object.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::normalise::mapping::plan::{Slot, TableMapping};
use crate::normalise::mapping::record::{Record, Unknown};
use crate::normalise::rows::row::{REPEATED, Row};
use crate::record::cell::{self, Cell};
use crate::record::json_text::{self, Raw};
use crate::schema::Kind;

/// Fields whose value differs from that of the field that won their column.
pub(in crate::normalise) type Losers<'a> = Vec<(Slot, Raw<'a>)>;

impl<'a> Row<'a> {
    /// Writes `_extra`: the unknown fields in the record's order, then the losers, with every value as received as far
    /// as JSON can be stored. Then come, for each object inside the record, its own unknown fields and losers, under
    /// the name of the object.
    pub(in crate::normalise) fn collect_extra(
        &mut self,
        plan: &TableMapping,
        record: &Record<'a>,
        last: &HashMap<&str, usize>,
        losers: &Losers<'a>,
    ) {
        let mut extra = String::new();
        if !plan.quiet {
            self.add_unknown(&mut extra, "", &record.unknown, last);
        }
        for (slot, value) in losers.iter().filter(|(slot, _)| plan.nested_name(*slot).is_none()) {
            let name = plan.field(*slot);
            self.add(&mut extra, Cow::Borrowed(name), &["\"", name, "\""].concat(), *value);
        }
        for (nested, unknown) in plan.nested.iter().zip(&record.nested) {
            let (object, mut inner) = (plan.field(nested.slot), String::new());
            if !plan.quiet && !plan.hidden.contains(&nested.slot) {
                self.add_unknown(&mut inner, object, unknown, &last_of_each_name(unknown));
            }
            for (slot, value) in losers {
                if let Some(name) = nested.name_of(*slot) {
                    let raw_name = ["\"", name, "\""].concat();
                    self.add(&mut inner, Cow::Borrowed(plan.field(*slot)), &raw_name, *value);
                }
            }
            if !inner.is_empty() {
                append(&mut extra, &["\"", object, "\""].concat(), &["{", &inner, "}"].concat());
            }
        }
        self.extra = (!extra.is_empty()).then(|| ["{", &extra, "}"].concat());
    }

    /// Adds the unknown fields of the record, or of the named object.
    fn add_unknown(
        &mut self,
        extra: &mut String,
        object: &str,
        unknown: &[Unknown<'a>],
        last: &HashMap<&str, usize>,
    ) {
        for (position, Unknown { name, raw_name, value }) in unknown.iter().enumerate() {
            let path = path_of(object, name);
            if last.get(name.as_ref()).is_some_and(|last| *last != position) {
                self.reject(path, *value, REPEATED);
                continue;
            }
            let (raw_name, _) = json_text::mended(*raw_name);
            self.add(extra, path, &raw_name, *value);
        }
    }

    fn add(&mut self, extra: &mut String, path: Cow<'a, str>, raw_name: &str, value: Raw<'a>) {
        let parsed = cell::parse_raw(Kind::Json, value, None);
        if let Some(reason) = parsed.reject {
            self.reject(path, value, reason);
        }
        match &parsed.cell {
            Cell::Text(json) => append(extra, raw_name, json),
            _ if parsed.reject.is_some() => {}
            _ => append(extra, raw_name, "null"),
        }
    }
}

fn append(extra: &mut String, raw_name: &str, json: &str) {
    if !extra.is_empty() {
        extra.push(',');
    }
    extra.extend([raw_name, ":", json]);
}

/// Name of a field in rejects and drift. An empty `object` stands for the record itself.
pub(in crate::normalise) fn path_of<'a>(object: &str, name: &Cow<'a, str>) -> Cow<'a, str> {
    if object.is_empty() { name.clone() } else { Cow::Owned([object, ".", name].concat()) }
}

/// Position of the last occurrence of each name. Empty when there are few names and none occurs twice.
pub(in crate::normalise) fn last_of_each_name<'u>(unknown: &'u [Unknown<'_>]) -> HashMap<&'u str, usize> {
    /// Up to this many names, comparing all pairs is cheaper than hashing.
    const FEW: usize = 12;
    let twice = |(position, field): (usize, &Unknown<'_>)| {
        unknown.iter().skip(position + 1).any(|later| later.name == field.name)
    };
    if unknown.len() <= FEW && !unknown.iter().enumerate().any(twice) {
        return HashMap::new();
    }
    unknown.iter().enumerate().map(|(position, field)| (field.name.as_ref(), position)).collect()
}
