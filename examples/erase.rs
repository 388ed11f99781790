//! Loads 50 companies with their contacts from the built-in simulator and removes one person from everything that is kept.
//!
//! `cargo run --example erase`

#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::path::Path;

use vainu_etl::api::{ClientSettings, Credentials};
use vainu_etl::catalog::{CONTACTS, PROSPECTS};
use vainu_etl::erase::{EraseOptions, Subject, erase};
use vainu_etl::pipeline::{SyncSettings, Unobserved, sync};
use vainu_etl::query::{Format, QueryOptions, query};
use vainu_etl::secret::Secret;
use vainu_etl::simulator::{Config, DEMO_API_KEY, Simulator};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let warehouse = folder.path().join("vainu.duckdb");
    load(&warehouse)?;

    let email = somebody(&warehouse)?;
    let options = EraseOptions::new(vec![Subject::person(&email)?]);
    let outcome = erase(&warehouse, &options)?;
    for row in &outcome.touched {
        println!("{}, {}: {} {} {}", row.place, row.table, row.rows, row.action.name(), row.note);
    }
    // An erasure that could not be finished is no error of `erase`: what is left is named.
    for left in &outcome.remaining {
        println!("still there: {} in {}", left.what, left.path.display());
    }
    for problem in &outcome.problems {
        println!("not touched: {problem}");
    }
    println!("looked again at {} files", outcome.looked_at);
    Ok(())
}

/// The e-mail address of a contact.
fn somebody(warehouse: &Path) -> Result<String, Box<dyn Error>> {
    let sql = "SELECT min(email) FROM contacts";
    let csv = QueryOptions::new(Format::Csv);
    let mut out = Vec::new();
    query(warehouse, sql, &csv, &mut out)?;
    let text = String::from_utf8(out)?;
    // The first line is the header.
    Ok(text.lines().nth(1).ok_or("nobody has an address")?.to_owned())
}

/// Publishes a warehouse with the companies of a simulator and their contacts, who are made up.
#[tokio::main]
async fn load(warehouse: &Path) -> Result<(), Box<dyn Error>> {
    let simulator = Simulator::start(Config::new(50)).await?;
    let credentials = Credentials::ApiKey(Secret::new(DEMO_API_KEY));
    let client = ClientSettings::new(simulator.base_url().parse()?, credentials);
    let mut settings = SyncSettings::new(warehouse, client);
    settings.streams = vec![&PROSPECTS, &CONTACTS];
    settings.arguments = "an example".into();
    sync(&settings, &Unobserved, std::future::pending()).await?;
    simulator.shutdown().await;
    Ok(())
}
