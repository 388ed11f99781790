//! What a page is: which of the API's envelopes its body is, and the records in it.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::json_text::{self, JsonType};
use super::number::scaled;

/// A page with its records still as JSON text, borrowed from the body.
#[derive(Debug, Clone)]
pub struct Page<'a> {
    /// The records in their order; also elements that are no objects.
    pub records: Vec<&'a RawValue>,
    /// Length of the whole list, where the server says it.
    pub count: Option<u64>,
    /// Which envelope the body is.
    pub envelope: Envelope,
}

/// The envelopes that the API's lists come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// `[…]`: records only.
    Array,
    /// `{"results": […], "count": 68520}`; the count may be missing or be called `total_results`, other fields
    /// are passed over.
    Object,
    /// `{"count": 68520}`: no records.
    CountOnly,
    /// `68520`: no records.
    Number,
}

/// A body that is none of the [`Envelope`]s.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The bytes are not text.
    #[error("the body is not UTF-8 from byte {at} on; it starts with `{start}`")]
    NotText {
        /// Number of bytes before the first bad one.
        at: usize,
        /// First 200 bytes, without control characters.
        start: String,
    },
    /// The text is not JSON, or not one JSON value alone.
    #[error("the body is not JSON; it starts with `{start}`")]
    NotJson {
        /// First 200 bytes, without control characters.
        start: String,
        /// What the parser says, with line and column.
        #[source]
        source: serde_json::Error,
    },
    /// JSON of another shape.
    #[error("the body is neither a list of records nor a count; it starts with `{start}`")]
    OtherShape {
        /// First 200 bytes, without control characters.
        start: String,
    },
}

impl EnvelopeError {
    /// The same error with another quotation of the body: one without the credentials that a server may echo.
    #[must_use]
    pub(crate) fn quoting(mut self, quotation: String) -> Self {
        match &mut self {
            Self::NotText { start, .. } | Self::NotJson { start, .. } | Self::OtherShape { start } => {
                *start = quotation;
            }
        }
        self
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotText { .. } | Self::NotJson { .. } => {
                "a proxy's page or a cut-off answer; request the page again"
            }
            Self::OtherShape { .. } => "check that the base URL points at the API, and what the message says",
        }
    }
}

/// Reads the envelope of a page and finds its records, without looking into them.
///
/// # Errors
/// When the body is none of the [`Envelope`]s: not UTF-8, not JSON, more than one JSON value, another shape.
pub fn parse_page(body: &[u8]) -> Result<Page<'_>, EnvelopeError> {
    let text = std::str::from_utf8(body)
        .map_err(|error| EnvelopeError::NotText { at: error.valid_up_to(), start: start_of(body) })?;
    let failed = |source: serde_json::Error| {
        let start = start_of(body);
        if source.is_data() {
            EnvelopeError::OtherShape { start }
        } else {
            EnvelopeError::NotJson { start, source }
        }
    };
    let page = match text.trim_ascii_start().as_bytes().first() {
        Some(b'[') => {
            let records = serde_json::from_str(text).map_err(failed)?;
            Some(Page { records, count: None, envelope: Envelope::Array })
        }
        Some(b'{') => parse_object(text).map_err(failed)?.into_page(),
        Some(b'-' | b'0'..=b'9') => {
            let number: &RawValue = serde_json::from_str(text).map_err(failed)?;
            count_of(number).map(|count| Page {
                records: Vec::new(),
                count: Some(count),
                envelope: Envelope::Number,
            })
        }
        _ => {
            serde_json::from_str::<IgnoredAny>(text).map_err(failed)?;
            None
        }
    };
    page.ok_or_else(|| EnvelopeError::OtherShape { start: start_of(body) })
}

/// The fields of an object that is an envelope.
#[derive(Default)]
struct Fields<'a> {
    results: Option<Vec<&'a RawValue>>,
    count: Option<&'a RawValue>,
    total_results: Option<&'a RawValue>,
}

impl<'a> Fields<'a> {
    /// None when a count is there but is no number, and when there are neither records nor a count.
    fn into_page(self) -> Option<Page<'a>> {
        let mut given = [self.count, self.total_results].into_iter().flatten();
        let given = given.find(|raw| json_text::type_of(raw.get()) != JsonType::Null);
        let count = match given {
            Some(raw) => Some(count_of(raw)?),
            None => None,
        };
        match self.results {
            Some(records) => Some(Page { records, count, envelope: Envelope::Object }),
            None => count.map(|count| Page {
                records: Vec::new(),
                count: Some(count),
                envelope: Envelope::CountOnly,
            }),
        }
    }
}

fn parse_object(text: &str) -> Result<Fields<'_>, serde_json::Error> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let fields = parser.deserialize_map(FieldsVisitor)?;
    parser.end()?;
    Ok(fields)
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with `results` or `count`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields::default();
        while let Some(key) = map.next_key::<&RawValue>()? {
            match &*json_text::content(key.into()).text {
                "results" => fields.results = Some(map.next_value()?),
                "count" => fields.count = Some(map.next_value()?),
                "total_results" => fields.total_results = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(fields)
    }
}

/// A whole number that is not negative; as text, too, since the API writes numbers either way.
fn count_of(raw: &RawValue) -> Option<u64> {
    let text = match json_text::type_of(raw.get()) {
        JsonType::Number => raw.get().into(),
        JsonType::String => json_text::content(raw.into()).text,
        _ => return None,
    };
    scaled(&text, 0).ok().and_then(|number| u64::try_from(number).ok())
}

/// The first 200 bytes for a message: invalid parts, control characters and characters that turn the direction
/// of text are replaced.
fn start_of(body: &[u8]) -> String {
    let start = String::from_utf8_lossy(body.get(..200).unwrap_or(body)).into_owned();
    let turns =
        |char| matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    start.replace(|char: char| char.is_control() || turns(char), " ")
}
