//! What a run did, in a few lines.

use indicatif::{HumanBytes, HumanCount};

use super::output::Output;
use crate::report::{ListLine, Report};

/// Says in a few lines what a run did: each stream with its proof, what changed, what it took.
pub(crate) fn summarise(report: &Report, output: &Output) {
    for stream in streams(report) {
        let lists: Vec<&ListLine> = report.lists.iter().filter(|list| list.stream == stream).collect();
        output.say(&proof(stream, &lists));
    }
    let sum =
        |count: fn(&ListLine) -> u64| HumanCount(report.lists.iter().map(count).fold(0, u64::saturating_add));
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
            "warning: list `{}` of {} is not proven complete after {} sweeps: {}. What was received is loaded; nothing was marked as deleted.",
            line.list,
            line.stream,
            line.sweeps,
            line.reasons.join("; "),
        ));
        output.say("hint: run the same command again; `vainu-etl status` shows the evidence");
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

/// One line about a stream: how much came, and what shows that it is all.
fn proof(stream: &str, lists: &[&ListLine]) -> String {
    let sum = |count: fn(&ListLine) -> u64| lists.iter().map(|list| count(list)).fold(0, u64::saturating_add);
    let complete = lists.iter().filter(|list| list.complete).count();
    let rows = HumanCount(sum(|list| list.rows_received));
    let about_companies = lists.iter().any(|list| list.list == crate::extract::COMPANIES);
    let evidence = if about_companies {
        let due = sum(|list| list.total_before.unwrap_or(0));
        let not_found = sum(|list| list.not_found);
        let unknown = if not_found > 0 {
            format!(", {} unknown to the server", HumanCount(not_found))
        } else {
            String::new()
        };
        format!("of {} companies asked for{unknown}", HumanCount(due))
    } else if lists.iter().all(|list| list.total_after.is_some()) {
        format!("of {} that the server counts", HumanCount(sum(|list| list.total_after.unwrap_or(0))))
    } else {
        "in whole answers".to_owned()
    };
    let since = lists.iter().filter_map(|list| list.window_from.as_deref()).min();
    let since =
        since.map_or_else(String::new, |since| format!(" since {}", since.get(..10).unwrap_or(since)));
    let of_lists = match (lists.len(), complete == lists.len()) {
        (1, true) => "complete".to_owned(),
        (1, false) => "NOT complete".to_owned(),
        (all, true) => format!("{all} lists, all complete"),
        (all, false) => format!("{all} lists, {} NOT complete", all - complete),
    };
    format!("{stream:<21} {rows} rows {evidence}{since}: {of_lists}")
}
