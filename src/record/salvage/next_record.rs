//! Finds the record behind a damage.

use std::collections::HashSet;

use super::List;
use super::bytes::blank;
use crate::record::fields::Fields;
use crate::record::json_text;
use crate::record::mend::string_end;

/// Maximum work, in bytes examined for each byte of the body, before the rest of the body is given up.
const MOST_WORK: usize = 16;

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

impl List<'_> {
    /// Offset of the first record behind a damage. With `at_damage`, the record may begin right at `damage`.
    pub(super) fn next_record(
        &mut self,
        damage: usize,
        at_damage: bool,
        names: &HashSet<String>,
    ) -> Option<usize> {
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

/// Names of an object's fields; empty for any other value.
pub(super) fn names_of(text: &str) -> HashSet<String> {
    let fields = Fields::new(text).into_iter().flatten();
    fields.map(|(name, _)| json_text::content(name).text.into_owned()).collect()
}

/// Whether two objects share at least half of the fields of the larger one.
fn is_alike(names: &HashSet<String>, known: &HashSet<String>) -> bool {
    !known.is_empty() && 2 * names.intersection(known).count() >= names.len().max(known.len())
}
