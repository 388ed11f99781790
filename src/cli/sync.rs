//! `sync`: load from the API and publish.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::Value;
use tokio::sync::oneshot;

use super::output::{Kind, Output};
use super::progress::Progress;
use super::publishing::{accepted_checks, status_texts};
use super::settings::Settings;
use super::summary::summarise;
use super::{config, signals};
use crate::api::ClientSettings;
use crate::catalog::{Lists, STREAMS, Stream};
use crate::error::{BUDGET, Error};
use crate::pipeline::planner::{default_streams, with_needed};
use crate::pipeline::{self, ExtractSettings, SyncSettings};
use crate::report::Report;
use crate::selection::{DetailsFor, Selection, lists_of};

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

/// What the command line and the settings file say together.
pub(super) fn settings(args: &SyncArgs, global: &Settings) -> Result<SyncSettings, Error> {
    let file = &global.file;
    let streams = streams(&args.streams, &file.streams)?;
    let (selections, mut arguments) = selections(&args.filters, &file.select)?;
    if !args.filters.is_empty()
        && !with_needed(&streams).iter().any(|stream| stream.lists == Lists::Selections)
    {
        return Err(Error::Usage {
            message: "--filter chooses companies, and none of the streams reads lists of companies"
                .to_owned(),
            hint: "leave the filter out, or name `prospects` too".to_owned(),
        });
    }
    if !args.streams.is_empty() {
        arguments = format!("{} {arguments}", args.streams.join(" "));
    }
    let mut client = ClientSettings::new(global.base_url()?, global.credentials()?.0);
    if let Some(concurrency) = args.concurrency.map(|n| n.get() as usize).or(file.concurrency) {
        client.concurrency =
            u32::try_from(concurrency).ok().and_then(NonZeroU32::new).ok_or_else(|| Error::Usage {
                message: format!("concurrency {concurrency} is not possible"),
                hint: "give a number from 1".to_owned(),
            })?;
    }
    client.requests_per_second = args.requests_per_second.or(file.requests_per_second);
    client.max_requests = args.max_requests;
    client.deadline = args.max_duration.map(|duration| Instant::now() + duration);
    let mut settings = SyncSettings::new(&global.warehouse, client);
    settings.extract.page_size = page_size(args.page_size.or(file.page_size))?;
    settings.accepted_checks = accepted_checks(&args.accept_checks)?;
    settings.status_texts = status_texts(file)?;
    settings.max_deleted_percent = percent(args.max_deleted_percent.or(file.max_deleted_percent))?;
    let memory_limit = args.memory_limit.or(file.memory_limit);
    settings.load.memory_limit_mb = memory_limit.unwrap_or(settings.load.memory_limit_mb);
    settings.keep = args.keep.or(file.keep).unwrap_or(settings.keep);
    settings.keep_raw = args.keep_raw.or(file.keep_raw).unwrap_or(settings.keep_raw);
    settings.lists = lists_of(&selections)?;
    if !file.customer_data.is_empty() {
        settings.customer_lists = vec![Selection::customer_data(&file.customer_data)?];
    }
    let target_groups = if args.target_groups.is_empty() { &file.target_groups } else { &args.target_groups };
    settings.target_groups.clone_from(target_groups);
    settings.details_for = args.details_for.or(file.details_for).map_or_else(DetailsFor::default, Into::into);
    settings.forget_selections = args.forget_selections;
    if settings.details_for == DetailsFor::Members {
        arguments.push_str(" --details-for members");
    }
    if args.forget_selections {
        arguments.push_str(" --forget-selections");
    }
    if args.forget_selections && !with_needed(&streams).iter().any(|stream| stream.lists == Lists::Selections)
    {
        return Err(Error::Usage {
            message: "--forget-selections needs a run that reads selections, and none of the streams does"
                .to_owned(),
            hint: "name `prospects` too".to_owned(),
        });
    }
    settings.details_max_age = match (args.details_max_age, &file.details_max_age) {
        (None, Some(text)) => Some(parse_duration(text).map_err(|reason| Error::Usage {
            message: format!("`details_max_age = \"{text}\"` is no duration"),
            hint: reason,
        })?),
        (given, _) => given,
    };
    settings.restart_history = args.restart_history;
    Ok(SyncSettings { streams, arguments, full: args.full, restart: args.restart, ..settings })
}

fn page_size(given: Option<u32>) -> Result<u32, Error> {
    let most = ExtractSettings::PAGE_SIZE;
    let page_size = given.unwrap_or(most);
    if (1..=most).contains(&page_size) {
        return Ok(page_size);
    }
    Err(Error::Usage {
        message: format!("page size {page_size} is not possible"),
        hint: format!("give 1 to {most}"),
    })
}

fn percent(given: Option<f64>) -> Result<f64, Error> {
    let percent = given.unwrap_or(SyncSettings::MAX_DELETED_PERCENT);
    if (0.0..=100.0).contains(&percent) {
        return Ok(percent);
    }
    Err(Error::Usage {
        message: format!("a share of {percent} per cent is not possible"),
        hint: "give 0 to 100".to_owned(),
    })
}

/// The streams of the command line, else of the settings file, else the default ones.
fn streams(given: &[String], file: &[String]) -> Result<Vec<&'static Stream>, Error> {
    let names = if given.is_empty() { file } else { given };
    if names.is_empty() {
        return Ok(default_streams());
    }
    let known = |name: &String| {
        STREAMS.iter().find(|stream| stream.name == name).ok_or_else(|| Error::Usage {
            message: format!("there is no stream `{name}`"),
            hint: format!(
                "the streams are {}",
                STREAMS.iter().map(|stream| stream.name).collect::<Vec<_>>().join(", ")
            ),
        })
    };
    names.iter().map(known).collect()
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
    let number: u64 =
        number.parse().map_err(|_| "write a number and a unit: 90s, 30m, 2h, 30d".to_owned())?;
    let seconds = match unit {
        "s" | "" => Some(number),
        "m" | "min" => number.checked_mul(60),
        "h" => number.checked_mul(3600),
        "d" => number.checked_mul(24 * 3600),
        _ => None,
    };
    seconds.map(Duration::from_secs).ok_or_else(|| "the unit is s, m, h or d".to_owned())
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
