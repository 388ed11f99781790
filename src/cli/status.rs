//! `status`: the last runs, freshness, an unfinished run, who holds the lock.

use std::path::Path;

use clap::{Args, ValueEnum};
use indicatif::{HumanBytes, HumanCount};
use serde_json::{Value, json};

use super::output::Output;
use super::progress::things;
use super::settings::Settings;
use crate::clock::utc_text;
use crate::error::Error;
use crate::extract::COMPANIES;
use crate::landing::runs::{self, LandedRun, RunState};
use crate::landing::{LandingError, size_of};
use crate::load;
use crate::query::{self, Format, QueryOptions};
use crate::schema::ddl::literal;
use crate::workspace::Workspace;

/// Form of the status
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StatusFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Options of `status`
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Form of the status
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: StatusFormat,
    /// Runs to show
    #[arg(long, value_name = "N", default_value_t = 5)]
    runs: u32,
}

pub(crate) fn run(args: &StatusArgs, global: &Settings) -> Result<u8, Error> {
    let status = collect(&global.warehouse, args.runs)?;
    match args.format {
        StatusFormat::Json => {
            let text =
                serde_json::to_string_pretty(&status).map_err(|e| Error::Internal { what: e.to_string() })?;
            Output::data(&format!("{text}\n"))?;
        }
        StatusFormat::Text => Output::data(&crate::terminal::safe_lines(&describe(&status)))?,
    }
    Ok(0)
}

fn collect(warehouse: &Path, most_runs: u32) -> Result<Value, Error> {
    let workspace = Workspace::inspect(warehouse)?;
    let unfinished = runs::list(&workspace.landing_dir()).map_err(|error| match error {
        // Nothing is extracted here: what cannot be read is a folder.
        LandingError::Io(error) => Error::Io(error),
        other => Error::Landing(other),
    })?;
    let unfinished: Vec<Value> =
        unfinished.iter().filter(|run| run.state == RunState::Unfinished).map(unfinished_run).collect();
    // It is its owner's alone; the published file is not.
    let readable = workspace.can_read_state();
    let kept = if readable { load::generations(&workspace)? } else { Vec::new() };
    let mut status = json!({
        "warehouse": workspace.published().display().to_string(),
        "published": workspace.is_published(),
        "unfinished": unfinished,
        "lock": workspace.lock_owner(),
        "landing_bytes": size_of(&workspace.landing_dir()),
        "generations": kept.iter().map(|kept| kept.number).collect::<Vec<_>>(),
        "state_readable": readable,
        "runs": [],
        "lists": [],
    });
    if let (Some(marker), Some(fields)) = (workspace.marker()?, status.as_object_mut()) {
        fields.insert("generation".to_owned(), marker.generation.into());
        fields.insert("bytes".to_owned(), fs_err::metadata(workspace.published())?.len().into());
        let runs = format!("SELECT * FROM etl.runs ORDER BY run_id DESC LIMIT {most_runs}");
        fields.insert("runs".to_owned(), rows(workspace.published(), &runs)?);
        let lists = "SELECT * FROM etl.streams QUALIFY row_number() OVER (PARTITION BY stream, list ORDER BY run_id DESC) = 1 \
                     ORDER BY stream, list";
        fields.insert("lists".to_owned(), rows(workspace.published(), lists)?);
        fields.insert("selected".to_owned(), selected(workspace.published())?);
        fields.insert("ids_not_found".to_owned(), ids_not_found(workspace.published())?);
    }
    Ok(status)
}

/// Whether the file has that column; one of an earlier version may not.
fn has_column(published: &Path, table: &str, column: &str) -> Result<bool, Error> {
    let sql = format!(
        "SELECT 1 AS there FROM duckdb_columns() WHERE table_name = {} AND column_name = {} AND NOT internal",
        literal(table),
        literal(column)
    );
    Ok(items(&rows(published, &sql)?).next().is_some())
}

/// Live companies, and how many of them a selection holds; null where the file does not say.
fn selected(published: &Path) -> Result<Value, Error> {
    if !has_column(published, "prospects", "_selected")? {
        return Ok(Value::Null);
    }
    let sql = "SELECT count(*) AS companies, count(*) FILTER (coalesce(_selected, true)) AS selected \
               FROM main.prospects WHERE _deleted_at IS NULL";
    Ok(items(&rows(published, sql)?).next().cloned().unwrap_or_default())
}

/// Lists that were chosen by business ids which did not all come: how many not, and the first ten of them.
fn ids_not_found(published: &Path) -> Result<Value, Error> {
    if !has_column(published, "ids_not_found", "business_id")? {
        return Ok(json!([]));
    }
    let sql = "SELECT stream, list, count(*) AS ids, count(note) AS short, \
               array_to_string(list_slice(list(business_id ORDER BY note IS NULL, business_id), 1, 10), ', ') AS first \
               FROM etl.ids_not_found GROUP BY stream, list ORDER BY stream, list";
    rows(published, sql)
}

fn unfinished_run(run: &LandedRun) -> Value {
    json!({
        "run_id": run.header.run_id,
        "started_at": utc_text(run.header.started_at_us),
        "arguments": run.header.arguments,
        "pages": run.pages.len() + run.answers.len(),
        "bytes": run.size_bytes(),
    })
}

fn rows(published: &Path, sql: &str) -> Result<Value, Error> {
    let mut json = Vec::new();
    let options = QueryOptions { format: Format::Json, ..QueryOptions::default() };
    query::query(published, sql, &options, &mut json)?;
    serde_json::from_slice(&json).map_err(|error| Error::Internal { what: error.to_string() })
}

/// The status for people.
fn describe(status: &Value) -> String {
    let mut text = String::new();
    let warehouse = word(&status["warehouse"]);
    if status["published"] == true {
        let bytes = HumanBytes(status["bytes"].as_u64().unwrap_or(0));
        text.push_str(&format!("{warehouse}: generation {}, {bytes}\n", word(&status["generation"])));
    } else {
        match items(&status["generations"]).next() {
            None => text.push_str(&format!("{warehouse}: nothing published yet\n")),
            Some(newest) => text.push_str(&format!(
                "{warehouse}: gone; `sync` goes on from generation {0}, `sync --restart-history` begins anew, \
                 `rollback` publishes generation {0} again\n",
                word(newest)
            )),
        }
    }
    if status["state_readable"] == true {
        text.push_str(&format!("earlier generations: {}\n", list_of(&status["generations"])));
        text.push_str(&format!(
            "landed pages: {}\n",
            HumanBytes(status["landing_bytes"].as_u64().unwrap_or(0))
        ));
    } else {
        text.push_str(
            "the state folder is its owner's alone: earlier generations, unfinished runs and the lock are shown to them\n",
        );
    }
    for run in items(&status["runs"]) {
        text.push_str(&format!(
            "run {}: {}, finished {}, {} rows seen, {} rejects, {} requests ({})\n",
            word(&run["run_id"]),
            word(&run["status"]),
            word(&run["finished_at"]),
            count(&run["rows"]),
            count(&run["rejects"]),
            count(&run["requests"]),
            word(&run["arguments"]),
        ));
    }
    text.push_str(&describe_lists(status));
    for run in items(&status["unfinished"]) {
        text.push_str(&format!(
            "unfinished run {} of {} ({}): {} pages of lists and bundles of answers landed; `sync` with the same selections resumes it within 24 hours\n",
            word(&run["run_id"]),
            word(&run["started_at"]),
            word(&run["arguments"]),
            word(&run["pages"]),
        ));
    }
    if let Some(owner) = status["lock"].as_object() {
        let part = |name: &str| owner.get(name).map(word).unwrap_or_default();
        text.push_str(&format!(
            "at work: process {} on {} since {} ({})\n",
            part("pid"),
            part("host"),
            part("started_at"),
            part("command")
        ));
    }
    text
}

/// The evidence of the lists, and what came of the selections.
fn describe_lists(status: &Value) -> String {
    let mut text = String::new();
    for list in items(&status["lists"]) {
        let proof = if list["complete"] == true { "complete" } else { "NOT proven complete" };
        let (stream, label) = (word(&list["stream"]), word(&list["list"]));
        let (rows, distinct) = (count(&list["rows_received"]), count(&list["distinct_keys"]));
        let (before, after) = (count(&list["total_before"]), count(&list["total_after"]));
        let counts = if label == COMPANIES {
            format!("{distinct} of {before} companies answered with {rows} records")
        } else {
            let things = things(&stream);
            format!(
                "{rows} rows, {distinct} {things}, totals {before} and {after}, sweeps {}",
                word(&list["sweeps"])
            )
        };
        text.push_str(&format!("list {stream} {label}: {proof}, {counts}, run {}\n", word(&list["run_id"])));
    }
    let of_selected = |name: &str| status["selected"].get(name).and_then(Value::as_u64);
    if let (Some(companies), Some(selected)) = (of_selected("companies"), of_selected("selected"))
        && selected < companies
    {
        text.push_str(&format!(
            "selected: {} of {} live companies; segment views count those\n",
            HumanCount(selected),
            HumanCount(companies)
        ));
    }
    for list in items(&status["ids_not_found"]) {
        let short = list["short"].as_u64().filter(|short| *short > 0);
        let short = short.map_or_else(String::new, |short| format!(" ({short} of them one digit short)"));
        let more = if list["ids"].as_u64() > Some(10) { ", …" } else { "" };
        text.push_str(&format!(
            "not found: {} business ids of list {} {}{short}: {}{more}; all of them: `query \"FROM etl.ids_not_found\"`\n",
            count(&list["ids"]),
            word(&list["stream"]),
            word(&list["list"]),
            word(&list["first"]),
        ));
    }
    text
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn count(value: &Value) -> String {
    value.as_u64().map_or_else(|| "unknown".to_owned(), |number| HumanCount(number).to_string())
}

fn list_of(value: &Value) -> String {
    let items: Vec<String> = items(value).map(word).collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}
