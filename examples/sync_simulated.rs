//! Loads 1,000 companies from the built-in simulator into a DuckDB file, with the library alone.
//!
//! `cargo run --example sync_simulated`

#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use vainu_etl::api::{ClientSettings, Credentials};
use vainu_etl::catalog::PROSPECTS;
use vainu_etl::pipeline::{SyncSettings, Unobserved, sync};
use vainu_etl::secret::Secret;
use vainu_etl::selection::{Selection, lists_of};
use vainu_etl::simulator::{Config, DEMO_API_KEY, Simulator};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = Simulator::start(Config::new(1_000)).await?;
    let folder = std::env::temp_dir().join(format!("vainu-etl-example-{}", std::process::id()));
    fs_err::create_dir_all(&folder)?;

    let credentials = Credentials::ApiKey(Secret::new(DEMO_API_KEY));
    let client = ClientSettings::new(simulator.base_url().parse()?, credentials);
    let mut settings = SyncSettings::new(folder.join("vainu.duckdb"), client);
    settings.streams = vec![&PROSPECTS];
    settings.lists = lists_of(&[Selection::from_pairs(&["country=FI"])?])?;
    settings.arguments = "an example".into();
    let report = sync(&settings, &Unobserved, std::future::pending()).await?;
    for list in &report.lists {
        println!("{}: {} companies, complete: {}", list.list, list.distinct_keys, list.complete);
    }
    simulator.shutdown().await;
    fs_err::remove_dir_all(&folder)?;
    Ok(())
}
