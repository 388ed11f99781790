//! A company's country and id as a single JSON value or text gives them, written as tables have them.

use serde_json::value::RawValue;

use super::cell::{self, Cell};
use super::fields::Fields;
use super::json_text::Raw;
use super::{json_text, key};
use crate::schema::Kind;

/// The country that a JSON value names, in upper case; none when it names none.
pub(crate) fn country_of(value: &RawValue) -> Option<String> {
    text_cell(Kind::Country, value, None)
}

/// The business id that a JSON value gives, without `country` in front and without dashes; none when it gives none.
pub(crate) fn business_id_of(value: &RawValue, country: &str) -> Option<String> {
    text_cell(Kind::BusinessId, value, Some(country))
}

/// A business id as written anywhere, in the form of the tables.
pub(crate) fn plain_business_id(text: &str, country: &str) -> Option<String> {
    key::business_id(text, Some(country)).ok().map(Into::into)
}

/// Whether a character only separates the country from the id, or groups of its digits from each other.
pub(crate) fn separates(c: char) -> bool {
    key::separates(c)
}

/// What the text of a JSON string says; none for another value. Half of a surrogate pair that stands alone becomes U+FFFD.
pub(crate) fn string_of(json: &str) -> Option<String> {
    let is_string = json_text::type_of(json) == json_text::JsonType::String;
    is_string.then(|| json_text::content(Raw::of(json)).text.into_owned())
}

/// The fields of the text of a JSON object: name, and text of the value; none of another value.
pub(crate) fn fields_of(json: &str) -> Option<impl Iterator<Item = (String, &str)>> {
    let fields = Fields::new(json)?;
    Some(fields.map(|(name, value)| (json_text::content(name).text.into_owned(), value.text)))
}

fn text_cell(kind: Kind, value: &RawValue, country: Option<&str>) -> Option<String> {
    match cell::parse(kind, value, country).cell {
        Cell::Text(text) => Some(text.into_owned()),
        _ => None,
    }
}
