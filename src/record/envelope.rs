//! The API's envelopes: which of them the body of a page is, and the records in it.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer as _;
use serde::de::{Deserialize, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error::EnvelopeError;
use super::json_text::{self, JsonType};
use super::number::whole;
use crate::catalog::api::{Dialect, Shape};

/// A page with its records, as JSON text borrowed from the body or in another form that the caller chooses.
#[derive(Debug, Clone)]
pub struct Page<R> {
    /// The records in order, including elements that are not objects.
    pub records: Vec<R>,
    /// Length of the whole list; `None` when the server does not give it.
    pub count: Option<u64>,
    /// Link to the next page; `None` when the server does not give one.
    pub next_page: Option<String>,
    /// Envelope of the body.
    pub envelope: Envelope,
}

impl<R> Page<R> {
    fn of_records(records: Vec<R>, envelope: Envelope) -> Self {
        Self { records, count: None, next_page: None, envelope }
    }

    fn of_count(count: u64, envelope: Envelope) -> Self {
        Self { records: Vec::new(), count: Some(count), next_page: None, envelope }
    }
}

/// The envelopes of the API's lists. The API's document shows [`Envelope::Array`] for `prospectFilter`, and
/// [`Envelope::Object`] for `getTargetGroupById` (with `count`) and `get__customer_data_` (with `total_results`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// `[…]`: records only.
    Array,
    /// `{"results": […], "count": 68520}`. The count may be missing or be named `total_results`; other fields are
    /// ignored.
    Object,
    /// `{"count": 68520}`: no records.
    CountOnly,
    /// `68520`: no records.
    Number,
    /// `{…}`: one record without an envelope, in an answer about one thing.
    Lone,
}

/// Reads the envelope of a page and finds its records, without parsing them.
///
/// Accepts valid JSON only. A body that is nearly JSON is repaired first, when a page is
/// [summarised](super::fingerprints), and when its rows are made.
///
/// # Errors
/// The body is not an envelope of records or a count: it is not UTF-8, not JSON, more than one JSON value, or of
/// another shape.
pub fn parse_page(body: &[u8]) -> Result<Page<&RawValue>, EnvelopeError> {
    parse(body, Shape::LIST)
}

/// [`parse_page`] for an answer that holds everything at once: an object that is not an envelope is a record.
///
/// # Errors
/// As [`parse_page`].
pub fn parse_single(body: &[u8]) -> Result<Page<&RawValue>, EnvelopeError> {
    parse(body, Shape::SINGLE)
}

/// Texts of the records in an answer that holds everything at once.
pub(crate) fn records_of(text: &str, shape: Shape) -> Result<Vec<&str>, EnvelopeError> {
    let page: Page<&RawValue> = parse_text(text, shape)?;
    Ok(page.records.into_iter().map(RawValue::get).collect())
}

/// [`parse_single`] or [`parse_page`], with records of any type.
fn parse<'a, R: Deserialize<'a>>(body: &'a [u8], shape: Shape) -> Result<Page<R>, EnvelopeError> {
    let text =
        std::str::from_utf8(body).map_err(|error| EnvelopeError::not_text(body, error.valid_up_to()))?;
    parse_text(text, shape)
}

/// [`parse`] for a body that is already text.
pub(crate) fn parse_text<'a, R: Deserialize<'a>>(
    text: &'a str,
    shape: Shape,
) -> Result<Page<R>, EnvelopeError> {
    let failed = |source: serde_json::Error| {
        if source.is_data() {
            EnvelopeError::other_shape(text.as_bytes())
        } else {
            EnvelopeError::not_json(text.as_bytes(), source)
        }
    };
    let page = match text.trim_ascii_start().as_bytes().first() {
        Some(b'[') => {
            let records = serde_json::from_str(text).map_err(failed)?;
            Some(Page::of_records(records, Envelope::Array))
        }
        Some(b'{') if shape.single => Some(parse_lone(text, shape.dialect).map_err(failed)?),
        Some(b'{') => parse_object(text, shape.dialect).map_err(failed)?.into_page(),
        Some(b'-' | b'0'..=b'9') => {
            let number: &RawValue = serde_json::from_str(text).map_err(failed)?;
            count_of(number).map(|count| Page::of_count(count, Envelope::Number))
        }
        _ => {
            serde_json::from_str::<IgnoredAny>(text).map_err(failed)?;
            None
        }
    };
    page.ok_or_else(|| EnvelopeError::other_shape(text.as_bytes()))
}

/// The fields of an object that may be an envelope.
struct Fields<'a, R> {
    records: Option<Vec<R>>,
    /// Lengths of the list, in the order of their names in the dialect.
    totals: Vec<Option<&'a RawValue>>,
    next: Option<&'a RawValue>,
    /// Number of other fields.
    others: usize,
}

impl<R> Fields<'_, R> {
    /// The page; `None` when a count is present but is not a number, or when there are neither records nor a count.
    fn into_page(self) -> Option<Page<R>> {
        let mut given = self.totals.into_iter().flatten();
        let given = given.find(|raw| json_text::type_of(raw.get()) != JsonType::Null);
        let count = match given {
            Some(raw) => Some(count_of(raw)?),
            None => None,
        };
        let page = match self.records {
            Some(records) => Page { count, ..Page::of_records(records, Envelope::Object) },
            None => Page::of_count(count?, Envelope::CountOnly),
        };
        Some(Page { next_page: self.next.and_then(text_of), ..page })
    }

    /// Whether the object is itself a record: it has other fields and no records, whatever counts it has.
    fn is_record(&self) -> bool {
        self.records.is_none() && self.others > 0
    }
}

/// Parses an object that is an envelope, or else a record.
fn parse_lone<'a, R: Deserialize<'a>>(
    text: &'a str,
    dialect: &'static Dialect,
) -> Result<Page<R>, serde_json::Error> {
    match parse_object(text, dialect) {
        Ok(fields) if !fields.is_record() => {
            if let Some(page) = fields.into_page() {
                return Ok(page);
            }
        }
        // A field of a record can have the name of an envelope's field and another type.
        Err(error) if !error.is_data() => return Err(error),
        Ok(_) | Err(_) => {}
    }
    Ok(Page::of_records(vec![serde_json::from_str(text)?], Envelope::Lone))
}

fn parse_object<'a, R: Deserialize<'a>>(
    text: &'a str,
    dialect: &'static Dialect,
) -> Result<Fields<'a, R>, serde_json::Error> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let fields = parser.deserialize_map(FieldsVisitor { dialect, records: PhantomData })?;
    parser.end()?;
    Ok(fields)
}

struct FieldsVisitor<R> {
    dialect: &'static Dialect,
    records: PhantomData<R>,
}

impl<'de, R: Deserialize<'de>> Visitor<'de> for FieldsVisitor<R> {
    type Value = Fields<'de, R>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "an object with `{}` or `{}`",
            self.dialect.records_at,
            self.dialect.totals.join("`, `")
        )
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Dialect { records_at, totals, next, previous, .. } = *self.dialect;
        let mut fields = Fields { records: None, totals: vec![None; totals.len()], next: None, others: 0 };
        while let Some(key) = map.next_key::<&RawValue>()? {
            let name = json_text::content(key.into()).text;
            if name == records_at {
                fields.records = Some(map.next_value()?);
            } else if let Some(place) = totals.iter().position(|total| name == *total) {
                let total = map.next_value()?;
                if let Some(known) = fields.totals.get_mut(place) {
                    *known = Some(total);
                }
            } else if name == next {
                fields.next = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
                fields.others += usize::from(name != previous);
            }
        }
        Ok(fields)
    }
}

/// The text of a string or number; `None` for any other value.
fn text_of(raw: &RawValue) -> Option<String> {
    match json_text::type_of(raw.get()) {
        JsonType::String => Some(json_text::content(raw.into()).text.into_owned()),
        JsonType::Number => Some(raw.get().to_owned()),
        _ => None,
    }
}

/// A whole number that is not negative, written as a number or as text: the API writes numbers both ways.
fn count_of(raw: &RawValue) -> Option<u64> {
    let text = match json_text::type_of(raw.get()) {
        JsonType::Number => raw.get().into(),
        JsonType::String => json_text::content(raw.into()).text,
        _ => return None,
    };
    whole(&text)
}
