//! The kinds of lists, each with an endpoint that is read that way, and what its table is compared with.

use std::path::Path;

use serde_json::Value;
use vainu_etl::catalog::{
    CUSTOMER_DATA, FINANCIAL_STATEMENTS, LEADS, PROSPECTS, Stream, TARGET_GROUP_MEMBERS,
};
use vainu_etl::pipeline::SyncSettings;
use vainu_etl::simulator::Simulator;

use crate::crashes::files::folder;
use crate::support::{Job, Row, expected, open, prospects};

/// The only target group that is read page by page: about half of the companies.
const GROUP: &str = "Suomi ja Ruotsi";

/// A kind of list, and how a row of the table is played for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    /// The stream that is loaded; what it needs comes with it.
    pub(super) stream: &'static Stream,
    pub(super) companies: u32,
    pub(super) page_size: u32,
    /// A row counts requests as they come for an ordered list: 1 is its count, 2 the first page, 3 to 8 are others. For
    /// this kind so many come before these.
    pub(super) before: u64,
    /// The first request whose answer is landed.
    pub(super) first_landed: u64,
    /// How often the list is read when nothing goes wrong.
    pub(super) readings: usize,
    /// The keys, or more of them, that the API has now.
    held: fn(&Simulator) -> Vec<Row>,
    /// The same of the published file.
    published: fn(&Path) -> Vec<Row>,
}

/// Companies: a count, seven pages, two that show that there is no eighth, and a count.
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

/// The members of a target group: behind the list of groups the same as with an ordered list.
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

/// Target groups and the leads of each: nine answers, each with everything.
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

/// Customer data: eight pages with numbers, and an empty one, twice.
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

/// Statements: a request for each company. The list of these is read by then.
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

/// Columns of a table that are all text, or read as one.
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
        SyncSettings { target_groups: groups, ..settings }
    }

    pub(super) fn held(&self, simulator: &Simulator) -> Vec<Row> {
        (self.held)(simulator)
    }

    pub(super) fn published(&self, job: &Job) -> Vec<Row> {
        (self.published)(&job.warehouse())
    }

    /// The faults of a row, with the numbers that its requests have for this kind.
    pub(super) fn faults(&self, faults: &str) -> String {
        let shifted = faults.split(',').map(|fault| {
            let (kind, number) = fault.split_once('@').unwrap();
            let lasting = if number.ends_with('+') { "+" } else { "" };
            let number: u64 = number.trim_end_matches('+').parse().unwrap();
            format!("{kind}@{}{lasting}", number + self.before)
        });
        shifted.collect::<Vec<_>>().join(",")
    }

    /// A switch of a row: `{clamp}` is about a third of a page.
    pub(super) fn switch(&self, setting: &str) -> String {
        match setting.strip_prefix("fault=") {
            Some(faults) => format!("fault={}", self.faults(faults)),
            None => setting.replace("{clamp}", &(self.page_size * 37 / 100).to_string()),
        }
    }
}
