//! Arrays of records, in tables of their own.

use serde_json::json;
use vainu_etl::staging::DriftKind;

use super::streams::{ALL, LEADS};
use super::support::{answer, page, staged_of, try_stage_of};

const COMPANY: &str = r#"{"country":"FI","business_id":"FI0970409-8","company_name":"A Oy",
    "statements":[{"account_period_end":"2023-12-31","turn_over":"5.5"},{"account_period_end":null,"turn_over":1}],
    "contacts":[{"name":"Anna","nickname":"A"},{"name":"Bo"}],
    "technologies":["nginx","...","jQuery"],"mood":3}"#;

#[test]
fn each_array_of_a_company_goes_to_its_table() {
    let staging = staged_of(&ALL, vec![answer(1, "09704098", COMPANY)]);
    assert_eq!(
        staging.lines("FROM details"),
        [r#"FI | 09704098 | A Oy | {"mood":3} | 7 | 2026-01-01 00:00:00 | 0 | true"#]
    );
    assert_eq!(
        staging.lines("SELECT * EXCLUDE (_seen_at, _list) FROM statements ORDER BY turn_over"),
        ["FI | 09704098 | - | 1.00 | - | 15 | true", "FI | 09704098 | 2023-12-31 | 5.50 | - | 15 | true"]
    );
    assert_eq!(
        staging.lines("SELECT * EXCLUDE (_seen_at, _list) FROM contacts ORDER BY position"),
        [
            r#"FI | 09704098 | 0 | Anna | {"nickname":"A"} | 15 | true"#,
            "FI | 09704098 | 1 | Bo | - | 15 | true"
        ]
    );
    assert_eq!(
        staging.lines("SELECT * EXCLUDE (_seen_at, _list) FROM technologies ORDER BY technology"),
        [
            "FI | 09704098 | ... | - | 7 | true",
            "FI | 09704098 | jQuery | - | 7 | true",
            "FI | 09704098 | nginx | - | 7 | true"
        ]
    );
    for table in ["details", "statements", "contacts", "technologies"] {
        assert_eq!(
            staging.lines(&format!("FROM {table}_scopes")),
            ["FI | 09704098 | 2026-01-01 00:00:00 | true"],
            "{table}"
        );
    }
    assert_eq!(
        staging.drift(DriftKind::Unknown),
        [("contacts.nickname", 1, Some("\"A\"")), ("mood", 1, Some("3"))]
    );
    assert_eq!(staging.drift(DriftKind::Missing), []);
    assert_eq!(staging.reject_lines(), [""; 0]);
    assert_eq!(staging.staged.records, 8);
    let names = |paths: &[std::path::PathBuf]| {
        let names = paths.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
        names.map(|name| name.replace("-1.parquet", "-0.parquet")).collect::<Vec<_>>()
    };
    assert_eq!(names(&staging.staged.tables[2].rows), ["contacts-rows-0.parquet"]);
    assert_eq!(names(&staging.staged.tables[2].scopes), ["contacts-scopes-0.parquet"]);
}

#[test]
fn an_array_is_read_when_it_is_there_or_null() {
    let company = |rest: &str| format!(r#"{{"country":"FI","business_id":"1"{rest}}}"#);
    for (rest, scopes) in [
        ("", 0),
        (r#","contacts":null"#, 1),
        (r#","contacts":[]"#, 1),
        (r#","contacts":["..."]"#, 1),
        (r#","contacts":{}"#, 0),
        (r#","contacts":"none""#, 0),
    ] {
        let staging = staged_of(&ALL, vec![answer(1, "1", company(rest))]);
        assert_eq!(staging.staged.tables[2].scopes.len(), scopes, "{rest}");
        assert_eq!(staging.staged.tables[2].rows_staged, 0, "{rest}");
        assert_eq!(staging.lines("SELECT _extra FROM details"), ["-"], "{rest}");
    }
    let staging = staged_of(&ALL, vec![answer(1, "1", company(r#","contacts":{"a":1}"#))]);
    assert_eq!(staging.reject_lines(), [r#"details | FI/1 | contacts | {"a":1} | not a list"#]);
    let staging = staged_of(&ALL, vec![answer(1, "1", company(""))]);
    assert_eq!(staging.drift(DriftKind::Missing), [("company_name", 1, None), ("contacts", 1, None)]);
}

#[test]
fn elements_that_do_not_fit_are_rejected_with_their_table() {
    let body = r#"{"country":"FI","business_id":"1","company_name":5,
        "statements":["...",{"account_period_end":"2023-12-31","turn_over":"x"},
            {"account_period_end":"2023-12-31","turn_over":"x"},{"account_period_end":"2023-12-31"},
            {"account_period_end":"2023-12-31 "}],
        "contacts":[{"name":null},{"name":""},{"name":["a"]},7,null],
        "technologies":["a","a",{"name":"b"},null,1]}"#;
    let staging = staged_of(&ALL, vec![answer(1, "1", body)]);
    assert_eq!(
        staging.reject_lines(),
        [
            "contacts | FI/1 | contacts | 7 | not a JSON object",
            "contacts | FI/1 | contacts | null | not a JSON object",
            r#"contacts | FI/1/0 | name | {"name":null} | no usable key: name is missing or empty"#,
            r#"contacts | FI/1/2 | name | {"name":["a"]} | no usable key: name is a list"#,
            r#"statements | FI/1 | statements | "..." | not a JSON object"#,
            r#"statements | FI/1/2023-12-31 | statements | {"account_period_end":"2023-12-31 "} | another element has the same key"#,
            r#"statements | FI/1/2023-12-31 | statements | {"account_period_end":"2023-12-31"} | another element has the same key"#,
            r#"statements | FI/1/2023-12-31 | turn_over | "x" | not a number"#,
            "technologies | FI/1 | technologies | null | no usable key: technology is missing or empty",
            r#"technologies | FI/1 | technologies | {"name":"b"} | no usable key: technology is an object"#,
        ]
    );
    assert_eq!(staging.lines("SELECT technology FROM technologies ORDER BY ALL"), ["1", "a"]);
    assert_eq!(staging.lines("SELECT period_end, turn_over FROM statements"), ["2023-12-31 | -"]);
    assert_eq!(staging.lines("SELECT position, '<' || name || '>' FROM contacts"), ["1 | <>"]);
    assert_eq!(staging.value("SELECT count(*) FROM rejects"), Some("10".to_owned()));
    assert_eq!(
        staging.drift(DriftKind::Type),
        [("company_name", 1, Some("5")), ("contacts.name", 1, Some(r#"["a"]"#))]
    );
    assert_eq!(staging.drift(DriftKind::Missing), [("statements.turn_over", 2, None)]);
    assert_eq!((staging.staged.records, staging.staged.records_rejected), (14, 9));
}

#[test]
fn a_record_that_is_rejected_keeps_its_arrays_in_its_json() {
    let body = r#"{"country":"FI","contacts":[{"name":"Anna"}]}"#;
    let staging = staged_of(&ALL, vec![answer(1, "1", body)]);
    let reason = "no usable key: business_id is missing or empty";
    assert_eq!(staging.reject_lines(), [format!("details | FI/1 | business_id | {body} | {reason}")]);
    assert!(staging.staged.tables.iter().all(|table| table.rows.is_empty() && table.scopes.is_empty()));
}

#[test]
fn nothing_is_kept_of_what_nobody_asked_for() {
    let pages = vec![
        answer(
            1,
            "1",
            r#"{"country":"FI","business_id":"1","contacts":[{"name":"Anna","x":1},"Secret"],"technologies":["a"]}"#,
        ),
        answer(2, "2", r#"{"country":"FI","business_id":"2","contacts":"Secret","contacts":"Secret too"}"#),
        answer(
            3,
            "3",
            r#"{"country":"FI", "contacts":[{"name":"Secret"}], "company_name" : "A", "conta\u0063ts":["Secret"]}"#,
        ),
        answer(4, "4", r#"{"contacts":["Secret"],"country":"SE","business_id":"4"}"#),
    ];
    let tables = Some(vec!["technologies", "details"]);
    let staging = try_stage_of(&ALL, tables, pages.clone(), 2).unwrap();
    let names: Vec<_> = staging.staged.tables.iter().map(|table| table.table.name).collect();
    assert_eq!(names, ["details", "technologies"]);
    assert_eq!(staging.lines("SELECT business_id, _extra FROM details ORDER BY ALL"), ["1 | -", "2 | -"]);
    assert_eq!(
        staging.reject_lines(),
        [
            r#"details | FI/3 | business_id | {"country":"FI","company_name":"A"} | no usable key: business_id is missing or empty"#,
            r#"details | FI/4 | country | {"country":"SE","business_id":"4"} | answers for another company than was asked"#,
        ]
    );
    assert_eq!((staging.staged.records, staging.staged.records_rejected), (5, 2));
    assert_eq!(staging.drift(DriftKind::Unknown), []);
    assert_eq!(staging.drift(DriftKind::Missing), [("company_name", 2, None)]);

    let staging = try_stage_of(&ALL, Some(vec!["technologies"]), pages, 2).unwrap();
    assert_eq!(staging.lines("SELECT business_id, technology FROM technologies"), ["1 | a"]);
    assert_eq!(staging.staged.records, 3);
    assert_eq!(staging.staged.drift, []);
}

#[test]
fn leads_have_ids_of_their_own_or_a_hash() {
    let lead = |fields: serde_json::Value| fields.to_string();
    let body = format!(
        "[{}]",
        [
            lead(json!({"id": 12, "title": "a", "datetime": "2015-12-04T13:18:43"})),
            lead(json!({"id": "x-1", "title": "a", "prospects": [{"country": "FI", "business_id": "1"}, {"country": "FI"}], "tags": ["t", {"name": "u"}, null]})),
            lead(json!({"id": "", "title": "b", "datetime": "2015-12-04T13:18:43.611", "tags": []})),
        ]
        .join(",")
    );
    let staging = staged_of(&LEADS, vec![page(1, body)]);
    let ids = staging.lines("SELECT lead_id FROM leads WHERE length(lead_id) = 16");
    assert_eq!(
        staging.lines(
            "SELECT lead_id, title, seen, _present FROM leads WHERE length(lead_id) < 16 ORDER BY ALL"
        ),
        ["12 | a | 2015-12-04 13:18:43 | 7", "x-1 | a | - | 3"]
    );
    assert_eq!(
        staging.lines("SELECT * EXCLUDE (_seen_at) FROM lead_prospects"),
        ["x-1 | FI | 1 | - | 7 | 0 | true"]
    );
    assert_eq!(
        staging.lines("SELECT lead_id, position, tag, _extra FROM lead_tags ORDER BY position"),
        ["x-1 | 0 | t | -", "x-1 | 1 | u | -", "x-1 | 2 | - | -"]
    );
    assert_eq!(
        staging.lines("SELECT lead_id, _newest FROM lead_tags_scopes ORDER BY length(lead_id)"),
        ["x-1 | true".to_owned(), format!("{} | true", ids[0])]
    );
    assert_eq!(
        staging.reject_lines(),
        [
            r#"lead_prospects | x-1 | business_id | {"country":"FI"} | no usable key: business_id is missing or empty"#
        ]
    );
}

#[test]
fn a_hash_is_of_the_values_and_of_their_places() {
    let id =
        |body: &str| staged_of(&LEADS, vec![page(1, format!("[{body}]"))]).lines("SELECT lead_id FROM leads");
    let same = [
        r#"{"title":"b","datetime":"2015-12-04T13:18:43.611"}"#,
        r#"{"datetime":"2015-12-04T13:18:43","id":null,"title":"\u0062"}"#,
        r#"{"datetime":"2015-12-04 13:18:43Z","id":" ","title":"b","added":"x"}"#,
    ];
    let expected = id(same[0]);
    assert_eq!(expected[0].len(), 16);
    for lead in same {
        assert_eq!(id(lead), expected, "{lead}");
    }
    let different = [
        r#"{"title":"b","datetime":"2015-12-04T13:18:44"}"#,
        r#"{"title":"ab","datetime":"c"}"#,
        r#"{"title":"a","datetime":"bc"}"#,
        r#"{"title":"b"}"#,
        r#"{"datetime":"b"}"#,
        r#"{"title":"b","datetime":""}"#,
        "{}",
    ];
    let mut ids: Vec<_> = different.iter().flat_map(|lead| id(lead)).chain(expected).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), different.len() + 1);
}

#[test]
fn elements_go_with_their_record() {
    let lead =
        |title: &str, tags: serde_json::Value| json!([{"id": 1, "title": title, "tags": tags}]).to_string();
    let pages = vec![page(3, lead("new", json!(["x"]))), page(2, lead("old", json!(["y", "z"])))];
    let staging = staged_of(&LEADS, pages);
    assert_eq!(staging.lines("SELECT title, _newest FROM leads ORDER BY ALL"), ["new | true", "old | false"]);
    assert_eq!(
        staging.lines("SELECT tag, _newest FROM lead_tags ORDER BY ALL"),
        ["x | true", "y | false", "z | false"]
    );
    assert_eq!(
        staging.lines("SELECT * EXCLUDE (_seen_at) FROM lead_tags_scopes ORDER BY ALL"),
        ["1 | false", "1 | true"]
    );
}
