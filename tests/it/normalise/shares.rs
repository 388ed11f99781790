//! Several streams that are made of the same answers: each page is read once, and each stream gets what is its own.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::rc::Rc;

use serde_json::{Value, json};
use vainu_etl::catalog::DETAILS;
use vainu_etl::normalise::{LandedPage, StageOptions, stage};

use super::support::{Staging, answer, company};

const STATEMENTS: &[&str] = &["financial_statements"];
const CONTACTS: &[&str] = &["contacts"];
const COMPANIES: &[&str] = &["prospects", "prospect_addresses"];

/// Stages answers of the endpoint of details, newest first, for streams that have these tables.
fn shared(shares: &[&[&'static str]], pages: Vec<LandedPage>) -> Vec<Staging> {
    let dir = Rc::new(tempfile::tempdir().unwrap());
    let mut options = StageOptions::new(dir.path());
    options.workers = NonZeroUsize::new(2).unwrap();
    options.shares = Some(shares.iter().map(|tables| tables.to_vec()).collect());
    let staged = stage(&DETAILS, pages.into_iter().map(Ok::<_, Infallible>), &options).unwrap();
    staged.into_iter().map(|staged| Staging::of(staged, &dir)).collect()
}

/// The same, each stream by a reading of its own.
fn apart(shares: &[&[&'static str]], pages: &[LandedPage]) -> Vec<Staging> {
    shares.iter().flat_map(|tables| shared(&[tables], pages.to_vec())).collect()
}

fn details(id: &str, turnover: &Value, email: &Value) -> String {
    let statements = json!([{"year": 2024, "turn_over_eur": turnover}, {"year": 2023, "mood": "good"}]);
    let fields = json!({
        "staff_number": "many",
        "financial_statements": statements,
        "contacts": [{"email": email, "nickname": "x"}, 5],
        "prospect_addresses": [{"city": "Oulu", "country": "FI"}, "..."],
    });
    company(id, fields).to_string()
}

/// Every row, scope, reject and drift of a share, in a stable order.
fn contents(staging: &Staging) -> Vec<String> {
    let mut lines = Vec::new();
    for table in &staging.staged.tables {
        let name = table.table.name;
        lines.push(format!("{name}: {} rows", table.rows_staged));
        for (kind, files) in [(name.to_owned(), &table.rows), (format!("{name}_scopes"), &table.scopes)] {
            if !files.is_empty() {
                let rows = staging.lines(&format!("SELECT * FROM \"{kind}\" ORDER BY ALL"));
                lines.extend(rows.into_iter().map(|row| format!("{kind}: {row}")));
            }
        }
    }
    lines.extend(staging.reject_lines());
    lines.extend(staging.staged.drift.iter().map(|drift| format!("{drift:?}")));
    lines
}

#[test]
fn streams_made_of_the_same_answers_get_what_a_reading_for_each_alone_gives_them() {
    let pages = vec![
        answer(3, "1", details("1", &json!("a lot"), &json!("a@x.fi"))),
        answer(2, "2", details("2", &json!(5), &json!(7.5))),
        answer(1, "1", details("1", &json!(4), &json!("old@x.fi"))),
    ];
    for shares in [
        vec![STATEMENTS, CONTACTS, COMPANIES],
        vec![COMPANIES, STATEMENTS],
        vec![STATEMENTS, CONTACTS],
        vec![CONTACTS],
    ] {
        let (together, apart) = (shared(&shares, pages.clone()), apart(&shares, &pages));
        assert_eq!(together.len(), shares.len());
        for ((share, together), apart) in shares.iter().zip(&together).zip(&apart) {
            assert_eq!(contents(together), contents(apart), "{share:?} of {shares:?}");
            let names: Vec<_> = together.staged.tables.iter().map(|table| table.table.name).collect();
            assert_eq!(names, **share);
        }
    }
}

#[test]
fn a_reject_belongs_to_the_stream_of_its_table() {
    let pages = vec![answer(1, "1", details("1", &json!("a lot"), &json!("a@x.fi")))];
    let [statements, contacts, companies] = &shared(&[STATEMENTS, CONTACTS, COMPANIES], pages)[..] else {
        panic!("three shares")
    };
    let fields = |staging: &Staging| staging.lines("SELECT table_name, field, raw FROM rejects ORDER BY ALL");
    assert_eq!(fields(statements), [r#"financial_statements | turn_over_eur | "a lot""#]);
    assert_eq!(fields(contacts), ["contacts | contacts | 5"]);
    assert_eq!(
        fields(companies),
        [r#"prospect_addresses | prospect_addresses | "...""#, r#"prospects | staff_number | "many""#]
    );
    let drift = |staging: &Staging| {
        let names = staging.drift(vainu_etl::staging::DriftKind::Unknown).into_iter();
        names.map(|(field, ..)| field.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(drift(statements), ["financial_statements.mood"]);
    assert_eq!(drift(contacts), ["contacts.nickname"]);
    assert_eq!(drift(companies), ["prospect_addresses.country"]);
}

#[test]
fn a_record_that_is_rejected_whole_is_one_reject_and_holds_nothing_that_no_stream_wants() {
    let other =
        r#"{"country":"SE","business_id":"9","contacts":[{"email":"a@x.fi"}],"financial_statements":[]}"#;
    let line = |raw: &str| {
        format!("prospects | FI/1 | country | {raw} | answers for another company than was asked")
    };
    for (shares, owner, raw) in [
        (vec![STATEMENTS, CONTACTS, COMPANIES], 2, other),
        (vec![STATEMENTS, CONTACTS], 0, other),
        (vec![STATEMENTS, COMPANIES], 1, r#"{"country":"SE","business_id":"9","financial_statements":[]}"#),
        (vec![COMPANIES], 0, r#"{"country":"SE","business_id":"9"}"#),
    ] {
        for (share, staging) in shared(&shares, vec![answer(1, "1", other)]).iter().enumerate() {
            let expected = if share == owner { vec![line(raw)] } else { Vec::new() };
            assert_eq!(staging.reject_lines(), expected, "share {share} of {shares:?}");
            let counts = (staging.staged.records, staging.staged.records_rejected);
            assert_eq!(counts, if share == owner { (1, 1) } else { (0, 0) });
        }
    }
}

#[test]
fn a_newer_answer_without_records_hides_no_row_of_an_older_one() {
    let pages = || vec![answer(2, "1", "[]"), answer(1, "1", details("1", &json!(5), &json!("a@x.fi")))];
    for shares in [vec![STATEMENTS, COMPANIES], vec![STATEMENTS], vec![COMPANIES]] {
        for staging in shared(&shares, pages()) {
            for table in staging.staged.tables.iter().map(|table| table.table.name) {
                let rows = staging.lines(&format!("SELECT count(*) > 0, bool_and(_newest) FROM {table}"));
                assert_eq!(rows, ["true | true"], "{table} of {shares:?}");
            }
        }
    }
    // When the company was last asked about is what the newer answer says.
    let companies = shared(&[COMPANIES], pages()).remove(0);
    assert_eq!(
        companies.lines("SELECT country, business_id, _newest FROM prospects_scopes ORDER BY ALL"),
        ["FI | 1 | false", "FI | 1 | true"]
    );
}
