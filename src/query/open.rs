//! Opens the published file for reading.

use std::path::Path;

use duckdb::{AccessMode, Config, Connection};

use super::QueryError;
use crate::files;
use crate::workspace::WorkspaceError;

/// Opens the warehouse at `path` read only; no extension is ever fetched or loaded by itself.
///
/// Without `files` DuckDB can open no other file and no URL, and its settings cannot be changed. With `files` it can:
/// for exports, whose statements are our own. Times with a zone are written in UTC, whatever the machine's zone.
pub(crate) fn open(path: &Path, files: bool) -> Result<Connection, QueryError> {
    if !path.is_file() {
        return Err(QueryError::NoWarehouse { path: path.to_owned() });
    }
    let open = || {
        let config = Config::default().access_mode(AccessMode::ReadOnly)?.enable_autoload_extension(false)?;
        let connection = files::open(path, config)?;
        if !files {
            // Not before: beside the file itself, DuckDB asks for its log by a name that is another one where the path
            // has a question mark, and would not be let there.
            connection.execute_batch("SET enable_external_access = false")?;
        }
        // A DuckDB without the ICU extension knows no zone but UTC, and no such setting.
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
