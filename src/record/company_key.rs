//! Country and business id of a company, from a single JSON value or text, in the form of the tables.

use serde_json::value::RawValue;

use super::cell::{self, Cell};
use super::fields::Fields;
use super::json_text::Raw;
use super::{json_text, key};
use crate::schema::Kind;

/// The country in a JSON value, in upper case; `None` when the value is not a country code.
pub(crate) fn country_of(value: &RawValue) -> Option<String> {
    text_cell(Kind::Country, value, None)
}

/// The business id in a JSON value, without the prefix `country` and without dashes; `None` when the value is not a
/// business id.
pub(crate) fn business_id_of(value: &RawValue, country: &str) -> Option<String> {
    text_cell(Kind::BusinessId, value, Some(country))
}

/// A business id in the form of the tables, from any spelling; `None` when the text is not a business id.
pub(crate) fn plain_business_id(text: &str, country: &str) -> Option<String> {
    key::business_id(text, Some(country)).ok().map(Into::into)
}

/// Whether a character only separates the country from the id, or groups of its digits from each other.
pub(crate) fn separates(c: char) -> bool {
    key::separates(c)
}

/// The content of a JSON string; `None` for any other value. Half of a surrogate pair becomes U+FFFD.
pub(crate) fn string_of(json: &str) -> Option<String> {
    let is_string = json_text::type_of(json) == json_text::JsonType::String;
    is_string.then(|| json_text::content(Raw::of(json)).text.into_owned())
}

/// The fields of a JSON object as name and text of the value; `None` for any other value.
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
