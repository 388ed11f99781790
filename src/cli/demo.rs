//! `demo`: the whole job against the built-in simulator.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;
use url::Url;

use super::invocation;
use super::output::{Kind, Output};
use super::settings::Settings;
use super::summary::summarise;
use super::sync::run_sync;
use crate::api::{ClientSettings, Credentials};
use crate::catalog::STREAMS;
use crate::error::Error;
use crate::export::{self, ExportOptions};
use crate::landing::runs;
use crate::load;
use crate::pipeline::SyncSettings;
use crate::query::{self, QueryOptions};
use crate::secret::Secret;
use crate::simulator::{Config, Simulator};
use crate::workspace::Workspace;

/// What the demo is named in its runs.
const ARGUMENTS: &str = "demo";
/// The demo's time stands still at 2026-11-01T00:00:00Z, in microseconds since 1970: leads are dated from the simulator's
/// now, and with another now they are other leads.
const NOW_US: i64 = 1_793_491_200_000_000;

/// Views that the demo shows, with what they answer.
const SHOWN: &[(&str, &str)] = &[
    (
        "Where is the turnover? (segment_by_turnover_band)",
        "SELECT country, turnover_band, companies, turnover_eur, round(share_of_turnover_percent, 2) AS share_of_turnover_percent \
         FROM segment_by_turnover_band WHERE country = 'FI' ORDER BY turnover_band_order",
    ),
    (
        "Which industries are large? (segment_by_industry)",
        "SELECT country, industry_division, industry_division_name, companies, turnover_eur FROM segment_by_industry \
         WHERE country = 'FI' ORDER BY turnover_eur DESC NULLS LAST LIMIT 8",
    ),
    (
        "Small and medium-sized enterprises (segment_by_size_class)",
        "SELECT country, size_class, companies, round(share_of_companies_percent, 2) AS share_of_companies_percent, turnover_eur, staff \
         FROM segment_by_size_class WHERE country = 'SE' ORDER BY size_class_order",
    ),
];

/// Options of `demo`
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Companies to generate
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    companies: u32,
    /// Folder for the warehouse and the Parquet files; what an earlier demo left there is replaced
    #[arg(long, value_name = "DIR", default_value = "demo")]
    dir: PathBuf,
}

pub(crate) fn run(args: &DemoArgs, _global: &Settings, output: &Output) -> Result<u8, Error> {
    fs_err::create_dir_all(&args.dir)?;
    let warehouse = args.dir.join("vainu.duckdb");
    let parquet = args.dir.join("parquet");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let text = format!("Starting the simulator with {} companies.", args.companies);
    output.tell(Kind::Progress, &text, Value::Null);
    begin_anew(&warehouse)?;
    let now = jiff::Timestamp::from_microsecond(NOW_US).ok();
    let config = Config { companies: args.companies, now, ..Config::default() };
    let key = config.api_key.clone();
    let simulator = runtime.block_on(Simulator::start(config))?;
    let settings = settings(&warehouse, &simulator, key)?;
    let report = run_sync(&settings, output)
        .map_err(|error| error.advised("run the same command again: the demo begins anew"))?;
    runtime.block_on(simulator.shutdown());
    summarise(&report, output);
    let manifest = export::export(&ExportOptions::new(&warehouse, &parquet))?;
    super::export::summarise(&manifest, &parquet.display().to_string(), output);
    for (title, sql) in SHOWN {
        Output::data(&format!("\n{title}\n"))?;
        let options = QueryOptions { width: Output::width(), ..QueryOptions::default() };
        query::query(&warehouse, sql, &options, &mut Output::rows())?;
    }
    Output::data(&next_steps(&warehouse, &parquet))?;
    Ok(report.exit_code)
}

/// Commands that can be copied into the shell that the demo was started from.
fn next_steps(warehouse: &Path, parquet: &Path) -> String {
    let call = format!("{} --warehouse {}", invocation::program(), invocation::word(warehouse));
    let shown = |path: &Path| crate::terminal::safe(&path.to_string_lossy()).into_owned();
    format!(
        "\nWarehouse: {}\nParquet:   {}\n\nTry next:\n  {call} query industry_leaders\n  {call} views companies\n  {call} status\n",
        shown(warehouse),
        shown(parquet),
    )
}

/// Removes what an earlier demo left, so that each gives the same; refuses where anything else was ever loaded.
fn begin_anew(warehouse: &Path) -> Result<(), Error> {
    let workspace = Workspace::open(warehouse)?;
    let _lock = workspace.lock(ARGUMENTS)?;
    let mut loaded: Vec<String> =
        runs::list(&workspace.landing_dir())?.into_iter().map(|run| run.header.arguments).collect();
    // The published file may be gone, and the history in a generation that is kept.
    let newest = load::newest(&workspace)?.map(|newest| newest.path);
    let published = workspace.is_published().then(|| workspace.published().to_owned());
    for file in published.into_iter().chain(newest) {
        query::texts(&file, "SELECT arguments FROM etl.runs", |[arguments]| loaded.push(arguments))?;
    }
    if let Some(other) = loaded.into_iter().find(|arguments| arguments != ARGUMENTS) {
        return Err(Error::Usage {
            message: format!("`{}` holds more than a demo: `sync` loaded {other}", warehouse.display()),
            hint: "name another folder with --dir".to_owned(),
        });
    }
    if workspace.is_published() {
        fs_err::remove_file(workspace.published())?;
    }
    for folder in [workspace.generations_dir(), workspace.landing_dir()] {
        fs_err::remove_dir_all(&folder)?;
        fs_err::create_dir(&folder)?;
    }
    workspace.forget_generations()?;
    Ok(())
}

fn settings(warehouse: &Path, simulator: &Simulator, key: String) -> Result<SyncSettings, Error> {
    let base_url =
        Url::parse(&simulator.base_url()).map_err(|error| Error::Internal { what: error.to_string() })?;
    let client = ClientSettings::new(base_url, Credentials::ApiKey(Secret::new(key)));
    // Everything, contacts too: these people are made up.
    let streams = STREAMS.iter().collect();
    let base = SyncSettings::new(warehouse, client);
    Ok(SyncSettings { streams, arguments: ARGUMENTS.to_owned(), now_us: Some(NOW_US), keep_raw: 1, ..base })
}
