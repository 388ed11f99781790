//! A value from outside never keeps a load from being published: its row is loaded, or set aside with a reason, and the
//! others are as if it were not there.

mod accepted;
mod extremes;
mod ids;
mod refused;
mod statuses;

use serde_json::Value;
use url::Url;
use vainu_etl::extract::Unobserved;
use vainu_etl::pipeline::sync;
use vainu_etl::report::Report;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::{Job, open, simulator};

/// A server that answers as that function says.
async fn server(answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// Loads the job's streams from that server.
async fn load(job: &Job, server: &MockServer) -> Result<Report, vainu_etl::error::Error> {
    // The simulator only lends its settings.
    let mut settings = job.settings(&simulator(0, &[]).await);
    settings.client.base_url = Url::parse(&format!("{}/api/v1/", server.uri())).unwrap();
    sync(&settings, &Unobserved, std::future::pending()).await
}

fn parameter(request: &Request, name: &str) -> Option<String> {
    request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn json(text: impl Into<String>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(text.into(), "application/json")
}

/// What a list of these records answers to a request with limit and offset.
fn list(records: &[String], request: &Request) -> ResponseTemplate {
    if parameter(request, "count").as_deref() == Some("true") {
        return json(format!(r#"{{"count":{}}}"#, records.len()));
    }
    let number = |name| parameter(request, name).and_then(|text| text.parse::<usize>().ok());
    let (limit, offset) = (number("limit").unwrap_or(20), number("offset").unwrap_or(0));
    let page: Vec<&str> = records.iter().skip(offset).take(limit).map(String::as_str).collect();
    json(format!("[{}]", page.join(",")))
}

/// What a numbered list of these records answers.
fn numbered(records: &[String], request: &Request) -> ResponseTemplate {
    let number = |name| parameter(request, name).and_then(|text| text.parse::<usize>().ok());
    let (size, page) = (number("page_size").unwrap_or(20), number("page").unwrap_or(1));
    let rows: Vec<&str> = records.iter().skip((page - 1) * size).take(size).map(String::as_str).collect();
    let next = if page * size < records.len() { r#""more""# } else { "null" };
    json(format!(
        r#"{{"total_results":{},"next_page":{next},"prev_page":null,"results":[{}]}}"#,
        records.len(),
        rows.join(",")
    ))
}

/// The rows of a query on the published file, cells joined by `|`.
fn rows(job: &Job, sql: &str) -> Vec<String> {
    let connection = open(&job.warehouse());
    let sql = format!("SELECT concat_ws('|', *COLUMNS(*)) FROM ({sql}) AS t");
    let mut statement = connection.prepare(&sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// JSON of a text.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
