//! What goes away in the API: a complete run shows exactly that.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vainu_etl::simulator::Simulator;

use super::leads::Leads;
use super::run::{job, list, tables};
use super::tables::{Tables, assert_same, changes, found};
use super::wanted::{Key, Wanted, key_of};
use crate::support::{Job, Row, simulator, value};

/// Everything but leads, which stay when the API forgets them.
pub(super) const STATES: &[&str] = &[
    "prospects",
    "target_groups",
    "target_group_members",
    "customer_data",
    "details",
    "contacts",
    "technologies",
];

/// What a test changed in the API.
pub(super) struct Edited {
    /// A company that is gone, which was a customer and in target groups.
    pub(super) company: Key,
    /// Id of a target group that is gone.
    pub(super) group: String,
    /// A company that left a target group, and the group's id.
    pub(super) member: (Key, String),
    /// A company with another figure in a statement.
    pub(super) statement: Key,
    /// A company with one address less.
    pub(super) addresses: Key,
}

/// The members of a target group.
fn members(simulator: &Simulator, id: &str) -> Vec<Key> {
    simulator.members(id).unwrap().iter().map(key_of).collect()
}

/// Id of the target group with that name.
pub(super) fn group_named(simulator: &Simulator, name: &str) -> String {
    let groups = simulator.target_groups();
    let group = groups.iter().find(|group| group["name"] == name).unwrap();
    group["id"].as_str().unwrap().to_owned()
}

/// Takes something out of every list, and changes something of what belongs to companies.
pub(super) fn edit(simulator: &Simulator) -> Edited {
    let wide = group_named(simulator, "Suomi ja Ruotsi");
    let group = group_named(simulator, "Portfolio");
    let in_wide = members(simulator, &wide);
    let customers = simulator.customer_data();
    let is_customer = |(country, id): &Key| {
        customers.iter().any(|customer| {
            let info = &customer["prospect_info"];
            info["country"] == country.as_str()
                && info["business_id"].as_str().unwrap().replace('-', "") == *id
        })
    };
    let company = in_wide.iter().find(|key| is_customer(key)).unwrap().clone();
    let others = || in_wide.iter().filter(|key| **key != company);
    let all = |key: &&Key| simulator.all_information(&key.0, &key.1).unwrap();
    let figure = |key: &&Key| all(key)["financial_statements"][0]["staff_number"].clone();
    let statement = others().find(|key| figure(key).is_number()).unwrap().clone();
    let two = |key: &&Key| all(key)["prospect_addresses"].as_array().unwrap().len() > 1;
    let addresses = others().find(two).unwrap().clone();
    let member = others().nth(7).unwrap().clone();
    let newest = all(&&statement)["financial_statements"][0].clone();
    let year = i16::try_from(newest["year"].as_i64().unwrap()).unwrap();
    let other = json!(newest["staff_number"].as_i64().unwrap() + 11);
    simulator.set_statement(&statement.0, &statement.1, year, "staff_number", &other).unwrap();
    simulator.drop_last_address(&addresses.0, &addresses.1).unwrap();
    simulator.remove_member(&wide, &member.0, &member.1).unwrap();
    simulator.remove_target_group(&group).unwrap();
    simulator.delete_company(&company.0, &company.1).unwrap();
    Edited { company, group, member: (member, wide), statement, addresses }
}

pub(super) fn is_of(row: &Row, key: &Key) -> bool {
    row["country"].as_ref() == Some(&key.0) && row["business_id"].as_ref() == Some(&key.1)
}

/// Rows that went and that came, by table.
fn numbers(changed: &BTreeMap<&'static str, (Vec<Row>, Vec<Row>)>) -> BTreeMap<&'static str, (usize, usize)> {
    changed.iter().map(|(table, (gone, new))| (*table, (gone.len(), new.len()))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_complete_run_shows_what_changed_and_nothing_else() {
    let simulator = simulator(400, &[]).await;
    let job = job(STATES);
    job.sync(&simulator).await.unwrap();
    let before = found(&job.warehouse());
    let in_group = |id: &str, tables: &Tables| {
        tables["target_group_members"]
            .iter()
            .filter(|row| row["target_group_id"].as_deref() == Some(id))
            .count()
    };
    let edited = edit(&simulator);
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!((report.exit_code, report.rejects), (0, 0), "{:?}", report.lists);
    let after = found(&job.warehouse());

    // The source, and what was known of the company that is gone: nobody says that its figures are wrong now.
    let mut wanted = tables(&job, &Wanted::all(&simulator, STATES));
    for table in ["prospect_technologies", "prospect_addresses", "financial_statements", "contacts"] {
        let of_gone = before[table].iter().filter(|row| is_of(row, &edited.company)).cloned();
        wanted.entry(table).or_default().extend(of_gone);
    }
    assert_same(&after, &wanted, "after the changes");

    let changed = changes(&before, &after);
    let in_groups = before["target_group_members"]
        .iter()
        .filter(|row| {
            let left =
                is_of(row, &edited.member.0) && row["target_group_id"].as_ref() == Some(&edited.member.1);
            left || is_of(row, &edited.company) || row["target_group_id"].as_ref() == Some(&edited.group)
        })
        .count();
    assert!(in_groups > in_group(&edited.group, &before));
    assert_eq!(
        numbers(&changed),
        BTreeMap::from([
            ("prospects", (1, 0)),
            ("prospect_addresses", (1, 0)),
            ("financial_statements", (1, 1)),
            ("target_groups", (1, 0)),
            ("target_group_members", (in_groups, 0)),
            ("customer_data", (1, 0)),
        ])
    );
    assert!(is_of(&changed["prospects"].0[0], &edited.company));
    assert!(is_of(&changed["prospect_addresses"].0[0], &edited.addresses));
    assert!(is_of(&changed["financial_statements"].1[0], &edited.statement));
    assert_counted(&job, &report, &edited);
}

/// The report and the tables about loads say the same as the tables.
fn assert_counted(job: &Job, report: &vainu_etl::report::Report, edited: &Edited) {
    let all = list(report, "prospects", "all");
    assert_eq!((all.inserted, all.updated, all.unchanged, all.deleted), (0, 0, 399, 1));
    assert_eq!(list(report, "target_groups", "all").deleted, 1);
    assert_eq!(list(report, "customer_data", "all").deleted, 1);
    assert_eq!(list(report, "target_group_members", &edited.member.1).deleted, 2);
    let recorded: String = value(
        &job.warehouse(),
        "SELECT string_agg(concat_ws('/', country, business_id, field), ', ') FROM etl.changes",
    );
    assert_eq!(recorded, format!("{}/{}/_deleted_at", edited.company.0, edited.company.1));
    let held: i64 = value(
        &job.warehouse(),
        &format!(
            "SELECT count(*) FROM etl.list_members WHERE business_id = '{}' AND country = '{}' OR list = '{}'",
            edited.company.1, edited.company.0, edited.group
        ),
    );
    assert_eq!(held, 0, "no list holds the company, and the target group's list is none any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_only_a_deleted_target_group_held_is_deleted_with_it() {
    let simulator = simulator(400, &[]).await;
    let names = ["target_groups", "target_group_members"];
    let job = job(&names);
    job.sync(&simulator).await.unwrap();
    let wide = group_named(&simulator, "Suomi ja Ruotsi");
    let of = |id: &str| members(&simulator, id);
    let groups: Vec<String> =
        simulator.target_groups().iter().map(|group| group["id"].as_str().unwrap().to_owned()).collect();
    let others: Vec<Key> = groups.iter().filter(|id| **id != wide).flat_map(|id| of(id)).collect();
    let only: Vec<Key> = of(&wide).into_iter().filter(|key| !others.contains(key)).collect();
    assert!(!only.is_empty() && others.iter().any(|key| of(&wide).contains(key)));
    simulator.remove_target_group(&wide).unwrap();
    // Most of what is known goes away, which the guard against a source that shows only a part would refuse; here the
    // list as a whole is none any more.
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!(report.exit_code, 0, "{:?}", report.lists);
    let deleted: i64 =
        value(&job.warehouse(), "SELECT count(*) FROM prospects WHERE _deleted_at IS NOT NULL");
    assert_eq!(deleted, i64::try_from(only.len()).unwrap());
    let wanted = Wanted { selected: |_| false, ..Wanted::all(&simulator, &names) };
    assert_same(&found(&job.warehouse()), &tables(&job, &wanted), "without the group");
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_stay_when_the_api_no_longer_answers_them() {
    let simulator = simulator(400, &[]).await;
    let names = ["target_groups", "leads"];
    let job = job(&names);
    job.sync(&simulator).await.unwrap();
    let before = found(&job.warehouse());
    let kept: Vec<Value> = simulator.target_groups();
    for group in &kept[1..] {
        simulator.remove_target_group(group["id"].as_str().unwrap()).unwrap();
    }
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!(report.exit_code, 0, "{:?}", report.lists);
    let after = found(&job.warehouse());
    for table in ["leads", "lead_prospects", "lead_tags"] {
        // The page in Vainu is that of a company that the lead was found by, and another group may have found it.
        let without_page = |tables: &Tables| {
            let rows = tables[table].iter().cloned().map(|mut row| {
                row.remove("vainu_link");
                row
            });
            rows.collect::<std::collections::BTreeSet<Row>>()
        };
        assert!(before[table].len() > 50, "{table}");
        assert_eq!(without_page(&before), without_page(&after), "{table}");
    }
    assert_eq!(after["target_groups"].len(), 1);
    let _ = Leads::found(&job.warehouse());
}
