//! Loads 1,000 companies from the built-in simulator into a DuckDB file, with the library alone.
//!
//! `cargo run --example sync_simulated`

#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use vainu_etl::api::{ClientSettings, Credentials};
use vainu_etl::catalog::PROSPECTS;
use vainu_etl::extract::{ExtractSettings, Unobserved};
use vainu_etl::load::LoadSettings;
use vainu_etl::pipeline::{SyncSettings, sync};
use vainu_etl::secret::Secret;
use vainu_etl::selection::{Selection, lists_of};
use vainu_etl::simulator::{Config, DEMO_API_KEY, Simulator};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = Simulator::start(Config { companies: 1_000, ..Config::default() }).await?;
    let folder = std::env::temp_dir().join(format!("vainu-etl-example-{}", std::process::id()));
    fs_err::create_dir_all(&folder)?;

    let selection = Selection::from_pairs(&["country=FI"])?;
    let credentials = Credentials::ApiKey(Secret::new(DEMO_API_KEY));
    let settings = SyncSettings {
        warehouse: folder.join("vainu.duckdb"),
        stream: &PROSPECTS,
        lists: lists_of(&[selection])?,
        arguments: "example".to_owned(),
        client: ClientSettings::new(simulator.base_url().parse()?, credentials),
        extract: ExtractSettings { page_size: 1000, slice_rows: 25_000, requests_at_once: 16 },
        load: LoadSettings::default(),
        keep: 3,
        max_deleted_percent: 50.0,
        keep_raw: 1,
        restart: false,
    };
    let report = sync(&settings, &Unobserved, std::future::pending()).await?;
    for list in &report.lists {
        println!("{}: {} companies, complete: {}", list.list, list.distinct_keys, list.complete);
    }
    simulator.shutdown().await;
    fs_err::remove_dir_all(&folder)?;
    Ok(())
}
