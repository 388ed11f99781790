//! `sync`: load from the API and publish.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{HumanBytes, HumanCount};
use tokio::sync::oneshot;

use super::output::Output;
use super::progress::Progress;
use super::settings::Settings;
use super::{config, credentials};
use crate::api::ClientSettings;
use crate::catalog::{PROSPECTS, STREAMS, Stream};
use crate::error::Error;
use crate::extract::ExtractSettings;
use crate::load::LoadSettings;
use crate::pipeline::{self, SyncSettings};
use crate::report::Report;
use crate::selection::{Selection, lists_of};

/// A list with more rows than this is cut into slices: 25 pages deep an offset is still cheap for the server.
pub(super) const SLICE_ROWS: u64 = 25_000;
/// Requests in flight unless told otherwise.
pub(super) const CONCURRENCY: usize = 8;

/// Earlier generations kept unless told otherwise.
pub(super) const KEEP: usize = 3;
/// Share of a list's companies that may disappear unless told otherwise.
pub(super) const MAX_DELETED_PERCENT: f64 = 50.0;

/// Options of `sync`
#[derive(Debug, Args)]
pub(crate) struct SyncArgs {
    /// Streams to load; all when omitted
    #[arg(value_name = "STREAM", value_parser = clap::builder::PossibleValuesParser::new(STREAMS.iter().map(|s| s.name)))]
    streams: Vec<String>,
    /// Load only companies that match; several filters must all match
    ///
    /// KEY is a field of the API, alone or with an operator: `country=FI`, `turn_over__gte=1000000`,
    /// `visiting_postal__startswith=00`, `business_ids=@ids.txt`. For alternatives use [[select]] in the settings
    /// file. Replaces the selections of the settings file.
    #[arg(long = "filter", value_name = "KEY=VALUE")]
    filters: Vec<String>,
    /// Read whole lists even where reading only what changed would do
    #[arg(long)]
    full: bool,
    /// Stop after so many requests; the same command goes on [exit code 8]
    #[arg(long, value_name = "N")]
    max_requests: Option<u64>,
    /// Stop after so long, for example 90s, 30m, 2h; the same command goes on [exit code 8]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    max_duration: Option<Duration>,
    /// Most requests in flight; the run starts with 2 and finds its way up [default: 8]
    #[arg(long, value_name = "N")]
    concurrency: Option<NonZeroU32>,
    /// Most requests started per second [default: what the server takes]
    #[arg(long, value_name = "N")]
    requests_per_second: Option<f64>,
    /// Rows asked for in one request, 1 to 1000 [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    page_size: Option<u32>,
    /// Write the report of the run as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Earlier generations to keep for `rollback` [default: 3]
    #[arg(long, value_name = "N")]
    keep: Option<usize>,
    /// Runs whose landed pages to keep for `rebuild`, at least 1 [default: 3]
    #[arg(long, value_name = "N")]
    keep_raw: Option<usize>,
    /// Refuse to publish when more of a list's companies disappear, in per cent [default: 50]
    #[arg(long, value_name = "PERCENT")]
    max_deleted_percent: Option<f64>,
    /// Memory that DuckDB may use while loading, in megabytes; more goes to temporary files [default: 130]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(50..))]
    memory_limit: Option<u64>,
    /// Give up an unfinished run of the same selections instead of resuming it
    #[arg(long)]
    restart: bool,
}

pub(crate) fn run(args: &SyncArgs, global: &Settings, output: &Output) -> Result<u8, Error> {
    let settings = settings(args, global)?;
    let report = run_sync(&settings, output)?;
    summarise(&report, output);
    if let Some(path) = &args.report {
        write_report(&report, path)?;
    }
    Ok(report.exit_code)
}

/// Runs a sync on a runtime of its own; Ctrl-C ends it in order, a second one at once.
pub(crate) fn run_sync(settings: &SyncSettings, output: &Output) -> Result<Report, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(blocking_threads())
        .enable_all()
        .build()?;
    let progress = Progress::new(output, settings.stream.name);
    let (stop, stopped) = oneshot::channel();
    runtime.spawn(watch_interrupts(output.clone(), stop));
    let stopped = async {
        if stopped.await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let outcome = runtime.block_on(pipeline::sync(settings, &progress, stopped));
    progress.finish();
    outcome
}

/// Threads that compress, parse and look names up: what they do keeps a core busy, and the allocator keeps memory apart
/// for every thread that ever asked for some. With a thread for each request in flight, a run of 1,000,000 prospects
/// had 30 MiB more resident.
fn blocking_threads() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).max(2)
}

/// The first Ctrl-C ends the run in order, the second at once, in whatever step it is.
async fn watch_interrupts(output: Output, stop: oneshot::Sender<()>) {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler the signal ends the process at once, which resuming survives.
        return;
    }
    output.say("Interrupted: requests in flight are finished and kept. Press Ctrl-C again to stop at once.");
    // Nobody listens any more once the pages are staged; the load then runs to its end.
    let _ = stop.send(());
    if tokio::signal::ctrl_c().await.is_ok() {
        #[expect(clippy::exit, reason = "the user insists; whatever is landed is durable")]
        std::process::exit(i32::from(crate::error::INTERRUPTED));
    }
}

fn settings(args: &SyncArgs, global: &Settings) -> Result<SyncSettings, Error> {
    let file = &global.file;
    let (selections, arguments) = selections(&args.filters, &file.select)?;
    let lists = lists_of(&selections)?;
    let base_url = global.base_url()?;
    let mut client = ClientSettings::new(base_url, credentials::find(global.api_key_file.as_deref())?);
    let concurrency = args.concurrency.map(|n| n.get() as usize).or(file.concurrency).unwrap_or(CONCURRENCY);
    client.concurrency =
        u32::try_from(concurrency).ok().and_then(NonZeroU32::new).ok_or_else(|| Error::Usage {
            message: format!("concurrency {concurrency} is not possible"),
            hint: "give a number from 1".to_owned(),
        })?;
    client.requests_per_second = args.requests_per_second.or(file.requests_per_second);
    client.max_requests = args.max_requests;
    client.deadline = args.max_duration.map(|duration| Instant::now() + duration);
    let stream = stream();
    let page_size = args.page_size.or(file.page_size).unwrap_or(stream.endpoint.max_page_size);
    if !(1..=stream.endpoint.max_page_size).contains(&page_size) {
        return Err(Error::Usage {
            message: format!("page size {page_size} is not possible"),
            hint: format!("give 1 to {}", stream.endpoint.max_page_size),
        });
    }
    let max_deleted_percent =
        args.max_deleted_percent.or(file.max_deleted_percent).unwrap_or(MAX_DELETED_PERCENT);
    if !(0.0..=100.0).contains(&max_deleted_percent) {
        return Err(Error::Usage {
            message: format!("a share of {max_deleted_percent} per cent is not possible"),
            hint: "give 0 to 100".to_owned(),
        });
    }
    let mut load = LoadSettings::default();
    load.memory_limit_mb = args.memory_limit.or(file.memory_limit).unwrap_or(load.memory_limit_mb);
    Ok(SyncSettings {
        warehouse: global.warehouse.clone(),
        stream,
        lists,
        arguments,
        client,
        extract: ExtractSettings { page_size, slice_rows: SLICE_ROWS, requests_at_once: concurrency * 2 },
        load,
        keep: args.keep.or(file.keep).unwrap_or(KEEP),
        max_deleted_percent,
        keep_raw: args.keep_raw.or(file.keep_raw).unwrap_or(3),
        restart: args.restart,
    })
}

/// The stream that is loaded. There is one so far; naming it is the same as naming none.
pub(super) fn stream() -> &'static Stream {
    &PROSPECTS
}

/// Selections of the command line, else of the settings file, else everything.
fn selections(filters: &[String], tables: &[toml::Table]) -> Result<(Vec<Selection>, String), Error> {
    if !filters.is_empty() {
        let selection = Selection::from_pairs(filters)?;
        return Ok((
            vec![selection],
            filters.iter().map(|filter| format!("--filter {filter}")).collect::<Vec<_>>().join(" "),
        ));
    }
    let selections = tables.iter().map(Selection::from_table).collect::<Result<Vec<_>, _>>()?;
    if selections.is_empty() {
        return Ok((vec![Selection::default()], "all companies".to_owned()));
    }
    Ok((selections, format!("{} selections of {}", tables.len(), config::DEFAULT_FILE)))
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| "write a number and a unit: 90s, 30m, 2h".to_owned())?;
    let seconds = match unit {
        "s" | "" => Some(number),
        "m" | "min" => number.checked_mul(60),
        "h" => number.checked_mul(3600),
        _ => None,
    };
    seconds.map(Duration::from_secs).ok_or_else(|| "the unit is s, m or h".to_owned())
}

fn write_report(report: &Report, path: &std::path::Path) -> Result<(), Error> {
    let json =
        serde_json::to_string_pretty(report).map_err(|error| Error::Internal { what: error.to_string() })?;
    // A device or a pipe is written to, not replaced.
    if fs_err::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Ok(fs_err::write(path, json + "\n")?);
    }
    let temporary = path.with_extension("tmp");
    fs_err::write(&temporary, json + "\n")?;
    fs_err::rename(&temporary, path)?;
    Ok(())
}

/// Says in a few lines what a run did.
pub(crate) fn summarise(report: &Report, output: &Output) {
    let sum = |count: fn(&crate::report::ListLine) -> u64| HumanCount(report.lists.iter().map(count).sum());
    output.say(&format!(
        "Published generation {} of {} ({}): {} new, {} changed, {} unchanged, {} deleted, {} rejects.",
        report.generation,
        report.warehouse,
        HumanBytes(report.warehouse_bytes),
        sum(|list| list.inserted),
        sum(|list| list.updated),
        sum(|list| list.unchanged),
        sum(|list| list.deleted),
        HumanCount(report.rejects),
    ));
    let seconds: Vec<String> =
        report.seconds.iter().map(|(step, seconds)| format!("{step} {seconds:.1} s")).collect();
    output.say(&format!(
        "{} requests ({} again), {} received, {} of landed pages kept; {}.",
        HumanCount(report.requests),
        HumanCount(report.retries),
        HumanBytes(report.bytes),
        HumanBytes(report.landing_bytes),
        seconds.join(", "),
    ));
    for line in report.lists.iter().filter(|line| !line.complete) {
        output.say(&format!(
            "warning: list `{}` is not proven complete after {} sweeps: {}. What was received is loaded; nothing was marked as deleted.",
            line.list,
            line.sweeps,
            line.reasons.join("; "),
        ));
        output.say("hint: run the same command again; `vainu-etl status` shows the evidence");
    }
}
