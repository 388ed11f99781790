//! Loads 500 companies from the built-in simulator, exports them as Parquet with a folder for each country, and shows what
//! the manifest says is complete.
//!
//! `cargo run --example export`

#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::path::Path;

use vainu_etl::api::{ClientSettings, Credentials};
use vainu_etl::catalog::PROSPECTS;
use vainu_etl::export::{ExportOptions, export};
use vainu_etl::pipeline::{SyncSettings, Unobserved, sync};
use vainu_etl::secret::Secret;
use vainu_etl::simulator::{Config, DEMO_API_KEY, Simulator};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let warehouse = folder.path().join("vainu.duckdb");
    load(&warehouse)?;

    let mut options = ExportOptions::new(&warehouse, folder.path().join("parquet"));
    options.tables = vec!["companies".to_owned(), "prospects".to_owned()];
    options.partition_by_country = true;
    let manifest = export(&options)?;
    for table in &manifest.tables {
        println!("{}: {} rows, {} columns", table.name, table.rows, table.columns.len());
        for file in &table.files {
            let country = file.country.as_deref().unwrap_or("all");
            println!("  {country}: {} rows, {} bytes", file.rows, file.bytes);
        }
    }
    Ok(())
}

/// Publishes a warehouse with the companies of a simulator.
#[tokio::main]
async fn load(warehouse: &Path) -> Result<(), Box<dyn Error>> {
    let simulator = Simulator::start(Config::new(500)).await?;
    let credentials = Credentials::ApiKey(Secret::new(DEMO_API_KEY));
    let client = ClientSettings::new(simulator.base_url().parse()?, credentials);
    let mut settings = SyncSettings::new(warehouse, client);
    settings.streams = vec![&PROSPECTS];
    settings.arguments = "an example".into();
    sync(&settings, &Unobserved, std::future::pending()).await?;
    simulator.shutdown().await;
    Ok(())
}
