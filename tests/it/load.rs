//! What a load makes of staged rows and the previous generation.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod catalog;
mod clock;
mod combine;
mod defaults;
mod measure;
mod memory;
mod rejects;
mod replace;
mod rig;
mod streams;
mod switch;

use serde_json::json;
use vainu_etl::load::{Counts, LoadError};
use vainu_etl::staging::{Drift, DriftKind};
use vainu_etl::workspace::ErrorKind;

use crate::staged_fixture::{SEEN_AT_US, StagedFixture};
use rig::{Rig, complete, incomplete};

const DAY_US: i64 = 86_400_000_000;

fn counts(inserted: u64, updated: u64, unchanged: u64, deleted: u64) -> Counts {
    Counts { inserted, updated, unchanged, deleted, rejected: 0 }
}

#[test]
fn the_first_load_holds_every_value_as_staged() {
    let rig = Rig::new();
    let values = json!({
        "company_name": "Ääkköset \"O'y\" Ab", "registration_date": "1994-06-08", "industry_code": "01110",
        "turn_over_eur": "12345678901234.56", "profit_percent": "-14.30", "staff_number": 17,
        "turn_over_is_estimate": true, "digitality": 0.5, "mother": "{\"id\": \"FI1\"}",
        "mother_foreign": "not JSON", "description": "", "_extra": "{\"new\": [1, 2]}",
    });
    let staged = StagedFixture::new()
        .older_row(0, "FI", "00000001", json!({"company_name": "Earlier page"}))
        .row(0, "FI", "00000001", values);
    let published = rig.load("r1", staged, vec![complete("country=FI")]).unwrap();
    assert_eq!(published.generation, 1);
    assert_eq!(published.totals, counts(1, 0, 0, 0));
    assert_eq!(published.lists[0].list, "country=FI");
    assert_eq!(published.lists[0].counts, counts(1, 0, 0, 0));
    assert_eq!(
        rig.rows(
            "SELECT country, business_id, company_name, registration_date, industry_code, turn_over_eur,
                    profit_percent, staff_number, turn_over_is_estimate, digitality, mother->>'id',
                    mother_foreign->>'$', description, _extra->>'$.new[1]', city, _run_id,
                    _first_seen_at, _last_seen_at, _deleted_at, _details_at
             FROM prospects"
        ),
        [
            "FI|00000001|Ääkköset \"O'y\" Ab|1994-06-08|01110|12345678901234.56|-14.30|17|true|0.5|FI1|not JSON||2|\
             NULL|r1|2026-01-02 03:04:05|2026-01-02 03:04:05|NULL|NULL"
        ]
    );
    assert_eq!(rig.rows("SELECT format_version, generation FROM etl.warehouse"), ["2|1"]);
    assert_eq!(
        rig.rows("SELECT stream, list, country, business_id FROM etl.list_members"),
        ["prospects|country=FI|FI|00000001"]
    );
    assert_eq!(rig.rows("SELECT count(*) FROM etl.changes"), ["0"], "a new company is no change");
}

#[test]
fn the_second_load_inserts_updates_keeps_and_never_overwrites_with_what_is_absent() {
    let rig = Rig::new();
    let first = StagedFixture::new()
        .row(0, "FI", "1", json!({"company_name": "Changes", "city": "Turku", "turn_over_eur": "10.00"}))
        .row(0, "FI", "2", json!({"company_name": "Stays", "phone": "+358 1", "description": "kept"}))
        .row(0, "FI", "3", json!({"company_name": "Goes null", "city": "Oulu", "_extra": "{\"a\": 1}"}));
    rig.load("r1", first, vec![complete("all")]).unwrap();
    let second = StagedFixture::new()
        .seen_at(SEEN_AT_US + DAY_US)
        .row(0, "FI", "1", json!({"company_name": "Changed", "turn_over_eur": "10.50"}))
        .row(0, "FI", "2", json!({"company_name": "Stays", "phone": "+358 1"}))
        .row(0, "FI", "3", json!({"company_name": "Goes null", "city": null}))
        .row(0, "FI", "4", json!({"company_name": "New"}));
    let published = rig.load("r2", second, vec![complete("all")]).unwrap();
    assert_eq!(published.generation, 2);
    assert_eq!(published.totals, counts(1, 2, 1, 0));
    assert_eq!(
        rig.rows(
            "SELECT business_id, company_name, city, phone, description, turn_over_eur, _extra, _run_id,
                    day(_first_seen_at), day(_last_seen_at)
             FROM prospects ORDER BY business_id"
        ),
        [
            "1|Changed|Turku|NULL|NULL|10.50|NULL|r2|2|3",
            "2|Stays|NULL|+358 1|kept|NULL|NULL|r1|2|3",
            "3|Goes null|NULL|NULL|NULL|NULL|NULL|r2|2|3",
            "4|New|NULL|NULL|NULL|NULL|NULL|r2|3|3",
        ]
    );
    assert_eq!(
        rig.rows(
            "SELECT country, business_id, field, run_id, before, after, changed_at FROM etl.changes
             ORDER BY business_id, field"
        ),
        [
            "FI|1|company_name|r2|Changes|Changed|2026-01-03 03:04:05",
            "FI|1|turn_over_eur|r2|10.00|10.50|2026-01-03 03:04:05",
            "FI|3|_extra|r2|{\"a\": 1}|NULL|2026-01-03 03:04:05",
            "FI|3|city|r2|Oulu|NULL|2026-01-03 03:04:05",
        ]
    );
    assert_eq!(rig.rows("SELECT run_id, rows FROM etl.runs ORDER BY ALL"), ["r1|3", "r2|4"]);
}

#[test]
fn the_same_id_in_two_countries_is_two_companies() {
    let rig = Rig::new();
    let both = || {
        let fixture = StagedFixture::new().row(0, "FI", "12345678", json!({"company_name": "Suomi"}));
        fixture.row(0, "DK", "12345678", json!({"company_name": "Danmark"}))
    };
    rig.load("r1", both(), vec![complete("all")]).unwrap();
    let published = rig.load("r2", both(), vec![complete("all")]).unwrap();
    assert_eq!(published.totals, counts(0, 0, 2, 0));
    assert_eq!(
        rig.rows("SELECT country, business_id, company_name FROM prospects ORDER BY ALL"),
        ["DK|12345678|Danmark", "FI|12345678|Suomi"]
    );
}

#[test]
fn a_company_is_deleted_once_and_comes_back() {
    let rig = Rig::new();
    let two = || StagedFixture::new().companies(0, "FI", 1..3);
    let one = || StagedFixture::new().companies(0, "FI", 1..2);
    rig.load("r1", two(), vec![complete("all")]).unwrap();

    let published = rig.load("r2", one(), vec![complete("all")]).unwrap();
    assert_eq!(published.totals, counts(0, 0, 1, 1));
    let deleted = "SELECT business_id, _run_id, epoch_us(_deleted_at) FROM prospects ORDER BY 1";
    let expected = ["00000001|r1|NULL".to_owned(), format!("00000002|r2|{}", Rig::finished_at("r2"))];
    assert_eq!(rig.rows(deleted), expected);

    let published = rig.load("r3", one(), vec![complete("all")]).unwrap();
    assert_eq!(published.totals, counts(0, 0, 1, 0), "deleted once");
    assert_eq!(rig.rows(deleted), expected, "the time stays");

    let published = rig.load("r4", two(), vec![complete("all")]).unwrap();
    assert_eq!(published.totals, counts(0, 1, 1, 0), "back, which is a change");
    assert_eq!(rig.rows(deleted), ["00000001|r1|NULL", "00000002|r4|NULL"]);
    assert_eq!(
        rig.rows("SELECT run_id, field, before IS NULL, after IS NULL FROM etl.changes ORDER BY run_id"),
        ["r2|_deleted_at|true|false", "r4|_deleted_at|false|true"]
    );
}

#[test]
fn an_incomplete_list_deletes_nothing_and_only_adds_members() {
    let rig = Rig::new();
    rig.load("r1", StagedFixture::new().companies(0, "FI", 1..4), vec![complete("all")]).unwrap();
    let some = StagedFixture::new().companies(0, "FI", 3..5);
    let published = rig.load("r2", some, vec![incomplete("all")]).unwrap();
    assert_eq!(published.totals, counts(1, 0, 1, 0));
    assert_eq!(rig.rows("SELECT count(*), count(_deleted_at) FROM prospects"), ["4|0"]);
    assert_eq!(rig.rows("SELECT count(*), count(DISTINCT business_id) FROM etl.list_members"), ["4|4"]);
    assert_eq!(rig.rows("SELECT run_id, complete FROM etl.streams ORDER BY ALL"), ["r1|true", "r2|false"]);
    // What only the incomplete list had added is deleted by the next complete one.
    let published =
        rig.load("r3", StagedFixture::new().companies(0, "FI", 1..4), vec![complete("all")]).unwrap();
    assert_eq!(published.totals, counts(0, 0, 3, 1));
}

#[test]
fn a_company_in_two_lists_counts_in_both_and_lives_until_it_is_in_none() {
    let rig = Rig::new();
    let both = || vec![complete("a"), complete("b")];
    // 1 in a, 2 in both (newest row from b), 3 in b.
    let first = StagedFixture::new()
        .companies(0, "FI", 1..2)
        .older_row(0, "FI", "00000002", json!({"company_name": "Company 2"}))
        .companies(1, "FI", 2..4);
    let published = rig.load("r1", first, both()).unwrap();
    let per_list: Vec<_> = published.lists.iter().map(|list| (list.list.as_str(), list.counts)).collect();
    assert_eq!(per_list, [("a", counts(2, 0, 0, 0)), ("b", counts(2, 0, 0, 0))]);
    assert_eq!(published.totals, counts(3, 0, 0, 0));

    // 2 leaves a and stays in b; 1 leaves a, its only list.
    let second = StagedFixture::new().companies(1, "FI", 2..4);
    let published = rig.load("r2", second, both()).unwrap();
    let per_list: Vec<_> = published.lists.iter().map(|list| list.counts).collect();
    assert_eq!(per_list, [counts(0, 0, 0, 1), counts(0, 0, 2, 0)]);
    assert_eq!(published.totals, counts(0, 0, 2, 1));
    assert_eq!(rig.rows("SELECT business_id FROM prospects WHERE _deleted_at IS NOT NULL"), ["00000001"]);

    // A run that reads only list a, now empty, says nothing about list b.
    let published = rig.load("r3", StagedFixture::new(), vec![complete("a")]).unwrap();
    assert_eq!(published.totals, Counts::default());
    assert_eq!(
        rig.rows("SELECT list, business_id FROM etl.list_members ORDER BY ALL"),
        ["b|00000002", "b|00000003"]
    );

    // Both leave b.
    let published = rig.load("r4", StagedFixture::new(), both()).unwrap();
    assert_eq!(published.totals, counts(0, 0, 0, 2));
    assert_eq!(rig.rows("SELECT count(*), count(_deleted_at) FROM prospects"), ["3|3"]);
}

#[test]
fn rejects_drift_and_runs_are_kept_from_run_to_run() {
    let rig = Rig::new();
    let load = |run: &str, count: u64, sample: &str| {
        let fixture = StagedFixture::new().companies(0, "FI", 1..2).companies(1, "DK", 1..2).reject(
            1,
            "staff_number",
            "\"many\"",
        );
        rig.load_with(run, fixture, vec![complete("fi"), complete("dk")], |input| {
            input.streams[0].staged.drift.push(Drift {
                field: "new_field".into(),
                kind: DriftKind::Unknown,
                count,
                sample: Some(sample.into()),
            });
        })
        .unwrap()
    };
    let published = load("r1", 3, "first");
    let rejected: Vec<_> = published.lists.iter().map(|list| list.counts.rejected).collect();
    assert_eq!(rejected, [0, 1]);
    assert_eq!(published.totals.rejected, 1);
    load("r2", 4, "second");
    assert_eq!(
        rig.rows("FROM etl.rejects"),
        ["prospects|prospects|FI/00000001|staff_number|\"many\"|not a number|7|r1|r2|2|dk"]
    );
    assert_eq!(
        rig.rows("SELECT stream, field, kind, first_seen_run, count, sample FROM etl.schema_drift"),
        ["prospects|new_field|unknown|r1|7|first"]
    );
    assert_eq!(
        rig.rows(
            "SELECT run_id, status, exit_code, arguments, requests, retries, bytes, rows, rejects FROM etl.runs
             ORDER BY run_id"
        ),
        ["r1|complete|0|country=FI|10|1|1000|2|1", "r2|complete|0|country=FI|10|1|1000|2|1"]
    );
    assert_eq!(
        rig.rows(
            "SELECT run_id, list, rows_received, distinct_keys, total_before, total_after, effective_page_size,
                    sweeps, complete, inserted, updated, unchanged, deleted, rejected
             FROM etl.streams ORDER BY ALL"
        ),
        [
            "r1|dk|5|4|5|NULL|500|1|true|1|0|0|0|1",
            "r1|fi|5|4|5|NULL|500|1|true|1|0|0|0|0",
            "r2|dk|5|4|5|NULL|500|1|true|0|0|1|0|1",
            "r2|fi|5|4|5|NULL|500|1|true|0|0|1|0|0",
        ]
    );
}

#[test]
fn a_list_that_suddenly_loses_most_of_its_companies_is_not_believed() {
    let rig = Rig::new();
    let load = |run: &str, last: u32, percent: f64| {
        let fixture = StagedFixture::new().companies(0, "FI", 0..last);
        rig.load_with(run, fixture, vec![complete("all")], |input| input.max_deleted_percent = percent)
    };
    load("r1", 100, 50.0).unwrap();
    let before = rig.published_bytes();
    let error = load("r2", 49, 50.0).unwrap_err();
    assert!(matches!(error, LoadError::TooManyDeleted { known: 100, lost: 51, .. }), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::ChecksRefused);
    assert!(error.hint().contains("--max-deleted-percent 51"), "{}", error.hint());
    assert!(rig.published_bytes() == before, "the published file is unchanged");
    assert_eq!(load("r3", 50, 50.0).unwrap().totals, counts(0, 0, 50, 50));
    // Below a hundred known companies nobody is asked.
    assert_eq!(load("r4", 1, 50.0).unwrap().totals, counts(0, 0, 1, 49));
    assert_eq!(load("r5", 200, 50.0).unwrap().totals, counts(100, 99, 1, 0));
    assert_eq!(load("r6", 0, 100.0).unwrap().totals, counts(0, 0, 0, 200), "when a person says so");
}

#[test]
fn a_column_that_the_previous_generation_did_not_have_is_filled() {
    let rig = Rig::new();
    rig.load("r1", StagedFixture::new().companies(0, "FI", 1..3), vec![complete("all")]).unwrap();
    let earlier = duckdb::Connection::open(rig.workspace.published()).unwrap();
    earlier.execute_batch("ALTER TABLE prospects DROP COLUMN phone; CHECKPOINT").unwrap();
    drop(earlier);
    let second = StagedFixture::new().companies(0, "FI", 1..2).row(
        0,
        "FI",
        "00000002",
        json!({"company_name": "Company 2", "phone": "+358 2"}),
    );
    let published = rig.load("r2", second, vec![complete("all")]).unwrap();
    assert_eq!(published.totals, counts(0, 1, 1, 0));
    assert_eq!(
        rig.rows("SELECT business_id, company_name, phone FROM prospects ORDER BY 1"),
        ["00000001|Company 1|NULL", "00000002|Company 2|+358 2"]
    );
}

#[test]
fn a_staged_row_that_would_double_or_drop_a_company_refuses_the_load() {
    let rig = Rig::new();
    let doubled = StagedFixture::new().companies(0, "FI", 1..3).companies(0, "FI", 2..3);
    let error = rig.load("r1", doubled, vec![complete("all")]).unwrap_err();
    let LoadError::ChecksRefused { failed } = &error else { panic!("{error:?}") };
    assert_eq!(failed[0].name, "staged_rows_add_up");
    assert_eq!(failed[0].sample, "newest staged rows: 3, expected 2");
    let dropped = StagedFixture::new().older_row(0, "FI", "1", json!({"company_name": "No newest row"}));
    let error = rig.load("r1", dropped, vec![complete("all")]).unwrap_err();
    assert!(error.to_string().contains("newest staged rows: 0, expected 1"), "{error}");
    assert!(!rig.workspace.is_published());
}
