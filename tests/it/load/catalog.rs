//! The streams of the catalog from landed pages to tables.

use std::convert::Infallible;

use vainu_etl::catalog::{
    COMPANY_LEADS, DETAILS, FINANCIAL_STATEMENTS, LEADS, Stream, TARGET_GROUP_MEMBERS, TARGET_GROUPS,
};
use vainu_etl::load::{ListResult, LoadError, Published, StreamInput, publish};
use vainu_etl::normalise::{LandedPage, StageOptions, stage};

use super::rig::{NO_HOOKS, Rig, complete};
use super::streams::group;
use crate::staged_fixture::{SEEN_AT_US, StagedFixture};

/// Pages of a stream, newest first, and its lists.
pub(super) type Pages = (&'static Stream, Vec<LandedPage>, Vec<ListResult>);

pub(super) fn page(list: u32, parent: &[(&'static str, &str)], body: &str) -> LandedPage {
    let parent = parent.iter().map(|(column, value)| (*column, (*value).to_owned())).collect();
    LandedPage { number: 1, list, fetched_at_us: SEEN_AT_US, parent, body: body.into() }
}

pub(super) fn of_company(id: &str, body: &str) -> LandedPage {
    page(0, &[("country", "FI"), ("business_id", id)], body)
}

pub(super) fn of_group(list: u32, id: &str, body: &str) -> LandedPage {
    page(list, &[("target_group_id", id)], body)
}

impl Rig {
    /// Stages the pages of several streams and loads them.
    fn load_pages(&self, run: &str, streams: Vec<Pages>) -> Result<Published, LoadError> {
        self.load_pages_and_retire(run, streams, &[])
    }

    /// The same with lists that are no more, as stream and list.
    pub(super) fn load_pages_and_retire(
        &self,
        run: &str,
        streams: Vec<Pages>,
        retired: &[(&str, &str)],
    ) -> Result<Published, LoadError> {
        let mut input = self.input(run, StagedFixture::new(), Vec::new());
        let staged = streams.into_iter().map(|(stream, pages, lists)| {
            let folder = self.workspace.staging_dir().join(format!("{run}-{}", stream.name));
            let pages = pages.into_iter().map(Ok::<_, Infallible>);
            let staged = stage(stream, pages, &StageOptions::new(folder)).unwrap().remove(0);
            StreamInput { stream, staged, lists }
        });
        input.streams = staged.collect();
        input.retired =
            retired.iter().map(|(stream, list)| ((*stream).to_owned(), (*list).to_owned())).collect();
        publish(&self.workspace, &self.lock, &input, &self.settings, NO_HOOKS)
    }
}

const GROUPS: &str = r#"[{"id": "a", "name": "A", "is_named_target_group": true, "default": false},
    {"id": "b", "name": "B", "is_named_target_group": false, "default": true}]"#;

pub(super) fn members(ids: &[&str]) -> String {
    let member =
        |id: &&str| format!(r#"{{"country": "FI", "business_id": "{id}", "company_name": "C{id}"}}"#);
    format!(
        r#"{{"count": {}, "results": [{}]}}"#,
        ids.len(),
        ids.iter().map(member).collect::<Vec<_>>().join(",")
    )
}

#[test]
fn a_company_can_be_in_two_target_groups() {
    let rig = Rig::new();
    let groups = (&TARGET_GROUPS, vec![page(0, &[], GROUPS)], vec![complete("all")]);
    let pages = vec![of_group(1, "b", &members(&["2", "3"])), of_group(0, "a", &members(&["1", "2"]))];
    let lists = vec![group("a", true), group("b", true)];
    rig.load_pages("r1", vec![groups, (&TARGET_GROUP_MEMBERS, pages, lists)]).unwrap();
    assert_eq!(
        rig.rows("SELECT id, name, is_default FROM target_groups ORDER BY 1"),
        ["a|A|false", "b|B|true"]
    );
    assert_eq!(
        rig.rows("SELECT target_group_id, country, business_id FROM target_group_members ORDER BY ALL"),
        ["a|FI|1", "a|FI|2", "b|FI|2", "b|FI|3"]
    );
    assert_eq!(
        rig.rows("SELECT business_id, company_name FROM prospects ORDER BY 1"),
        ["1|C1", "2|C2", "3|C3"]
    );
}

pub(super) fn lead(id: &str, about: &[&str]) -> String {
    let about: Vec<_> =
        about.iter().map(|id| format!(r#"{{"business_id": "{id}", "company_name": "C{id}"}}"#)).collect();
    format!(r#"{{{id} "prospects": [{}], "title": "T", "link": "http://l", "tags": ["t"]}}"#, about.join(","))
}

#[test]
fn a_lead_can_come_from_two_target_groups() {
    let rig = Rig::new();
    let lead = format!("[{}]", lead(r#""id": 7, "datetime": "2026-01-01T12:00:00.5","#, &["1", "2"]));
    let pages = vec![of_group(1, "b", &lead), of_group(0, "a", &lead)];
    rig.load_pages("r1", vec![(&LEADS, pages, vec![group("a", true), group("b", true)])]).unwrap();
    assert_eq!(rig.rows("SELECT lead_id, published_at, title FROM leads"), ["7|2026-01-01 12:00:00.5|T"]);
    assert_eq!(rig.rows("SELECT lead_id, business_id FROM lead_prospects ORDER BY ALL"), ["7|1", "7|2"]);
    assert_eq!(rig.rows("SELECT lead_id, tag FROM lead_tags"), ["7|t"]);
}

#[test]
fn a_lead_of_a_target_group_and_of_a_company_is_one() {
    let rig = Rig::new();
    let of_groups = format!("[{}]", lead(r#""id": 7, "datetime": "2026-01-01T12:00:00.5","#, &["1"]));
    let of_companies = format!("[{}]", lead(r#""added": "2026-01-01T12:00:00","#, &["1"]));
    let streams: Vec<Pages> = vec![
        (&LEADS, vec![of_group(0, "a", &of_groups)], vec![group("a", true)]),
        (&COMPANY_LEADS, vec![of_company("1", &of_companies)], vec![complete("companies")]),
    ];
    rig.load_pages("r1", streams).unwrap();
    assert_eq!(rig.rows("SELECT lead_id FROM leads"), ["7"]);
    assert_eq!(rig.rows("SELECT lead_id, business_id FROM lead_prospects"), ["7|1"]);
    assert_eq!(rig.rows("SELECT lead_id, tag FROM lead_tags"), ["7|t"]);
}

#[test]
fn leads_of_groups_and_of_companies_are_a_row_each() {
    let rig = Rig::new();
    let first = |id: &str, time: &str| lead(&format!("{id} {time}"), &["1", "2"]);
    let with_id = first(r#""id": 7,"#, r#""datetime": "2026-01-01T12:00:00.5","#);
    let without = first("", r#""added": "2026-01-01T12:00:00","#);
    // It differs in its time alone, and no target group has it.
    let second = first("", r#""added": "2026-01-01T12:00:01","#);
    let groups = ["b", "a"].into_iter().zip([1, 0]);
    let groups = groups.map(|(id, list)| of_group(list, id, &format!("[{with_id}]"))).collect();
    let companies = ["2", "1"].map(|id| of_company(id, &format!("[{without},{second}]"))).into();
    let streams: Vec<Pages> = vec![
        (&LEADS, groups, vec![group("a", true), group("b", true)]),
        (&COMPANY_LEADS, companies, vec![complete("companies")]),
    ];
    let published = rig.load_pages("r1", streams).unwrap();
    assert_eq!(
        rig.rows("SELECT lead_id = content_hash, published_at FROM leads ORDER BY 2"),
        ["false|2026-01-01 12:00:00.5", "true|2026-01-01 12:00:01"]
    );
    assert_eq!(rig.rows("SELECT count(*), count(DISTINCT lead_id) FROM lead_prospects"), ["4|2"]);
    assert_eq!(rig.rows("SELECT count(*), count(DISTINCT lead_id) FROM lead_tags"), ["2|2"]);
    assert_eq!(rig.rows("SELECT lead_id FROM leads WHERE length(lead_id) < 16"), ["7"]);
    // Every list has seen its leads, also when another list's row was loaded.
    let seen: Vec<_> =
        published.lists.iter().map(|list| list.counts.inserted + list.counts.unchanged).collect();
    assert_eq!(seen, [1, 1, 2]);
}

#[test]
fn a_lead_can_come_from_two_companies() {
    let rig = Rig::new();
    let lead = format!("[{}]", lead(r#""added": "2026-01-01T12:00:00","#, &["1", "2"]));
    let pages = vec![of_company("2", &lead), of_company("1", &lead)];
    rig.load_pages("r1", vec![(&COMPANY_LEADS, pages, vec![complete("companies")])]).unwrap();
    assert_eq!(rig.rows("SELECT count(*) FROM leads"), ["1"]);
    assert_eq!(rig.rows("SELECT business_id FROM lead_prospects ORDER BY 1"), ["1", "2"]);
}

#[test]
fn the_country_of_a_company_of_a_lead_stays_known() {
    let rig = Rig::new();
    let of_companies = format!("[{}]", lead(r#""added": "2026-01-01T12:00:00","#, &["1", "2", "3"]));
    let answers = |ids: &[&str]| -> Pages {
        let pages = ids.iter().map(|id| of_company(id, &of_companies)).collect();
        (&COMPANY_LEADS, pages, vec![complete("companies")])
    };
    let sql = "SELECT lead_id = content_hash, business_id, country, p._run_id FROM lead_prospects p \
               JOIN leads USING (lead_id) ORDER BY ALL";
    rig.load_pages("r1", vec![answers(&["2"])]).unwrap();
    assert_eq!(rig.rows(sql), ["true|1|NULL|r1", "true|2|FI|r1", "true|3|NULL|r1"]);
    rig.load_pages("r2", vec![answers(&["1", "2"])]).unwrap();
    assert_eq!(rig.rows(sql), ["true|1|FI|r2", "true|2|FI|r1", "true|3|NULL|r1"]);
    rig.load_pages("r3", vec![answers(&["1"])]).unwrap();
    assert_eq!(rig.rows(sql), ["true|1|FI|r2", "true|2|FI|r1", "true|3|NULL|r1"]);
    // Also when the lead turns out to have an id, by an answer that does not know the countries.
    let with_id = format!("[{}]", lead(r#""id": 7, "datetime": "2026-01-01T12:00:00","#, &["1", "2", "3"]));
    let groups: Pages = (&LEADS, vec![of_group(0, "a", &with_id)], vec![group("a", true)]);
    rig.load_pages("r4", vec![groups, answers(&["3"])]).unwrap();
    assert_eq!(
        rig.rows("SELECT lead_id, business_id, country FROM lead_prospects ORDER BY ALL"),
        ["7|1|FI", "7|2|FI", "7|3|FI"]
    );
}

#[test]
fn a_statement_of_two_endpoints_is_one() {
    let statement = |year: u32, end: &str| {
        format!(r#"{{"year": {year}, "turn_over_eur": "5.0", "account_period_end": {end}}}"#)
    };
    let list = |rows: &[String]| format!("[{}]", rows.join(","));
    let within = |id: &str, rows: &[String]| {
        let rows = list(rows);
        of_company(
            id,
            &format!(r#"{{"country": "FI", "business_id": "{id}", "financial_statements": {rows}}}"#),
        )
    };
    let dated = statement(2024, r#""2024-12-31""#);
    // Company 2 has no statements by the one endpoint, and company 3 was asked of the other alone.
    let alone = || -> Pages {
        let pages = vec![
            of_company("2", "[]"),
            of_company("1", &list(&[statement(2024, "null"), statement(2023, "null")])),
        ];
        (&FINANCIAL_STATEMENTS, pages, vec![complete("companies")])
    };
    let details = || -> Pages {
        let pages = ["3", "2", "1"].map(|id| within(id, std::slice::from_ref(&dated))).into();
        (&DETAILS, pages, vec![complete("companies")])
    };
    let sql =
        "SELECT business_id, year, account_period_end, turn_over_eur FROM financial_statements ORDER BY ALL";
    let rig = Rig::new();
    rig.load_pages("r1", vec![alone(), details()]).unwrap();
    assert_eq!(rig.rows(sql), ["1|2023|NULL|5.00", "1|2024|NULL|5.00", "3|2024|2024-12-31|5.00"]);
    rig.load_pages("r2", vec![details(), alone()]).unwrap();
    let of_details = ["1|2024|2024-12-31|5.00", "2|2024|2024-12-31|5.00", "3|2024|2024-12-31|5.00"];
    assert_eq!(rig.rows(sql), of_details);
}
