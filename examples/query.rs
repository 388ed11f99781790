//! Loads 500 companies from the built-in simulator and asks for them: as a table, as a CSV file, and with a statement that
//! is refused because it does not read.
//!
//! `cargo run --example query`

#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::path::Path;

use vainu_etl::api::{ClientSettings, Credentials};
use vainu_etl::catalog::PROSPECTS;
use vainu_etl::pipeline::{SyncSettings, Unobserved, sync};
use vainu_etl::query::{Format, QueryOptions, query, query_to_file};
use vainu_etl::secret::Secret;
use vainu_etl::simulator::{Config, DEMO_API_KEY, Simulator};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let warehouse = folder.path().join("vainu.duckdb");
    load(&warehouse)?;

    let sql = "SELECT country, size_class, companies, staff FROM segment_by_size_class
               WHERE country = 'FI' ORDER BY size_class_order";
    query(&warehouse, sql, &QueryOptions::default(), &mut std::io::stdout())?;

    // The name of a view or table stands for all its rows.
    let csv = QueryOptions::new(Format::Csv);
    let written = query_to_file(&warehouse, "companies", &csv, &folder.path().join("companies.csv"))?;
    println!("{} companies as CSV", written.rows);

    if let Err(error) = query(&warehouse, "DROP TABLE prospects", &csv, &mut Vec::new()) {
        println!("refused: {error}");
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
