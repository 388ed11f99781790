//! `rejects`: what did not fit.

use std::io::IsTerminal;

use clap::Args;

use super::output::Output;
use super::settings::Settings;
use crate::error::Error;
use crate::query::{self, Format, QueryOptions};

/// Options of `rejects`
#[derive(Debug, Args)]
pub(crate) struct RejectsArgs {
    /// table, csv, json, jsonl, markdown or parquet
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// Most rows that a table shows
    #[arg(long, value_name = "N", default_value_t = 100)]
    max_rows: usize,
}

pub(crate) fn run(args: &RejectsArgs, global: &Settings) -> Result<u8, Error> {
    let sql = "SELECT run_id, stream, key, field, raw, reason, page FROM etl.rejects ORDER BY run_id DESC, page, key, field";
    let options = QueryOptions {
        format: args.format,
        width: Output::width(),
        max_rows: args.max_rows,
        terminal: std::io::stdout().is_terminal(),
        ..QueryOptions::default()
    };
    query::query(&global.warehouse, sql, &options, &mut std::io::stdout())?;
    Ok(0)
}
