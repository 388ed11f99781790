//! `plan`: what a sync would request.

use std::time::Duration;

use clap::{Args, ValueEnum};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use indicatif::{HumanCount, HumanDuration};
use serde_json::json;

use super::output::Output;
use super::settings::Settings;
use super::sync::{SyncArgs, settings};
use crate::error::Error;
use crate::pipeline::{Estimate, Estimated, Outside, estimate};

/// Options of `plan`
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    sync: SyncArgs,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
    format: PlanFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PlanFormat {
    /// A table
    Text,
    /// JSON; times in seconds
    Json,
}

pub(crate) fn run(args: &PlanArgs, global: &Settings, output: &Output) -> Result<u8, Error> {
    let settings = settings(&args.sync, global)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let estimated = runtime.block_on(estimate(&settings))?;
    match args.format {
        PlanFormat::Text => {
            Output::data(&table(&estimated))?;
            if let Some(outside) = &estimated.outside {
                output.say(&outside_line(outside));
            }
            output.say(&format!(
                "{} requests were spent on finding that out, {} ms each; times are for {} in flight. Nothing was loaded.",
                HumanCount(estimated.spent),
                estimated.answer_time.as_millis(),
                settings.client.concurrency,
            ));
        }
        PlanFormat::Json => Output::data(&json(&estimated))?,
    }
    Ok(0)
}

fn total(estimated: &Estimated) -> (u64, Duration) {
    let requests = estimated.streams.iter().map(|stream| stream.requests).sum();
    (requests, estimated.streams.iter().fold(Duration::ZERO, |sum, stream| sum.saturating_add(stream.time)))
}

fn table(estimated: &Estimated) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["stream", "lists", "to read", "requests", "about"]);
    for stream in &estimated.streams {
        let rows = stream.rows.map_or_else(|| "?".to_owned(), |rows| HumanCount(rows).to_string());
        let most = if stream.at_most { "at most " } else { "" };
        let rows = format!("{most}{rows} {}", stream.unit);
        table.add_row([
            name(stream),
            HumanCount(stream.lists).to_string(),
            rows,
            HumanCount(stream.requests).to_string(),
            HumanDuration(stream.time).to_string(),
        ]);
    }
    let (requests, time) = total(estimated);
    table.add_row([
        "together".to_owned(),
        String::new(),
        String::new(),
        HumanCount(requests).to_string(),
        HumanDuration(time).to_string(),
    ]);
    if let Some(first) = table.column_mut(0) {
        first.set_padding((0, 1));
    }
    for column in table.column_iter_mut().skip(1).take(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n") + "\n"
}

/// The stream, and what else its answers are or are not asked for.
fn name(stream: &Estimate) -> String {
    let mut name = stream.endpoint.to_owned();
    if stream.serves != [stream.endpoint] {
        name = format!("{name} (for {})", stream.serves.join(", "));
    }
    if stream.fresh > 0 {
        name = format!("{name}, {} companies are new enough", HumanCount(stream.fresh));
    }
    name
}

/// What is said of members that no selection holds.
fn outside_line(outside: &Outside) -> String {
    let (members, requests) = (HumanCount(outside.members), HumanCount(outside.requests));
    let most = if outside.exact { "" } else { "At most " };
    if outside.asked_about {
        format!(
            "{most}{members} members of target groups are outside of the selection and are asked about too: {requests} \
             of the requests. Without `--details-for members` they are left out."
        )
    } else {
        format!(
            "{most}{members} members of target groups are outside of the selection: they are loaded, but not asked about \
             by themselves. `--details-for members` asks about them too, for {requests} requests more."
        )
    }
}

fn json(estimated: &Estimated) -> String {
    let streams = estimated.streams.iter().map(|stream| {
        json!({
            "endpoint": stream.endpoint,
            "serves": stream.serves,
            "lists": stream.lists,
            "rows": stream.rows,
            "at_most": stream.at_most,
            "unit": stream.unit,
            "fresh": stream.fresh,
            "requests": stream.requests,
            "seconds": stream.time.as_secs_f64(),
        })
    });
    let (requests, time) = total(estimated);
    let plan = json!({
        "streams": streams.collect::<Vec<_>>(),
        "members_outside": estimated.outside.map(|outside| json!({
            "members": outside.members,
            "exact": outside.exact,
            "requests": outside.requests,
            "asked_about": outside.asked_about,
        })),
        "requests": requests,
        "seconds": time.as_secs_f64(),
        "spent_requests": estimated.spent,
        "seconds_per_answer": estimated.answer_time.as_secs_f64(),
    });
    format!("{plan:#}\n")
}
