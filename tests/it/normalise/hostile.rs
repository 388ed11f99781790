//! Answers that no well-meaning server sends.

use std::fmt::Write as _;

use serde_json::json;
use vainu_etl::staging::DriftKind;

use super::support::{company, page, some, staged, staged_page, try_stage};

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

#[test]
fn deep_nesting_is_kept_as_a_reject_and_never_as_json() {
    for depth in [129, 1000, 100_000] {
        let raw = nested(depth);
        let staging = staged_page(format!(
            r#"[{{"country":"FI","business_id":"1","mother":{raw},"x":{raw},"city":{raw},"y":1}}, {raw}]"#
        ));
        assert_eq!(
            staging.query("SELECT mother, _extra, city FROM rows"),
            [[None, some(r#"{"y":1}"#), None]]
        );
        assert_eq!(
            staging.rejects(),
            [
                ["-", "-", &raw, "not a JSON object"],
                ["FI/1", "city", &raw, "a list"],
                ["FI/1", "mother", &raw, "nested too deep"],
                ["FI/1", "x", &raw, "nested too deep"],
            ]
            .map(|reject| reject.map(str::to_owned))
        );
    }
    let fits = nested(128);
    let staging = staged_page(format!(r#"[{{"country":"FI","business_id":"1","mother":{fits}}}]"#));
    assert_eq!(staging.value("SELECT json_structure(mother) IS NULL FROM rows"), some("false"));
}

#[test]
fn lone_surrogates_are_kept_as_replacement_characters() {
    let staging = staged_page(
        r#"[{"country":"FI","business_id":"1","city":"a\ud800","mother":["\udc00"],"x\ud800":"\ud800","ok":"\ud83d\ude00"},
            {"country":"FI","business_id":"1\ud800"}]"#,
    );
    assert_eq!(
        staging.query("SELECT city, mother::JSON ->> 0, _extra::JSON FROM rows"),
        [[some("a\u{fffd}"), some("\u{fffd}"), some(r#"{"x\ufffd":"\ufffd","ok":"\ud83d\ude00"}"#)]]
    );
    let kept = "half of a surrogate pair; kept as U+FFFD";
    assert_eq!(
        staging.rejects(),
        [
            [
                "-",
                "business_id",
                r#"{"country":"FI","business_id":"1\ud800"}"#,
                "no usable key: business_id is half of a surrogate pair",
            ],
            ["FI/1", "city", r#""a\ud800""#, kept],
            ["FI/1", "mother", r#"["\udc00"]"#, kept],
            ["FI/1", "x\u{fffd}", r#""\ud800""#, kept],
        ]
        .map(|reject| reject.map(str::to_owned))
    );
}

#[test]
fn a_field_that_comes_again_loses_nothing() {
    let staging = staged_page(
        r#"[{"country":"SE","country":"FI","business_id":"1","city":"A","city":"B","city":"C","phone":null,
            "phone":"1","x":1,"y":2,"x":3,"\u0078":4,"\u0063ity":"D"}]"#,
    );
    assert_eq!(
        staging.query("SELECT country, city, phone, _extra FROM rows"),
        [[some("FI"), some("D"), some("1"), some(r#"{"y":2,"\u0078":4}"#)]]
    );
    let reason = "the field comes again in the record; its last value is used";
    assert_eq!(
        staging.rejects(),
        [
            ["city", "\"A\""],
            ["city", "\"B\""],
            ["city", "\"C\""],
            ["country", "\"SE\""],
            ["x", "1"],
            ["x", "3"],
        ]
        .map(|[field, raw]| ["FI/1", field, raw, reason].map(str::to_owned))
    );
    assert_eq!(staging.value("SELECT count(*) FROM rejects"), some("6"));
    assert_eq!(staging.drift(DriftKind::Unknown), [("x", 1, Some("4")), ("y", 1, Some("2"))]);
}

#[test]
fn a_text_of_five_megabytes_passes() {
    // Four bytes of JSON a time: a character of two, and an escaped one.
    let long = "ä\"".repeat(5 << 18);
    let staging = staged_page(json!([company("1", json!({"description": long, "x": long}))]).to_string());
    let expected = (10 << 18).to_string();
    assert_eq!(
        staging.query("SELECT length(description), length(_extra::JSON ->> 'x') FROM rows"),
        [[some(&expected), some(&expected)]]
    );
    let sample = staging.drift(DriftKind::Unknown)[0].2.unwrap();
    assert_eq!(sample.chars().count(), 200);
}

#[test]
fn a_flood_of_unknown_fields_is_counted_in_bounded_memory_and_always_the_same() {
    // 20 pages of 100 records, each with a hundred names of its own and one shared by all.
    let body = |page: u64| {
        let mut body = String::from("[");
        for record in 0..100 {
            let separator = if record == 0 { "" } else { "," };
            let _ = write!(body, r#"{separator}{{"country":"FI","business_id":"{page}-{record}","shared":1"#);
            for field in 0..100 {
                let _ = write!(body, r#","f{page:02}{record:02}{field:02}":{record}"#);
            }
            body.push('}');
        }
        body + "]"
    };
    let pages = || (0..20_u64).rev().map(|number| page(number, body(number))).collect::<Vec<_>>();
    let one = try_stage(pages(), 1).unwrap();
    let unknown = one.drift(DriftKind::Unknown);
    assert_eq!(unknown.len(), 1001);
    assert_eq!(unknown[0], ("f000000", 1, Some("0")));
    assert_eq!(unknown[999], ("f000999", 1, Some("9")));
    // All other names are 20 * 100 * 100 - 1000, and `shared` of every record.
    assert_eq!((unknown[1000].0, unknown[1000].1), ("…", 199_000 + 2000));
    assert_eq!(one.value("SELECT count(*) FROM rows WHERE len(json_keys(_extra::JSON)) = 101"), some("2000"));
    let three = try_stage(pages(), 3).unwrap();
    assert_eq!(three.staged.drift, one.staged.drift);
}

#[test]
fn a_record_of_a_hundred_thousand_fields_passes() {
    let fields: Vec<_> = (0..100_000).map(|field| format!(r#""f{field}":{field}"#)).collect();
    let record = format!(r#"{{"country":"FI","business_id":"1",{}}}"#, fields.join(","));
    let staging = staged_page(format!("[{record},{record}]"));
    assert_eq!(staging.value("SELECT sum(len(json_keys(_extra::JSON))) FROM rows"), some("200000"));
    let counted: u64 = staging.drift(DriftKind::Unknown).iter().map(|(_, count, _)| count).sum();
    assert_eq!(counted, 200_000);
}

#[test]
fn long_names_and_samples_are_shortened_at_a_character() {
    let name = "å".repeat(300);
    let staging = staged(vec![page(
        1,
        json!([company("1", json!({name.clone(): "ö".repeat(300), "staff_number": ["ö".repeat(300)]}))])
            .to_string(),
    )]);
    assert_eq!(
        staging.drift(DriftKind::Unknown),
        [(&*"å".repeat(200), 1, Some(&*format!("\"{}", "ö".repeat(199))))]
    );
    let types = staging.drift(DriftKind::Type);
    assert_eq!(types, [("staff_number", 1, Some(&*format!("[\"{}", "ö".repeat(198))))]);
    assert!(staging.value("SELECT _extra FROM rows").unwrap().contains(&name));
}
