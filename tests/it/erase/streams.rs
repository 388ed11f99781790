//! A person and a company in everything that there is, of the simulator: all streams, then those that have endpoints of
//! their own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::SignedDuration;
use serde_json::{Value, json};
use vainu_etl::catalog::{STREAMS, Stream};
use vainu_etl::erase::{Action, Outcome};
use vainu_etl::export::{ExportOptions, export};
use vainu_etl::landing::read_page;
use vainu_etl::landing::runs;
use vainu_etl::simulator::Simulator;

use super::exports::{manifest, parquet_rows};
use super::rig::{Rig, dump, lines};
use crate::support::{Job, assert_equal_rows, expected, simulator};

/// Streams that ask about each company at an endpoint of their own when no details are wanted.
const BY_THEMSELVES: [&str; 3] = ["contacts", "technologies", "company_leads"];

/// Streams whose landed pages hold something of the subjects; details hold their statements and addresses too.
const LANDED_BY: [&str; 7] = [
    "company_leads",
    "contacts",
    "customer_data",
    "details",
    "prospects",
    "target_group_members",
    "technologies",
];

/// Tables that hold something of the subjects.
const HELD_BY: [&str; 10] = [
    "etl.changes",
    "etl.list_members",
    "main.contacts",
    "main.customer_data",
    "main.financial_statements",
    "main.lead_prospects",
    "main.prospect_addresses",
    "main.prospect_technologies",
    "main.prospects",
    "main.target_group_members",
];

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

fn key(company: &Value) -> (String, String) {
    (text(company, "country"), text(company, "business_id"))
}

/// Whether the company is a customer with statements, contacts and news.
fn is_customer(simulator: &Simulator, company: &Value) -> bool {
    let (country, id) = key(company);
    let customers = simulator.customer_data();
    customers.iter().any(|customer| key(&customer["prospect_info"]) == key(company))
        && !simulator.statements(&country, &id).unwrap().is_empty()
        && !simulator.contacts(&country, &id).unwrap().is_empty()
        && !simulator.leads(&country, &id).unwrap().is_empty()
}

/// Whether the company is a member of a target group and in the news of it.
fn is_member_in_the_news(simulator: &Simulator, company: &Value) -> bool {
    let (_, id) = key(company);
    let since = simulator.now() - SignedDuration::from_hours(24 * 50);
    let names_it = |lead: &Value| {
        lead["prospects"].as_array().unwrap().iter().any(|named| named["business_id"] == id.as_str())
    };
    simulator.target_groups().iter().map(|group| text(group, "id")).any(|group| {
        simulator.members(&group).unwrap().iter().any(|member| key(member) == key(company))
            && simulator.target_group_leads(&group, since).unwrap().iter().any(names_it)
    })
}

/// The subjects, and what a row of theirs says.
struct Subjects {
    /// Country and id.
    companies: [(String, String); 2],
    person: String,
}

impl Subjects {
    fn choose(simulator: &Simulator) -> Self {
        let all: Vec<Value> = simulator.companies().collect();
        let customer = all.iter().find(|company| is_customer(simulator, company)).unwrap();
        let members = all.iter().filter(|company| is_member_in_the_news(simulator, company));
        let member = members.into_iter().find(|company| key(company) != key(customer)).unwrap();
        let companies = [key(customer), key(member)];
        let others = all.iter().map(key).filter(|other| !companies.contains(other));
        let mut people = others.flat_map(|(country, id)| simulator.contacts(&country, &id).unwrap());
        let person = people.find(|person| !text(person, "email").is_empty()).unwrap();
        Self { person: text(&person, "email"), companies }
    }

    fn are_named(&self, row: &str) -> bool {
        let is_about = |(country, id): &(String, String)| {
            row.contains(&format!("'country': {country}, 'business_id': {id}"))
        };
        row.contains(&self.person) || self.companies.iter().any(is_about)
    }

    fn rename(&self, simulator: &Simulator, name: &str) {
        for (country, id) in &self.companies {
            simulator.set_field(country, id, "company_name", &json!(name)).unwrap();
        }
    }

    fn erase(&self, rig: &Rig) -> Outcome {
        let companies = self.companies.iter().map(|(country, id)| format!("{country}{id}"));
        let all: Vec<String> = companies.chain([self.person.clone()]).collect();
        rig.erase(&all.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

/// What the file holds but for the subjects.
fn without(path: &Path, subjects: &Subjects) -> BTreeMap<String, Vec<String>> {
    let mut tables = dump(path);
    for rows in tables.values_mut() {
        rows.retain(|row| !subjects.are_named(row));
    }
    tables
}

/// Everything that landed: ledgers and bodies.
fn landed(rig: &Rig) -> String {
    let mut all = String::new();
    for run in runs::list(&rig.state().join("landing")).unwrap() {
        all += &fs_err::read_to_string(run.folder.join("ledger.jsonl")).unwrap();
        let pages = run.pages.values().map(|(_, at)| at).chain(run.answers.values().map(|(_, at)| at));
        for at in pages {
            all += &String::from_utf8(read_page(&run.folder, at).unwrap()).unwrap();
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_and_companies_are_gone_from_every_stream_and_nothing_else_is() {
    let simulator = simulator(300, &[]).await;
    let subjects = Subjects::choose(&simulator);
    let mut job = Job { page_size: 100, streams: STREAMS.iter().collect(), ..Job::new() };
    subjects.rename(&simulator, "Quercus Unica Oy");
    job.sync(&simulator).await.unwrap();
    let by_themselves = |stream: &&Stream| BY_THEMSELVES.contains(&stream.name);
    job.streams = STREAMS.iter().filter(by_themselves).collect();
    subjects.rename(&simulator, "Quercus Secunda Oy");
    job.sync(&simulator).await.unwrap();
    let rig = Rig { dir: job.dir };
    let parquet = rig.dir.path().join("parquet");
    export(&ExportOptions::new(rig.warehouse(), &parquet)).unwrap();

    let files = rig.files();
    let wanted: Vec<_> = files.iter().map(|path| without(path, &subjects)).collect();
    let before = dump(&rig.warehouse());
    let count = |rows: &[String]| rows.iter().filter(|row| subjects.are_named(row)).count();
    let outcome = subjects.erase(&rig);
    assert_eq!(outcome.problems, Vec::<String>::new());
    let touched = lines(&outcome);
    for table in HELD_BY {
        let rows = count(&before[table]);
        let line = format!("published file {} {rows} removed", table.trim_start_matches("main."));
        assert!(rows > 0 && touched.contains(&line), "{line} is not among {touched:#?}");
    }
    let of_landing = outcome.touched.iter().filter(|row| row.place.starts_with("landing "));
    let (left, removed): (Vec<_>, Vec<_>) = of_landing.partition(|row| row.action == Action::Left);
    let streams: BTreeSet<&str> = removed.iter().map(|row| row.table.as_str()).collect();
    assert_eq!(streams, BTreeSet::from(LANDED_BY));
    for (path, wanted) in files.iter().zip(&wanted) {
        assert_eq!(&dump(path), wanted, "{}", path.display());
    }
    assert_eq!(rig.files_that_say(&subjects.person), Vec::<String>::new());
    for table in manifest(&parquet).tables {
        let rows = parquet_rows(&parquet, &table.name);
        assert!(!rows.contains("quercus") && !rows.contains(&subjects.person), "{}: {rows}", table.name);
    }
    // News of target groups and of other companies name them without their countries, in landed pages; that is said.
    let said = landed(&rig);
    assert!(left.iter().all(|row| ["leads", "company_leads"].contains(&row.table.as_str())), "{left:?}");
    let rows: u64 = left.iter().map(|row| row.rows).sum();
    assert!(rows > 0 && said.matches("Quercus").count() as u64 == rows, "{left:?}");
    assert!(rig.files_that_say("Quercus").iter().all(|file| file.contains("/landing/")));
    for (country, id) in &subjects.companies {
        assert!(!said.contains(&format!("{country}/{id}")), "no line of a ledger and no bundle names it");
    }

    rig.rebuild();
    let rebuilt = dump(&rig.warehouse());
    for (table, rows) in &rebuilt {
        assert!(!rows.iter().any(|row| subjects.are_named(row)), "{table}");
        let wanted = before[table].iter().filter(|row| !subjects.are_named(row)).count();
        let quercus = rows.iter().filter(|row| row.contains("Quercus")).count();
        match table.as_str() {
            "main.lead_prospects" => assert!(rows.len() == wanted + quercus && quercus > 0, "as it was left"),
            // News that only the answers about them held are gone with these.
            "main.leads" | "main.lead_tags" => assert!((1..=wanted).contains(&rows.len()), "{table}"),
            name if name.starts_with("main.") => assert_eq!((rows.len(), quercus), (wanted, 0), "{table}"),
            _ => assert_eq!(quercus, 0, "{table}"),
        }
    }

    // Vainu still delivers all of them.
    let job = Job { dir: rig.dir, page_size: 100, streams: STREAMS.iter().collect(), ..Job::new() };
    job.sync(&simulator).await.unwrap();
    assert_equal_rows(&job.rows(), &expected(simulator.companies()));
    let after = dump(&job.warehouse());
    // Changes are not told again; of news, the earlier name of a company is none any more.
    for table in HELD_BY.into_iter().filter(|table| !["etl.changes", "main.lead_prospects"].contains(table)) {
        assert_eq!(count(&after[table]), count(&before[table]), "{table}");
    }
    assert!(count(&after["main.lead_prospects"]) > 0);
    assert!(after["main.contacts"].iter().any(|row| row.contains(&subjects.person)));
}
