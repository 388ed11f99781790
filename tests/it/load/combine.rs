//! Companies that several streams show, and the lists that hold them.

use serde_json::{Value, json};
use vainu_etl::catalog::{PROSPECTS, PROSPECTS_TABLE};

use super::rig::{Rig, complete};
use super::streams::{DETAILS, MEMBERS, MEMBERS_TABLE, Part, STATEMENTS, STATEMENTS_TABLE, group};
use super::{DAY_US, counts};
use crate::staged_fixture::{SEEN_AT_US, StagedFixture};

/// Country, id and the values that a record has.
type Company<'a> = (&'a str, &'a str, Value);

fn prospects(rows: &[Company<'_>]) -> Part {
    let staged = rows.iter().fold(StagedFixture::new(), |staged, (country, id, values)| {
        staged.row(0, country, id, values.clone())
    });
    (&PROSPECTS, staged, vec![complete("all")])
}

/// Members of groups, which are the lists in the order given: the group, whether it is complete, its companies.
fn members(groups: &[(&str, bool, &[Company<'_>])]) -> Part {
    let mut staged = StagedFixture::of(&[&MEMBERS_TABLE, &PROSPECTS_TABLE]);
    let mut seen = Vec::new();
    for (list, (id, _, rows)) in (0..).zip(groups) {
        for (country, company, values) in *rows {
            let key = json!({"target_group_id": id, "country": country, "business_id": company});
            staged = staged.row_of(&MEMBERS_TABLE, list, key);
            staged = if seen.contains(&(*country, *company)) {
                staged.older_row(list, country, company, values.clone())
            } else {
                staged.row(list, country, company, values.clone())
            };
            seen.push((country, company));
        }
    }
    (&MEMBERS, staged, groups.iter().map(|(id, complete, _)| group(id, *complete)).collect())
}

const DELETED: &str = "SELECT country, business_id, _deleted_at IS NOT NULL FROM prospects ORDER BY ALL";

#[test]
fn values_come_from_the_first_stream_that_has_them_and_absence_never_overwrites() {
    let rig = Rig::new();
    let first = vec![
        prospects(&[
            ("FI", "1", json!({"company_name": "List", "city": null, "_extra": "{\"a\": 1}"})),
            ("DK", "1", json!({"company_name": "Danish"})),
        ]),
        members(&[(
            "g",
            true,
            &[
                (
                    "FI",
                    "1",
                    json!({"company_name": "Group", "city": "Turku", "phone": "1", "_extra": "{\"b\": 1}"}),
                ),
                ("FI", "2", json!({"company_name": "Group only", "_extra": "{\"c\": 1}"})),
            ],
        )]),
    ];
    let published = rig.load_parts("r1", first).unwrap();
    assert_eq!(published.totals, counts(3, 0, 0, 0));
    let per_list: Vec<_> = published.lists.iter().map(|list| list.counts).collect();
    assert_eq!(per_list, [counts(2, 0, 0, 0), counts(2, 0, 0, 0)]);
    let sql = "SELECT country, business_id, company_name, city, phone, description, _extra, _run_id
               FROM prospects ORDER BY ALL";
    assert_eq!(
        rig.rows(sql),
        [
            "DK|1|Danish|NULL|NULL|NULL|NULL|r1",
            "FI|1|List|NULL|1|NULL|{\"a\": 1}|r1",
            "FI|2|Group only|NULL|NULL|NULL|{\"c\": 1}|r1",
        ]
    );
    assert_eq!(rig.rows("SELECT run_id, rows FROM etl.runs"), ["r1|5"]);

    // Three streams: the last fills what no other has, and inserts nothing.
    let third = StagedFixture::new()
        .seen_at(SEEN_AT_US + DAY_US)
        .row(0, "FI", "1", json!({"company_name": "Details", "description": "Long"}))
        .row(0, "FI", "9", json!({"company_name": "Unknown"}));
    let second = vec![
        prospects(&[
            ("FI", "1", json!({"company_name": "List", "city": null, "_extra": "{\"a\": 1}"})),
            ("DK", "1", json!({"company_name": "Danish"})),
        ]),
        members(&[("g", true, &[("FI", "2", json!({"phone": "2", "_extra": "{\"c\": 1}"}))])]),
        (&DETAILS, third, vec![complete("companies")]),
    ];
    let published = rig.load_parts("r2", second).unwrap();
    assert_eq!(published.totals, counts(0, 2, 1, 0));
    let per_list: Vec<_> = published.lists.iter().map(|list| list.counts).collect();
    assert_eq!(per_list, [counts(0, 1, 1, 0), counts(0, 0, 1, 1), counts(0, 1, 0, 0)]);
    assert_eq!(
        rig.rows(sql),
        [
            "DK|1|Danish|NULL|NULL|NULL|NULL|r1",
            "FI|1|List|NULL|1|Long|{\"a\": 1}|r2",
            "FI|2|Group only|NULL|2|NULL|{\"c\": 1}|r2",
        ]
    );
    assert_eq!(
        rig.rows("SELECT business_id, field, before, after FROM etl.changes ORDER BY ALL"),
        ["1|description|NULL|Long", "2|phone|NULL|2"]
    );
}

#[test]
fn a_company_lives_until_no_list_of_any_stream_holds_it() {
    let rig = Rig::new();
    let company = |country, id| (country, id, json!({"company_name": "C"}));
    let first = vec![
        prospects(&[company("FI", "1"), company("FI", "2"), company("DK", "1")]),
        members(&[
            ("g", true, &[company("FI", "1")]),
            ("h", true, &[company("DK", "1"), company("DK", "3")]),
        ]),
    ];
    rig.load_parts("r1", first).unwrap();
    // All leave the filter list: FI 1 is still in g, DK 1 in h; FI 2 is nowhere.
    let published = rig.load_parts("r2", vec![prospects(&[]), members(&[])]).unwrap();
    assert_eq!(published.totals, counts(0, 0, 0, 1));
    assert_eq!(rig.rows(DELETED), ["DK|1|false", "DK|3|false", "FI|1|false", "FI|2|true"]);
    // An incomplete group takes nobody away.
    let published =
        rig.load_parts("r3", vec![members(&[("g", false, &[]), ("h", true, &[company("DK", "1")])])]);
    assert_eq!(published.unwrap().totals, counts(0, 0, 1, 1));
    assert_eq!(rig.rows(DELETED), ["DK|1|false", "DK|3|true", "FI|1|false", "FI|2|true"]);
    let sql = "SELECT target_group_id, country, business_id, _run_id FROM t_group_members ORDER BY ALL";
    assert_eq!(rig.rows(sql), ["g|FI|1|r1", "h|DK|1|r1"]);
    // Group h is no more.
    let retire = |input: &mut vainu_etl::load::LoadInput| {
        input.retired.push(("t_group_members".to_owned(), "h".to_owned()));
    };
    let published =
        rig.load_parts_with("r4", vec![members(&[("g", true, &[company("FI", "1")])])], retire).unwrap();
    assert_eq!(published.totals, counts(0, 0, 1, 1));
    assert_eq!(published.lists.len(), 1, "a retired list has no evidence");
    assert_eq!(rig.rows(sql), ["g|FI|1|r1"]);
    assert_eq!(rig.rows(DELETED), ["DK|1|true", "DK|3|true", "FI|1|false", "FI|2|true"]);
    assert_eq!(
        rig.rows("SELECT stream, list, business_id FROM etl.list_members ORDER BY ALL"),
        ["t_group_members|g|1"]
    );
    // Who comes back through a group is back.
    let published = rig.load_parts("r5", vec![members(&[("g", true, &[company("FI", "2")])])]).unwrap();
    assert_eq!(published.totals, counts(0, 1, 0, 1));
    assert_eq!(published.lists[0].counts, counts(1, 0, 0, 1));
    assert_eq!(rig.rows(DELETED), ["DK|1|true", "DK|3|true", "FI|1|true", "FI|2|false"]);
}

#[test]
fn details_are_dated_and_change_values_only() {
    let rig = Rig::new();
    let list =
        || prospects(&[("FI", "1", json!({"company_name": "A"})), ("FI", "2", json!({"company_name": "B"}))]);
    rig.load_parts("r1", vec![list()]).unwrap();
    let scope = |country: &str, id: &str| json!({"country": country, "business_id": id});
    let details = |day: i64| {
        let staged = StagedFixture::new().seen_at(SEEN_AT_US + day * DAY_US).row(
            0,
            "FI",
            "1",
            json!({"company_name": "A", "description": "Long"}),
        );
        (&DETAILS, staged.scope(&PROSPECTS_TABLE, scope("FI", "1")), vec![complete("companies")])
    };
    let statements = |day: i64| {
        let staged = StagedFixture::of(&[&STATEMENTS_TABLE])
            .seen_at(SEEN_AT_US + day * DAY_US)
            .scope(&STATEMENTS_TABLE, scope("FI", "1"))
            .scope(&STATEMENTS_TABLE, scope("DK", "2"));
        (&STATEMENTS, staged, vec![complete("companies")])
    };
    let published = rig.load_parts("r2", vec![details(2), statements(1)]).unwrap();
    assert_eq!(published.lists[0].counts, counts(0, 1, 0, 0));
    let sql = "SELECT business_id, description, _run_id, day(_details_at), day(_last_seen_at) FROM prospects
               ORDER BY ALL";
    assert_eq!(rig.rows(sql), ["1|Long|r2|3|2", "2|NULL|r1|NULL|2"], "the earliest of the streams");
    // A list that has no details takes none away, and neither does a run without them.
    rig.load_parts("r3", vec![list()]).unwrap();
    assert_eq!(rig.rows(sql), ["1|Long|r2|3|2", "2|NULL|r1|NULL|2"]);
    // Details of a company that has left do not bring it back.
    rig.load_parts("r4", vec![prospects(&[])]).unwrap();
    rig.load_parts("r5", vec![details(5)]).unwrap();
    assert_eq!(rig.rows(sql), ["1|Long|r4|7|2", "2|NULL|r4|NULL|2"]);
    assert_eq!(rig.rows(DELETED), ["FI|1|true", "FI|2|true"]);
}

#[test]
fn the_same_streams_again_change_nothing() {
    let rig = Rig::new();
    let load = |run| {
        let parts = vec![
            prospects(&[
                ("FI", "1", json!({"company_name": "A"})),
                ("DK", "1", json!({"company_name": "B"})),
            ]),
            members(&[(
                "g",
                true,
                &[("FI", "1", json!({"phone": "1"})), ("SE", "1", json!({"phone": "3"}))],
            )]),
        ];
        rig.load_parts(run, parts).unwrap()
    };
    load("r1");
    let published = load("r2");
    assert_eq!(published.totals, counts(0, 0, 3, 0));
    let per_list: Vec<_> = published.lists.iter().map(|list| list.counts).collect();
    assert_eq!(per_list, [counts(0, 0, 2, 0), counts(0, 0, 2, 0)]);
    assert_eq!(rig.rows("SELECT DISTINCT _run_id FROM prospects"), ["r1"]);
    assert_eq!(rig.rows("SELECT DISTINCT _run_id FROM t_group_members"), ["r1"]);
    assert_eq!(rig.rows("SELECT count(*) FROM etl.changes"), ["0"]);
    let again = load("r2");
    assert!(again.already);
    assert!(again.tables.contains(&("prospects".to_owned(), 3)), "{:?}", again.tables);
}
