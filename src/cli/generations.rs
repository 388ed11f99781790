//! `rebuild` and `rollback`: repair without the API.

use clap::Args;
use indicatif::HumanCount;

use super::output::Output;
use super::settings::Settings;
use crate::error::Error;
use crate::load::{self, LoadSettings};
use crate::rebuild;
use crate::workspace::Workspace;

/// Options of `rebuild`
#[derive(Debug, Args)]
pub(crate) struct RebuildArgs {
    /// Publish even if lists that the published file knows have no landed pages any more
    #[arg(long)]
    allow_missing_lists: bool,
    /// Earlier generations to keep for `rollback` [default: 3]
    #[arg(long, value_name = "N")]
    keep: Option<usize>,
}

pub(crate) fn rebuild(args: &RebuildArgs, global: &Settings, output: &Output) -> Result<u8, Error> {
    let keep = args.keep.or(global.file.keep).unwrap_or(crate::pipeline::SyncSettings::KEEP);
    let rebuilt =
        rebuild::rebuild(&global.warehouse, &LoadSettings::default(), keep, args.allow_missing_lists)?;
    output.say(&format!(
        "Published generation {} from {} landed runs: {} rows in all tables, without one request.",
        rebuilt.generation,
        rebuilt.runs,
        HumanCount(rebuilt.rows)
    ));
    Ok(0)
}

/// Options of `rollback`
#[derive(Debug, Args)]
pub(crate) struct RollbackArgs {
    /// Generation to publish again; the one before when omitted (`status` lists them)
    #[arg(long, value_name = "GENERATION")]
    to: Option<u64>,
}

pub(crate) fn rollback(args: &RollbackArgs, global: &Settings, output: &Output) -> Result<u8, Error> {
    let workspace = Workspace::open(&global.warehouse)?;
    let lock = workspace.lock("rollback")?;
    let generation = load::rollback(&workspace, &lock, args.to)?;
    output.say(&format!("Generation {} is published again.", generation.number));
    Ok(0)
}
