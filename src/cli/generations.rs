//! `rebuild` and `rollback`: repair without the API.

use clap::Args;
use indicatif::HumanCount;

use super::output::Output;
use super::publishing::{accepted_checks, status_texts};
use super::settings::Settings;
use crate::error::Error;
use crate::load;
use crate::rebuild::{self, RebuildSettings};
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
    /// Publish although these checks found something, named as their message names them (NAME or NAME,NAME)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    accept_checks: Vec<String>,
}

pub(crate) fn rebuild(args: &RebuildArgs, global: &Settings, output: &Output) -> Result<u8, Error> {
    let defaults = RebuildSettings::default();
    let settings = RebuildSettings {
        keep: args.keep.or(global.file.keep).unwrap_or(defaults.keep),
        allow_missing_lists: args.allow_missing_lists,
        accepted_checks: accepted_checks(&args.accept_checks)?,
        status_texts: status_texts(&global.file)?,
        ..defaults
    };
    let rebuilt = rebuild::rebuild(&global.warehouse, &settings)?;
    output.say(&format!(
        "Published generation {} from {} landed runs: {} rows, without one request.",
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
