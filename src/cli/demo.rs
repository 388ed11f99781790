//! `demo`: the whole job against the built-in simulator.

use std::path::PathBuf;

use clap::Args;
use url::Url;

use super::output::Output;
use super::settings::Settings;
use super::summary::summarise;
use super::sync::run_sync;
use crate::api::{ClientSettings, Credentials};
use crate::catalog::STREAMS;
use crate::error::Error;
use crate::export::{self, ExportOptions};
use crate::pipeline::SyncSettings;
use crate::query::{self, QueryOptions};
use crate::secret::Secret;
use crate::simulator::{Config, Simulator};

/// Views that the demo shows, with what they answer.
const SHOWN: &[(&str, &str)] = &[
    (
        "Where is the turnover? (segment_by_turnover_band)",
        "SELECT country, turnover_band, companies, turnover_eur, share_of_turnover_percent \
         FROM segment_by_turnover_band WHERE country = 'FI' ORDER BY turnover_band_order",
    ),
    (
        "Which industries are large? (segment_by_industry)",
        "SELECT country, industry_division, industry_division_name, companies, turnover_eur FROM segment_by_industry \
         WHERE country = 'FI' ORDER BY turnover_eur DESC NULLS LAST LIMIT 8",
    ),
    (
        "Small and medium-sized enterprises (segment_by_size_class)",
        "SELECT country, size_class, companies, share_of_companies_percent, turnover_eur, staff \
         FROM segment_by_size_class WHERE country = 'SE' ORDER BY size_class_order",
    ),
];

/// Options of `demo`
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Companies to generate
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    companies: u32,
    /// Folder for the warehouse and the Parquet files
    #[arg(long, value_name = "DIR", default_value = "demo")]
    dir: PathBuf,
}

pub(crate) fn run(args: &DemoArgs, _global: &Settings, output: &Output) -> Result<u8, Error> {
    fs_err::create_dir_all(&args.dir)?;
    let warehouse = args.dir.join("vainu.duckdb");
    let parquet = args.dir.join("parquet");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    output.say(&format!("Starting the simulator with {} companies.", args.companies));
    let config = Config { companies: args.companies, ..Config::default() };
    let key = config.api_key.clone();
    let simulator = runtime.block_on(Simulator::start(config))?;
    let settings = settings(&warehouse, &simulator, key)?;
    let report = run_sync(&settings, output)?;
    runtime.block_on(simulator.shutdown());
    summarise(&report, output);
    let manifest = export::export(&ExportOptions::new(&warehouse, &parquet))?;
    super::export::summarise(&manifest, &parquet.display().to_string(), output);
    for (title, sql) in SHOWN {
        Output::data(&format!("\n{title}\n"))?;
        let options = QueryOptions { width: Output::width(), ..QueryOptions::default() };
        query::query(&warehouse, sql, &options, &mut std::io::stdout())?;
    }
    Output::data(&format!(
        "\nWarehouse: {}\nParquet:   {}\n\nTry next:\n  vainu-etl --warehouse {0} query industry_leaders\n  \
         vainu-etl --warehouse {0} views companies\n  vainu-etl --warehouse {0} status\n",
        warehouse.display(),
        parquet.display(),
    ))?;
    Ok(report.exit_code)
}

fn settings(warehouse: &std::path::Path, simulator: &Simulator, key: String) -> Result<SyncSettings, Error> {
    let base_url =
        Url::parse(&simulator.base_url()).map_err(|error| Error::Internal { what: error.to_string() })?;
    let client = ClientSettings::new(base_url, Credentials::ApiKey(Secret::new(key)));
    // Everything, contacts too: these people are made up.
    let streams = STREAMS.iter().collect();
    let base = SyncSettings::new(warehouse, client);
    Ok(SyncSettings { streams, arguments: "demo".to_owned(), keep_raw: 1, ..base })
}
