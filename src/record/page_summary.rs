//! Summary of a page for the pager: how many records it holds, and which.

use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::company_record::CompanyRecord;
use super::envelope::{Envelope, Page, parse_text};
use super::error::EnvelopeError;
use super::fields::Fields;
use super::json_text;
use super::key;
use super::reading::{Json, Tolerance, with_json};
use crate::catalog::api::Shape;

/// What the pager needs to know about one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageSummary {
    /// Envelope of the body.
    pub envelope: Envelope,
    /// Length of the whole list; `None` when the server does not give it.
    pub count: Option<u64>,
    /// Link to the next page; `None` when the server does not give one.
    pub next_page: Option<String>,
    /// Number of JSON objects of the page, with those that are not JSON.
    pub records: u64,
    /// One fingerprint for each of these records, in order; empty if the records were only counted. It is of
    /// the key as the warehouse writes it, so that `FI09704098`, `0970409-8` and `09704098` of FI are one company; for an object without a usable key, it is
    /// of the whole text.
    pub rows: Vec<u64>,
    /// Number of [`PageSummary::rows`] without a usable key.
    pub keyless: u64,
    /// Number of elements that are not objects, such as the placeholder `"..."`. They are not among the records.
    pub not_objects: u64,
    /// Records that are not JSON, identified by their bytes. They also count as keyless.
    pub unreadable: Vec<u64>,
}

/// Keeps the fingerprints of records without a key distinct from those of keys.
const KEYLESS_SEED: u64 = 1;

/// Summarises a page of companies.
///
/// # Errors
/// The body is not an envelope of records or a count, even after it was [repaired](super).
pub fn fingerprints(body: &[u8]) -> Result<PageSummary, EnvelopeError> {
    with_json(body, Shape::LIST, Tolerance::Values, |json| of_companies(json, Shape::LIST, |_| ()))
}

/// [`fingerprints`] for an answer that holds everything at once: an object that is not an envelope is a record.
///
/// # Errors
/// As [`fingerprints`].
pub fn fingerprints_single(body: &[u8]) -> Result<PageSummary, EnvelopeError> {
    with_json(body, Shape::SINGLE, Tolerance::Values, |json| of_single(json, Shape::SINGLE))
}

/// [`fingerprints`], and the companies of the page in order, such as `FI/09704098`. Records without a usable key are
/// skipped.
///
/// # Errors
/// As [`fingerprints`].
pub fn fingerprints_and_companies(body: &[u8]) -> Result<(PageSummary, Vec<String>), EnvelopeError> {
    with_json(body, Shape::LIST, Tolerance::Values, |json| summary_and_companies(json, Shape::LIST))
}

/// [`fingerprints_and_companies`] for the text of a page.
pub(crate) fn summary_and_companies(
    json: Json<'_>,
    shape: Shape,
) -> Result<(PageSummary, Vec<String>), EnvelopeError> {
    let mut companies = Vec::new();
    let summary = of_companies(json, shape, |company| companies.push(company))?;
    Ok((summary, companies))
}

pub(crate) fn of_single(json: Json<'_>, shape: Shape) -> Result<PageSummary, EnvelopeError> {
    Ok(summary_of(json, parse_text(json.text, shape)?, company_of))
}

/// Counts the records of an answer that holds everything at once, without telling them apart.
pub(crate) fn counted(json: Json<'_>, shape: Shape) -> Result<PageSummary, EnvelopeError> {
    let page: Page<&RawValue> = parse_text(json.text, shape)?;
    let mut summary = PageSummary::of(&page);
    for record in page.records {
        summary.add(json, record.get());
    }
    Ok(summary)
}

/// Summarises a page of companies. Calls `found` with each company that has a usable key.
pub(crate) fn of_companies(
    json: Json<'_>,
    shape: Shape,
    mut found: impl FnMut(String),
) -> Result<PageSummary, EnvelopeError> {
    if let Some((page, companies)) = plain_companies(json.text, shape) {
        let rows: Vec<_> = companies.iter().map(|company| key::fingerprint(company)).collect();
        companies.into_iter().for_each(found);
        return Ok(PageSummary { records: rows.len() as u64, rows, ..PageSummary::of(&page) });
    }
    // Some record has no usable key, or some element is not a record. These are told apart by their text.
    Ok(summary_of(json, parse_text(json.text, shape)?, |raw, fields| {
        let company = company_of(raw, fields);
        company.clone().into_iter().for_each(&mut found);
        company
    }))
}

/// A page whose records are all companies with usable keys, and these companies; `None` for any other page.
fn plain_companies(text: &str, shape: Shape) -> Option<(Page<CompanyRecord<'_>>, Vec<String>)> {
    let page: Page<CompanyRecord<'_>> = parse_text(text, shape).ok()?;
    let companies = page.records.iter().map(CompanyRecord::company).collect::<Option<_>>()?;
    Some((page, companies))
}

impl PageSummary {
    /// Summary of the envelope, without records.
    fn of<R>(page: &Page<R>) -> Self {
        Self {
            envelope: page.envelope,
            count: page.count,
            next_page: page.next_page.clone(),
            records: 0,
            rows: Vec::new(),
            keyless: 0,
            not_objects: 0,
            unreadable: Vec::new(),
        }
    }

    /// Counts an element.
    fn add<'a>(&mut self, json: Json<'_>, raw: &'a str) -> Element<'a> {
        if let Some(received) = json.unreadable(raw) {
            let fingerprint = xxh3_64_with_seed(received, KEYLESS_SEED);
            self.unreadable.push(fingerprint);
            self.records += 1;
            self.keyless += 1;
            return Element::Unreadable(fingerprint);
        }
        let Some(fields) = Fields::new(raw) else {
            self.not_objects += 1;
            return Element::NotAnObject;
        };
        self.records += 1;
        Element::Record(fields)
    }
}

pub(crate) fn summary_of<'a>(
    json: Json<'_>,
    page: Page<&'a RawValue>,
    mut key_of: impl FnMut(&'a str, Fields<'a>) -> Option<String>,
) -> PageSummary {
    let mut summary = PageSummary::of(&page);
    summary.rows.reserve(page.records.len());
    for record in page.records {
        let raw = record.get();
        match summary.add(json, raw) {
            Element::Record(fields) => {
                let key = key_of(raw, fields);
                summary.keyless += u64::from(key.is_none());
                let keyless = || xxh3_64_with_seed(raw.as_bytes(), KEYLESS_SEED);
                summary.rows.push(key.map_or_else(keyless, |key| key::fingerprint(&key)));
            }
            Element::Unreadable(fingerprint) => summary.rows.push(fingerprint),
            Element::NotAnObject => {}
        }
    }
    summary
}

/// An element of a page.
enum Element<'a> {
    Record(Fields<'a>),
    /// A record that is not JSON, as its fingerprint.
    Unreadable(u64),
    NotAnObject,
}

/// Country and business id of a record; `None` when either is missing or does not fit.
fn company_of(_: &str, fields: Fields<'_>) -> Option<String> {
    let (mut country, mut business_id) = (None, None);
    for (name, value) in fields {
        match &*json_text::content(name).text {
            "country" => country = Some(value),
            "business_id" => business_id = Some(value),
            _ => {}
        }
    }
    key::of_record(country, business_id)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn any_record() -> impl Strategy<Value = String> {
        let names = ["country", "business_id", r"\u0063ountry", r"business\u005fid", "mother", "", r"\ud800"];
        let values = [
            r#""FI""#,
            r#""fi""#,
            r#""F\u0049""#,
            r#""0970409-8""#,
            r#""FI09704098""#,
            "9704098",
            "null",
            "[]",
            r#"{"country":"SE","business_id":"1"}"#,
            r#""\"country\":\"SE\"""#,
            r#""\ud800""#,
            "-1.5e3",
            "true",
        ];
        let names = proptest::sample::select(names.to_vec());
        let values = proptest::sample::select(values.to_vec());
        let fields = vec((names, values), 0..6).prop_map(|fields| {
            let fields = fields.iter().map(|(name, value)| format!(r#""{name}" : {value}"#));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(" ,"))
        });
        let usable = Just(r#"{"business_id":"1","a":{"country":"SE"},"country":"FI"}"#.to_owned());
        prop_oneof![4 => usable, 4 => fields, 1 => Just("\"...\"".to_owned()), 1 => Just("12".to_owned())]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_short_way_finds_what_the_longer_one_does(
            records in vec(any_record(), 0..6), object in any::<bool>(), cut in any::<prop::sample::Index>(), whole in 0..9,
        ) {
            let list = format!("[{}]", records.join(","));
            let body = if object { format!(r#"{{"count":7,"next_page":"x","results":{list}}}"#) } else { list };
            let body = if whole == 0 { &body.as_bytes()[..cut.index(body.len())] } else { body.as_bytes() };
            let mut companies = Vec::new();
            let Ok(text) = std::str::from_utf8(body) else { return Ok(()) };
            let json = Json { text, repairs: None };
            let found = of_companies(json, Shape::LIST, |company| companies.push(company));
            let mut expected = Vec::new();
            let longer = parse_text(text, Shape::LIST).map(|page| summary_of(json, page, |raw, fields| {
                let company = company_of(raw, fields);
                expected.extend(company.clone());
                company
            }));
            prop_assert_eq!(found.map_err(|error| error.to_string()), longer.map_err(|error| error.to_string()));
            prop_assert_eq!(companies, expected);
        }
    }
}
