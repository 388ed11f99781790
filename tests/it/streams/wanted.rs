//! The tables as they should be, worked out from the simulator's own JSON.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value, json};
use vainu_etl::simulator::Simulator;

use super::leads::Leads;
use super::mapping::{TABLES, digits};
use super::tables::{Tables, row};

/// What a run was asked for.
pub(super) struct Wanted<'a> {
    pub(super) simulator: &'a Simulator,
    /// Names of the streams.
    pub(super) streams: Vec<&'static str>,
    /// Which companies the selections hold.
    pub(super) selected: fn(&Value) -> bool,
    /// Ids of the target groups that were read.
    pub(super) groups: Vec<String>,
    /// First moment of the leads of target groups.
    pub(super) leads_from: Timestamp,
}

/// A company by country and digits.
pub(super) type Key = (String, String);

/// The key that a record of a company has.
pub(super) fn key_of(company: &Value) -> Key {
    (company["country"].as_str().unwrap().to_owned(), digits(&company["business_id"]).unwrap())
}

impl<'a> Wanted<'a> {
    /// Those streams of all companies, of all target groups, and of leads as far back as a first run asks for.
    pub(super) fn all(simulator: &'a Simulator, streams: &[&'static str]) -> Self {
        let ids = simulator.target_groups().into_iter().map(|group| group["id"].as_str().unwrap().to_owned());
        Self {
            simulator,
            streams: streams.to_vec(),
            selected: |_| true,
            groups: ids.collect(),
            leads_from: simulator.now() - (59 * 24).hours(),
        }
    }

    fn reads(&self, stream: &str) -> bool {
        self.streams.contains(&stream)
    }

    /// The companies that the lists bring: the records of the lists laid over each other.
    pub(super) fn companies(&self) -> BTreeMap<Key, Map<String, Value>> {
        let mut companies: BTreeMap<Key, Map<String, Value>> = BTreeMap::new();
        let mut add = |record: Value| {
            let known = companies.entry(key_of(&record)).or_default();
            if let Value::Object(fields) = record {
                known.extend(fields);
            }
        };
        if self.reads("target_group_members") {
            for id in &self.groups {
                self.simulator.members(id).unwrap().into_iter().for_each(&mut add);
            }
        }
        self.simulator.companies().filter(self.selected).for_each(&mut add);
        companies
    }

    /// Every table; one that no stream feeds is empty. Hashes of leads are those that `leads` has found.
    pub(super) fn tables(&self, leads: &Leads) -> Tables {
        let mut made = Made(TABLES.iter().map(|(table, _)| (*table, BTreeSet::new())).collect());
        let mut companies = self.companies();
        for (key, company) in &mut companies {
            self.about_company(key, company, &mut made);
            made.add("prospects", &Value::Object(company.clone()));
        }
        let of_groups = ["target_groups", "target_group_members", "leads"];
        if of_groups.iter().any(|stream| self.reads(stream)) {
            self.simulator.target_groups().iter().for_each(|group| made.add("target_groups", group));
        }
        for id in self.groups.iter().filter(|_| self.reads("target_group_members")) {
            for member in self.simulator.members(id).unwrap() {
                made.add("target_group_members", &with(&member, &[("@target_group_id", json!(id))]));
            }
        }
        if self.reads("customer_data") {
            self.simulator.customer_data().iter().for_each(|object| made.add("customer_data", object));
        }
        leads.add_to(self, companies.keys(), |table, record| made.add(table, record));
        made.0
    }

    /// What endpoints about a single company add: to its own row, and to the tables of what it has.
    fn about_company(&self, (country, id): &Key, company: &mut Map<String, Value>, made: &mut Made) {
        let of = [("@country", json!(country)), ("@business_id", json!(id))];
        let mut children = |table, elements: Vec<Value>| {
            for (position, element) in elements.iter().enumerate() {
                let around = [of[0].clone(), of[1].clone(), ("@position", json!(position))];
                made.add(table, &with(element, &around));
            }
        };
        // One answer has all three; two of them alone are worth asking for it too.
        let both = self.reads("contacts") && self.reads("financial_statements");
        if self.reads("details") || both {
            let Ok(all) = self.simulator.all_information(country, id) else { return };
            children("financial_statements", items(&all["financial_statements"]));
            if self.reads("contacts") {
                children("contacts", items(&all["contacts"]));
            }
            if self.reads("details") {
                children("prospect_addresses", items(&all["prospect_addresses"]));
                company.extend(all.as_object().unwrap().clone());
            }
        } else if self.reads("financial_statements") {
            let Ok(mut statements) = self.simulator.statements(country, id) else { return };
            // Without the end of its period a second statement of a year has the key of the first.
            let mut years = BTreeSet::new();
            statements.retain(|statement| years.insert(statement["year"].as_i64()));
            children("financial_statements", statements);
        } else if self.reads("contacts") {
            children("contacts", self.simulator.contacts(country, id).unwrap_or_default());
        }
        if self.reads("technologies") {
            let Ok(detail) = self.simulator.detail(country, id) else { return };
            let elements = items(&detail["technologies"]).into_iter().map(|name| json!({ "@element": name }));
            children("prospect_technologies", elements.collect());
            company.extend(detail.as_object().unwrap().clone());
        }
    }
}

/// The rows made so far.
struct Made(Tables);

impl Made {
    fn add(&mut self, table: &str, record: &Value) {
        let (name, columns) = TABLES.iter().find(|(name, _)| *name == table).unwrap();
        self.0.entry(name).or_default().insert(row(columns, record));
    }
}

fn items(list: &Value) -> Vec<Value> {
    list.as_array().cloned().unwrap_or_default()
}

/// A record with what it was found in.
pub(super) fn with(record: &Value, around: &[(&str, Value)]) -> Value {
    let mut record = record.as_object().unwrap().clone();
    record.extend(around.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Value::Object(record)
}

/// Statements of the same company and year beyond the first, which their own endpoint cannot tell apart.
pub(super) fn second_statements(simulator: &Simulator) -> usize {
    let of_company = |company: Value| {
        let (country, id) = key_of(&company);
        let mut years: HashMap<Option<i64>, usize> = HashMap::new();
        for statement in simulator.statements(&country, &id).unwrap() {
            *years.entry(statement["year"].as_i64()).or_default() += 1;
        }
        years.values().map(|count| count - 1).sum::<usize>()
    };
    simulator.companies().map(of_company).sum()
}
