//! Lower bound for the time of a fetch: sends the requests of a run again, with the same client and as many
//! connections, and discards the answers. Called by `speed.py`; by hand:
//!
//! ```text
//! cargo bench --bench floor -- BASE_URL REQUEST_LOG CONCURRENCY [FOLDER]
//! ```
//! `REQUEST_LOG` is the file that `simulate --request-log` wrote during the run. With `FOLDER`, each page is also
//! written there, for other loaders to read. Prints one line of JSON.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark may stop"
)]

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Instant;

use futures::StreamExt as _;
use serde::Deserialize;
use vainu_etl::api::{ApiRequest, Client, ClientSettings, Credentials};
use vainu_etl::secret::Secret;
use vainu_etl::simulator::DEMO_API_KEY;

/// The fields of a line of the simulator's request log that are needed to repeat the request.
#[derive(Deserialize)]
struct Line {
    path: String,
    query: Vec<(String, String)>,
    rows: Option<usize>,
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let [base_url, log, concurrency, folder @ ..] = arguments.as_slice() else {
        // `cargo bench` runs every benchmark; without arguments this one has nothing to do.
        println!("floor: BASE_URL REQUEST_LOG CONCURRENCY [FOLDER]");
        return;
    };
    let requests: Vec<(ApiRequest, bool)> = std::fs::read_to_string(log)
        .unwrap()
        .lines()
        .filter_map(|line| {
            let line: Line = serde_json::from_str(line).unwrap();
            // Skips requests outside the API, by which the caller checked that the simulator was running.
            let path = line.path.strip_prefix("/api/v1/")?.to_owned();
            let request = line
                .query
                .into_iter()
                .fold(ApiRequest::get(path), |request, (name, value)| request.query(name, value));
            Some((request, line.rows.is_some_and(|rows| rows > 0)))
        })
        .collect();
    let credentials = Credentials::ApiKey(Secret::new(DEMO_API_KEY));
    let mut settings = ClientSettings::new(base_url.parse().unwrap(), credentials);
    settings.concurrency = concurrency.parse::<NonZeroU32>().unwrap();
    let client = Client::new(settings).unwrap();
    let begin = Instant::now();
    let sizes: Vec<usize> = futures::stream::iter(requests.iter().enumerate())
        .map(|(number, (request, is_page))| {
            let client = &client;
            async move {
                let answer = client.send(request).await.unwrap();
                if let (Some(folder), true) = (folder.first(), is_page) {
                    std::fs::write(Path::new(folder).join(format!("page-{number:05}.json")), &answer.body)
                        .unwrap();
                }
                answer.body.len()
            }
        })
        .buffer_unordered(concurrency.parse().unwrap())
        .collect()
        .await;
    let seconds = begin.elapsed().as_secs_f64();
    let bytes: usize = sizes.iter().sum();
    println!(r#"{{"seconds": {seconds:.4}, "requests": {}, "bytes": {bytes}}}"#, sizes.len());
}
