//! The kinds of lists: for each, a stream whose list is read that way, and the data that its table is compared with.

use std::path::Path;

use serde_json::Value;
use vainu_etl::catalog::{
    CUSTOMER_DATA, FINANCIAL_STATEMENTS, LEADS, PROSPECTS, Stream, TARGET_GROUP_MEMBERS,
};
use vainu_etl::pipeline::SyncSettings;
use vainu_etl::simulator::Simulator;

use crate::crashes::files::folder;
use crate::support::{Job, Row, expected, open, prospects, with};

/// The only target group whose members are read in these tests: about half of the companies.
const GROUP: &str = "Suomi ja Ruotsi";

/// A kind of list, and the values that adapt a row of the table to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    /// The stream to load. Streams that it needs are loaded too.
    pub(super) stream: &'static Stream,
    pub(super) companies: u32,
    pub(super) page_size: u32,
    /// Added to the numbers of the requests in a row. A row numbers requests as for an ordered list: 1 is the count, 2
    /// the first page, 3 to 8 are other pages.
    pub(super) before: u64,
    /// Number of the first request whose answer is landed.
    pub(super) first_landed: u64,
    /// How often the list is read if nothing fails.
    pub(super) readings: usize,
    /// The rows that the API has now: the keys, for some kinds with other columns.
    held: fn(&Simulator) -> Vec<Row>,
    /// The same rows in the published file.
    published: fn(&Path) -> Vec<Row>,
}

/// Companies: a count, seven pages, two requests that show that there is no eighth page, and a count.
pub(super) fn ordered() -> Case {
    Case {
        stream: &PROSPECTS,
        companies: 600,
        page_size: 100,
        before: 0,
        first_landed: 2,
        readings: 1,
        held: |simulator| expected(simulator.companies()),
        published: prospects,
    }
}

/// The members of a target group: the list of target groups, then the same requests as for an ordered list.
pub(super) fn unordered() -> Case {
    Case {
        stream: &TARGET_GROUP_MEMBERS,
        companies: 400,
        page_size: 35,
        before: 1,
        first_landed: 1,
        readings: 1,
        held: |simulator| {
            let members = simulator.members(&group(simulator)).unwrap();
            sorted(members.iter().map(|member| fields(member, &["country", "business_id"])))
        },
        published: |file| rows(file, "country, business_id", "target_group_members"),
    }
}

/// Target groups and the leads of each: nine requests, each answered in one page.
pub(super) fn single() -> Case {
    Case {
        stream: &LEADS,
        companies: 150,
        page_size: 100,
        before: 0,
        first_landed: 1,
        readings: 1,
        held: |simulator| {
            sorted(simulator.target_groups().iter().map(|group| fields(group, &["id", "name"])))
        },
        published: |file| rows(file, "id, name", "target_groups"),
    }
}

/// Customer data: eight numbered pages and an empty one, read twice.
pub(super) fn numbered() -> Case {
    Case {
        stream: &CUSTOMER_DATA,
        companies: 4000,
        page_size: 10,
        before: 0,
        first_landed: 1,
        readings: 2,
        held: |simulator| {
            sorted(simulator.customer_data().iter().map(|customer| fields(customer, &["id", "unique_id"])))
        },
        published: |file| rows(file, "id, unique_id", "customer_data"),
    }
}

/// Statements: one request for each company. By then the list of companies has been read.
pub(super) fn companies() -> Case {
    Case {
        stream: &FINANCIAL_STATEMENTS,
        companies: 60,
        page_size: 100,
        before: 30,
        first_landed: 2,
        readings: 1,
        held: |simulator| {
            let mut years: Vec<Row> = Vec::new();
            for company in simulator.companies() {
                let about = fields(&company, &["country", "business_id"]);
                let [country, id] = ["country", "business_id"].map(|name| about[name].clone().unwrap());
                for statement in simulator.statements(&country, &id).unwrap() {
                    years.push(about.clone().into_iter().chain(fields(&statement, &["year"])).collect());
                }
            }
            let mut years = sorted(years.into_iter());
            years.dedup();
            years
        },
        published: |file| {
            let live = "SELECT (country, business_id) FROM prospects WHERE _deleted_at IS NULL";
            let table = format!("financial_statements WHERE (country, business_id) IN ({live})");
            rows(file, "DISTINCT country, business_id, year", &table)
        },
    }
}

fn group(simulator: &Simulator) -> String {
    let groups = simulator.target_groups();
    groups.iter().find(|group| group["name"] == GROUP).unwrap()["id"].as_str().unwrap().to_owned()
}

fn fields(record: &Value, names: &[&str]) -> Row {
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    names.iter().map(|name| ((*name).to_owned(), text(&record[*name]))).collect()
}

fn sorted(rows: impl Iterator<Item = Row>) -> Vec<Row> {
    let mut rows: Vec<Row> = rows.collect();
    rows.sort();
    rows
}

/// Reads columns of a table as text, sorted.
fn rows(file: &Path, columns: &str, table: &str) -> Vec<Row> {
    let connection = open(file);
    let sql = format!("SELECT COLUMNS(*)::VARCHAR FROM (SELECT {columns} FROM {table})");
    let mut statement = connection.prepare(&sql).unwrap();
    let mut found = statement.query([]).unwrap();
    let mut rows = Vec::new();
    let names: Vec<&str> = columns.trim_start_matches("DISTINCT ").split(", ").collect();
    while let Some(row) = found.next().unwrap() {
        rows.push(
            names
                .iter()
                .enumerate()
                .map(|(place, name)| ((*name).to_owned(), row.get(place).unwrap()))
                .collect(),
        );
    }
    sorted(rows.into_iter())
}

impl Case {
    pub(super) fn job(&self) -> Job {
        Job { dir: folder(), page_size: self.page_size, streams: vec![self.stream], ..Job::new() }
    }

    pub(super) fn settings(&self, job: &Job, simulator: &Simulator) -> SyncSettings {
        let settings = job.settings(simulator);
        let groups = if *self.stream == TARGET_GROUP_MEMBERS { vec![GROUP.to_owned()] } else { Vec::new() };
        with(settings, |settings| settings.target_groups = groups)
    }

    pub(super) fn held(&self, simulator: &Simulator) -> Vec<Row> {
        (self.held)(simulator)
    }

    pub(super) fn published(&self, job: &Job) -> Vec<Row> {
        (self.published)(&job.warehouse())
    }

    /// The faults of a row, with request numbers for this kind.
    pub(super) fn faults(&self, faults: &str) -> String {
        let shifted = faults.split(',').map(|fault| {
            let (kind, number) = fault.split_once('@').unwrap();
            let lasting = if number.ends_with('+') { "+" } else { "" };
            let number: u64 = number.trim_end_matches('+').parse().unwrap();
            format!("{kind}@{}{lasting}", number + self.before)
        });
        shifted.collect::<Vec<_>>().join(",")
    }

    /// A switch of a row, adapted to this kind. `{clamp}` becomes 37 % of a page.
    pub(super) fn switch(&self, setting: &str) -> String {
        match setting.strip_prefix("fault=") {
            Some(faults) => format!("fault={}", self.faults(faults)),
            None => setting.replace("{clamp}", &(self.page_size * 37 / 100).to_string()),
        }
    }
}
