//! Records that are rows of two tables at once, or of which some tables are not wanted.

use vainu_etl::catalog::{DETAILS, TARGET_GROUP_MEMBERS, TECHNOLOGIES};
use vainu_etl::normalise::LandedPage;
use vainu_etl::staging::DriftKind;

use super::support::{answer, page, staged_of, try_stage_of};

fn of_group(body: &str) -> LandedPage {
    LandedPage { parent: vec![("target_group_id", "a".to_owned())], ..page(1, body) }
}

#[test]
fn every_field_is_kept_and_reported_by_one_of_the_tables() {
    let staging = staged_of(
        &TARGET_GROUP_MEMBERS,
        vec![of_group(
            r#"[{"country": "FI", "business_id": 1, "company_name": 5, "industry_code": "01110",
                "industry_code_5": "01120", "mood": 1, "city": "A", "city": "B"}, "..."]"#,
        )],
    );
    assert_eq!(
        staging.lines("SELECT target_group_id, country, business_id, _extra FROM target_group_members"),
        [r#"a | FI | 1 | {"mood":1}"#]
    );
    assert_eq!(
        staging
            .lines("SELECT country, business_id, company_name, industry_code, city, _extra FROM prospects"),
        [r#"FI | 1 | 5 | 01110 | B | {"industry_code_5":"01120"}"#]
    );
    assert_eq!(
        staging.reject_lines(),
        [
            r#"prospects | FI/1 | city | "A" | the field comes again in the record; its last value is used"#,
            r#"target_group_members | a | - | "..." | not a JSON object"#,
        ]
    );
    assert_eq!(staging.drift(DriftKind::Unknown), [("mood", 1, Some("1"))]);
    assert_eq!(
        staging.drift(DriftKind::Type),
        [("business_id", 1, Some("1")), ("company_name", 1, Some("5"))]
    );
    assert_eq!(
        staging.drift(DriftKind::Missing).iter().map(|(field, ..)| *field).collect::<Vec<_>>(),
        [
            "address",
            "development_of_turnover",
            "isic_industry_code",
            "link",
            "postal",
            "profit",
            "staff_number",
            "turn_over"
        ]
    );
}

#[test]
fn nothing_is_kept_of_a_table_that_nobody_asked_for() {
    let body = r#"[{"country": "FI", "business_id": "1", "company_name": "Secret", "turn_over": {}, "mood": 1},
        {"country": "FI", "company_name": "Secret", "mood": 1}]"#;
    let tables = Some(vec!["target_group_members"]);
    let staging = try_stage_of(&TARGET_GROUP_MEMBERS, tables, vec![of_group(body)], 1).unwrap();
    assert_eq!(staging.lines("SELECT business_id, _extra FROM target_group_members"), [r#"1 | {"mood":1}"#]);
    assert_eq!(
        staging.reject_lines(),
        [
            r#"target_group_members | a | business_id | {"country":"FI","mood":1} | no usable key: business_id is missing or empty"#
        ]
    );
    assert_eq!(staging.drift(DriftKind::Type), []);
    assert_eq!(staging.drift(DriftKind::Missing), [("business_id", 1, None)]);
}

#[test]
fn a_record_that_is_no_object_is_kept_also_when_the_main_table_is_not_wanted() {
    let reject = |(id, raw): (u32, &str)| format!("prospects | FI/{id} | - | {raw} | not a JSON object");
    let pages = || {
        vec![
            answer(3, "3", r#"["...", 7]"#),
            answer(
                2,
                "2",
                r#"{"business_id": "2", "country": "FI", "technologies": ["nginx"], "contacts": [{"email": "e"}]}"#,
            ),
            answer(1, "1", "[null]"),
        ]
    };
    let staging = try_stage_of(&TECHNOLOGIES, Some(vec!["prospect_technologies"]), pages(), 2).unwrap();
    assert_eq!(staging.reject_lines(), [(1, "null"), (3, "\"...\""), (3, "7")].map(reject));
    assert_eq!(staging.lines("SELECT business_id, technology FROM prospect_technologies"), ["2 | nginx"]);
    assert_eq!(staging.staged.drift, []);
    let staging = try_stage_of(&DETAILS, Some(vec!["contacts"]), pages(), 2).unwrap();
    assert_eq!(staging.reject_lines(), [(1, "null"), (3, "\"...\""), (3, "7")].map(reject));
    assert_eq!(staging.lines("SELECT business_id, email FROM contacts"), ["2 | e"]);
    assert_eq!((staging.staged.records, staging.staged.records_rejected), (4, 3));
}
