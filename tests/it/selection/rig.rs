//! What the tests of selections share.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use vainu_etl::simulator::Simulator;

use crate::support::{Job, open};

/// Streams of companies, their groups, and two endpoints that cost a request for each company.
pub(super) const STREAMS: &[&str] =
    &["prospects", "target_groups", "target_group_members", "financial_statements", "technologies"];

/// A warehouse of those streams.
pub(super) fn job(names: &[&str]) -> Job {
    let streams = vainu_etl::catalog::STREAMS.iter().filter(|stream| names.contains(&stream.name));
    Job { streams: streams.collect(), ..Job::new() }
}

/// The key of a company, `FI/09704098`.
pub(super) fn key(company: &Value) -> String {
    let id: String = company["business_id"].as_str().unwrap().chars().filter(char::is_ascii_digit).collect();
    format!("{}/{id}", company["country"].as_str().unwrap())
}

/// Members of all target groups.
pub(super) fn members(simulator: &Simulator) -> BTreeSet<String> {
    let groups = simulator.target_groups();
    let ids = groups.iter().map(|group| group["id"].as_str().unwrap());
    ids.flat_map(|id| simulator.members(id).unwrap()).map(|company| key(&company)).collect()
}

/// The companies that the server gives for a selection, found by a run of its own into another warehouse.
pub(super) async fn matching(simulator: &Simulator, selections: &[&[&str]]) -> BTreeSet<String> {
    let alone = job(&["prospects"]).select(selections);
    alone.sync(simulator).await.unwrap();
    keys(&alone.warehouse(), "SELECT country || '/' || business_id FROM prospects WHERE _deleted_at IS NULL")
}

/// The texts that a query gives.
pub(super) fn keys(path: &Path, sql: &str) -> BTreeSet<String> {
    let connection = open(path);
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// The live companies of a warehouse that a selection holds.
pub(super) fn selected(path: &Path) -> BTreeSet<String> {
    keys(path, "SELECT country || '/' || business_id FROM prospects WHERE _deleted_at IS NULL AND _selected")
}

/// The live companies of a warehouse.
pub(super) fn live(path: &Path) -> BTreeSet<String> {
    keys(path, "SELECT country || '/' || business_id FROM prospects WHERE _deleted_at IS NULL")
}

/// The companies that an endpoint was asked about, each of them once: the part behind the id, empty for the company itself.
pub(super) fn asked(simulator: &Simulator, part: &str) -> BTreeSet<String> {
    let mut asked = BTreeSet::new();
    for request in simulator.requests() {
        let Some((_, rest)) = request.path.split_once("/prospect/") else { continue };
        let (company, of) = rest.split_once('/').unwrap();
        if of.trim_end_matches('/') == part {
            let (country, id) = company.split_at(2);
            assert!(asked.insert(format!("{country}/{id}")), "{company} is asked about twice");
        }
    }
    asked
}
