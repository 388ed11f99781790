//! Pages that are only nearly JSON: every value that JSON lacks, wherever it stands, is NULL and a reject with the text
//! received, and the rest of the page is as if nothing had been.

use vainu_etl::catalog::{CUSTOMER_DATA, DETAILS, PROSPECTS, Stream};
use vainu_etl::normalise::{Normaliser, fingerprints_by};
use vainu_etl::record::{Envelope, fingerprints};

use super::support::{Staging, answer, page, staged_of, try_stage_of};

/// A body with one company of the stream's own form around `fields`.
fn body(fields: &[u8]) -> Vec<u8> {
    [b"[{\"country\":\"FI\",\"business_id\":\"1\",", fields, b"}]"].concat()
}

struct Case {
    fields: &'static [u8],
    /// An expression over the staged row, and its text.
    value: (&'static str, Option<&'static str>),
    /// Field, raw value and reason of the reject.
    reject: Option<(&'static str, &'static str, &'static str)>,
}

const NO_NUMBER: &str = "not a number in JSON; kept as NULL";
const NO_TEXT: &str = "bytes that are not UTF-8; kept as U+FFFD";

const CASES: &[Case] = &[
    Case {
        fields: b"\"turn_over\":NaN",
        value: ("turn_over_eur", None),
        reject: Some(("turn_over", "NaN", NO_NUMBER)),
    },
    Case {
        fields: b"\"turn_over\": -Infinity ",
        value: ("turn_over_eur", None),
        reject: Some(("turn_over", "-Infinity", NO_NUMBER)),
    },
    Case {
        fields: b"\"staff_number\":Infinity",
        value: ("staff_number", None),
        reject: Some(("staff_number", "Infinity", NO_NUMBER)),
    },
    Case {
        fields: b"\"company_name\":NaN",
        value: ("company_name", None),
        reject: Some(("company_name", "NaN", NO_NUMBER)),
    },
    Case {
        fields: b"\"registration_date\":NaN",
        value: ("registration_date", None),
        reject: Some(("registration_date", "NaN", NO_NUMBER)),
    },
    Case {
        fields: b"\"mother\":{\"a\":[1,NaN,{\"b\":-Infinity}],\"c\":\"NaN\"}",
        value: ("mother", Some(r#"{"a":[1,null,{"b":null}],"c":"NaN"}"#)),
        reject: Some(("mother", r#"{"a":[1,NaN,{"b":-Infinity}],"c":"NaN"}"#, NO_NUMBER)),
    },
    Case {
        fields: b"\"x\":[[NaN]]",
        value: ("_extra", Some(r#"{"x":[[null]]}"#)),
        reject: Some(("x", "[[NaN]]", NO_NUMBER)),
    },
    Case {
        fields: b"\"company_name\":\"a\tb\nc\x01\"",
        value: ("company_name", Some("a\tb\nc\x01")),
        reject: None,
    },
    Case { fields: b"\"mother\":[\"a\tb\"]", value: ("mother", Some(r#"["a\tb"]"#)), reject: None },
    Case { fields: b"\"x\ty\":\"\r\"", value: ("_extra", Some(r#"{"x\ty":"\r"}"#)), reject: None },
    Case {
        fields: b"\"company_name\":\"K\xe4rkk\xe4inen\"",
        value: ("company_name", Some("K\u{fffd}rkk\u{fffd}inen")),
        reject: Some(("company_name", "\"K\u{fffd}rkk\u{fffd}inen\"", NO_TEXT)),
    },
    Case {
        fields: b"\"mother\":[{\"\xe4\":\"\xff\"}]",
        value: ("mother", Some(r#"[{"\ufffd":"\ufffd"}]"#)),
        reject: Some(("mother", "[{\"\u{fffd}\":\"\u{fffd}\"}]", NO_TEXT)),
    },
    Case {
        fields: b"\"x\":\"\xe4\"",
        value: ("_extra", Some(r#"{"x":"\ufffd"}"#)),
        reject: Some(("x", "\"\u{fffd}\"", NO_TEXT)),
    },
    Case {
        fields: b"\"n\xe4me\":1",
        value: ("_extra", Some(r#"{"n\ufffdme":1}"#)),
        reject: Some(("n\u{fffd}me", "\"n\u{fffd}me\"", NO_TEXT)),
    },
    Case {
        fields: b"\"registration_date\":\"2018-\xb9-01\"",
        value: ("registration_date", None),
        reject: Some(("registration_date", "\"2018-\u{fffd}-01\"", "bytes that are not UTF-8")),
    },
];

fn text(staging: &Staging, column: &str) -> Vec<Option<String>> {
    let rows = staging.query(&format!("SELECT {column} FROM rows ORDER BY business_id"));
    rows.into_iter().map(|mut row| row.remove(0)).collect()
}

fn rejects(staging: &Staging, of: &str) -> Vec<String> {
    if staging.staged.rejects.is_empty() {
        return Vec::new();
    }
    staging.lines(&format!("SELECT {of} FROM rejects ORDER BY 1"))
}

#[test]
fn what_json_lacks_is_null_and_a_reject_wherever_it_stands() {
    for Case { fields, value: (column, value), reject } in CASES {
        let what = String::from_utf8_lossy(fields);
        let staging = staged_of(&PROSPECTS, vec![page(1, body(fields))]);
        assert_eq!(text(&staging, column), [value.map(str::to_owned)], "{what}");
        let expected: Vec<String> =
            reject.iter().map(|(field, raw, reason)| format!("FI/1|{field}|{raw}|{reason}")).collect();
        assert_eq!(rejects(&staging, "concat_ws('|', key, field, raw, reason)"), expected, "{what}");
    }
}

#[test]
fn a_good_record_beside_a_mended_one_is_as_ever() {
    let body = b"[{\"country\":\"FI\",\"business_id\":\"1\",\"turn_over\":\"\\ud800\"},\
        {\"country\":\"FI\",\"business_id\":\"2\",\"turn_over\":NaN},\
        {\"country\":\"FI\",\"business_id\":\"3\",\"turn_over\":\"x\"}]";
    let staging = staged_of(&PROSPECTS, vec![page(1, body.to_vec())]);
    assert_eq!(
        rejects(&staging, "concat_ws('|', key, raw, reason)"),
        [
            "FI/1|\"\\ud800\"|half of a surrogate pair",
            "FI/2|NaN|not a number in JSON; kept as NULL",
            "FI/3|\"x\"|not a number"
        ]
    );
}

#[test]
fn a_key_that_json_lacks_costs_the_record_and_no_other() {
    for (id, reason) in [
        (&b"NaN"[..], "no usable key: business_id is missing or empty"),
        (b"\"\xe4\"", "no usable key: business_id is bytes that are not UTF-8"),
    ] {
        let body = [
            b"[{\"country\":\"FI\",\"business_id\":".as_slice(),
            id,
            b",\"x\":Infinity},{\"country\":\"FI\",\"business_id\":\"2\"}]",
        ]
        .concat();
        let facts = fingerprints(&body).unwrap();
        assert_eq!((facts.rows.len(), facts.keyless, facts.unreadable.len()), (2, 1, 0));
        let staging = staged_of(&PROSPECTS, vec![page(1, body.clone())]);
        assert_eq!(text(&staging, "business_id"), [Some("2".to_owned())]);
        let raw = String::from_utf8_lossy(&body);
        let raw = raw.split_once('[').unwrap().1.split_once("},{").unwrap().0;
        assert_eq!(rejects(&staging, "concat_ws('|', raw, reason)"), [format!("{raw}}}|{reason}")]);
    }
}

#[test]
fn elements_of_arrays_are_their_own_tables_matter() {
    let body = b"{\"country\":\"FI\",\"business_id\":\"1\",\"contacts\":[\
        {\"name\":\"A\",\"title\":\"T\xe4\",\"phone\":NaN},{\"name\":\"B\"}],\"description\":\"d\"}";
    let staging = try_stage_of(&DETAILS, None, vec![answer(1, "1", body.to_vec())], 1).unwrap();
    assert_eq!(
        rejects(&staging, "concat_ws('|', table_name, field, raw, reason)"),
        [
            "contacts|phone|NaN|not a number in JSON; kept as NULL",
            "contacts|title|\"T\u{fffd}\"|bytes that are not UTF-8; kept as U+FFFD"
        ]
    );
    // Of what nobody asked for nothing is kept, also not that it was no JSON.
    let staging =
        try_stage_of(&DETAILS, Some(vec!["prospects"]), vec![answer(1, "1", body.to_vec())], 1).unwrap();
    assert_eq!(rejects(&staging, "raw"), [""; 0]);
}

#[test]
fn objects_inside_of_records_are_told_by_their_fields() {
    let body = b"{\"total_results\":NaN,\"results\":[{\"id\":\"1\",\"notes\":\"a\tb\",\
        \"prospect_info\":{\"business_id\":\"2\",\"country\":\"FI\",\"x\":NaN,\"company_name\":\"\xe4\"}}],\"next_page\":Infinity}";
    let facts = fingerprints_by(&CUSTOMER_DATA, body).unwrap();
    assert_eq!(
        (facts.envelope, facts.count, facts.next_page, facts.rows.len()),
        (Envelope::Object, None, None, 1)
    );
    let staging = staged_of(&CUSTOMER_DATA, vec![page(1, body.to_vec())]);
    assert_eq!(
        rejects(&staging, "concat_ws('|', field, raw, reason)"),
        [
            "prospect_info.company_name|\"\u{fffd}\"|bytes that are not UTF-8; kept as U+FFFD",
            "prospect_info.x|NaN|not a number in JSON; kept as NULL"
        ]
    );
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_page() {
    for body in [&b"\xef\xbb\xbf[]"[..], b"\xef\xbb\xbf {\"count\":3}", b"\xef\xbb\xbf7"] {
        assert!(fingerprints(body).is_ok(), "{body:?}");
    }
    assert_eq!(fingerprints(b"\xef\xbb\xbf7").unwrap().count, Some(7));
    assert!(fingerprints(b"\xef\xbb[]").is_err());
}

#[test]
fn a_record_that_cannot_be_read_is_rejected_where_the_page_is_read_and_is_an_error_where_it_is_looked_at() {
    let body = b"[{\"country\":\"FI\",\"business_id\":\"1\"},{\"country\":\"FI\",\"business_id\":\"2\",},\
        {\"country\":\"FI\",\"business_id\":\"3\",\"turn_over\":NaN}]";
    let error = fingerprints(body).unwrap_err();
    let place = body.windows(2).position(|part| part == b",}").unwrap();
    assert!((place..=place + 2).contains(&error.place().unwrap()), "{place}: {error}");
    assert!(error.to_string().contains("\"business_id\":\"2\",}"), "{error}");
    let staging = staged_of(&PROSPECTS, vec![page(1, body.to_vec())]);
    assert_eq!(text(&staging, "business_id"), [Some("1".to_owned()), Some("3".to_owned())]);
    assert_eq!(
        rejects(&staging, "concat_ws('|', raw, reason)"),
        [
            "NaN|not a number in JSON; kept as NULL",
            "{\"country\":\"FI\",\"business_id\":\"2\",}|not JSON: the record cannot be read"
        ]
    );
    let mut normaliser = Normaliser::new(&PROSPECTS);
    assert!(normaliser.read_page(&page(1, b"<html>".to_vec()), 0).is_err());
}

/// What an earlier answer said of a company stays when one of its records cannot be read: no scope is told.
#[test]
fn an_answer_with_a_record_that_cannot_be_read_replaces_nothing() {
    let stream: &'static Stream = &vainu_etl::catalog::FINANCIAL_STATEMENTS;
    let body = b"[{\"year\":2023},{\"year\":2022,},{\"year\":2021}]";
    let staging = staged_of(stream, vec![answer(1, "1", body.to_vec())]);
    assert_eq!(staging.staged.tables[0].rows_staged, 2);
    assert!(staging.staged.tables[0].scopes.is_empty());
    let staging = staged_of(stream, vec![answer(1, "1", b"[{\"year\":2023}]".to_vec())]);
    assert_eq!(staging.staged.tables[0].scopes.len(), 1);
}
