//! The simulator over HTTP, as a client sees it, and what its tests share. The filter endpoint has a module for each
//! subject, every other endpoint has one module.

mod access;
mod async_result;
mod changes;
mod companies;
mod controls;
mod customer_data;
mod data;
mod every_endpoint;
mod faults;
mod filters;
mod leads;
mod order;
mod prospect;
mod target_groups;

use std::collections::BTreeSet;

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use vainu_etl::simulator::{Config, DEMO_API_KEY, Error, Simulator, Switches};

use crate::support::with;

/// A running simulator, and a client that neither follows redirects nor reuses connections.
struct Api {
    simulator: Simulator,
    client: Client,
}

impl Api {
    async fn start(companies: u32, switches: &[&str]) -> Self {
        Self::with(with(Config::new(companies), |config| config.switches = parsed(switches))).await
    }

    async fn with(config: Config) -> Self {
        // Fails if another test has installed the provider already, which is just as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).pool_max_idle_per_host(0);
        let simulator = Simulator::start(config).await.expect("starts");
        Self { simulator, client: client.build().expect("builds") }
    }

    fn url(&self, query: &str) -> String {
        format!("{}/prospects/filter/?{query}", self.simulator.base_url())
    }

    async fn send(&self, query: &str) -> reqwest::Result<Response> {
        self.client.get(self.url(query)).header("API-Key", DEMO_API_KEY).send().await
    }

    async fn get(&self, query: &str) -> (u16, Value) {
        let response = self.send(query).await.expect("answers");
        (response.status().as_u16(), response.json().await.expect("is JSON"))
    }

    /// Requests any endpoint. `path` is the path after `/api/v1`, with the query. Returns status and body.
    async fn at(&self, path: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.simulator.base_url());
        let response = self.client.get(url).header("API-Key", DEMO_API_KEY).send().await.expect("answers");
        (response.status().as_u16(), response.json().await.expect("is JSON"))
    }

    /// As [`at`](Self::at), for an answer with status 200. Returns the body.
    async fn found(&self, path: &str) -> Value {
        let (status, body) = self.at(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// As [`found`](Self::found), for an answer that is a list.
    async fn list(&self, path: &str) -> Vec<Value> {
        let body = self.found(path).await;
        body.as_array().cloned().unwrap_or_else(|| panic!("{path}: no list: {body}"))
    }

    /// The id of the target group with this name.
    fn group(&self, name: &str) -> String {
        let groups = self.simulator.target_groups();
        text(groups.iter().find(|group| group["name"] == name).expect("is a target group"), "id").to_owned()
    }

    async fn post(&self, query: &str, body: impl Into<String>) -> (u16, Value) {
        let request = self.client.post(self.url(query)).header("API-Key", DEMO_API_KEY).body(body.into());
        let response = request.send().await.expect("answers");
        (response.status().as_u16(), response.json().await.expect("is JSON"))
    }

    /// The rows of a page without a total.
    async fn rows(&self, query: &str) -> Vec<Value> {
        let (status, body) = self.get(query).await;
        assert_eq!(status, 200, "{query}: {body}");
        body.as_array().cloned().unwrap_or_else(|| panic!("{query}: no list: {body}"))
    }

    async fn count(&self, query: &str) -> u64 {
        let (status, body) = self.get(&format!("{query}&count=true")).await;
        assert_eq!(status, 200, "{query}: {body}");
        body.get("count").and_then(Value::as_u64).expect("is a count")
    }

    fn all(&self) -> Vec<Value> {
        self.simulator.companies().collect()
    }

    /// Asserts that the query finds exactly the companies for which `wanted` is true, in any order, and at least one.
    async fn finds(&self, query: &str, wanted: impl Fn(&Value) -> bool) {
        let expected: BTreeSet<String> =
            self.all().iter().filter(|company| wanted(company)).map(key).collect();
        let found: BTreeSet<String> =
            self.rows(&format!("{query}&limit=1000")).await.iter().map(key).collect();
        assert!(!expected.is_empty(), "{query}: the test has no company to find");
        assert_eq!(found, expected, "{query}");
        assert_eq!(self.count(query).await, expected.len() as u64, "{query}");
    }
}

fn parsed(arguments: &[&str]) -> Switches {
    let mut switches = Switches::default();
    for argument in arguments {
        switches.set(argument).expect("is a switch");
    }
    switches
}

fn key(company: &Value) -> String {
    format!("{}{}", text(company, "country"), text(company, "business_id"))
}

/// The names of an object's fields.
fn fields(object: &Value) -> BTreeSet<&str> {
    object.as_object().expect("is an object").keys().map(String::as_str).collect()
}

/// Asserts that the objects have exactly the fields of the document's example, that each value is null or of the
/// example's type, and that only the fields of `never_null` are never null.
fn assert_like(rows: &[Value], example: &Value, never_null: &[&str]) {
    assert!(!rows.is_empty());
    let example = example.as_object().expect("is an object");
    for (name, shown) in example {
        let mut nulls = 0;
        for row in rows {
            assert_eq!(fields(row), example.keys().map(String::as_str).collect(), "{row}");
            let value = &row[name];
            nulls += usize::from(value.is_null());
            assert!(
                value.is_null()
                    || shown.is_null()
                    || std::mem::discriminant(value) == std::mem::discriminant(shown),
                "{name}: {value}"
            );
        }
        assert!(nulls < rows.len() || shown.is_null(), "{name} is always null");
        assert_eq!(
            nulls == 0,
            never_null.contains(&name.as_str()),
            "{name}: {nulls} of {} are null",
            rows.len()
        );
    }
}

fn keys(rows: &[Value]) -> Vec<String> {
    rows.iter().map(key).collect()
}

/// The text of a field; empty for null.
fn text<'a>(company: &'a Value, field: &str) -> &'a str {
    company.get(field).unwrap_or_else(|| panic!("no {field}")).as_str().unwrap_or_default()
}

fn ratio(
    part: impl TryInto<u32, Error: std::fmt::Debug>,
    whole: impl TryInto<u32, Error: std::fmt::Debug>,
) -> f64 {
    f64::from(part.try_into().expect("fits")) / f64::from(whole.try_into().expect("fits"))
}

/// The number in a field that is a text. `None` for null.
fn number(company: &Value, field: &str) -> Option<f64> {
    company
        .get(field)
        .unwrap_or_else(|| panic!("no {field}"))
        .as_str()
        .map(|text| text.parse().expect("is a number"))
}
