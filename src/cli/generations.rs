//! `rebuild` and `rollback`: repair without the API.

use clap::Args;
use indicatif::HumanCount;

use super::output::Output;
use super::publishing::{accepted_checks, status_texts};
use super::settings::Settings;
use crate::error::Error;
use crate::load::{self, LoadError};
use crate::rebuild::{self, RebuildSettings};
use crate::workspace::{Workspace, WorkspaceError};

/// Options of `rebuild`
#[derive(Debug, Args)]
pub(crate) struct RebuildArgs {
    /// Publish even if lists that the published file knows have no landed pages any more
    #[arg(long)]
    allow_missing_lists: bool,
    /// Earlier generations to keep for `rollback` [default: 3]
    #[arg(long, value_name = "N")]
    keep: Option<usize>,
    /// Memory that DuckDB may use while loading, in megabytes; more goes to temporary files [default: 130]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(50..))]
    memory_limit: Option<u64>,
    /// Publish although these checks found something, named as their message names them (NAME or NAME,NAME)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    accept_checks: Vec<String>,
}

pub(crate) fn rebuild(args: &RebuildArgs, global: &Settings, output: &Output) -> Result<u8, Error> {
    let defaults = RebuildSettings::default();
    let mut load = defaults.load.clone();
    load.memory_limit_mb = args.memory_limit.or(global.file.memory_limit).unwrap_or(load.memory_limit_mb);
    let settings = RebuildSettings {
        load,
        keep: args.keep.or(global.file.keep).unwrap_or(defaults.keep),
        allow_missing_lists: args.allow_missing_lists,
        accepted_checks: accepted_checks(&args.accept_checks)?,
        status_texts: status_texts(&global.file)?,
    };
    let rebuilt = rebuild::rebuild(&global.warehouse, &settings)?;
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
    workspace.probe(&lock)?;
    let generation = load::rollback(&workspace, &lock, args.to).map_err(|error| {
        let hint = rollback_hint(&error);
        hint.into_iter().fold(Error::from(error), Error::advised)
    })?;
    output.say(&format!("Generation {} is published again.", generation.number));
    Ok(0)
}

/// What helps where only going back failed; what a load says of it would be wrong here.
fn rollback_hint(error: &LoadError) -> Option<&'static str> {
    match error {
        // Once more would go back one generation further.
        LoadError::NotDurable { .. } => {
            Some("the generation is published; check the disk, but do not run the same command again")
        }
        LoadError::Verification { .. }
        | LoadError::Workspace(WorkspaceError::Unreadable { .. } | WorkspaceError::NotDuckDb { .. }) => {
            Some("`vainu-etl status` lists what is kept: name another generation with `--to`")
        }
        _ => None,
    }
}
