//! Rewrites a generation with other rows, so that nothing of the earlier rows stays in the file.
//!
//! A DELETE leaves the old blocks in a `DuckDB` file until their space is needed. So a new file is written beside the
//! old one, checked, synced and renamed over it, as in a load. A reader that has the old file open keeps reading it.

use std::path::Path;

use duckdb::{AccessMode, Connection};

use super::builder::{configure, next_options};
use super::publish::generations;
use super::publish::swap::{self, Paths};
use super::publish::verify;
use super::{LoadError, LoadSettings, crash_point};
use crate::crash::Point;
use crate::files;
use crate::workspace::{Lock, Workspace, WorkspaceError, inherit, read_marker};

/// The rows of one table of the new file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableRows {
    /// Schema and name, quoted as SQL identifiers.
    pub(crate) table: String,
    /// A query of the old file, which is attached as `prev`.
    pub(crate) select: String,
    /// Number of rows that the query returns.
    pub(crate) rows: u64,
}

/// A connection for reading only: of the file at `path`, or, if that is `None`, of files that the queries name. It has
/// the memory limit of `settings` and one thread.
///
/// # Errors
/// The file cannot be opened.
pub(crate) fn open_for_search(
    workspace: &Workspace,
    path: Option<&Path>,
    settings: &LoadSettings,
) -> duckdb::Result<Connection> {
    let settings = LoadSettings { threads: 1, ..*settings };
    let config = configure(&settings, &Paths::of(workspace).temporary)?;
    let connection = match path {
        Some(path) => files::open(path, config.access_mode(AccessMode::ReadOnly)?),
        None => Connection::open_in_memory_with_flags(config),
    }?;
    // Rows of exported files have no `rowid` and are numbered by their order, which has to be the same in every query.
    connection.execute_batch("SET preserve_insertion_order = true")?;
    Ok(connection)
}

/// Removes what an unfinished load or erasure left behind: unfinished files, and links that did not become generations.
pub(crate) fn sweep(workspace: &Workspace, _lock: &Lock) -> Result<(), LoadError> {
    swap::sweep(workspace)?;
    generations::sweep(workspace)
}

/// Replaces the file at `path`, the published one or a generation, by a file with the same tables, views, comments and
/// generation number, and with the rows that `tables` say. `prepare` gets the connection first and may create temporary
/// tables.
///
/// # Errors
/// [`LoadError`]. The file is unchanged, except with [`LoadError::NotDurable`].
pub(crate) fn rewrite(
    workspace: &Workspace,
    _lock: &Lock,
    path: &Path,
    settings: &LoadSettings,
    prepare: impl FnOnce(&Connection) -> duckdb::Result<()>,
    tables: &[TableRows],
) -> Result<(), LoadError> {
    swap::sweep(workspace)?;
    let paths = Paths::of(workspace);
    let next = &paths.next;
    let marker = read_marker(path)?;
    let failed = |source| LoadError::database("writing the file anew", &workspace.staging_dir(), source);
    let connection = configure(settings, &paths.temporary)
        .and_then(Connection::open_in_memory_with_flags)
        .map_err(failed)?;
    let statements = format!(
        // The lists of a run in `etl.streams` are read in the order in which they were written.
        "SET preserve_insertion_order = true; {}; {}; COPY FROM DATABASE prev TO next (SCHEMA);",
        files::attach(path, "prev", "READ_ONLY")?,
        files::attach(next, "next", &next_options())?,
    );
    connection.execute_batch(&statements).map_err(failed)?;
    prepare(&connection).map_err(failed)?;
    for table in tables {
        let sql = format!("INSERT INTO next.{} {}", table.table, table.select);
        connection.execute_batch(&sql).map_err(failed)?;
    }
    connection.execute_batch("CHECKPOINT next; DETACH next; DETACH prev;").map_err(failed)?;
    connection.close().map_err(|(_, source)| failed(source))?;
    crash_point(Point::ErasedFileWritten, next)?;

    let rows: Vec<_> = tables.iter().map(|table| (table.table.clone(), table.rows)).collect();
    verify::reopen(next, marker.generation, &rows)?;
    inherit(path, next, path);
    swap::sync(next)?;
    crash_point(Point::ErasedFileVerified, next)?;
    if path == workspace.published() {
        if let Some(path) = workspace.stale_wal() {
            return Err(WorkspaceError::StaleWal { path }.into());
        }
        swap::move_over(workspace, &paths, next)?;
    } else {
        // The staging folder may be on another file system.
        swap::rename_over(next, path, &path.with_extension("new"))?;
        swap::sync_generations(workspace, path)?;
    }
    crash_point(Point::ErasedFileReplaced, path)
}
