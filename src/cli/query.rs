//! `query`: read-only SQL on the published file.

use std::io::{IsTerminal, Read};
use std::path::PathBuf;

use clap::Args;

use super::output::Output;
use super::settings::Settings;
use crate::error::Error;
use crate::query::{self, Format, QueryOptions};

/// Options of `query`
#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    /// One statement that reads, or the name of a view or table
    #[arg(value_name = "SQL|VIEW", required_unless_present = "file", conflicts_with = "file")]
    sql: Option<String>,
    /// Read the statement from a file; `-` is standard input
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// table, csv, json, jsonl, markdown or parquet
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// Write to a file, which appears when it is complete
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Most rows that a table shows
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max_rows: usize,
    /// CSV: leave text as it is that a spreadsheet would take for a formula
    #[arg(long)]
    raw: bool,
}

pub(crate) fn run(args: &QueryArgs, global: &Settings, output: &Output) -> Result<u8, Error> {
    let sql = match (&args.sql, &args.file) {
        (Some(sql), _) => sql.clone(),
        (None, Some(path)) if path.as_os_str() == "-" => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        }
        (None, Some(path)) => fs_err::read_to_string(path)?,
        (None, None) => String::new(),
    };
    let terminal = args.output.is_none() && std::io::stdout().is_terminal();
    let options = QueryOptions {
        format: args.format,
        width: Output::width(),
        max_rows: args.max_rows,
        raw_csv: args.raw,
        terminal,
    };
    match &args.output {
        Some(file) => {
            let written = query::query_to_file(&global.warehouse, &sql, &options, file)?;
            output.say(&format!("{} rows in {}", written.rows, file.display()));
        }
        None => {
            query::query(&global.warehouse, &sql, &options, &mut std::io::stdout())?;
        }
    }
    Ok(0)
}
