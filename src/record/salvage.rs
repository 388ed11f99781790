//! Finds the records of a body in which one or a few records are not JSON: where each record begins and ends despite
//! the damage between them.
//!
//! A record that can be read is read. Anything between two such records, other than a comma, is an unreadable record,
//! and JSON null replaces it. The damage ends at the first object behind it that is a record: it is outside of all
//! brackets and strings, as far as these can still be matched, or it has the fields of the list's other records, or
//! its first field has the name of the damaged record's first field. What follows the object must also be able to
//! follow a record. An object inside the damaged record meets none of these conditions.

use std::collections::HashSet;
use std::ops::Range;

use serde_json::value::RawValue;

use super::fields::Fields;
use super::json_text;
use super::mend::{Mended, mend, string_end};
use super::repairs::Fault;
use crate::catalog::api::Shape;

/// Maximum work, in bytes examined for each byte of the body, before the rest of the body is given up.
const MOST_WORK: usize = 16;
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

/// What follows an object that may be a record.
#[derive(PartialEq, Eq)]
enum Follows {
    /// Other values, each of them readable, up to the end of the list.
    TheEnd,
    /// Another object, which is damaged.
    Damage,
    /// Something that cannot follow a record.
    NoRecord,
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

    /// Offset of the first record behind a damage. With `at_damage`, the record may begin right at `damage`.
    fn next_record(&mut self, damage: usize, at_damage: bool, names: &HashSet<String>) -> Option<usize> {
        self.judged_blindly |= names.is_empty();
        let first_name = first_name_of(self.json.get(damage..)?);
        let mut between = Between { at: damage, ..Between::default() };
        let mut at = damage + usize::from(!at_damage);
        loop {
            let rest = self.json.get(at..)?;
            at += rest.iter().position(|byte| *byte == b'{')?;
            self.work += 64;
            if self.is_worn_out() {
                return None;
            }
            let Some((length, text)) = self.value(at) else {
                at += 1;
                continue;
            };
            let follows = self.follows(at + length);
            between.go_to(self.json, at);
            let same_name = first_name.is_some() && first_name == self.json.get(at..).and_then(first_name_of);
            let is_record = match follows {
                Follows::NoRecord => false,
                _ if between.is_whole() => true,
                _ if names.is_empty() => same_name,
                Follows::TheEnd => same_name || is_alike(&names_of(&text.text), names),
                Follows::Damage => is_alike(&names_of(&text.text), names),
            };
            if is_record {
                return Some(at);
            }
            // An object of the damaged record: skip it with everything inside it.
            at += length;
        }
    }

    fn is_worn_out(&self) -> bool {
        self.work > MOST_WORK * self.json.len().max(4096)
    }

    /// What follows an object that ends at `at`.
    fn follows(&mut self, mut at: usize) -> Follows {
        let mut is_behind_object = false;
        loop {
            at = blank(self.json, at);
            match self.json.get(at) {
                Some(b']') if self.tail(at).is_some() => return Follows::TheEnd,
                // A comma may be missing between records.
                Some(b',' | b'{') => {}
                // What looked like the next record goes on.
                Some(byte) if is_behind_object && *byte != b']' => return Follows::Damage,
                _ => return Follows::NoRecord,
            }
            at = blank(self.json, at + usize::from(self.json.get(at) == Some(&b',')));
            is_behind_object = self.json.get(at) == Some(&b'{');
            match self.value(at) {
                Some((length, _)) if !self.is_worn_out() => at += length,
                Some(_) => return Follows::NoRecord,
                None => return Follows::Damage,
            }
        }
    }
}

/// The brackets and quotes from the start of a damage up to a position behind it.
#[derive(Default)]
struct Between {
    /// Offset up to which the text was examined.
    at: usize,
    open: Vec<u8>,
    in_string: bool,
    is_escaped: bool,
    /// Whether a bracket was closed by one of another kind.
    is_crossed: bool,
}

impl Between {
    fn go_to(&mut self, json: &[u8], at: usize) {
        for byte in json.get(self.at..at).unwrap_or_default() {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' if self.in_string => self.is_escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => self.open.push(*byte),
                b'}' => self.is_crossed |= self.open.pop() != Some(b'{'),
                b']' => self.is_crossed |= self.open.pop() != Some(b'['),
                _ => {}
            }
        }
        self.at = self.at.max(at);
    }

    /// Whether everything opened is closed, so that the next byte is outside of all brackets and strings.
    fn is_whole(&self) -> bool {
        self.open.is_empty() && !self.in_string && !self.is_crossed
    }
}

/// Name of an object's first field, with its quotes.
fn first_name_of(json: &[u8]) -> Option<&[u8]> {
    let start = blank(json.strip_prefix(b"{").map(|_| json)?, 1);
    let end = string_end(json, start).filter(|_| json.get(start) == Some(&b'"'))?;
    json.get(start..=end)
}

/// Parses the value at the start of the bytes, mended if necessary, and returns its length in bytes. Adds the number
/// of bytes examined to `work`.
fn value(json: &[u8], work: &mut usize) -> Option<(usize, Mended)> {
    let mut values = serde_json::Deserializer::from_slice(json).into_iter::<&RawValue>();
    let error = match values.next()? {
        Ok(value) => {
            let length = values.byte_offset();
            *work += length;
            let mut mended = Mended::default();
            mended.copy(value.get().as_bytes())?;
            return Some((length, mended));
        }
        Err(error) => error,
    };
    let place = offset_of(json, &error);
    *work += place;
    if !is_mendable(json, place, &error) {
        return None;
    }
    let length = length_of(json);
    *work += length.unwrap_or(json.len());
    let mended = mend(json.get(..length?)?)?;
    serde_json::from_str::<&RawValue>(&mended.text).ok()?;
    Some((length?, mended))
}

/// Offset in the text at which the parser stopped.
pub(crate) fn offset_of(json: &[u8], error: &serde_json::Error) -> usize {
    let breaks = json.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let line = std::iter::once(0).chain(breaks).nth(error.line().saturating_sub(1)).unwrap_or(0);
    (line + error.column().saturating_sub(1)).min(json.len())
}

/// Whether the parser may have stopped at something that can be mended.
fn is_mendable(json: &[u8], place: usize, error: &serde_json::Error) -> bool {
    let near = json.get(place.saturating_sub(1)..(place + 2).min(json.len())).unwrap_or_default();
    let may_be = |byte: &u8| matches!(byte, b'N' | b'I') || *byte < b' ' || !byte.is_ascii();
    // For bytes that are not UTF-8, the parser reports only where the value ends.
    near.iter().any(may_be) || error.to_string().contains("unicode")
}

/// Length of a value in bytes, determined from its brackets and quotes alone.
fn length_of(json: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0_usize, 0_usize);
    loop {
        match json.get(at)? {
            b'"' => at = string_end(json, at)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => return Some(at),
            _ => {}
        }
        at += 1;
        let ends = depth == 0 && matches!(json.get(at - 1), Some(b'"' | b'}' | b']'));
        if ends
            || (depth == 0 && matches!(json.get(at), None | Some(b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t')))
        {
            return Some(at);
        }
    }
}

/// The first offset from `at` on that is not a blank.
fn blank(json: &[u8], at: usize) -> usize {
    let rest = json.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).count()
}

/// Range of the damaged bytes without the comma and blanks at its end. If nothing else is left, the comma stays.
fn trimmed(json: &[u8], start: usize, end: usize) -> Range<usize> {
    let damaged = json.get(start..end).unwrap_or_default().trim_ascii_end();
    let inner = damaged.strip_suffix(b",").unwrap_or(damaged).trim_ascii_end();
    let kept = if inner.is_empty() { damaged } else { inner };
    start..start + kept.len()
}

/// Names of an object's fields; empty for any other value.
fn names_of(text: &str) -> HashSet<String> {
    let fields = Fields::new(text).into_iter().flatten();
    fields.map(|(name, _)| json_text::content(name).text.into_owned()).collect()
}

/// Whether two objects share at least half of the fields of the larger one.
fn is_alike(names: &HashSet<String>, known: &HashSet<String>) -> bool {
    !known.is_empty() && 2 * names.intersection(known).count() >= names.len().max(known.len())
}

/// Whether brackets are open at the end, outside of a string, and every closed bracket was closed by its own kind.
fn is_open(json: &[u8]) -> bool {
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => match string_end(json, at) {
                Some(end) => at = end,
                None => return false,
            },
            b'{' | b'[' => open.push(*byte),
            b'}' if open.pop() != Some(b'{') => return false,
            b']' if open.pop() != Some(b'[') => return false,
            _ => {}
        }
        at += 1;
    }
    !open.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [&str; 3] = [
        r#"{"id":"1","name":"a","of":[{"x":1},{"x":2}],"z":{"y":1}}"#,
        r#"{"id":"2","name":"b, {\"","of":[],"z":{}}"#,
        r#"{"id":"3","name":"c]}","of":[{"x":3}],"z":null}"#,
    ];

    const BAD: [&str; 14] = [
        r#"{"id":"9","name":"n",}"#,
        r#"{"id":"9","name":"cut,"of":[],"z":1}"#,
        r#"{"id":"9","name":"n","of":[{"x":1},{"x":2}],"z":"cut}"#,
        r#"{"id":"9","name":"n","of":[{"x":1},{"x":2},],"z":{"y":1}}"#,
        r#"{"id":"9","name":bare,"of":[{"x":1},{"x":2}],"z":{"y":1}}"#,
        r"{'id':'9','name':'n','of':[]}",
        r#"{"id":"9","name":"n","of":[{"x":1,"z":{"y":1}}"#,
        r#"{"id":"9","name" "n","of":[{"x":1}],"z":{"y":1}}"#,
        r#"{"id":"9","name":"n","of":[{"x":1}]],"z":{"y":1}}"#,
        r#"{"id":"9","name":"\x","of":[{"x":1}],"z":{"y":1}}"#,
        r#"{"id":"9","name":01,"of":[{"x":1}],"z":{"y":1}}"#,
        r#"{"id":"9","name":"n"}}"#,
        "bare",
        r#"{id:9,"of":[{"x":1},{"x":2}],"z":{"y":1}}"#,
    ];

    /// Texts of the records that can be read, and of those that cannot.
    fn found(json: &str) -> Option<(Vec<String>, Vec<String>)> {
        let Salvaged { mended, .. } = salvage(json.as_bytes(), Shape::LIST)?;
        let whole: serde_json::Value =
            serde_json::from_str(&mended.text).unwrap_or_else(|error| panic!("{}: {error}", mended.text));
        let records = whole.get("results").unwrap_or(&whole).as_array().unwrap().clone();
        let bad = mended.repairs.unreadable_ranges();
        assert_eq!(bad.len(), mended.repairs.unreadable_records());
        assert_eq!(records.iter().filter(|record| record.is_null()).count(), bad.len(), "{}", mended.text);
        let good = records.iter().filter(|record| !record.is_null()).map(ToString::to_string);
        let bad = bad.into_iter().map(|(range, received)| {
            assert_eq!(&json.as_bytes()[range], received);
            String::from_utf8_lossy(received).into_owned()
        });
        Some((good.collect(), bad.collect()))
    }

    fn good(which: &[usize]) -> Vec<String> {
        which
            .iter()
            .map(|at| serde_json::from_str::<serde_json::Value>(GOOD[*at]).unwrap().to_string())
            .collect()
    }

    #[test]
    fn one_bad_record_among_others_is_found_wherever_it_stands_and_the_others_are_whole() {
        for bad in BAD {
            for place in 0..=3 {
                let mut records = GOOD.to_vec();
                records.insert(place, bad);
                for separator in [",", " ,\n "] {
                    let list = format!("[{}]", records.join(separator));
                    for body in
                        [list.clone(), format!("{{\"count\":4,\"results\":{list},\"next_page\":null}}\n")]
                    {
                        assert_eq!(found(&body), Some((good(&[0, 1, 2]), vec![bad.to_owned()])), "{body}");
                    }
                }
            }
        }
    }

    #[test]
    fn several_bad_records_are_each_found() {
        for bad in BAD {
            let body = format!("[{bad},{},{bad},{}]", GOOD[0], GOOD[1]);
            let (records, unreadable) = found(&body).unwrap();
            assert_eq!((records, unreadable), (good(&[0, 1]), vec![bad.to_owned(); 2]), "{body}");
        }
    }

    #[test]
    fn a_bad_record_alone_is_one_whatever_is_inside_it() {
        for bad in BAD {
            assert_eq!(found(&format!("[{bad}]")), Some((vec![], vec![bad.to_owned()])));
            assert_eq!(found(&format!("{{\"results\":[{bad}]}}")), Some((vec![], vec![bad.to_owned()])));
        }
    }

    #[test]
    fn commas_that_are_too_many_or_too_few_cost_no_record() {
        let [a, b, _] = GOOD;
        for (body, raw) in [
            (format!("[{a},{b},]"), ""),
            (format!("[{a},,{b}]"), ","),
            (format!("[,{a},{b}]"), ","),
            (format!("[{a}{b}]"), ""),
            (format!("[{a} x,{b}]"), "x"),
        ] {
            let Some((records, unreadable)) = found(&body) else { panic!("{body}") };
            if raw == "x" {
                // It may belong to the record before it.
                assert_eq!((records, unreadable), (good(&[1]), vec![format!("{a} x")]), "{body}");
            } else {
                assert_eq!((records, unreadable), (good(&[0, 1]), vec![raw.to_owned()]), "{body}");
            }
        }
    }

    #[test]
    fn what_can_be_mended_is_no_damage() {
        let body = b"[{\"id\":NaN,\"name\":\"K\xe4\t\"},{\"id\":1,},{\"id\":2,\"name\":\"b\"}]";
        let Salvaged { mended, .. } = salvage(body, Shape::LIST).unwrap();
        assert_eq!(mended.text, "[{\"id\":null,\"name\":\"K\\udce4\\t\"},null,{\"id\":2,\"name\":\"b\"}]");
        let repairs = mended.repairs.of_text(&mended.text);
        assert_eq!(repairs.as_received(&mended.text), String::from_utf8_lossy(body));
    }

    #[test]
    fn a_body_that_does_not_end_is_no_list_or_may_be_cut() {
        let [a, b, c] = GOOD;
        for body in
            [format!("[{a},{b},{{\"id\":\"3\""), format!("{{\"results\":[{a},{b}}}"), "<html>".to_owned()]
        {
            assert!(salvage(body.as_bytes(), Shape::LIST).is_none(), "{body}");
        }
        let cut = format!("{{\"results\":[{a},{{\"id\":\"2\",\"of\":[{{\"x\":1}}]}}");
        assert!(salvage(cut.as_bytes(), Shape::LIST).is_none_or(|salvaged| salvaged.may_be_cut));
        let whole = format!("[{a},{{\"id\":\"2\",}},{c}]");
        assert!(!salvage(whole.as_bytes(), Shape::LIST).unwrap().may_be_cut);
    }

    #[test]
    fn an_object_alone_is_a_record_only_where_it_may_be() {
        let body = br#" {"id":"1","of":[1,]} "#;
        assert!(salvage(body, Shape::LIST).is_none());
        let Salvaged { mended, may_be_cut } = salvage(body, Shape::SINGLE).unwrap();
        assert_eq!((mended.text.as_str(), may_be_cut), ("[null]", false));
        assert!(salvage(br#"{"id":"1","of":[{"a":1}"#, Shape::SINGLE).unwrap().may_be_cut);
    }

    #[test]
    fn the_work_is_bounded() {
        let body = format!("[{}]", r#"{"a":"#.repeat(200_000));
        assert!(salvage(body.as_bytes(), Shape::LIST).is_some());
    }
}
