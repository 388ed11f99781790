//! Opens the published file for reading.

use std::path::Path;

use duckdb::{AccessMode, Config, Connection};

use super::QueryError;
use crate::files;
use crate::workspace::WorkspaceError;

/// Opens the warehouse at `path` read-only. DuckDB never downloads or loads an extension on its own.
///
/// If `files` is false, DuckDB can open no other file and no URL, and its settings cannot be changed. Exports set it
/// to true, because their statements come from the program itself. Timestamps with a zone are written in UTC, whatever
/// the zone of the machine.
pub(crate) fn open(path: &Path, files: bool) -> Result<Connection, QueryError> {
    if !path.is_file() {
        return Err(QueryError::NoWarehouse { path: path.to_owned() });
    }
    let open = || {
        let config = Config::default().access_mode(AccessMode::ReadOnly)?.enable_autoload_extension(false)?;
        let connection = files::open(path, config)?;
        if !files {
            // Set only after opening. While it opens the file, DuckDB also looks for the log beside it. If the path
            // has a question mark, it looks under another name, and would be denied access.
            connection.execute_batch("SET enable_external_access = false")?;
        }
        // Without the ICU extension DuckDB has no zone but UTC and no such setting, so the error is ignored.
        let _ = connection.execute_batch("SET TimeZone = 'UTC'");
        if !files {
            connection.execute_batch("SET lock_configuration = true")?;
        }
        Ok(connection)
    };
    open().map_err(|source| QueryError::Open {
        path: path.to_owned(),
        source: WorkspaceError::database(path, source),
    })
}
