//! Answers about one company, and what the pager learns from pages.

use vainu_etl::catalog::PROSPECTS;
use vainu_etl::normalise::{LandedPage, fingerprints_by};
use vainu_etl::record::{
    Envelope, EnvelopeError, fingerprints, fingerprints_and_companies, fingerprints_single, parse_page,
    parse_single,
};

use super::streams::{ALL, FINANCIALS, LEADS, MEMBERS, THINGS};
use super::support::{answer, page, staged_of, try_stage_of};

#[test]
fn an_array_of_statements_is_of_the_company_that_was_asked_for() {
    let body = r#"[{"account_period_end":"2022-12-31","turn_over":"1"},{"account_period_end":null},
        {"account_period_end":"2022-12-31","turn_over":"1"},{"account_period_end":"2022-12-31","turn_over":"2"},"..."]"#;
    let staging = staged_of(&FINANCIALS, vec![answer(1, " FI0970409-8", body), answer(2, "2", "[]")]);
    assert_eq!(
        staging.lines("SELECT * EXCLUDE (_seen_at, _list) FROM statements ORDER BY ALL"),
        ["FI | 09704098 | 2022-12-31 | 1.00 | - | 15 | true", "FI | 09704098 | - | - | - | 7 | true"]
    );
    assert_eq!(
        staging.reject_lines(),
        [
            r#"statements | FI/09704098 | - | "..." | not a JSON object"#,
            r#"statements | FI/09704098/2022-12-31 | - | {"account_period_end":"2022-12-31","turn_over":"2"} | another element has the same key"#,
        ]
    );
    assert_eq!(
        staging.lines("SELECT * EXCLUDE (_seen_at) FROM statements_scopes ORDER BY ALL"),
        ["FI | 09704098 | true", "FI | 2 | true"]
    );
}

#[test]
fn an_answer_is_the_newest_as_a_whole() {
    let statement = |day: u32| {
        format!(r#"[{{"account_period_end":"2022-12-{day}"}},{{"account_period_end":"2021-12-{day}"}}]"#)
    };
    let pages = || {
        vec![
            answer(3, "1", statement(30)),
            answer(2, "1", statement(31)),
            answer(1, "2", "[]"),
            answer(0, "1", "[]"),
        ]
    };
    for workers in [1, 3] {
        let staging = try_stage_of(&FINANCIALS, None, pages(), workers).unwrap();
        assert_eq!(
            staging.lines("SELECT period_end, _newest FROM statements ORDER BY ALL"),
            ["2021-12-30 | true", "2021-12-31 | false", "2022-12-30 | true", "2022-12-31 | false"]
        );
        assert_eq!(
            staging.lines("SELECT business_id, _newest FROM statements_scopes ORDER BY ALL"),
            ["1 | false", "1 | false", "1 | true", "2 | true"]
        );
    }
}

#[test]
fn an_answer_about_another_company_is_rejected() {
    let other = "answers for another company than was asked";
    for (body, denied_by) in [
        (r#"{"country":"FI","business_id":"1"}"#, None),
        (r#"{"country":"fi","business_id":"FI1"}"#, None),
        (r#"{"country":"SE","business_id":"1"}"#, Some("country")),
        (r#"{"country":"FI","business_id":"2"}"#, Some("business_id")),
    ] {
        let staging = staged_of(&ALL, vec![answer(1, "1", body)]);
        let rejects = denied_by.map(|field| format!("details | FI/1 | {field} | {body} | {other}"));
        assert_eq!(staging.reject_lines(), rejects.into_iter().collect::<Vec<_>>(), "{body}");
        let scopes = staging.staged.tables[0].scopes.len();
        assert_eq!(scopes, usize::from(denied_by.is_none()), "{body}");
    }
    // Also where the record's own words feed no column. An older answer is then the newest.
    let body =
        r#"[{"account_period_end":"2022-12-31","business_id":"2"},{"account_period_end":"2021-12-31"}]"#;
    let staging = staged_of(&FINANCIALS, vec![answer(1, "1", body)]);
    assert_eq!(staging.staged.records_rejected, 1);
    assert!(staging.staged.tables[0].scopes.is_empty());
    let pages = vec![
        answer(2, "1", r#"{"detail":"Not found"}"#),
        answer(1, "1", r#"{"country":"FI","business_id":"1"}"#),
    ];
    assert_eq!(staged_of(&ALL, pages).lines("SELECT _newest FROM details"), ["true"]);
}

#[test]
fn a_count_is_no_answer() {
    for body in ["12", r#"{"count":0}"#] {
        assert!(staged_of(&FINANCIALS, vec![answer(1, "1", body)]).staged.tables[0].scopes.is_empty());
    }
}

#[test]
fn members_are_of_the_group_that_was_asked_for() {
    let of_group = |body: &str, group: &str| LandedPage {
        parent: vec![("group_id", group.to_owned())],
        ..page(1, body)
    };
    let body = r#"[{"country":"FI","business_id":"1"},{"country":"FI","business_id":"1"}]"#;
    let staging = staged_of(&MEMBERS, vec![of_group(body, "77"), of_group(body, "78")]);
    assert_eq!(
        staging.lines("SELECT * EXCLUDE (_seen_at) FROM members ORDER BY ALL"),
        [
            "77 | FI | 1 | - | 7 | 0 | false",
            "77 | FI | 1 | - | 7 | 0 | true",
            "78 | FI | 1 | - | 7 | 0 | false",
            "78 | FI | 1 | - | 7 | 0 | true",
        ]
    );
    let staging = staged_of(&MEMBERS, vec![page(1, r#"[{"country":"FI","business_id":"1"}]"#)]);
    let reason = "no usable key: group_id is missing or empty";
    assert_eq!(
        staging.reject_lines(),
        [format!(r#"members | - | - | {{"country":"FI","business_id":"1"}} | {reason}"#)]
    );
}

#[test]
fn a_lone_object_is_a_record_where_an_answer_has_everything() {
    for (body, envelope, records) in [
        (r#" {"country":"FI"} "#, Envelope::Lone, 1),
        (r#"{"count":5,"name":"a"}"#, Envelope::Lone, 1),
        (r#"{"results":{},"name":"a"}"#, Envelope::Lone, 1),
        ("{}", Envelope::Lone, 1),
        (r#"{"results":[1,2]}"#, Envelope::Object, 2),
        (r#"{"total_results":0,"next_page":null,"prev_page":null,"results":[]}"#, Envelope::Object, 0),
        (r#"{"count":5}"#, Envelope::CountOnly, 0),
        ("[{}]", Envelope::Array, 1),
    ] {
        let page = parse_single(body.as_bytes()).unwrap();
        assert_eq!((page.envelope, page.records.len()), (envelope, records), "{body}");
        if envelope == Envelope::Lone {
            assert!(
                matches!(parse_page(body.as_bytes()), Err(EnvelopeError::OtherShape { .. }))
                    || body.contains("count")
            );
        }
    }
    for body in ["{\"a\":1", "{\"a\":1} 2", "{a}", "null", "\"a\""] {
        assert!(parse_single(body.as_bytes()).is_err(), "{body}");
    }
    let body = br#"{"country":"FI","business_id":"1"}"#;
    let facts = fingerprints_single(body).unwrap();
    assert_eq!(
        (facts.rows, facts.keyless),
        (fingerprints(br#"[{"country":"FI","business_id":"1"}]"#).unwrap().rows, 0)
    );
    assert_eq!(fingerprints_by(&ALL, body).unwrap(), fingerprints_single(body).unwrap());
    assert!(fingerprints(body).is_err() && fingerprints_by(&PROSPECTS, body).is_err());
}

#[test]
fn the_pager_tells_rows_apart_by_the_key_of_their_table() {
    let body = br#"{"total_results":9,"next_page":"https://x/?page=2","prev_page":null,"results":[
        {"id":7,"a":1},{"id":"7","a":2},{"id":8},{"id":null},{"id":"x"},"..."]}"#;
    let facts = fingerprints_by(&THINGS, body).unwrap();
    assert_eq!((facts.count, facts.next_page.as_deref()), (Some(9), Some("https://x/?page=2")));
    assert_eq!((facts.rows.len(), facts.keyless, facts.not_objects), (5, 2, 1));
    assert_eq!(facts.rows[0], facts.rows[1]);
    assert_ne!(facts.rows[1], facts.rows[2]);
    assert_ne!(facts.rows[3], facts.rows[4]);
    assert_eq!(fingerprints_by(&THINGS, br#"{"results":[],"next_page":null}"#).unwrap().next_page, None);

    let body = br#"[{"country":"FI","business_id":"1"},{"country":"fi","business_id":"FI1"}]"#;
    assert_eq!(fingerprints_by(&MEMBERS, body).unwrap(), fingerprints(body).unwrap());
    assert_eq!(fingerprints_by(&PROSPECTS, body).unwrap(), fingerprints(body).unwrap());

    let statements = fingerprints_by(
        &FINANCIALS,
        br#"[{"account_period_end":"2022-1-1"},{"account_period_end":"2022-01-01"},{}]"#,
    );
    let statements = statements.unwrap();
    assert_eq!((statements.rows[0] == statements.rows[1], statements.keyless), (true, 1));

    let leads = fingerprints_by(&LEADS, br#"[{"id":1},{"id":"1"},{"title":"a"},{"title":"b"}]"#).unwrap();
    assert_eq!(
        (leads.rows[0] == leads.rows[1], leads.rows[2] == leads.rows[3], leads.keyless),
        (true, false, 0)
    );
}

#[test]
fn the_companies_of_a_page_come_in_their_order() {
    let body = br#"{"results":[{"country":"SE","business_id":"5560000000"},"...",{"country":"FI"},
        {"business_id":"0970409-8","country":"fi"},{"country":"SE","business_id":"5560000000"}]}"#;
    let (facts, companies) = fingerprints_and_companies(body).unwrap();
    assert_eq!(companies, ["SE/5560000000", "FI/09704098", "SE/5560000000"]);
    assert_eq!(facts, fingerprints_by(&PROSPECTS, body).unwrap());
    assert_eq!(fingerprints_and_companies(b"12").unwrap().1, [""; 0]);
    assert!(fingerprints_and_companies(b"{}").is_err());
}
