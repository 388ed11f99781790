//! What the command line and the settings file say together.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use super::SyncArgs;
use crate::api::ClientSettings;
use crate::catalog::{self, Lists, STREAMS, Stream};
use crate::cli::config;
use crate::cli::publishing::{accepted_checks, status_texts};
use crate::cli::settings::Settings;
use crate::error::Error;
use crate::pipeline::planner::{default_streams, with_needed};
use crate::pipeline::{ExtractSettings, SyncSettings};
use crate::selection::{DetailsFor, Selection, lists_of};

/// What the command line and the settings file say together.
pub(in crate::cli) fn settings(args: &SyncArgs, global: &Settings) -> Result<SyncSettings, Error> {
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
    settings.details_max_age =
        duration("details_max_age", args.details_max_age, file.details_max_age.as_deref())?;
    settings.full_every = duration("full_every", args.full_every, file.full_every.as_deref())?;
    let overlap = duration("overlap", args.overlap, file.overlap.as_deref())?;
    settings.overlap = overlap.unwrap_or(settings.overlap);
    settings.restart_history = args.restart_history;
    Ok(SyncSettings { streams, arguments, full: args.full, restart: args.restart, ..settings })
}

/// A duration of the command line, else of the settings file.
fn duration(name: &str, given: Option<Duration>, file: Option<&str>) -> Result<Option<Duration>, Error> {
    let (None, Some(text)) = (given, file) else { return Ok(given) };
    let parsed = parse_duration(text).map_err(|reason| Error::Usage {
        message: format!("`{name} = \"{text}\"` is no duration"),
        hint: reason,
    })?;
    Ok(Some(parsed))
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
        catalog::stream(name).ok_or_else(|| Error::Usage {
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

pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
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
