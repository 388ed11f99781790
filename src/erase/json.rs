//! Cuts subjects out of a JSON text. Bytes that are not about a subject stay unchanged.
//!
//! The rules are the same for a landed body and for a JSON cell of a table:
//! - A **person**: an object whose `email` is the address is the person and is removed as a whole, unless it is a
//!   company (it has a `business_id`). Anywhere else, a string that equals the address becomes null, or is removed if
//!   it is an element of an array. Within a longer string the address is replaced. A member whose key holds the address
//!   is removed.
//! - A **company**: an object is removed as a whole if it has the company's `business_id` and its `country` (its own,
//!   or that of the object around it), or the id prefixed with the country. An object whose `prospect_info` names the
//!   company is removed, too. A string that equals the id prefixed with the country becomes null, or is removed from
//!   its array. If no country is known, the object stays and is counted: the same digits in another country are another
//!   company.

mod object;

use std::ops::Range;

use serde_json::value::RawValue;

use super::subject::Subject;
use super::tally::Tally;
use crate::record::company_key::{country_of, string_of};
use object::{Is, Members, is_company, member, members};

/// The field that makes an object a person.
pub(super) const PERSON_FIELD: &str = "email";
/// The field of customer data that names the company that the data are about. The API's document, section
/// `get__customer_data_`.
const COMPANY_FIELD: &str = "prospect_info";
/// Levels of nesting that are searched. A value below them is removed as a whole if it may name a subject.
const MAX_DEPTH: usize = 128;

/// The result of [`cut`] on a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cut {
    /// The text is not about any subject and stays as it is.
    Same,
    /// The text without the subjects.
    Text(String),
    /// The whole text is about a subject.
    Gone,
}

/// Cuts the subjects out of `text`. `country` is that of the row or company that the text belongs to, or `None`.
///
/// # Errors
/// The text may name a subject and is not JSON.
pub(super) fn cut(
    text: &str,
    subjects: &[Subject],
    country: Option<&str>,
    tally: &mut Tally,
) -> Result<Cut, serde_json::Error> {
    Ok(match edits(text, subjects, country, tally)? {
        Edits::Gone => Cut::Gone,
        Edits::At(edits) if edits.is_empty() => Cut::Same,
        Edits::At(edits) => {
            let (mut out, mut position) = (String::with_capacity(text.len()), 0);
            for (range, new) in &edits {
                out.push_str(text.get(position..range.start).unwrap_or_default());
                out.push_str(new);
                position = range.end;
            }
            out.push_str(text.get(position..).unwrap_or_default());
            Cut::Text(out)
        }
    })
}

/// The changes to be made in a text.
#[derive(Debug)]
pub(super) enum Edits {
    /// Ranges in ascending order, each with its replacement. Empty if nothing changes.
    At(Vec<(Range<usize>, String)>),
    /// The whole text is about a subject.
    Gone,
}

/// The changes that [`cut`] makes in `text`.
///
/// # Errors
/// The text may name a subject and is not JSON.
pub(super) fn edits(
    text: &str,
    subjects: &[Subject],
    country: Option<&str>,
    tally: &mut Tally,
) -> Result<Edits, serde_json::Error> {
    if !subjects.iter().any(|subject| subject.may_be_in(text)) {
        return Ok(Edits::At(Vec::new()));
    }
    let root: &RawValue = serde_json::from_str(text)?;
    let mut cutter = Cutter { text, subjects, edits: Vec::new(), tally };
    match cutter.value(root, country, 0)? {
        Fate::Gone => return Ok(Edits::Gone),
        Fate::Text(new) => {
            let range = cutter.range(root);
            return Ok(Edits::At(vec![(range, quoted(&new)?)]));
        }
        Fate::Keep => {}
    }
    cutter.edits.sort_by_key(|(range, _)| range.start);
    Ok(Edits::At(cutter.edits))
}

/// What happens to a value.
enum Fate {
    /// The value stays; there may be edits inside it.
    Keep,
    Gone,
    /// The value is a string and is replaced by this text.
    Text(String),
}

struct Cutter<'t, 's> {
    text: &'t str,
    subjects: &'s [Subject],
    /// Ranges of the text with their replacements. They do not overlap.
    edits: Vec<(Range<usize>, String)>,
    tally: &'s mut Tally,
}

impl<'t> Cutter<'t, '_> {
    fn value(
        &mut self,
        raw: &'t RawValue,
        country: Option<&str>,
        depth: usize,
    ) -> Result<Fate, serde_json::Error> {
        let json = raw.get();
        if !self.subjects.iter().any(|subject| subject.may_be_in(json)) {
            return Ok(Fate::Keep);
        }
        match json.as_bytes().first() {
            Some(b'{' | b'[') if depth >= MAX_DEPTH => {
                self.tally.removed += 1;
                Ok(Fate::Gone)
            }
            Some(b'{') => self.object(&members(raw)?, country, depth),
            Some(b'[') => self.array(&serde_json::from_str::<Vec<&RawValue>>(json)?, country, depth),
            Some(b'"') => Ok(self.string(raw)),
            _ => Ok(Fate::Keep),
        }
    }

    fn object(
        &mut self,
        members: &Members<'t>,
        country: Option<&str>,
        depth: usize,
    ) -> Result<Fate, serde_json::Error> {
        let own = member(members, "country").and_then(country_of);
        let country = own.as_deref().or(country);
        if self.is_about(members, country)? {
            self.tally.removed += 1;
            return Ok(Fate::Gone);
        }
        let mut gone = vec![false; members.len()];
        for ((key, value), gone) in members.iter().zip(&mut gone) {
            if let Fate::Gone | Fate::Text(_) = self.string(key) {
                *gone = true;
                continue;
            }
            match self.value(value, country, depth + 1)? {
                Fate::Keep => {}
                Fate::Gone => self.edits.push((self.range(value), "null".to_owned())),
                Fate::Text(new) => self.edits.push((self.range(value), quoted(&new)?)),
            }
        }
        let ranges = members.iter().map(|(key, value)| self.range(key).start..self.range(value).end);
        self.remove(&ranges.collect::<Vec<_>>(), &gone);
        Ok(Fate::Keep)
    }

    fn array(
        &mut self,
        elements: &[&'t RawValue],
        country: Option<&str>,
        depth: usize,
    ) -> Result<Fate, serde_json::Error> {
        let mut gone = vec![false; elements.len()];
        for (element, gone) in elements.iter().zip(&mut gone) {
            match self.value(element, country, depth + 1)? {
                Fate::Keep => {}
                Fate::Gone => *gone = true,
                Fate::Text(new) => self.edits.push((self.range(element), quoted(&new)?)),
            }
        }
        let ranges = elements.iter().map(|element| self.range(element));
        self.remove(&ranges.collect::<Vec<_>>(), &gone);
        Ok(Fate::Keep)
    }

    fn string(&mut self, raw: &RawValue) -> Fate {
        let Some(said) = string_of(raw.get()) else { return Fate::Keep };
        let mut fate = Fate::Keep;
        for (index, subject) in self.subjects.iter().enumerate() {
            if subject.is(&said) {
                self.tally.changed += 1;
                self.tally.found.insert(index);
                return Fate::Gone;
            }
            let now = if let Fate::Text(text) = &fate { text } else { &said };
            if let Some(new) = subject.replaced_in(now) {
                self.tally.changed += 1;
                self.tally.found.insert(index);
                fate = Fate::Text(new);
            }
        }
        fate
    }

    /// Whether an object with these members is a subject, or is about a company that is one.
    fn is_about(&mut self, own: &Members<'_>, country: Option<&str>) -> Result<bool, serde_json::Error> {
        let company = member(own, COMPANY_FIELD).filter(|value| value.get().starts_with('{'));
        let company = company.map(members).transpose()?;
        for (index, subject) in self.subjects.iter().enumerate() {
            let about = match subject {
                Subject::Person { .. } => {
                    let email = member(own, PERSON_FIELD).and_then(|email| string_of(email.get()));
                    member(own, "business_id").is_none() && email.is_some_and(|email| subject.is(&email))
                }
                Subject::Company { country: code, business_id } => {
                    let mut is_it = is_company(own, code, business_id, subject, country);
                    if let Some(company) = &company {
                        let theirs = member(company, "country").and_then(country_of);
                        is_it = is_it.or(is_company(company, code, business_id, subject, theirs.as_deref()));
                    }
                    // The company of `prospect_info` is visited later as a value of its own, and counted then.
                    if is_it == Is::Perhaps && company.is_none() {
                        self.tally.left += 1;
                        self.tally.found.insert(index);
                    }
                    is_it == Is::Yes
                }
            };
            if about {
                self.tally.found.insert(index);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Removes those of the comma-separated `ranges` that are marked in `gone`, together with one comma for each.
    fn remove(&mut self, ranges: &[Range<usize>], gone: &[bool]) {
        let mut last_kept: Option<usize> = None;
        let mut begun: Option<usize> = None;
        for (range, gone) in ranges.iter().zip(gone) {
            match (gone, begun) {
                (true, None) => begun = Some(range.start),
                (false, Some(start)) => {
                    self.edits.push((start..range.start, String::new()));
                    begun = None;
                }
                _ => {}
            }
            if !gone {
                last_kept = Some(range.end);
            }
        }
        if let (Some(start), Some(last)) = (begun, ranges.last()) {
            self.edits.push((last_kept.unwrap_or(start)..last.end, String::new()));
        }
    }

    /// Byte range of the value in the text.
    fn range(&self, value: &RawValue) -> Range<usize> {
        let start = (value.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        start..start + value.get().len()
    }
}

fn quoted(text: &str) -> Result<String, serde_json::Error> {
    serde_json::to_string(text)
}

#[cfg(test)]
mod tests;
