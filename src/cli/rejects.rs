//! `rejects`: what did not fit.

use std::path::Path;

use clap::Args;

use super::invocation;
use super::output::Output;
use super::settings::{DEFAULT_WAREHOUSE, Settings};
use crate::error::Error;
use crate::query::{self, Format, QueryOptions};
use crate::schema::ddl::literal;

/// Options of `rejects`
#[derive(Debug, Args)]
pub(crate) struct RejectsArgs {
    /// Show what did not fit in this run; `all` shows whatever does not fit yet [default: the last run]
    #[arg(long, value_name = "RUN|all")]
    run: Option<String>,
    /// Count by reason, table and field, with one example of each
    #[arg(long)]
    by_reason: bool,
    /// table, csv, json, jsonl, markdown, parquet or xlsx
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// Most rows that a table shows
    #[arg(long, value_name = "N", default_value_t = 100)]
    max_rows: usize,
}

/// The rejects of a file, with the columns that the command shows, in their order.
const ROWS: &str = "SELECT reason, key, field, raw, table_name, stream, count, first_run, last_run, page, list FROM etl.rejects";

/// The same of a file in the first layout, in which every run added rows of its own.
const ROWS_OF_FORMAT_1: &str = "SELECT reason, key, field, raw, table_name, stream, count(*) AS count, \
    min(run_id) AS first_run, max(run_id) AS last_run, max(page) AS page, CAST(NULL AS VARCHAR) AS list \
    FROM etl.rejects GROUP BY reason, key, field, raw, table_name, stream";

const BY_REASON: &str = "SELECT reason, table_name, field, count(*) AS rejects, min(key) AS example_key, \
    arg_min(raw, coalesce(key, '')) AS example_raw";

pub(crate) fn run(args: &RejectsArgs, global: &Settings, output: &Output) -> Result<u8, Error> {
    let runs = runs(global)?;
    let run = match &args.run {
        Some(all) if all == "all" => None,
        Some(run) => Some(known(run, &runs)?),
        None => runs.last().cloned(),
    };
    let is_first_format = column_names(global)?.iter().any(|name| name == "run_id");
    let rows = if is_first_format { ROWS_OF_FORMAT_1 } else { ROWS };
    let of_run = run
        .as_deref()
        .map_or_else(String::new, |run| format!("WHERE {} BETWEEN first_run AND last_run", literal(run)));
    let sql = if args.by_reason {
        format!(
            "{BY_REASON} FROM ({rows}) {of_run} GROUP BY reason, table_name, field ORDER BY rejects DESC, reason, table_name, field NULLS FIRST"
        )
    } else {
        format!(
            "SELECT * FROM ({rows}) {of_run} ORDER BY reason, table_name, field NULLS FIRST, key NULLS FIRST, raw"
        )
    };
    let options = QueryOptions {
        format: args.format,
        width: Output::width(),
        max_rows: args.max_rows,
        terminal: Output::is_terminal(),
        ..QueryOptions::default()
    };
    let written = query::query(&global.warehouse, &sql, &options, &mut Output::rows())?;
    if let Some(run) = run {
        say_more(&run, written.rows, is_first_format, global, output)?;
    }
    Ok(0)
}

/// Says what the rows of a run do not show.
fn say_more(
    run: &str,
    shown: u64,
    is_first_format: bool,
    global: &Settings,
    output: &Output,
) -> Result<(), Error> {
    if shown == 0 {
        let others = number(global, "SELECT CAST(count(*) AS VARCHAR) FROM etl.rejects")?;
        let rest = if others == "0" {
            String::new()
        } else {
            let command = command(&global.warehouse.display().to_string());
            format!(" What did not fit before and was not read again: {command} --run all")
        };
        output.say(&format!("Everything fitted in run {run}.{rest}"));
    } else if !is_first_format {
        let run = literal(run);
        let sql =
            format!("SELECT CAST(sum(rejects_left_out) AS VARCHAR) FROM etl.streams WHERE run_id = {run}");
        let left_out = number(global, &sql)?;
        if !matches!(left_out.as_str(), "" | "0") {
            output.say(&format!("{left_out} more were too many to be stored; etl.streams counts them."));
        }
    }
    Ok(())
}

/// The command that shows the rejects of that file, to be typed where the path was given.
pub(super) fn command(warehouse: &str) -> String {
    if warehouse == DEFAULT_WAREHOUSE {
        return "vainu-etl rejects".to_owned();
    }
    format!("vainu-etl --warehouse {} rejects", invocation::word(Path::new(warehouse)))
}

/// The runs that the file holds, oldest first.
fn runs(global: &Settings) -> Result<Vec<String>, Error> {
    let mut runs = Vec::new();
    let sql = "SELECT run_id FROM etl.runs ORDER BY run_id";
    query::texts(&global.warehouse, sql, |[run]| runs.push(run))?;
    Ok(runs)
}

fn known(run: &str, runs: &[String]) -> Result<String, Error> {
    if runs.iter().any(|known| known == run) {
        return Ok(run.to_owned());
    }
    let last: Vec<&str> = runs.iter().rev().take(5).map(String::as_str).collect();
    Err(Error::Usage {
        message: format!("the warehouse holds no run `{run}`"),
        hint: format!("the last ones are {}; `--run all` shows whatever does not fit yet", last.join(", ")),
    })
}

fn column_names(global: &Settings) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    let sql = "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'etl' AND table_name = 'rejects'";
    query::texts(&global.warehouse, sql, |[name]| names.push(name))?;
    Ok(names)
}

fn number(global: &Settings, sql: &str) -> Result<String, Error> {
    let mut number = String::new();
    query::texts(&global.warehouse, sql, |[found]| number = found)?;
    Ok(number)
}
