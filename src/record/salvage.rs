//! Finds the records of a body in which one or a few records are not JSON: where each record begins and ends despite
//! the damage between them.
//!
//! A record that can be read is read. Anything between two such records, other than a comma, is an unreadable record,
//! and JSON null replaces it. The damage ends at the first object behind it that is a record: it is outside of all
//! brackets and strings, as far as these can still be matched, or it has the fields of the list's other records, or
//! its first field has the name of the damaged record's first field. What follows the object must also be able to
//! follow a record. An object inside the damaged record meets none of these conditions.

mod bytes;
mod next_record;

use std::collections::HashSet;

use serde_json::value::RawValue;

use super::mend::{Mended, mend, string_end};
use super::repairs::Fault;
use crate::catalog::api::Shape;
pub(crate) use bytes::offset_of;
use bytes::{blank, is_open, trimmed, value};
use next_record::names_of;

/// Maximum number of closing brackets that are tried as the end of the list, from the last one on.
const MOST_ENDS: usize = 64;
/// Maximum number of bytes behind the list.
const MOST_TAIL: usize = 4096;

/// The records of a body. In the text, JSON null stands for each record that cannot be read.
#[derive(Debug)]
pub(crate) struct Salvaged {
    pub(crate) mended: Mended,
    /// Whether the last record cannot be read and ends with open brackets, so that the body may have been cut off.
    pub(crate) may_be_cut: bool,
}

/// Finds the records of a body without a byte order mark.
///
/// `None` when the body is not a list of records with a proper end.
pub(crate) fn salvage(json: &[u8], shape: Shape) -> Option<Salvaged> {
    let mut list = match List::find(json) {
        Some(list) => list,
        None if shape.single => return lone(json),
        None => return None,
    };
    let (salvaged, names) = list.walk(&HashSet::new())?;
    // Damage before the first good record was judged without knowing the fields of a record. Judge it again with them.
    if list.judged_blindly && !names.is_empty() {
        list.work = 0;
        return list.walk(&names).map(|(salvaged, _)| salvaged);
    }
    Some(salvaged)
}

/// Salvages an object that is the only record.
fn lone(json: &[u8]) -> Option<Salvaged> {
    let start = blank(json, 0);
    let end = json.trim_ascii_end().len();
    let record = json.get(start..end).filter(|record| record.starts_with(b"{"))?;
    let mut mended = Mended::default();
    mended.text.push('[');
    mended.replace("null", start, record, Fault::Unreadable)?;
    mended.text.push(']');
    Some(Salvaged { mended, may_be_cut: is_open(record) })
}

/// A list of records in a body.
struct List<'b> {
    json: &'b [u8],
    /// Offset behind the bracket that opens the list.
    start: usize,
    /// Whether the list is a field of an object.
    is_field: bool,
    /// Number of bytes examined so far.
    work: usize,
    /// Whether a damage was judged without a good record to compare with.
    judged_blindly: bool,
}

impl<'b> List<'b> {
    fn find(json: &'b [u8]) -> Option<Self> {
        let of = |start, is_field| Self { json, start, is_field, work: 0, judged_blindly: false };
        let mut at = blank(json, 0);
        match json.get(at)? {
            b'[' => return Some(of(at + 1, false)),
            b'{' => at = blank(json, at + 1),
            _ => return None,
        }
        loop {
            let end = string_end(json, at).filter(|_| json.get(at) == Some(&b'"'))? + 1;
            let name = json.get(at..end)?;
            at = blank(json, end);
            at = blank(json, at + usize::from(json.get(at) == Some(&b':')));
            if name == b"\"results\"" && json.get(at) == Some(&b'[') {
                return Some(of(at + 1, true));
            }
            at = blank(json, at + value(json.get(at..)?, &mut 0)?.0);
            if json.get(at) != Some(&b',') {
                return None;
            }
            at = blank(json, at + 1);
        }
    }

    /// Walks through the list. Also returns the field names of the first good record. `known` holds these names from
    /// an earlier walk.
    fn walk(&mut self, known: &HashSet<String>) -> Option<(Salvaged, HashSet<String>)> {
        let json = self.json;
        let mut names = known.clone();
        let mut mended = Mended::default();
        let mut may_be_cut = false;
        mended.append(&mend(json.get(..self.start)?)?, 0)?;
        let (mut at, mut copied, mut is_first) = (self.start, self.start, true);
        loop {
            at = blank(json, at);
            let mut damage = at;
            let mut needs_comma = false;
            if is_first && json.get(at) == Some(&b']') && self.tail(at).is_some() {
                return self.finish(mended, copied, at, may_be_cut).map(|salvaged| (salvaged, names));
            }
            is_first = false;
            if let Some((length, text)) = self.value(at) {
                let next = blank(json, at + length);
                let follows = json.get(next);
                let ends = follows == Some(&b']') && self.tail(next).is_some();
                if ends || matches!(follows, Some(b',' | b'{' | b']')) {
                    if names.is_empty() {
                        names = names_of(&text.text);
                    }
                    mended.copy(json.get(copied..at)?)?;
                    mended.append(&text, at)?;
                    copied = at + length;
                    match follows {
                        _ if ends => {
                            return self.finish(mended, copied, next, may_be_cut).map(|done| (done, names));
                        }
                        Some(b',') => {
                            at = next + 1;
                            continue;
                        }
                        // A comma is missing, or there is one bracket too many.
                        _ => (damage, needs_comma) = (next, true),
                    }
                }
            }
            let next = self.next_record(damage, needs_comma, &names);
            let until = match next {
                Some(next) => next,
                None => self.end()?,
            };
            let range = trimmed(json, damage, until.max(damage));
            may_be_cut = next.is_none() && is_open(json.get(range.clone())?);
            mended.copy(json.get(copied..damage)?)?;
            let has_comma = json.get(range.end..until)?.contains(&b',');
            let null = match (needs_comma, next.is_some() && !has_comma) {
                (false, false) => "null",
                (false, true) => "null,",
                (true, false) => ",null",
                (true, true) => ",null,",
            };
            mended.replace(null, range.start, json.get(range.clone())?, Fault::Unreadable)?;
            copied = range.end;
            match next {
                Some(next) => at = next,
                None => return self.finish(mended, copied, until, may_be_cut).map(|done| (done, names)),
            }
        }
    }

    /// Completes the text with what is behind the list.
    fn finish(&self, mut mended: Mended, copied: usize, end: usize, may_be_cut: bool) -> Option<Salvaged> {
        // There is at most a superfluous comma between the last record and the end.
        let between = self.json.get(copied..end)?;
        if between.trim_ascii().is_empty() {
            mended.copy(between)?;
        }
        mended.append(&self.tail(end)?, end)?;
        Some(Salvaged { mended, may_be_cut })
    }

    /// The mended text from `at` on; `None` unless `at` is the bracket that closes the list.
    fn tail(&self, at: usize) -> Option<Mended> {
        let tail = self.json.get(at..).filter(|tail| tail.first() == Some(&b']'))?;
        if !self.is_field {
            let is_end = tail.get(1..)?.trim_ascii().is_empty();
            let mut end = Mended::default();
            return is_end.then(|| end.copy(tail).map(|()| end)).flatten();
        }
        if tail.len() > MOST_TAIL {
            return None;
        }
        let is_json = |tail: &str| {
            let whole = ["{\"results\":[", tail].concat();
            serde_json::from_str::<&RawValue>(&whole).is_ok()
        };
        let mut end = Mended::default();
        if std::str::from_utf8(tail).is_ok_and(is_json) {
            return end.copy(tail).map(|()| end);
        }
        mend(tail).filter(|mended| is_json(&mended.text))
    }

    /// Offset of the last bracket that can close the list.
    fn end(&self) -> Option<usize> {
        let brackets = self.json.iter().enumerate().rev().filter(|(_, byte)| **byte == b']');
        let mut ends = brackets.map(|(at, _)| at).take(MOST_ENDS);
        ends.find(|at| *at >= self.start && self.tail(*at).is_some())
    }

    /// One value, mended if necessary, and its length in bytes.
    fn value(&mut self, at: usize) -> Option<(usize, Mended)> {
        value(self.json.get(at..)?, &mut self.work)
    }
}

#[cfg(test)]
mod tests;
