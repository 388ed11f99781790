//! Builds the next generation of the warehouse beside the published file, checks it, and renames it over that file.
//!
//! The order makes it durable: build in the staging folder → views and checks → checkpoint, so that no write-ahead log
//! is left → fsync → keep the published file as a generation → rename → fsync the folder. Before the rename a reader
//! sees nothing of the new generation, and a leftover is removed at the next start. After the rename a reader sees all
//! of it. A reader that has the earlier file open keeps reading that.
//!
//! No memory here grows with the number of companies: rows stay inside `DuckDB`, which has a memory limit and spills to
//! the staging folder.

mod build;
mod builder;
mod counts;
mod error;
mod etl_tables;
mod input;
mod merge;
mod publish;
mod rejects;
pub(crate) mod rewrite;

use std::path::Path;
use std::time::Instant;

pub use error::LoadError;
pub use input::{
    CheckHook, Counts, FailedCheck, HookError, Hooks, InstallHook, ListCounts, ListResult, LoadInput,
    LoadSettings, Published, RunRecord, Step, StreamInput,
};
pub use publish::foreign::{foreign, named};
pub use publish::generations::{Generation, Restored, generations, newest, restore, rollback};

pub use publish::verify::check_names;

use crate::crash::{self, Point};
use crate::workspace::{Lock, Workspace, WorkspaceError, open_marked};
use builder::Builder;

/// Publishes a run's result as the next generation, or changes nothing.
///
/// A run that is already in the published file is not published again. This happens if an earlier attempt ended after
/// the rename and before it recorded that it had published.
///
/// # Errors
/// [`LoadError`]. The published file is unchanged, except with [`LoadError::NotDurable`].
pub fn publish(
    workspace: &Workspace,
    _lock: &Lock,
    input: &LoadInput,
    settings: &LoadSettings,
    hooks: Hooks<'_>,
) -> Result<Published, LoadError> {
    publish::swap::sweep(workspace)?;
    let opened = if workspace.is_published() { Some(open_marked(workspace.published())?) } else { None };
    if let Some(opened) = &opened
        && let Some(published) = etl_tables::already_published(workspace, opened, &input.run.run_id)?
    {
        tracing::info!(run = input.run.run_id, "Published already.");
        return Ok(published);
    }
    let marker = opened.map(|(_, marker)| marker);
    let mut steps = Steps::default();
    let generation = publish::generations::next_number(workspace, marker.as_ref())?;
    let paths = publish::swap::Paths::of(workspace);

    let tables = merge::sources::all_tables(input);
    let has_previous = marker.is_some() && !input.from_scratch;
    let next = Builder::create(workspace, &paths.next, has_previous, &tables, settings)?;
    crash_point(Point::NextCreated, &paths.next)?;
    steps.done("create");
    // A load from scratch does not continue the times of the file that it replaces, which may be ahead (decision 0023).
    let replaced_us = marker.as_ref().filter(|_| !input.from_scratch).map(|marker| marker.published_at_us);
    let numbered = etl_tables::Numbered { number: generation, replaced_us };
    let built = build::fill(&next, input, &tables, numbered, settings, &mut steps)?;
    crash_point(Point::NextFilled, &paths.next)?;
    next.close()?;
    crash_point(Point::NextCheckpointed, &paths.next)?;
    steps.done("checkpoint");

    let file = publish::verify::FinishedFile::open(&paths.next, settings, &paths.temporary)?;
    file.install(hooks.install)?;
    crash_point(Point::ViewsInstalled, &paths.next)?;
    steps.done("views");
    file.check(&tables, hooks.check, &input.accepted_checks)?;
    crash_point(Point::ChecksPassed, &paths.next)?;
    steps.done("checks");
    file.close()?;
    crash_point(Point::NextClosed, &paths.next)?;
    steps.done("second checkpoint");

    publish::verify::reopen(&paths.next, generation, &built.rows)?;
    crash_point(Point::NextVerified, &paths.next)?;
    if let Some(path) = workspace.stale_wal() {
        return Err(WorkspaceError::StaleWal { path }.into());
    }
    let bytes = publish::swap::replace(workspace, &paths, marker.as_ref())?;
    // Only after the rename: the number of a generation that nobody has seen may be used again.
    if let Err(error) = workspace.note_generation(generation) {
        tracing::warn!(%error, generation, "The number of the generation is not noted; as long as its file is there, it is not given again.");
    }
    steps.done("switch");
    publish::generations::prune(workspace, input.keep, marker.as_ref());
    tracing::info!(generation, bytes, "Generation published.");
    Ok(Published {
        generation,
        path: workspace.published().to_owned(),
        bytes,
        lists: built.lists,
        totals: built.totals,
        outside: built.outside,
        other_selections: built.other_selections,
        tables: built.rows.iter().filter_map(people_rows).collect(),
        already: false,
        steps: steps.list,
    })
}

/// Name and number of rows of a table of schema `main`; `None` for other tables.
fn people_rows((table, rows): &(String, u64)) -> Option<(String, u64)> {
    table.strip_prefix("main.").map(|name| (name.to_owned(), *rows))
}

/// A point at which a test can make the load fail. `path` is what was written last.
fn crash_point(point: Point, path: &Path) -> Result<(), LoadError> {
    crash::point(point).map_err(|source| LoadError::io("writing", path, source))
}

/// Times of the steps done so far.
#[derive(Debug)]
struct Steps {
    since: Instant,
    list: Vec<Step>,
}

impl Default for Steps {
    fn default() -> Self {
        Self { since: Instant::now(), list: Vec::new() }
    }
}

impl Steps {
    /// Ends the current step, which is called `name`, and starts the next one.
    fn done(&mut self, name: &'static str) {
        let now = Instant::now();
        let elapsed = now - self.since;
        tracing::debug!(step = name, ms = elapsed.as_millis(), "Step of the load done.");
        self.list.push(Step { name, elapsed });
        self.since = now;
    }
}
