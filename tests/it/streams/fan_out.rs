//! Which companies are asked about, by which endpoints, and how often.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::group_named;
use super::run::{ALL, asked, assert_equal_to_source, job, run};
use super::tables::{assert_same, found};
use super::wanted::{Wanted, key_of};
use crate::support::{open, simulator, value};

/// How many requests were made for companies, by endpoint, after making sure that none was made twice.
fn once_each(simulator: &vainu_etl::simulator::Simulator) -> BTreeMap<String, usize> {
    let of_endpoint = |(endpoint, companies): (String, BTreeMap<String, usize>)| {
        assert!(companies.values().all(|count| *count == 1), "{endpoint}: {companies:?}");
        (endpoint, companies.len())
    };
    asked(simulator).into_iter().map(of_endpoint).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_company_is_asked_about_once_by_its_prefixed_id_however_many_lists_show_it() {
    let simulator = simulator(400, &[]).await;
    let names = ["target_group_members", "details"];
    let job = job(&names).select(&[&["country=FI"], &["nstatus=active"]]);
    job.sync(&simulator).await.unwrap();
    let wanted =
        Wanted { selected: |company| company["country"] == "FI", ..Wanted::all(&simulator, &["prospects"]) };
    let companies: BTreeSet<String> = asked(&simulator)["all"].keys().cloned().collect();
    assert!(wanted.companies().keys().all(|(country, id)| companies.contains(&format!("{country}{id}"))));
    let all: BTreeSet<String> = simulator
        .companies()
        .map(|company| {
            let (country, id) = key_of(&company);
            format!("{country}{id}")
        })
        .collect();
    assert!(companies.is_subset(&all));
    // Members of target groups that neither selection holds are loaded, and not asked about.
    let count = |sql: &str| usize::try_from(value::<i64>(&job.warehouse(), sql)).unwrap();
    let selected = count("SELECT count(*) FROM prospects WHERE _selected");
    assert!(selected < count("SELECT count(*) FROM prospects"));
    assert_eq!(once_each(&simulator), BTreeMap::from([("all".to_owned(), selected)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_answers_what_several_streams_ask_of_a_company() {
    let simulator = simulator(200, &[]).await;
    for (names, endpoints) in [
        (&["details", "contacts", "financial_statements"][..], &["all"][..]),
        (&["details", "financial_statements"], &["all"]),
        (&["contacts", "financial_statements"], &["all"]),
        (&["contacts"], &["contacts"]),
        (&["financial_statements"], &["financial_statements"]),
        (&["technologies"], &[""]),
        (&["company_leads"], &["leads"]),
        (&["details", "technologies", "company_leads"], &["", "all", "leads"]),
        (ALL, &["", "all", "leads"]),
    ] {
        simulator.clear_requests();
        job(names).sync(&simulator).await.unwrap();
        let wanted = endpoints.iter().map(|endpoint| ((*endpoint).to_owned(), 200)).collect();
        assert_eq!(once_each(&simulator), wanted, "{names:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_contact_is_anywhere_unless_contacts_are_named() {
    let simulator = simulator(300, &["placeholders=on"]).await;
    let names: Vec<&str> = ALL.iter().copied().filter(|name| *name != "contacts").collect();
    let without = job(&names);
    let with_contacts = job(ALL);
    let report = without.sync(&simulator).await.unwrap();
    assert!(report.rejects > 0);
    with_contacts.sync(&simulator).await.unwrap();
    let people: BTreeSet<String> = simulator
        .companies()
        .flat_map(|company| {
            let (country, id) = key_of(&company);
            simulator.contacts(&country, &id).unwrap()
        })
        .filter_map(|contact| contact["email"].as_str().map(str::to_owned))
        .collect();
    assert!(people.len() > 100);
    assert_eq!(anywhere(&without.warehouse(), &people), 0);
    assert!(anywhere(&with_contacts.warehouse(), &people) >= people.len());
    let kept = fs_err::read(without.warehouse()).unwrap();
    let text = String::from_utf8_lossy(&kept);
    assert!(!people.iter().any(|email| text.contains(email.as_str())), "not in the bytes of the file either");
}

/// Rows of any table with one of the texts in any column.
fn anywhere(path: &std::path::Path, texts: &BTreeSet<String>) -> usize {
    let connection = open(path);
    let mut statement =
        connection.prepare("SELECT schema_name || '.' || table_name FROM duckdb_tables()").unwrap();
    let tables: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let mut rows = 0;
    for table in tables {
        let mut statement = connection.prepare(&format!("SELECT CAST(t AS VARCHAR) FROM {table} t")).unwrap();
        let lines = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows += lines
            .filter(|line| texts.iter().any(|text| line.as_ref().unwrap().contains(text.as_str())))
            .count();
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn target_groups_chosen_by_name_or_id_are_read_alone_and_retire_no_other() {
    let simulator = simulator(400, &[]).await;
    let names = ["target_groups", "target_group_members"];
    let job = job(&names);
    job.sync(&simulator).await.unwrap();
    let before = found(&job.warehouse());
    let (wide, portfolio) =
        (group_named(&simulator, "Suomi ja Ruotsi"), group_named(&simulator, "Portfolio"));
    let gone = group_named(&simulator, "Same digits in two countries");
    for chosen in ["Suomi ja Ruotsi", &wide] {
        simulator.clear_requests();
        let wanted = vec![chosen.to_owned(), portfolio.clone()];
        let report = run(&job, &simulator, |settings| settings.target_groups = wanted).await.unwrap();
        assert_eq!(report.exit_code, 0, "{:?}", report.lists);
        let paths: BTreeSet<String> = simulator.requests().into_iter().map(|request| request.path).collect();
        let of = |id: &str| format!("/api/v1/target_group/{id}/");
        assert_eq!(paths, BTreeSet::from(["/api/v1/target_groups/".to_owned(), of(&wide), of(&portfolio)]));
        assert_same(&found(&job.warehouse()), &before, chosen);
    }
    // One that was not asked for may be gone: its row goes with the list of all of them, its members too.
    simulator.remove_target_group(&gone).unwrap();
    let only = vec![portfolio.clone()];
    run(&job, &simulator, |settings| settings.target_groups = only).await.unwrap();
    let wanted = Wanted { selected: |_| false, ..Wanted::all(&simulator, &names) };
    assert_equal_to_source(&job, &wanted, "a group is gone that was not asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_group_that_is_not_there_is_refused_with_those_that_are() {
    let simulator = simulator(200, &[]).await;
    let job = job(&["target_group_members"]);
    let error = run(&job, &simulator, |settings| settings.target_groups = vec!["Portfollio".to_owned()]);
    let error = error.await.unwrap_err();
    assert_eq!(error.exit_code(), 2, "{error:?}");
    let text = format!("{error:?} {}", error.hint().unwrap_or_default());
    for name in ["Portfollio", "Portfolio", "Suomi ja Ruotsi", "IT in the Nordics"] {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert!(!job.warehouse().exists());
    assert_eq!(
        simulator.requests().iter().filter(|request| request.path.contains("/target_group/")).count(),
        0
    );
}
