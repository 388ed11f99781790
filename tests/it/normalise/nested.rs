//! Fields of objects inside a record.

use vainu_etl::catalog::CUSTOMER_DATA;
use vainu_etl::staging::DriftKind;

use super::support::{Staging, page, staged_of};

const COMPANY: &str = "SELECT vid, country, business_id, company_name, domain, _extra FROM customer_data";

/// An object of customer data with further fields.
fn staged(fields: &str) -> Staging {
    staged_of(&CUSTOMER_DATA, vec![page(1, format!(r#"{{"results":[{{"id":"1"{fields}}}]}}"#))])
}

/// The fields missing from the object inside the record.
fn missing(staging: &Staging) -> Vec<&str> {
    let missing = staging.drift(DriftKind::Missing).into_iter().map(|(field, ..)| field);
    missing.filter(|field| field.starts_with("prospect_info")).collect()
}

#[test]
fn fields_of_an_object_feed_typed_columns() {
    let staging = staged(
        r#","prospect_info":{"business_id":"FI2822996-6", "vid":12,"country":"fi","company_name":"A \u00e4"}"#,
    );
    assert_eq!(staging.lines(COMPANY), ["12 | FI | 28229966 | A ä | - | -"]);
    assert_eq!(missing(&staging), ["prospect_info.domain"]);
    assert_eq!(staging.drift(DriftKind::Unknown), []);
    assert_eq!(staging.reject_lines(), [""; 0]);
    // Positions in the table: id 0, vid 12, country 13, business_id 14, company_name 15.
    assert_eq!(staging.lines("SELECT bin(_present) FROM customer_data"), ["1111000000000001"]);
}

#[test]
fn an_object_can_be_null_or_absent() {
    let staging = staged(r#","prospect_info":null"#);
    assert_eq!(staging.lines(COMPANY), ["- | - | - | - | - | -"]);
    assert_eq!(missing(&staging), [""; 0]);
    let staging = staged("");
    assert_eq!(staging.lines(COMPANY), ["- | - | - | - | - | -"]);
    let all = ["business_id", "company_name", "country", "domain", "vid"];
    assert_eq!(missing(&staging), all.map(|field| format!("prospect_info.{field}")));
    let staging = staged(r#","prospect_info":{}"#);
    assert_eq!(missing(&staging), all.map(|field| format!("prospect_info.{field}")));
    assert_eq!(staging.reject_lines(), [""; 0]);
}

#[test]
fn an_object_that_is_none_is_rejected() {
    for raw in [r#""FI""#, "[]", r#"[{"vid":1}]"#, "7", "false"] {
        let staging = staged(&format!(r#","prospect_info":{raw},"prospect":5"#));
        assert_eq!(staging.lines(COMPANY), ["5 | - | - | - | - | -"], "{raw}");
        assert_eq!(
            staging.reject_lines(),
            [format!("customer_data | 1 | prospect_info | {raw} | not an object")]
        );
        assert_eq!(staging.drift(DriftKind::Type), [("prospect_info", 1, Some(raw))]);
    }
}

#[test]
fn what_an_object_holds_besides_is_kept_under_its_name() {
    let staging = staged(
        r#","prospect":1,"mood":2,"prospect_info":{"vid":2,"x":{"y":[1]},"do\u006dain":"d","x\"":null},
        "prospect_info.domain":"no field of the object""#,
    );
    assert_eq!(
        staging.lines(COMPANY),
        [
            r#"1 | - | - | - | d | {"mood":2,"prospect_info.domain":"no field of the object","prospect_info":{"x":{"y":[1]},"x\"":null,"vid":2}}"#
        ]
    );
    assert_eq!(
        staging.drift(DriftKind::Unknown),
        [
            ("mood", 1, Some("2")),
            ("prospect_info.domain", 1, Some(r#""no field of the object""#)),
            ("prospect_info.x", 1, Some(r#"{"y":[1]}"#)),
            ("prospect_info.x\"", 1, Some("null")),
        ]
    );
    assert_eq!(staging.reject_lines(), [""; 0]);
}

#[test]
fn values_of_an_object_that_do_not_fit_are_rejected_by_their_full_name() {
    let staging = staged(
        r#","prospect_info":{"country":"Finland","vid":[1],"domain":5,"domain":"d","x":1,"x":2,"company_name":"A","company_name":"A"}"#,
    );
    assert_eq!(staging.lines(COMPANY), [r#"- | - | - | A | d | {"prospect_info":{"x":2}}"#]);
    let again = "the field comes again in the record; its last value is used";
    assert_eq!(
        staging.reject_lines(),
        [
            r#"customer_data | 1 | prospect_info.country | "Finland" | not a country code of two letters"#
                .to_owned(),
            format!("customer_data | 1 | prospect_info.domain | 5 | {again}"),
            "customer_data | 1 | prospect_info.vid | [1] | a list".to_owned(),
            format!("customer_data | 1 | prospect_info.x | 1 | {again}"),
        ]
    );
    assert_eq!(staging.drift(DriftKind::Type), [("prospect_info.vid", 1, Some("[1]"))]);
    assert_eq!(staging.drift(DriftKind::Unknown), [("prospect_info.x", 1, Some("2"))]);
}

#[test]
fn an_object_that_comes_again_counts_as_its_last() {
    let staging = staged(r#","prospect_info":{"vid":1,"domain":"d"},"prospect_info":{"vid":2}"#);
    assert_eq!(staging.lines(COMPANY), ["2 | - | - | - | - | -"]);
    assert_eq!(
        staging.reject_lines(),
        [
            r#"customer_data | 1 | prospect_info | {"vid":1,"domain":"d"} | the field comes again in the record; its last value is used"#
        ]
    );
}

#[test]
fn objects_of_one_page_do_not_mix() {
    let body = r#"{"results":[{"id":"1","prospect_info":{"vid":1,"x":1}},{"id":"2"},{"id":"3","prospect_info":{"domain":"d"}}]}"#;
    let staging = staged_of(&CUSTOMER_DATA, vec![page(1, body)]);
    assert_eq!(
        staging.lines("SELECT id, vid, domain, _extra FROM customer_data ORDER BY id"),
        [r#"1 | 1 | - | {"prospect_info":{"x":1}}"#, "2 | - | - | -", "3 | - | d | -"]
    );
}
