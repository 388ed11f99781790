//! What a run did, in a few lines.

use std::path::Path;

use indicatif::{HumanBytes, HumanCount};
use serde_json::json;

use super::invocation;
use super::output::{Kind, Output};
use super::progress::things;
use crate::catalog::{self, Stream};
use crate::report::{ListLine, Report};
use crate::selection::{country_of, short_id};

/// Says in a few lines what a run did: each stream with its proof, what changed, what it took.
pub(crate) fn summarise(report: &Report, output: &Output) {
    for stream in streams(report) {
        let lists: Vec<&ListLine> = report.lists.iter().filter(|list| list.stream == stream).collect();
        output.say(&proof(stream, &lists));
    }
    for text in about_selections(report) {
        output.say(&text);
    }
    for list in report.lists.iter().filter(|list| list.ids_not_found > 0) {
        let all = format!(
            "all of them: vainu-etl --warehouse {} query \"FROM etl.ids_not_found\"",
            invocation::word(Path::new(&report.warehouse))
        );
        output.warn(&missing_ids(list), &all);
    }
    let sum =
        |count: fn(&ListLine) -> u64| HumanCount(report.lists.iter().map(count).fold(0, u64::saturating_add));
    let published = format!(
        "Published generation {} of {} ({}). Rows, each counted in every list that shows it: {} new, {} changed, {} unchanged, {} deleted; {} rejects.",
        report.generation,
        report.warehouse,
        HumanBytes(report.warehouse_bytes),
        sum(|list| list.inserted),
        sum(|list| list.updated),
        sum(|list| list.unchanged),
        sum(|list| list.deleted),
        HumanCount(report.rejects),
    );
    output.tell(Kind::Summary, &published, json!({ "report": report }));
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
        let text = format!(
            "list `{}` of {} is not proven complete after {} sweeps: {}. What was received is loaded; nothing was marked as deleted.",
            line.list,
            line.stream,
            line.sweeps,
            line.reasons.join("; "),
        );
        output.warn(&text, "run the same command again; `vainu-etl status` shows the evidence");
    }
    if report.rejects > 0 {
        output.say(&format!("What did not fit, and why: {}", super::rejects::command(&report.warehouse)));
    }
}

/// The streams of a report in their order, each once.
fn streams(report: &Report) -> Vec<&str> {
    let mut streams: Vec<&str> = Vec::new();
    for list in &report.lists {
        if !streams.contains(&list.stream.as_str()) {
            streams.push(&list.stream);
        }
    }
    streams
}

/// Ids of a list that a line names.
const NAMED_IDS: usize = 10;

/// What the selections left out, and which others still count.
fn about_selections(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    let members = report.members_outside;
    if members.members > 0 {
        lines.push(format!(
            "{} members of target groups are outside of the selection: they are loaded, but were not asked about by \
             themselves. `--details-for members` asks about them too, for {} requests more.",
            HumanCount(members.members),
            HumanCount(members.requests),
        ));
    }
    if report.companies_outside > 0 {
        lines.push(format!(
            "{} companies of the warehouse are in no selection; segment views leave them out (`prospects._selected`).",
            HumanCount(report.companies_outside),
        ));
    }
    for list in &report.other_selections {
        lines.push(format!(
            "Selection `{}` of an earlier run still counts, with {} companies; `--forget-selections` lets it go.",
            list.list,
            HumanCount(list.companies),
        ));
    }
    lines
}

/// The ids of a list that the server does not have.
fn missing_ids(list: &ListLine) -> String {
    let country = country_of(&list.list);
    let named: Vec<&str> = list.missing_ids.iter().take(NAMED_IDS).map(String::as_str).collect();
    let more = if list.ids_not_found > named.len() as u64 { ", …" } else { "" };
    let reason = list.missing_ids.first().and_then(|id| short_id(country, id)).unwrap_or_default();
    let note = match list.ids_short {
        0 => String::new(),
        short if short == list.ids_not_found => format!(" ({reason})"),
        short => format!(" (of these {short} {reason})"),
    };
    format!(
        "{} of {} business ids that were asked for are not found: {}{more}{note}",
        HumanCount(list.ids_not_found),
        HumanCount(list.ids_asked),
        named.join(", "),
    )
}

/// One line about a stream: how much came, and what shows that it is all.
fn proof(stream: &str, lists: &[&ListLine]) -> String {
    let sum = |count: fn(&ListLine) -> u64| lists.iter().map(|list| count(list)).fold(0, u64::saturating_add);
    let complete = lists.iter().filter(|list| list.complete).count();
    let received = HumanCount(sum(|list| list.rows_received));
    let about_companies = lists.iter().any(|list| list.list == crate::extract::COMPANIES);
    let evidence = if about_companies {
        let due = HumanCount(sum(|list| list.total_before.unwrap_or(0)));
        let answers = HumanCount(sum(|list| list.distinct_keys));
        let rows = HumanCount(sum(|list| list.inserted + list.updated + list.unchanged));
        let not_found = sum(|list| list.not_found);
        let unknown = if not_found > 0 {
            format!(", {} companies unknown to the server", HumanCount(not_found))
        } else {
            String::new()
        };
        format!("{answers} answers about {due} companies{unknown}, {rows} {}", things(stream))
    } else if lists.iter().all(|list| list.total_after.is_some()) {
        format!(
            "{received} rows of {} that the server counts",
            HumanCount(sum(|list| list.total_after.unwrap_or(0)))
        )
    } else {
        format!("{received} rows in whole answers")
    };
    let since = lists.iter().filter_map(|list| list.window_from.as_deref()).min();
    let holds_companies = catalog::stream(stream).is_some_and(Stream::holds_companies);
    let since = match since {
        None => String::new(),
        Some(since) if holds_companies => format!(" changed since {}", since.get(..16).unwrap_or(since)),
        Some(since) => format!(" since {}", since.get(..10).unwrap_or(since)),
    };
    let of_lists = match (lists.len(), complete == lists.len()) {
        (1, true) => "complete".to_owned(),
        (1, false) => "NOT complete".to_owned(),
        (all, true) => format!("{all} lists, all complete"),
        (all, false) => format!("{all} lists, {} NOT complete", all - complete),
    };
    format!("{stream:<21} {evidence}{since}: {of_lists}")
}
