//! `sync`: load from the API and publish.

mod settings;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::Value;
use tokio::sync::oneshot;

use super::output::{Kind, Output};
use super::progress::Progress;
use super::settings::Settings;
use super::signals;
use super::summary::summarise;
use crate::catalog::STREAMS;
use crate::error::{BUDGET, Error};
use crate::pipeline::{self, SyncSettings};
use crate::report::Report;
use crate::selection::DetailsFor;
use settings::parse_duration;
pub(super) use settings::settings;

/// Options of `sync`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct SyncArgs {
    /// Streams to load, with what they need; when omitted those of the settings file, else the default ones
    ///
    /// By default: `prospects`, `target_groups`, `target_group_members`, `financial_statements`, `leads`,
    /// `customer_data`. `contacts` holds personal data and is loaded only when named. What is asked for each company by
    /// itself (`financial_statements`, `details`, `contacts`, `technologies`, `company_leads`) costs a request for each
    /// company; `vainu-etl plan` says how many.
    #[arg(value_name = "STREAM", value_parser = clap::builder::PossibleValuesParser::new(STREAMS.iter().map(|s| s.name)))]
    streams: Vec<String>,
    /// Load only companies that match; several filters must all match
    ///
    /// Members of target groups are loaded whether they match or not. What costs a request for each company is asked about
    /// those that match alone, see --details-for, and segment views count those alone.
    ///
    /// KEY is a field of the API, alone or with an operator: `country=FI`, `turn_over__gte=1000000`,
    /// `visiting_postal__startswith=00`, `business_ids=@ids.txt`. For alternatives use [[select]] in the settings
    /// file. Replaces the selections of the settings file.
    #[arg(long = "filter", value_name = "KEY=VALUE")]
    filters: Vec<String>,
    /// Read only this target group, by name or id; several may be given. Replaces those of the settings file
    #[arg(long = "target-group", value_name = "NAME")]
    target_groups: Vec<String>,
    /// Which companies to ask about by themselves: those of the selections, or members of target groups too
    ///
    /// Each company costs a request for each of `financial_statements`, `details`, `contacts`, `technologies` and
    /// `company_leads` that is chosen. `vainu-etl plan` says how many members are outside of the selections and what they
    /// would cost. Without a selection it makes no difference. [default: selection]
    #[arg(long, value_name = "WHICH", value_enum)]
    details_for: Option<DetailsForArg>,
    /// Let selections of earlier runs that this run does not read count no more
    ///
    /// Selections of several runs add up. Companies that only forgotten ones hold are marked as deleted.
    #[arg(long)]
    forget_selections: bool,
    /// Ask again for what is asked for each company by itself only when it is older, for example 30d [default: always]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    details_max_age: Option<Duration>,
    /// Read everything, also what is new enough or was read before
    #[arg(long)]
    full: bool,
    /// Read lists of companies whole only when the last whole reading is older, for example 7d; in between only what
    /// changed since the last reading [default: always whole]
    ///
    /// Companies that left a list are noticed when it is read whole. A list that was never read whole, of another
    /// selection, or by an earlier version of the program is read whole.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    full_every: Option<Duration>,
    /// How far before the last reading the search for what changed begins [default: 6h]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    overlap: Option<Duration>,
    #[arg(long, value_name = "N", help = stops("so many requests"))]
    max_requests: Option<u64>,
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help = stops("so long, for example 90s, 30m, 2h"))]
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
    /// Publish although these checks found something, named as their message names them (NAME or NAME,NAME)
    ///
    /// A check says that something is wrong with what was loaded, and keeps it from being published. Look at the rows
    /// that it names before you accept it. Holds for this run only.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    accept_checks: Vec<String>,
    /// Memory that DuckDB may use while loading, in megabytes; more goes to temporary files [default: 130]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(50..))]
    memory_limit: Option<u64>,
    /// Give up an unfinished run of the same selections instead of resuming it
    #[arg(long)]
    restart: bool,
    /// Begin the history anew: carry nothing over from what was published before, which stays a generation
    ///
    /// Without it, a published file that is gone is brought back from the newest kept generation, and the run goes on from
    /// there.
    #[arg(long)]
    restart_history: bool,
}

/// Which companies are asked about by themselves
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DetailsForArg {
    /// Those that a selection holds
    Selection,
    /// Members of target groups too
    Members,
}

impl From<DetailsForArg> for DetailsFor {
    fn from(argument: DetailsForArg) -> Self {
        match argument {
            DetailsForArg::Selection => Self::Selection,
            DetailsForArg::Members => Self::Members,
        }
    }
}

pub(crate) fn run(args: &SyncArgs, global: &Settings, output: &Output) -> Result<u8, Error> {
    let settings = settings(args, global)?;
    let report = run_sync(&settings, output).map_err(|error| continued(error, args.restart))?;
    summarise(&report, output);
    if let Some(path) = &args.report {
        write_report(&report, path)?;
    }
    Ok(report.exit_code)
}

/// The help of an option that ends a run early.
fn stops(after: &str) -> String {
    format!("Stop after {after}; the same command goes on [exit code {BUDGET}]")
}

/// The error with a hint that says whether the same command goes on, which only this verb can know.
fn continued(error: Error, restart: bool) -> Error {
    let hint = error.hint();
    let without = if restart { " without --restart" } else { "" };
    let more = if error.resumes() {
        format!("the same command{without} goes on where this run stopped, within 24 hours")
    } else if restart && hint.as_ref().is_some_and(|hint| hint.contains("same command again")) {
        "leave --restart out then, which would ask for everything anew".to_owned()
    } else {
        return error;
    };
    let hint = hint.map_or_else(|| more.clone(), |hint| format!("{hint}; {more}"));
    error.advised(hint)
}

/// Runs a sync on a runtime of its own; the first signal ends it in order, a second one at once.
pub(crate) fn run_sync(settings: &SyncSettings, output: &Output) -> Result<Report, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(blocking_threads())
        .enable_all()
        .build()?;
    let progress = Progress::new(output);
    let (stop, stopped) = oneshot::channel();
    runtime.spawn(watch_signals(output.clone(), stop));
    let stopped = async {
        if stopped.await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let outcome = runtime.block_on(pipeline::sync(settings, &progress, stopped));
    signals::end_at_once();
    progress.finish();
    outcome
}

/// Threads that compress, parse and look names up: what they do keeps a core busy, and the allocator keeps memory apart
/// for every thread that ever asked for some. With a thread for each request in flight, a run of 1,000,000 prospects
/// had 30 MiB more resident.
fn blocking_threads() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).max(2)
}

/// The first signal ends the run in order; a second one ends the process at once, in whatever step it is.
async fn watch_signals(output: Output, stop: oneshot::Sender<()>) {
    // Without a handler the signal ends the process at once, which resuming survives.
    let Ok(mut signals) = signals::Watch::begin() else { return };
    let (name, _) = signals.first().await;
    let text = format!(
        "Interrupted ({name}): requests in flight are finished and kept, a load that has begun is finished. \
         {} to stop at once.",
        if name == "Ctrl-C" { "Press Ctrl-C again" } else { "Send it again" }
    );
    output.tell(Kind::Progress, &text, Value::Null);
    // Nobody listens any more once the pages are staged; the load then runs to its end.
    let _ = stop.send(());
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
