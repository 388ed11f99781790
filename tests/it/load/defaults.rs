//! A run of all streams that are loaded by default, over several lists.

use vainu_etl::catalog::{
    CUSTOMER_DATA, FINANCIAL_STATEMENTS, LEADS, PROSPECTS, STREAMS, TARGET_GROUP_MEMBERS, TARGET_GROUPS,
};
use vainu_etl::load::{Counts, ListResult};

use super::catalog::{Pages, lead, members, of_company, of_group, page};
use super::counts;
use super::rig::{Rig, complete, incomplete};
use super::streams::group;

/// The tables, a line a row.
const TABLES: [&str; 8] = [
    "SELECT 'prospects', business_id, _deleted_at IS NOT NULL FROM prospects",
    "SELECT 'group', id FROM target_groups",
    "SELECT 'member', target_group_id, business_id FROM target_group_members",
    "SELECT 'statement', business_id, year FROM financial_statements",
    "SELECT 'lead', lead_id FROM leads",
    "SELECT 'lead of', lead_id, business_id FROM lead_prospects",
    "SELECT 'tag', lead_id, tag FROM lead_tags",
    "SELECT 'customer', id, business_id FROM customer_data",
];
const LISTS: &str = "SELECT stream, list, business_id FROM etl.list_members ORDER BY ALL";

/// What the pages of a run hold: selections by their companies, groups by their members, customers by their ids.
struct Run<'a> {
    selections: [&'a [&'a str]; 2],
    groups: &'a [(&'a str, &'a [&'a str])],
    statements: &'a [&'a str],
    customers: &'a [&'a str],
    complete: bool,
}

impl Run<'_> {
    fn list(&self, name: &str) -> ListResult {
        if self.complete { complete(name) } else { incomplete(name) }
    }

    /// The pages of every default stream, in the catalog's order, newest first.
    fn pages(&self) -> Vec<Pages> {
        let selections = (0..).zip(self.selections).map(|(list, ids)| page(list, &[], &members(ids)));
        let rows = self.groups.iter().map(|(id, _)| format!(r#"{{"id": "{id}", "name": "G"}}"#));
        let groups = format!("[{}]", rows.collect::<Vec<_>>().join(","));
        let of_groups = (0..).zip(self.groups).map(|(list, (id, ids))| of_group(list, id, &members(ids)));
        let group_lists = || self.groups.iter().map(|(id, _)| group(id, self.complete)).collect::<Vec<_>>();
        let statements = self.statements.iter().map(|id| of_company(id, r#"[{"year": 2024}]"#));
        let leads = (0..).zip(self.groups).map(|(list, (id, ids))| {
            of_group(list, id, &format!("[{}]", lead(&format!(r#""id": "L{id}","#), ids)))
        });
        let rows = self.customers.iter().map(|id| {
            format!(r#"{{"id": "c{id}", "prospect_info": {{"country": "FI", "business_id": "FI{id}"}}}}"#)
        });
        let customers = format!(r#"{{"results": [{}]}}"#, rows.collect::<Vec<_>>().join(","));
        vec![
            (&PROSPECTS, selections.collect(), vec![self.list("city=A"), self.list("city=B")]),
            (&TARGET_GROUPS, vec![page(0, &[], &groups)], vec![self.list("all")]),
            (&TARGET_GROUP_MEMBERS, of_groups.collect(), group_lists()),
            (&FINANCIAL_STATEMENTS, statements.collect(), vec![self.list("companies")]),
            (&LEADS, leads.collect(), group_lists()),
            (&CUSTOMER_DATA, vec![page(0, &[], &customers)], vec![self.list("all")]),
        ]
    }
}

const FIRST: Run<'_> = Run {
    selections: [&["1", "2"], &["2", "3"]],
    groups: &[("a", &["2", "4"]), ("b", &["4", "5"])],
    statements: &["1", "2", "3", "4", "5"],
    customers: &["1", "4"],
    complete: true,
};

impl Rig {
    fn tables(&self) -> Vec<String> {
        TABLES.iter().flat_map(|sql| self.rows(&format!("{sql} ORDER BY ALL"))).collect()
    }
}

#[test]
fn these_are_the_default_streams() {
    let names: Vec<_> = FIRST.pages().iter().map(|(stream, ..)| stream.name).collect();
    let defaults = STREAMS.iter().filter(|stream| stream.by_default).map(|stream| stream.name);
    assert_eq!(names, defaults.collect::<Vec<_>>());
}

#[test]
fn all_default_streams_load_into_their_tables() {
    let rig = Rig::new();
    let published = rig.load_pages_and_retire("r1", FIRST.pages(), &[]).unwrap();
    assert_eq!(
        rig.tables(),
        [
            "prospects|1|false",
            "prospects|2|false",
            "prospects|3|false",
            "prospects|4|false",
            "prospects|5|false",
            "group|a",
            "group|b",
            "member|a|2",
            "member|a|4",
            "member|b|4",
            "member|b|5",
            "statement|1|2024",
            "statement|2|2024",
            "statement|3|2024",
            "statement|4|2024",
            "statement|5|2024",
            "lead|La",
            "lead|Lb",
            "lead of|La|2",
            "lead of|La|4",
            "lead of|Lb|4",
            "lead of|Lb|5",
            "tag|La|t",
            "tag|Lb|t",
            "customer|c1|1",
            "customer|c4|4",
        ]
    );
    assert_eq!(
        rig.rows(LISTS),
        [
            "prospects|city=A|1",
            "prospects|city=A|2",
            "prospects|city=B|2",
            "prospects|city=B|3",
            "target_group_members|a|2",
            "target_group_members|a|4",
            "target_group_members|b|4",
            "target_group_members|b|5",
        ]
    );
    let inserted: Vec<_> = published.lists.iter().map(|list| list.counts.inserted).collect();
    assert_eq!(inserted, [2, 2, 2, 2, 2, 5, 1, 1, 2]);
    assert_eq!(published.totals, counts(5, 0, 0, 0));
    // The same once more changes nothing.
    let published = rig.load_pages_and_retire("r2", FIRST.pages(), &[]).unwrap();
    assert!(published.lists.iter().all(|list| list.counts.inserted + list.counts.updated == 0));
    assert_eq!(published.totals, counts(0, 0, 5, 0));
    let changed = TABLES.map(|sql| {
        let from = sql.split_once(" FROM ").unwrap().1;
        rig.rows(&format!("SELECT count(*) FROM {from} WHERE _run_id <> 'r1'")).concat()
    });
    assert_eq!(changed, ["0"; 8]);
}

#[test]
fn lists_that_are_not_complete_take_nothing_away() {
    let rig = Rig::new();
    rig.load_pages_and_retire("r1", FIRST.pages(), &[]).unwrap();
    let (tables, lists) = (rig.tables(), rig.rows(LISTS));
    let broken = Run {
        selections: [&["1"], &[]],
        groups: &[("a", &["4"])],
        statements: &["1"],
        customers: &["4"],
        complete: false,
    };
    // The lead was read in full, whatever its list is: the company that it no longer names is taken off it.
    let expected: Vec<_> = tables.iter().filter(|row| *row != "lead of|La|2").cloned().collect();
    let published = rig.load_pages_and_retire("r2", broken.pages(), &[]).unwrap();
    assert_eq!(rig.tables(), expected);
    assert_eq!(rig.rows(LISTS), lists);
    assert!(published.lists.iter().all(|list| list.counts.deleted == 0), "{:?}", published.lists);
    // Nor do lists of which nothing was read at all.
    let mut empty =
        Run { selections: [&[], &[]], groups: &[], statements: &[], customers: &[], complete: false }.pages();
    for (stream, pages, lists) in &mut empty {
        pages.clear();
        if ["target_group_members", "leads"].contains(&stream.name) {
            *lists = vec![group("a", false), group("b", false)];
        }
    }
    rig.load_pages_and_retire("r3", empty, &[]).unwrap();
    assert_eq!(rig.tables(), expected);
    assert_eq!(rig.rows(LISTS), lists);
}

#[test]
fn complete_lists_take_away_what_they_lost_and_retired_ones_all_that_they_held() {
    let rig = Rig::new();
    rig.load_pages_and_retire("r1", FIRST.pages(), &[]).unwrap();
    let later = Run {
        selections: [&["1"], &["2"]],
        groups: &[("a", &["2"])],
        statements: &["1", "2"],
        customers: &["4"],
        complete: true,
    };
    // Leads are never taken away, and a group that is called like one of them does not matter.
    let retired = [("target_group_members", "b"), ("leads", "b"), ("leads", "La")];
    let published = rig.load_pages_and_retire("r2", later.pages(), &retired).unwrap();
    assert_eq!(
        rig.tables(),
        [
            "prospects|1|false",
            "prospects|2|false",
            "prospects|3|true",
            "prospects|4|true",
            "prospects|5|true",
            "group|a",
            "member|a|2",
            "statement|1|2024",
            "statement|2|2024",
            "statement|3|2024",
            "statement|4|2024",
            "statement|5|2024",
            "lead|La",
            "lead|Lb",
            "lead of|La|2",
            "lead of|Lb|4",
            "lead of|Lb|5",
            "tag|La|t",
            "tag|Lb|t",
            "customer|c4|4",
        ]
    );
    assert_eq!(rig.rows(LISTS), ["prospects|city=A|1", "prospects|city=B|2", "target_group_members|a|2"]);
    let deleted = |name: &str| -> Vec<u64> {
        let lists = published.lists.iter().filter(|list| list.stream == name);
        lists.map(|list| list.counts.deleted).collect()
    };
    assert_eq!(deleted("prospects"), [0, 1]);
    assert_eq!((deleted("target_groups"), deleted("target_group_members")), (vec![1], vec![1]));
    assert_eq!((deleted("leads"), deleted("customer_data")), (vec![0], vec![1]));
    assert_eq!(published.totals, Counts { unchanged: 2, deleted: 3, ..Counts::default() });
}
