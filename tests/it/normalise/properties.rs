//! What holds for any input.

use proptest::collection::{hash_map, vec};
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use vainu_etl::catalog::PROSPECTS;
use vainu_etl::fuzzing;
use vainu_etl::normalise::Normaliser;
use vainu_etl::record::cell::{Cell, parse};
use vainu_etl::record::{fingerprints, parse_page};
use vainu_etl::schema::Kind;
use vainu_etl::staging::DriftKind;

use super::streams::{ALL, FINANCIALS, LEADS};
use super::support::{answer, page, try_stage, try_stage_of};
use crate::support::cases;

/// Any JSON value, with a good share of those that nearly fit.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[-+]?[0-9]{0,20}[.]?[0-9]{0,4}(e[-+]?[0-9]{1,3})?".prop_map(Value::from),
        "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
            .prop_map(Value::from),
        Just(json!("FI")),
        "(FI)?[0-9-]{0,9}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            hash_map(any::<String>(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A record with any values in known and unknown fields; about half have a usable key.
fn any_record() -> impl Strategy<Value = Value> {
    let fields: Vec<_> = PROSPECTS.table().columns.iter().flat_map(|column| column.fields).copied().collect();
    let name =
        prop_oneof![4 => proptest::sample::select(fields).prop_map(str::to_owned), 1 => any::<String>()];
    let record =
        (any::<bool>(), "[0-9]{1,2}", hash_map(name, any_json(), 0..12)).prop_map(|(keyed, id, fields)| {
            let mut record: Map<_, _> = fields.into_iter().collect();
            if keyed {
                record.extend([("country".to_owned(), json!("FI")), ("business_id".to_owned(), json!(id))]);
            }
            Value::Object(record)
        });
    prop_oneof![9 => record, 1 => any_json()]
}

/// An answer about a company, or a lead: arrays of anything, with a good share of elements that fit.
fn any_with_arrays() -> impl Strategy<Value = Value> {
    let name = proptest::sample::select(vec![
        "name",
        "account_period_end",
        "turn_over",
        "country",
        "business_id",
        "x",
    ]);
    let object = hash_map(name.prop_map(str::to_owned), any_json(), 0..4)
        .prop_map(|fields| Value::Object(fields.into_iter().collect()));
    let element = prop_oneof![4 => object, 1 => any_json(), 1 => Just(json!("..."))];
    let array = prop_oneof![6 => vec(element, 0..5).prop_map(Value::from), 1 => any_json()];
    let field = proptest::sample::select(vec![
        "statements",
        "contacts",
        "technologies",
        "prospects",
        "tags",
        "company_name",
    ]);
    let record = ("[12]", hash_map(field.prop_map(str::to_owned), array, 0..5)).prop_map(|(id, fields)| {
        let mut record: Map<_, _> = fields.into_iter().collect();
        record.extend([("country".to_owned(), json!("FI")), ("business_id".to_owned(), json!(id))]);
        Value::Object(record)
    });
    prop_oneof![9 => record, 1 => any_json().prop_filter("a page", |json| json.is_object() || json.is_array())]
}

const KINDS: [Kind; 11] = [
    Kind::Text,
    Kind::Code { width: 5 },
    Kind::BusinessId,
    Kind::Country,
    Kind::Boolean,
    Kind::Integer,
    Kind::Double,
    Kind::Decimal,
    Kind::Date,
    Kind::Timestamp,
    Kind::Json,
];

fn raw(value: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases(128)) })]

    #[test]
    fn every_value_becomes_a_cell_or_a_reject(value in any_json()) {
        let raw = raw(&value);
        for kind in KINDS {
            let parsed = parse(kind, &raw, Some("FI"));
            let blank = value.as_str().is_some_and(|text| text.trim().is_empty());
            if parsed.cell == Cell::Null && !value.is_null() && !blank {
                prop_assert!(parsed.reject.is_some(), "{kind:?} {value}");
            }
            if value.is_null() {
                prop_assert_eq!(&parsed.cell, &Cell::Null);
                prop_assert_eq!(parsed.reject, None);
            }
        }
    }

    #[test]
    fn a_decimal_is_the_number_that_the_text_says(hundredths in -999_999_999_999_999_999_i64..=999_999_999_999_999_999) {
        let sign = if hundredths < 0 { "-" } else { "" };
        let size = hundredths.unsigned_abs();
        let text = format!("{sign}{}.{:02}", size / 100, size % 100);
        for written in [text.clone(), format!("\"{text}\""), format!("\"{text}000\""), format!("{sign}{size}e-2")] {
            let value: &RawValue = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(parse(Kind::Decimal, value, None).cell, Cell::Decimal(hundredths), "{}", written);
        }
    }

    #[test]
    fn a_date_is_the_day_that_the_text_says(days in -719_000_i32..2_932_896) {
        let date = jiff::civil::date(1970, 1, 1) + jiff::SignedDuration::from_hours(24 * i64::from(days));
        for text in [
            date.to_string(),
            format!("{:04}-{}-{}", date.year(), date.month(), date.day()),
            format!("{date}T00:00:00"),
        ] {
            let value = raw(&json!(text));
            prop_assert_eq!(parse(Kind::Date, &value, None).cell, Cell::Date(days), "{}", text);
        }
    }

    #[test]
    fn a_time_is_the_moment_that_the_text_says(
        micros in -62_000_000_000_000_000_i64..253_000_000_000_000_000, zone_minutes in -18 * 60..18 * 60_i32,
    ) {
        let moment = jiff::Timestamp::from_microsecond(micros).unwrap();
        let zone = jiff::tz::Offset::from_seconds(zone_minutes * 60).unwrap();
        let utc = jiff::tz::Offset::UTC.to_datetime(moment);
        let sign = if zone_minutes < 0 { '-' } else { '+' };
        let (hours, minutes) = (zone_minutes.abs() / 60, zone_minutes.abs() % 60);
        for text in [
            moment.to_string(),
            utc.to_string(),
            utc.to_string().replace('T', " "),
            format!("{}{sign}{hours:02}:{minutes:02}", zone.to_datetime(moment)),
        ] {
            let value = raw(&json!(text));
            let parsed = parse(Kind::Timestamp, &value, None);
            prop_assert_eq!(parsed.cell, Cell::Timestamp(micros), "{}", text);
            prop_assert_eq!(parsed.reject, None);
        }
    }

    #[test]
    fn whole_numbers_come_through(number in any::<i64>()) {
        for value in [json!(number), json!(number.to_string()), json!(format!("{number}.0"))] {
            let value = raw(&value);
            prop_assert_eq!(parse(Kind::Integer, &value, None).cell, Cell::Integer(number));
        }
    }

    #[test]
    fn text_comes_through(text in any::<String>()) {
        let escaped: Vec<_> = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        for json in [json!(text).to_string(), format!("\"{}\"", escaped.concat())] {
            let value: &RawValue = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(parse(Kind::Text, value, None).cell, Cell::Text(text.as_str().into()));
        }
    }

    #[test]
    fn rows_and_rejected_records_are_all_records(records in vec(any_record(), 0..12)) {
        let body = serde_json::to_vec(&records).unwrap();
        let mut normaliser = Normaliser::new(&PROSPECTS);
        normaliser.read_page(&page(1, body.clone()), 0).unwrap();
        let mut keys = Vec::new();
        normaliser.mark_newest(|key| { keys.push(key); true });
        let (rows, rejects) = (normaliser.take_rows().unwrap(), normaliser.take_rejects().unwrap());
        let counts = normaliser.counts();
        prop_assert_eq!(counts.records, records.len() as u64);
        prop_assert_eq!(counts.rows + counts.records_rejected, counts.records);
        prop_assert_eq!(counts.rows, rows.num_rows() as u64);
        prop_assert_eq!(counts.records_rejected + counts.cells_rejected, rejects.num_rows() as u64);

        let facts = fingerprints(&body).unwrap();
        let objects = records.iter().filter(|record| record.is_object()).count();
        prop_assert_eq!(facts.rows.len(), objects);
        prop_assert_eq!(facts.not_objects, (records.len() - objects) as u64);
        prop_assert_eq!(facts.keyless, objects as u64 - counts.rows);
        prop_assert!(keys.iter().all(|key| facts.rows.contains(key)), "the pager and the rows agree on keys");
    }

    #[test]
    fn any_bytes_are_a_page_or_an_error(body in vec(any::<u8>(), 0..200)) {
        let ours = parse_page(&body).is_ok();
        // What is only nearly JSON is one once it is repaired.
        let repaired = fuzzing::repaired(&body).is_some_and(|text| parse_page(text.as_bytes()).is_ok());
        prop_assert!(fingerprints(&body).is_ok() == ours || repaired);
        let theirs = serde_json::from_slice::<&RawValue>(&body).is_ok();
        prop_assert!(theirs || !ours);
    }

    #[test]
    fn a_damaged_page_is_a_page_or_an_error(
        records in vec(any_record(), 1..4), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let mut body = serde_json::to_vec(&records).unwrap();
        let at = at.index(body.len());
        if cut { body.truncate(at) } else { body[at] = byte }
        let mut normaliser = Normaliser::new(&PROSPECTS);
        if normaliser.read_page(&page(1, body), 0).is_ok() {
            normaliser.mark_newest(|_| true);
            prop_assert_eq!(normaliser.take_rows().unwrap().num_rows() as u64, normaliser.counts().rows);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases(128).div_ceil(16)) })]

    #[test]
    fn the_same_pages_give_the_same_result(pages in vec(vec(any_record(), 0..6), 1..6)) {
        let outcome = |workers| {
            let bodies = pages.iter().map(|records| serde_json::to_vec(records).unwrap());
            let landed = (1..).zip(bodies).map(|(number, body)| page(number, body)).collect();
            let staging = try_stage(landed, workers).unwrap();
            let all = |table: &str, files: usize| {
                if files == 0 { Vec::new() } else { staging.query(&format!("FROM {table} ORDER BY ALL")) }
            };
            let rows = all("rows", staging.staged.tables[0].rows.len());
            let rejects = all("rejects", staging.staged.rejects.len());
            (rows, rejects, staging.staged.drift)
        };
        let first = outcome(1);
        prop_assert!(first.2.iter().any(|drift| drift.kind == DriftKind::Missing) || first.0.is_empty());
        prop_assert_eq!(&outcome(1), &first);
        prop_assert_eq!(&outcome(4), &first);
    }

    #[test]
    fn arrays_give_the_same_however_many_workers_there_are(bodies in vec(any_with_arrays(), 1..6)) {
        for stream in [&ALL, &FINANCIALS, &LEADS] {
            let outcome = |workers| {
                let body = |value: &Value| serde_json::to_vec(value).unwrap();
                let landed = (1..).zip(&bodies).map(|(number, value)| answer(number, "1", body(value))).collect();
                // Staging checks that rows and rejected records are as many as records.
                let staging = try_stage_of(stream, None, landed, workers).unwrap();
                let mut lines: Vec<_> = staging.staged.drift.iter().map(|drift| format!("{drift:?}")).collect();
                lines.extend(staging.reject_lines());
                for table in &staging.staged.tables {
                    let name = table.table.name;
                    if !table.rows.is_empty() {
                        lines.push(name.to_owned());
                        lines.extend(staging.lines(&format!("FROM {name} ORDER BY ALL")));
                        let keys = table.table.key.join(", ");
                        let twice = format!("FROM {name} WHERE _newest GROUP BY {keys} HAVING count(*) > 1");
                        prop_assert_eq!(staging.lines(&format!("SELECT {keys} {twice}")), [""; 0]);
                    }
                    if !table.scopes.is_empty() {
                        lines.extend(staging.lines(&format!("FROM {name}_scopes ORDER BY ALL")));
                    }
                }
                Ok(lines)
            };
            let first = outcome(1)?;
            prop_assert_eq!(outcome(3)?, first);
        }
    }
}
