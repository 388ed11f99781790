//! Tables of which a part is read again as a whole, and tables that only grow.

use serde_json::{Value, json};
use vainu_etl::load::{Counts, LoadError};

use super::counts;
use super::rig::{Rig, complete, incomplete};
use super::streams::{
    COMPANY_LEADS, GROUPS, GROUPS_TABLE, LEADS, LEADS_TABLE, Part, STATEMENTS, STATEMENTS_TABLE, TAGS_TABLE,
};
use crate::staged_fixture::StagedFixture;

fn statements(rows: &[(&str, &str, i64, Value, &str)], read: &[(&str, &str)]) -> Part {
    let mut staged = StagedFixture::of(&[&STATEMENTS_TABLE]);
    for (country, id, year, end, turnover) in rows {
        staged = staged.row_of(
            &STATEMENTS_TABLE,
            0,
            json!({"country": country, "business_id": id, "year": year, "account_period_end": end,
                   "turn_over_eur": turnover}),
        );
    }
    for (country, id) in read {
        staged = staged.scope(&STATEMENTS_TABLE, json!({"country": country, "business_id": id}));
    }
    (&STATEMENTS, staged, vec![complete("companies")])
}

fn groups(rows: &[(&str, &str)], is_complete: bool) -> Part {
    let staged = rows.iter().fold(StagedFixture::of(&[&GROUPS_TABLE]), |staged, (id, name)| {
        staged.row_of(&GROUPS_TABLE, 0, json!({"id": id, "name": name}))
    });
    (&GROUPS, staged, vec![if is_complete { complete("all") } else { incomplete("all") }])
}

const STATEMENTS_SQL: &str = "SELECT * EXCLUDE (_extra) FROM t_statements ORDER BY ALL";

#[test]
fn the_rows_of_a_company_are_replaced_as_a_whole_and_others_stay() {
    let rig = Rig::new();
    let first = statements(
        &[
            ("FI", "1", 2023, json!("2023-12-31"), "10.00"),
            ("FI", "1", 2024, json!(null), "11.00"),
            ("FI", "1", 2024, json!("2024-06-30"), "12.00"),
            ("DK", "1", 2024, json!(null), "20.00"),
            ("FI", "2", 2024, json!(null), "30.00"),
            ("FI", "3", 2024, json!(null), "40.00"),
        ],
        &[("FI", "1"), ("DK", "1"), ("FI", "2"), ("FI", "3")],
    );
    let published = rig.load_parts("r1", vec![first]).unwrap();
    assert_eq!(published.lists[0].counts, counts(6, 0, 0, 0));
    assert_eq!(published.totals, counts(6, 0, 0, 0));
    assert!(published.tables.contains(&("t_statements".to_owned(), 6)), "{:?}", published.tables);

    // FI 1 has fewer and a changed one, FI 2 none at all; DK 1 was read and is the same; FI 3 was not read.
    let second = statements(
        &[
            ("FI", "1", 2023, json!("2023-12-31"), "10.00"),
            ("FI", "1", 2024, json!(null), "11.50"),
            ("DK", "1", 2024, json!(null), "20.00"),
        ],
        &[("FI", "1"), ("DK", "1"), ("FI", "2")],
    );
    let published = rig.load_parts("r2", vec![second]).unwrap();
    assert_eq!(published.lists[0].counts, counts(0, 1, 2, 2));
    assert_eq!(
        rig.rows(STATEMENTS_SQL),
        [
            "DK|1|2024|NULL|20.00|r1",
            "FI|1|2023|2023-12-31|10.00|r1",
            "FI|1|2024|NULL|11.50|r2",
            "FI|3|2024|NULL|40.00|r1",
        ]
    );
    assert_eq!(rig.rows("SELECT run_id, rows FROM etl.runs ORDER BY ALL"), ["r1|6", "r2|3"]);
    assert_eq!(rig.rows("SELECT count(*) FROM etl.changes"), ["0"]);
    assert_eq!(rig.rows("SELECT count(*) FROM etl.list_members"), ["0"]);
}

#[test]
fn a_whole_table_is_replaced_by_a_complete_list_and_added_to_by_another() {
    let rig = Rig::new();
    rig.load_parts("r1", vec![groups(&[("a", "A"), ("b", "B")], true)]).unwrap();
    let published = rig.load_parts("r2", vec![groups(&[("b", "B2"), ("c", "C")], false)]).unwrap();
    assert_eq!(published.lists[0].counts, counts(1, 1, 0, 0), "an incomplete list takes nothing away");
    let sql = "SELECT id, name, _run_id FROM t_groups ORDER BY id";
    assert_eq!(rig.rows(sql), ["a|A|r1", "b|B2|r2", "c|C|r2"]);
    let published = rig.load_parts("r3", vec![groups(&[("b", "B2")], true)]).unwrap();
    assert_eq!(published.lists[0].counts, counts(0, 0, 1, 2));
    assert_eq!(rig.rows(sql), ["b|B2|r2"]);
    let published = rig.load_parts("r4", vec![groups(&[], true)]).unwrap();
    assert_eq!(published.lists[0].counts, counts(0, 0, 0, 1));
    assert_eq!(rig.rows(sql), [] as [&str; 0]);
}

#[test]
fn a_table_that_nothing_was_staged_for_is_taken_over() {
    let rig = Rig::new();
    let staged = |tables: &[&'static _]| StagedFixture::of(tables);
    let lead = json!({"lead_id": "1", "title": "T"});
    let both = staged(&[&LEADS_TABLE, &TAGS_TABLE])
        .row_of(&LEADS_TABLE, 0, lead.clone())
        .row_of(&TAGS_TABLE, 0, json!({"lead_id": "1", "tag": "x"}))
        .scope(&TAGS_TABLE, json!({"lead_id": "1"}));
    rig.load_parts("r1", vec![(&LEADS, both, vec![complete("all")])]).unwrap();
    let leads_only = staged(&[&LEADS_TABLE]).row_of(&LEADS_TABLE, 0, lead);
    let published = rig.load_parts("r2", vec![(&LEADS, leads_only, vec![complete("all")])]).unwrap();
    assert_eq!(published.lists[0].counts, counts(0, 0, 1, 0));
    assert_eq!(rig.rows("SELECT lead_id, tag, _run_id FROM t_lead_tags"), ["1|x|r1"]);
    assert!(published.tables.contains(&("t_lead_tags".to_owned(), 1)), "{:?}", published.tables);
}

#[test]
fn rows_that_are_added_are_never_taken_away() {
    let rig = Rig::new();
    let leads = |rows: &[(&str, &str, &[&str])]| -> Part {
        let mut staged = StagedFixture::of(&[&LEADS_TABLE, &TAGS_TABLE]);
        for (id, title, tags) in rows {
            staged = staged
                .row_of(&LEADS_TABLE, 0, json!({"lead_id": id, "title": title}))
                .scope(&TAGS_TABLE, json!({"lead_id": id}));
            for tag in *tags {
                staged = staged.row_of(&TAGS_TABLE, 0, json!({"lead_id": id, "tag": tag}));
            }
        }
        (&LEADS, staged, vec![complete("all")])
    };
    rig.load_parts("r1", vec![leads(&[("1", "One", &["a", "b"]), ("2", "Two", &["a"])])]).unwrap();
    let published = rig.load_parts("r2", vec![leads(&[("2", "Zwei", &[]), ("3", "Three", &["c"])])]).unwrap();
    assert_eq!(published.lists[0].counts, counts(1, 1, 0, 0));
    assert_eq!(
        rig.rows("SELECT lead_id, title, _run_id FROM t_leads ORDER BY ALL"),
        ["1|One|r1", "2|Zwei|r2", "3|Three|r2"]
    );
    assert_eq!(
        rig.rows("SELECT lead_id, tag, _run_id FROM t_lead_tags ORDER BY ALL"),
        ["1|a|r1", "1|b|r1", "3|c|r2"]
    );
}

#[test]
fn a_lead_seen_through_two_endpoints_is_one_and_keeps_the_apis_id() {
    let rig = Rig::new();
    let lead = |stream, id: &str, tags: &[&str]| -> Part {
        let mut staged = StagedFixture::of(&[&LEADS_TABLE, &TAGS_TABLE])
            .row_of(&LEADS_TABLE, 0, json!({"lead_id": id, "title": "T", "content_hash": "hash"}))
            .scope(&TAGS_TABLE, json!({"lead_id": id}));
        for tag in tags {
            staged = staged.row_of(&TAGS_TABLE, 0, json!({"lead_id": id, "tag": tag}));
        }
        (stream, staged, vec![complete("all")])
    };
    let leads = || rig.rows("SELECT lead_id, _run_id FROM t_leads");
    let tags = || rig.rows("SELECT lead_id, tag, _run_id FROM t_lead_tags ORDER BY ALL");
    rig.load_parts("r1", vec![lead(&COMPANY_LEADS, "hash", &["a", "b"])]).unwrap();
    assert_eq!(leads(), ["hash|r1"]);
    // The API's own id comes later, and takes the tags over.
    rig.load_parts("r2", vec![lead(&LEADS, "42", &["b", "c"])]).unwrap();
    assert_eq!(leads(), ["42|r2"]);
    assert_eq!(tags(), ["42|b|r1", "42|c|r2"], "its own tags replace those under the other key");
    // And it stays when the lead without an id is seen again.
    rig.load_parts("r3", vec![lead(&COMPANY_LEADS, "hash", &["b", "d"])]).unwrap();
    assert_eq!(leads(), ["42|r2"]);
    assert_eq!(tags(), ["42|b|r1", "42|c|r2", "42|d|r3"]);
    // Both in one run.
    let both = vec![lead(&LEADS, "42", &["b"]), lead(&COMPANY_LEADS, "hash", &["b", "e"])];
    rig.load_parts("r4", both).unwrap();
    assert_eq!(leads(), ["42|r2"]);
    assert_eq!(tags(), ["42|b|r1", "42|e|r4"]);
}

#[test]
fn a_doubled_key_refuses_the_load_also_when_a_part_of_it_is_null() {
    let rig = Rig::new();
    let row = ("FI", "1", 2024, json!(null), "10.00");
    let error = rig.load_parts("r1", vec![statements(&[row.clone(), row], &[("FI", "1")])]).unwrap_err();
    let LoadError::ChecksRefused { failed } = &error else { panic!("{error:?}") };
    assert_eq!(failed[0].name, "staged_rows_of_t_statements_add_up");
    assert_eq!(failed[0].sample, "staged rows: 2, expected 1");
    assert!(!rig.workspace.is_published());
}

#[test]
fn a_list_that_suddenly_loses_most_of_its_rows_is_not_believed() {
    let rig = Rig::new();
    let names: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    let all: Vec<_> = names.iter().map(|id| (id.as_str(), "Group")).collect();
    rig.load_parts("r1", vec![groups(&all, true)]).unwrap();
    let error = rig.load_parts("r2", vec![groups(&all[..49], true)]).unwrap_err();
    assert!(matches!(error, LoadError::TooManyDeleted { known: 100, lost: 51, .. }), "{error:?}");
    assert!(error.to_string().contains("the list `all` would lose 51 of 100 rows"), "{error}");
    let published = rig.load_parts("r3", vec![groups(&all[..50], true)]).unwrap();
    assert_eq!(published.totals, Counts { unchanged: 50, deleted: 50, ..Counts::default() });
}
