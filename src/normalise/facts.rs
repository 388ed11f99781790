//! What the pager has to know of a page: how many records it holds, and which.

use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::drift::{DriftTally, Place};
use super::envelope::{Envelope, Page, parse_text};
use super::fields::Fields;
use super::json_text;
use super::key;
use super::keyed::Keyed;
use super::not_a_page::EnvelopeError;
use super::plan::Plan;
use super::reading::{Json, Tolerance, with_json};
use super::record::{Record, RecordReader};
use super::row::{Around, Row, Source};
use crate::catalog::{Paging, Stream};
use crate::schema::{Origin, Table};

/// The facts of one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageFacts {
    /// Which envelope the body is.
    pub envelope: Envelope,
    /// Length of the whole list, where the server says it.
    pub count: Option<u64>,
    /// Where the next page is, where the server says it.
    pub next_page: Option<String>,
    /// One fingerprint for each JSON object of the page, in their order: of its key as the warehouse writes it, so
    /// that `FI09704098`, `0970409-8` and `09704098` of FI are one company; of the whole text for an object without
    /// a usable key.
    pub rows: Vec<u64>,
    /// How many of [`PageFacts::rows`] have no usable key.
    pub keyless: u64,
    /// Elements that are no objects, such as the placeholder `"..."`; they are not in [`PageFacts::rows`].
    pub not_objects: u64,
    /// Those of [`PageFacts::rows`] that are no JSON, each told by its bytes; they count among those without a key.
    pub unreadable: Vec<u64>,
}

/// Keeps the fingerprints of records without a key apart from those of keys.
const KEYLESS_SEED: u64 = 1;

/// Reads the facts of a page of companies.
///
/// # Errors
/// When the body is no envelope of records or a count, also after what can be [repaired](super) was.
pub fn fingerprints(body: &[u8]) -> Result<PageFacts, EnvelopeError> {
    with_json(body, false, Tolerance::Values, |json| of_companies(json, |_| ()))
}

/// [`fingerprints`] of an answer that has everything at once: an object that is no envelope is a record.
///
/// # Errors
/// As [`fingerprints`].
pub fn fingerprints_single(body: &[u8]) -> Result<PageFacts, EnvelopeError> {
    with_json(body, true, Tolerance::Values, of_single)
}

/// [`fingerprints`] by the key of the stream's main table: country and business id where these are in it, else those
/// columns of the key that the record itself has.
///
/// # Errors
/// As [`fingerprints`].
pub fn fingerprints_by(stream: &Stream, body: &[u8]) -> Result<PageFacts, EnvelopeError> {
    let single = stream.endpoint.paging == Paging::Single;
    with_json(body, single, Tolerance::Values, |json| facts_by(stream, json))
}

/// [`fingerprints`] and the companies of the page in their order, as `FI/09704098`; records without a usable key are passed
/// over. The same facts as [`fingerprints_by`] for a stream whose records are companies.
///
/// # Errors
/// As [`fingerprints`].
pub fn fingerprints_and_companies(body: &[u8]) -> Result<(PageFacts, Vec<String>), EnvelopeError> {
    with_json(body, false, Tolerance::Values, facts_and_companies)
}

/// [`fingerprints_by`] of the text of a page.
pub(crate) fn facts_by(stream: &Stream, json: Json<'_>) -> Result<PageFacts, EnvelopeError> {
    let single = stream.endpoint.paging == Paging::Single;
    if is_keyed_by_company(stream.table()) {
        return if single { of_single(json) } else { of_companies(json, |_| ()) };
    }
    let page = parse_text(json.text, single)?;
    let plan = key_plan(stream.table());
    let (mut reader, mut drift) = (RecordReader::default(), DriftTally::new(&plan));
    let (mut record, mut row) = (Record::new(&plan), Row::default());
    Ok(facts_of(json, page, |raw, _| {
        reader.read(&plan, raw, &mut record);
        let place = Place { page: 0, record: 0, field: 0 };
        let source = Source { plan: &plan, record: &record, place, around: Around::default() };
        row.fill(&source, &mut drift).ok().map(|()| row.key(&plan)).filter(|key| !key.is_empty())
    }))
}

/// [`fingerprints_and_companies`] of the text of a page.
pub(crate) fn facts_and_companies(json: Json<'_>) -> Result<(PageFacts, Vec<String>), EnvelopeError> {
    let mut companies = Vec::new();
    let facts = of_companies(json, |company| companies.push(company))?;
    Ok((facts, companies))
}

fn of_single(json: Json<'_>) -> Result<PageFacts, EnvelopeError> {
    Ok(facts_of(json, parse_text(json.text, true)?, company_of))
}

/// The facts of a page of companies; `found` gets those with a usable key.
fn of_companies(json: Json<'_>, mut found: impl FnMut(String)) -> Result<PageFacts, EnvelopeError> {
    if let Some((page, companies)) = plain_companies(json.text) {
        let rows = companies.iter().map(|company| key::fingerprint(company)).collect();
        companies.into_iter().for_each(found);
        return Ok(PageFacts { rows, ..PageFacts::of(&page) });
    }
    // A record without a usable key, or something that is no record: those are told apart by their text.
    Ok(facts_of(json, parse_text(json.text, false)?, |raw, fields| {
        let company = company_of(raw, fields);
        company.clone().into_iter().for_each(&mut found);
        company
    }))
}

/// A page whose records are companies with usable keys, all of them, and these.
fn plain_companies(text: &str) -> Option<(Page<Keyed<'_>>, Vec<String>)> {
    let page: Page<Keyed<'_>> = parse_text(text, false).ok()?;
    let companies = page.records.iter().map(Keyed::company).collect::<Option<_>>()?;
    Some((page, companies))
}

impl PageFacts {
    /// What the envelope says.
    fn of<R>(page: &Page<R>) -> Self {
        Self {
            envelope: page.envelope,
            count: page.count,
            next_page: page.next_page.clone(),
            rows: Vec::with_capacity(page.records.len()),
            keyless: 0,
            not_objects: 0,
            unreadable: Vec::new(),
        }
    }
}

fn facts_of<'a>(
    json: Json<'_>,
    page: Page<&'a RawValue>,
    mut key_of: impl FnMut(&'a str, Fields<'a>) -> Option<String>,
) -> PageFacts {
    let mut facts = PageFacts::of(&page);
    for record in page.records {
        let raw = record.get();
        if let Some(received) = json.unreadable(raw) {
            let fingerprint = xxh3_64_with_seed(received, KEYLESS_SEED);
            facts.rows.push(fingerprint);
            facts.unreadable.push(fingerprint);
            facts.keyless += 1;
            continue;
        }
        let Some(fields) = Fields::new(raw) else {
            facts.not_objects += 1;
            continue;
        };
        let key = key_of(raw, fields);
        facts.keyless += u64::from(key.is_none());
        let keyless = || xxh3_64_with_seed(raw.as_bytes(), KEYLESS_SEED);
        facts.rows.push(key.map_or_else(keyless, |key| key::fingerprint(&key)));
    }
    facts
}

/// Country and business id of a record; none when either is missing or does not fit.
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

/// Whether records of the table say themselves which company they are about.
fn is_keyed_by_company(table: &Table) -> bool {
    ["country", "business_id"].iter().all(|field| {
        let of_field = |name: &&&str| {
            let column = table.columns.iter().find(|column| column.name == **name);
            column.is_some_and(|column| column.fields.contains(field) && column.origin == Origin::Fields)
        };
        table.key.iter().any(|name| of_field(&name))
    })
}

/// The key's columns that a record has by itself.
fn key_plan(table: &'static Table) -> Plan {
    let own = |column: &&crate::schema::Column| matches!(column.origin, Origin::Fields | Origin::HashOf);
    let named = |name: &str| table.columns.iter().filter(own).any(|column| column.name == name);
    let mut plan = Plan::of_columns(table, |name| table.key.contains(&name) && named(name));
    plan.quiet = true;
    plan
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::catalog::{PROSPECTS_TABLE, STREAMS};

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
            let found = of_companies(json, |company| companies.push(company));
            let mut expected = Vec::new();
            let longer = parse_text(text, false).map(|page| facts_of(json, page, |raw, fields| {
                let company = company_of(raw, fields);
                expected.extend(company.clone());
                company
            }));
            prop_assert_eq!(found.map_err(|error| error.to_string()), longer.map_err(|error| error.to_string()));
            prop_assert_eq!(companies, expected);
        }
    }

    #[test]
    fn the_key_fields_are_those_of_the_table() {
        let fields: Vec<_> = PROSPECTS_TABLE
            .columns
            .iter()
            .filter(|column| PROSPECTS_TABLE.key.contains(&column.name))
            .flat_map(|column| column.fields.iter().copied())
            .collect();
        assert_eq!(fields, ["country", "business_id"]);
        assert!(is_keyed_by_company(&PROSPECTS_TABLE));
    }

    #[test]
    fn pages_of_companies_are_keyed_by_them() {
        let of_companies: Vec<_> = STREAMS.iter().filter(|stream| stream.holds_companies()).collect();
        assert!(of_companies.len() > 1);
        for stream in of_companies {
            assert!(
                is_keyed_by_company(stream.table()) && stream.endpoint.paging != Paging::Single,
                "{}",
                stream.name
            );
        }
    }
}
