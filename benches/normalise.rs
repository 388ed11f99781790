//! Measures how fast pages become Arrow columns, compared with the usual way through a tree of values.
//!
//! ```text
//! cargo bench --bench normalise
//! CARGO_PROFILE_DEV_OPT_LEVEL=3 cargo bench --profile dev --bench normalise
//! ```
//! The first command builds everything as for a release. The second uses the dependencies that `cargo test` has built
//! and optimises this crate only: it is ready in a minute, but slower than a release because of debug assertions.
//!
//! All figures are bytes of JSON per second, on one thread unless two workers are named.

#![allow(clippy::unwrap_used, reason = "a benchmark may stop")]
#![allow(missing_docs, reason = "criterion's macro writes a function without")]

use std::convert::Infallible;
use std::fmt::Write as _;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder, RecordBatch,
    StringBuilder,
};
use arrow::datatypes::Schema;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::Value;
use vainu_etl::catalog::PROSPECTS;
use vainu_etl::normalise::{LandedPage, Normaliser, StageOptions, stage};
use vainu_etl::record::{fingerprints, parse_page};
use vainu_etl::schema::{Column, Kind};

const ROWS: u64 = 1000;

/// A page of a thousand companies with the fields of the example in the API's document, a third of the values null.
fn page(number: u64) -> LandedPage {
    let mut body = String::from("[");
    for row in 0..ROWS {
        let id = number * ROWS + row;
        let mix = id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let text = |share: u64, text: String| {
            if mix.is_multiple_of(share) { "null".to_owned() } else { format!("\"{text}\"") }
        };
        let separator = if row == 0 { "" } else { "," };
        let _ = write!(
            body,
            r#"{separator}{{"business_id":"{id:08}","status":"active","registration_date":"{}-{}-{}","company_name":"Esimerkkiyhtiö {mix} Oy","link":{},"phone":{},"industry_code_2":{},"industry_code_5":{},"industry_code":"{:05}","address":"Mannerheimintie {} A {}","postal":"{:05}","city":"HELSINKI","municipality":"HELSINKI","visiting_address":"Mannerheimintie {} A {}","visiting_postal":"{:05}","visiting_city":"HELSINKI","visiting_municipality":"HELSINKI","country":"FI","currency_code":"EUR","turn_over":{},"turn_over_local":null,"turn_over_is_estimate":{},"profit":{},"development_of_turnover":{},"staff_number":{},"staff_number_is_estimate":false,"vainu_link":"https://app.vainu.io/vainu/prospect/{id}/","linkedin_id":{},"twitter_link":{},"facebook_link":{}}}"#,
            1950 + mix % 70,
            1 + mix % 12,
            1 + mix % 28,
            text(3, format!("www.yhtio{mix}.fi")),
            text(2, format!("+358 40 {mix}")),
            mix % 90 + 1,
            mix % 90_000 + 1000,
            mix % 90_000 + 1000,
            mix % 300,
            mix % 40,
            mix % 99_999,
            mix % 300,
            mix % 40,
            mix % 99_999,
            text(4, format!("{}.0", mix % 1_000_000_000)),
            mix.is_multiple_of(5),
            text(4, format!("{}.{}", mix % 40, mix % 10)),
            text(4, format!("-{}.{}", mix % 90, mix % 10)),
            text(4, (mix % 5000).to_string()),
            text(2, mix.to_string()),
            text(2, format!("https://twitter.com/yhtio{mix}")),
            text(2, format!("https://www.facebook.com/yhtio{mix}/")),
        );
    }
    body.push(']');
    LandedPage { number, body: body.into_bytes(), ..LandedPage::default() }
}

fn normalise(normaliser: &mut Normaliser, page: &LandedPage) -> RecordBatch {
    normaliser.read_page(page, 0).unwrap();
    normaliser.mark_newest(|_| true);
    normaliser.take_rows().unwrap()
}

/// The usual way: parses the page into a tree, finds every field by its JSON Pointer and appends it. It does less than
/// this crate: no rejects, no drift, no `_extra`, no key.
fn by_tree(page: &LandedPage) -> RecordBatch {
    let records: Vec<Value> = serde_json::from_slice(&page.body).unwrap();
    let columns = PROSPECTS.table().columns;
    let pointers: Vec<Vec<String>> = columns
        .iter()
        .map(|column| column.fields.iter().map(|field| format!("/{field}")).collect())
        .collect();
    let arrays = columns.iter().zip(&pointers).map(|(column, pointers)| {
        let values = records.iter().map(|record| {
            pointers.iter().filter_map(|pointer| record.pointer(pointer)).find(|value| !value.is_null())
        });
        array(column, values)
    });
    let arrays = arrays.collect();
    let schema = PROSPECTS.table().arrow_schema(&[]);
    RecordBatch::try_new(Arc::new(Schema::new(schema.fields().clone())), arrays).unwrap()
}

fn array<'v>(column: &Column, values: impl Iterator<Item = Option<&'v Value>>) -> ArrayRef {
    let number =
        |value: &'v Value| value.as_str().and_then(|text| text.parse::<f64>().ok()).or(value.as_f64());
    match column.kind {
        Kind::Boolean => {
            let mut builder = BooleanBuilder::new();
            values.for_each(|value| builder.append_option(value.and_then(Value::as_bool)));
            Arc::new(builder.finish())
        }
        Kind::Integer => {
            let mut builder = Int64Builder::new();
            let whole = |value: &Value| value.as_str().and_then(|text| text.parse().ok()).or(value.as_i64());
            values.for_each(|value| builder.append_option(value.and_then(whole)));
            Arc::new(builder.finish())
        }
        Kind::Double => {
            let mut builder = Float64Builder::new();
            values.for_each(|value| builder.append_option(value.and_then(number)));
            Arc::new(builder.finish())
        }
        Kind::Decimal => {
            let mut builder = Decimal128Builder::new().with_precision_and_scale(18, 2).unwrap();
            #[expect(clippy::cast_possible_truncation, reason = "the usual way does")]
            let hundredths = |value| number(value).map(|number| (number * 100.0) as i128);
            values.for_each(|value| builder.append_option(value.and_then(hundredths)));
            Arc::new(builder.finish())
        }
        Kind::Date => {
            let mut builder = Date32Builder::new();
            let days = |value: &Value| {
                let mut parts = value.as_str()?.split('-').filter_map(|part| part.parse::<i16>().ok());
                let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
                let date = jiff::civil::Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
                i32::try_from(date.duration_since(jiff::civil::date(1970, 1, 1)).as_hours() / 24).ok()
            };
            values.for_each(|value| builder.append_option(value.and_then(days)));
            Arc::new(builder.finish())
        }
        _ => {
            let mut builder = StringBuilder::new();
            for value in values {
                match value {
                    Some(Value::String(text)) => builder.append_value(text),
                    Some(other) => builder.append_value(other.to_string()),
                    None => builder.append_null(),
                }
            }
            Arc::new(builder.finish())
        }
    }
}

fn benches(criterion: &mut Criterion) {
    let page_0 = page(0);
    let mut group = criterion.benchmark_group("normalise");
    group.throughput(Throughput::Bytes(page_0.body.len() as u64));
    let mut normaliser = Normaliser::new(&PROSPECTS);
    assert_eq!(normalise(&mut normaliser, &page_0).num_rows() as u64, ROWS);
    group.bench_function("page to columns", |bench| {
        bench.iter(|| normalise(&mut normaliser, black_box(&page_0)));
    });
    group
        .bench_function("page to columns through a tree", |bench| bench.iter(|| by_tree(black_box(&page_0))));
    group.bench_function("yardstick: serde_json into a tree, no columns", |bench| {
        bench.iter(|| serde_json::from_slice::<Value>(black_box(&page_0.body)).unwrap());
    });
    group.bench_function("envelope only", |bench| {
        bench.iter(|| parse_page(black_box(&page_0.body)).unwrap().records.len());
    });
    group.bench_function("fingerprints", |bench| {
        bench.iter(|| fingerprints(black_box(&page_0.body)).unwrap());
    });
    group.finish();

    let pages: Vec<_> = (0..32).map(page).collect();
    let dir = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("stage");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(pages.iter().map(|page| page.body.len() as u64).sum()));
    for workers in [1, 2] {
        group.bench_function(format!("32 pages to Parquet, {workers} workers"), |bench| {
            let mut options = StageOptions::new(dir.path());
            options.workers = NonZeroUsize::new(workers).unwrap();
            bench.iter(|| {
                let landed = pages.iter().cloned().map(Ok::<_, Infallible>);
                stage(&PROSPECTS, landed, &options).unwrap()
            });
        });
    }
    group.finish();
}

criterion_group!(normalise_benches, benches);
criterion_main!(normalise_benches);
