//! What did not fit is one row for each value, for as long as it is wrong.

use duckdb::Connection;
use serde_json::json;
use vainu_etl::catalog::PROSPECTS_TABLE;
use vainu_etl::load::LoadInput;

use super::rig::{Rig, complete, incomplete};
use super::streams::{MEMBERS, MEMBERS_TABLE, STATEMENTS, STATEMENTS_TABLE, group};
use crate::staged_fixture::StagedFixture;

/// A value of a company that did not fit.
fn of_company(staged: StagedFixture, list: u32, number: u32, raw: &str) -> StagedFixture {
    let key = format!("FI/{number:08}");
    staged.reject_of(list, ("prospects", Some(&key), Some("staff_number")), (raw, "not a number"), 1)
}

/// A record of a list that is none.
fn placeholder(staged: StagedFixture, list: u32, raw: &str, page: u32) -> StagedFixture {
    staged.reject_of(list, ("prospects", None, None), (raw, "not a JSON object"), page)
}

const ROWS: &str = "SELECT key, field, raw, first_run, last_run, count, list FROM etl.rejects ORDER BY ALL";

#[test]
fn what_is_wrong_night_after_night_is_one_row_and_the_file_does_not_grow() {
    let rig = Rig::new();
    let mut bytes = Vec::new();
    for night in 1..=6 {
        let companies = StagedFixture::new().companies(0, "FI", 0..2000);
        let staged = (0..2000).fold(companies, |staged, number| {
            of_company(staged, 0, number, &format!("\"{}\"", "many ".repeat(20)))
        });
        let published = rig.load(&format!("r{night}"), staged, vec![complete("all")]).unwrap();
        assert_eq!((published.totals.rejected, published.lists[0].counts.rejected), (2000, 2000));
        bytes.push(published.bytes);
    }
    assert_eq!(
        rig.rows("SELECT count(*), min(first_run), min(last_run), min(count), max(count) FROM etl.rejects"),
        ["2000|r1|r6|6|6"]
    );
    assert_eq!(rig.rows("SELECT rejects FROM etl.runs WHERE run_id = 'r6'"), ["2000"]);
    // Give or take a block.
    assert!(bytes[5] <= bytes[1] + 262_144, "{bytes:?}");
}

#[test]
fn a_value_that_fits_again_is_no_reject_any_more_and_one_that_is_wrong_in_another_way_is_another() {
    let rig = Rig::new();
    let companies = || StagedFixture::new().companies(0, "FI", 1..4);
    let staged = (1..4).fold(companies(), |staged, number| of_company(staged, 0, number, "\"many\""));
    rig.load("r1", staged, vec![complete("all")]).unwrap();
    // 1 fits, 2 is wrong in another way, 3 is as it was; the list need not be complete for that.
    let staged = of_company(of_company(companies(), 0, 2, "\"few\""), 0, 3, "\"many\"");
    rig.load("r2", staged, vec![incomplete("all")]).unwrap();
    assert_eq!(
        rig.rows(ROWS),
        ["FI/00000002|staff_number|\"few\"|r2|r2|1|all", "FI/00000003|staff_number|\"many\"|r1|r2|2|all",]
    );
    // It comes again, and begins anew.
    let staged = of_company(companies(), 0, 1, "\"many\"");
    rig.load("r3", staged, vec![complete("all")]).unwrap();
    assert_eq!(rig.rows(ROWS), ["FI/00000001|staff_number|\"many\"|r3|r3|1|all"]);
}

#[test]
fn a_reject_stays_while_its_record_is_not_read_again() {
    let rig = Rig::new();
    let lists = || vec![complete("fi"), complete("dk")];
    let both = StagedFixture::new().companies(0, "FI", 1..4).companies(1, "FI", 11..13);
    let both = of_company(of_company(both, 0, 1, "\"a\""), 1, 11, "\"b\"");
    let both = placeholder(placeholder(both, 0, "\"in both\"", 3), 1, "\"in both\"", 4);
    let both = placeholder(placeholder(both, 0, "\"fi\"", 3), 1, "\"dk\"", 4);
    rig.load("r1", both, lists()).unwrap();
    let all = [
        "FI/00000001|staff_number|\"a\"|r1|r1|1|fi",
        "FI/00000011|staff_number|\"b\"|r1|r1|1|dk",
        "NULL|NULL|\"dk\"|r1|r1|1|dk",
        "NULL|NULL|\"fi\"|r1|r1|1|fi",
        "NULL|NULL|\"in both\"|r1|r1|2|dk\nfi",
    ];
    assert_eq!(rig.rows(ROWS), all);
    // A list that was not read to its end, without the company.
    let staged = StagedFixture::new().companies(0, "FI", 2..4);
    rig.load("r2", staged, vec![incomplete("fi")]).unwrap();
    assert_eq!(rig.rows(ROWS), all, "nothing was read again");
    // Read to its end: what it held goes, unless the other list held it, too.
    let staged = StagedFixture::new().companies(0, "FI", 2..4);
    rig.load("r3", staged, vec![complete("fi")]).unwrap();
    let others = [all[1], all[2], "NULL|NULL|\"in both\"|r1|r1|2|dk"];
    assert_eq!(rig.rows(ROWS), others);
    // A run about something else.
    rig.load_parts(
        "r4",
        vec![(&STATEMENTS, StagedFixture::of(&[&STATEMENTS_TABLE]), vec![complete("companies")])],
    )
    .unwrap();
    assert_eq!(rig.rows(ROWS), others);
    rig.load("r5", StagedFixture::new().companies(0, "FI", 11..13), vec![complete("dk")]).unwrap();
    assert_eq!(rig.rows(ROWS), [""; 0]);
}

#[test]
fn what_was_rejected_of_a_companys_answer_stays_until_the_company_is_asked_again() {
    let rig = Rig::new();
    let answer = |rejects: &[(&str, Option<&str>, &str)], companies: &[&str]| {
        let mut staged = StagedFixture::of(&[&STATEMENTS_TABLE]);
        for id in companies {
            staged = staged.scope(&STATEMENTS_TABLE, json!({"country": "FI", "business_id": id}));
        }
        for (key, field, raw) in rejects {
            staged = staged.reject_of(0, ("t_statements", Some(*key), *field), (*raw, "a reason"), 1);
        }
        (&STATEMENTS, staged, vec![complete("companies")])
    };
    let rejects = [
        ("FI/1", None, "\"...\""),
        ("FI/1/2015/", Some("turn_over"), "\"x\""),
        ("FI/12", Some("year"), "{}"),
    ];
    rig.load_parts("r1", vec![answer(&rejects, &["1", "12"])]).unwrap();
    // Only the second was due, and is as it was; then the first, which fits.
    rig.load_parts("r2", vec![answer(&rejects[2..], &["12"])]).unwrap();
    let sql = "SELECT key, raw, first_run, last_run, count FROM etl.rejects ORDER BY ALL";
    assert_eq!(rig.rows(sql), ["FI/1|\"...\"|r1|r1|1", "FI/1/2015/|\"x\"|r1|r1|1", "FI/12|{}|r1|r2|2"]);
    rig.load_parts("r3", vec![answer(&[], &["1"])]).unwrap();
    assert_eq!(rig.rows(sql), ["FI/12|{}|r1|r2|2"]);
}

#[test]
fn what_was_rejected_in_a_target_group_goes_with_the_group() {
    let rig = Rig::new();
    let members = |groups: &[&str]| {
        let staged = (0_u32..).zip(groups).fold(
            StagedFixture::of(&[&MEMBERS_TABLE, &PROSPECTS_TABLE]),
            |staged, (list, group)| {
                let key = (MEMBERS_TABLE.name, Some(*group), Some("business_id"));
                staged.reject_of(list, key, ("{\"country\":\"FI\"}", "no usable key"), 1)
            },
        );
        (&MEMBERS, staged, groups.iter().map(|id| group(id, true)).collect())
    };
    let sql = "SELECT key, list, count FROM etl.rejects ORDER BY ALL";
    rig.load_parts("r1", vec![members(&["a", "b"])]).unwrap();
    assert_eq!(rig.rows(sql), ["a|a|1", "b|b|1"]);
    let gone = |input: &mut LoadInput| input.retired.push((MEMBERS.name.to_owned(), "b".to_owned()));
    rig.load_parts_with("r2", vec![members(&["a"])], gone).unwrap();
    assert_eq!(rig.rows(sql), ["a|a|2"]);
}

#[test]
fn what_is_too_much_is_counted_and_no_field_hides_the_others() {
    let mut rig = Rig::new();
    rig.settings.max_rejects = 10;
    let staged = || {
        let many = (0..30).fold(StagedFixture::new().companies(0, "FI", 0..30), |staged, number| {
            of_company(staged, 0, number, "\"many\"")
        });
        (0..3).fold(many, |staged, number| {
            let key = format!("FI/{number:08}");
            staged.reject_of(0, ("prospects", Some(&key), Some("phone")), ("[]", "a list"), 1)
        })
    };
    let sql = "SELECT field, count(*), min(first_run), min(last_run), min(count) FROM etl.rejects GROUP BY field ORDER BY 1";
    let counted = "SELECT run_id, rejected, rejects_left_out FROM etl.streams ORDER BY 1";
    rig.load("r1", staged(), vec![complete("all")]).unwrap();
    assert_eq!(rig.rows(sql), ["phone|3|r1|r1|1", "staff_number|7|r1|r1|1"]);
    assert_eq!(rig.rows(counted), ["r1|33|23"]);
    let published = rig.load("r2", staged(), vec![complete("all")]).unwrap();
    assert_eq!(published.totals.rejected, 33);
    assert_eq!(rig.rows(sql), ["phone|3|r1|r2|2", "staff_number|7|r1|r2|2"], "the same ones");
    assert_eq!(rig.rows(counted), ["r1|33|23", "r2|33|23"]);
}

/// Gives a published file the layout that the first version wrote, with rejects of two runs.
fn into_first_layout(path: &std::path::Path) {
    let file = Connection::open(path).unwrap();
    file.execute_batch(
        "DROP TABLE etl.rejects;
         CREATE TABLE etl.rejects (reject_id VARCHAR NOT NULL, run_id VARCHAR NOT NULL, stream VARCHAR NOT NULL,
             table_name VARCHAR NOT NULL, key VARCHAR, field VARCHAR, raw VARCHAR NOT NULL, reason VARCHAR NOT NULL,
             page BIGINT NOT NULL, replayed_at TIMESTAMP);
         INSERT INTO etl.rejects VALUES
             ('1', 'r1', 'prospects', 'prospects', 'FI/00000001', 'staff_number', '\"many\"', 'not a number', 1, NULL),
             ('2', 'r2', 'prospects', 'prospects', 'FI/00000001', 'staff_number', '\"many\"', 'not a number', 2, NULL),
             ('3', 'r2', 'prospects', 'prospects', 'FI/00000002', 'turn_over', '\"1.005\"', 'more than two decimals', 2, NULL),
             ('4', 'r1', 'prospects', 'prospects', NULL, NULL, '\"...\"', 'not a JSON object', 3, NULL),
             ('5', 'r2', 'prospects', 'prospects', NULL, NULL, '\"...\"', 'not a JSON object', 3, NULL),
             ('6', 'r1', 't_statements', 't_statements', NULL, NULL, '\"...\"', 'not a JSON object', 9, NULL);
         ALTER TABLE etl.streams DROP COLUMN rejects_left_out;
         UPDATE etl.warehouse SET format_version = 1;
         CHECKPOINT",
    )
    .unwrap();
}

#[test]
fn the_rejects_of_a_file_in_the_first_layout_are_taken_over_each_once() {
    let rig = Rig::new();
    let companies = || StagedFixture::new().companies(0, "FI", 1..4);
    rig.load("r1", companies(), vec![complete("all")]).unwrap();
    rig.load("r2", companies(), vec![complete("all")]).unwrap();
    into_first_layout(rig.workspace.published());
    let about_others = || (&STATEMENTS, StagedFixture::of(&[&STATEMENTS_TABLE]), vec![complete("companies")]);
    // A run that reads nothing of them takes them over, but for those that the present version would name the company of.
    rig.load_parts("r3", vec![about_others()]).unwrap();
    let sql = "SELECT key, raw, reason, page, first_run, last_run, count, list FROM etl.rejects ORDER BY ALL";
    assert_eq!(
        rig.rows(sql),
        [
            "FI/00000001|\"many\"|not a number|2|r1|r2|2|all",
            "FI/00000002|\"1.005\"|more than two decimals|2|r2|r2|1|all",
            "NULL|\"...\"|not a JSON object|3|r1|r2|2|all",
        ]
    );
    assert_eq!(rig.rows("SELECT format_version FROM etl.warehouse"), ["2"]);
    // One that reads them settles what fits now.
    let staged = of_company(companies(), 0, 1, "\"many\"");
    rig.load("r4", staged, vec![complete("all")]).unwrap();
    assert_eq!(rig.rows(sql), ["FI/00000001|\"many\"|not a number|1|r1|r4|3|all"]);
}

#[test]
fn nothing_wrong_before_or_now_leaves_the_table_empty() {
    let rig = Rig::new();
    rig.load("r1", StagedFixture::new(), vec![complete("all")]).unwrap();
    rig.load("r2", StagedFixture::new(), vec![complete("all")]).unwrap();
    assert_eq!(rig.rows("SELECT count(*) FROM etl.rejects"), ["0"]);
    assert_eq!(rig.rows("SELECT DISTINCT rejected, rejects_left_out FROM etl.streams"), ["0|0"]);
}
