//! Makes sure that the tool never overwrites a file or folder that it did not write.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use duckdb::{AccessMode, Config, Connection};
use serde::{Deserialize, Serialize};

use super::{WorkspaceError, durable, rights};
use crate::files;

/// Format version of the warehouse and of the state folder that this version of the tool writes.
pub const FORMAT_VERSION: i64 = 2;

/// Name of the file in the state folder that marks the folder as this tool's.
pub(super) const STATE_MARKER: &str = "vainu-etl.json";

/// The row of `etl.warehouse`, which marks a file as a warehouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// Format version of the file.
    pub format_version: i64,
    /// Number of the generation, from 1.
    pub generation: u64,
    /// Version of vainu-etl that wrote the file.
    pub tool_version: String,
    /// When the generation was finished, microseconds since 1970, UTC.
    pub published_at_us: i64,
}

/// Reads the marker of the warehouse at `path`, read-only.
///
/// # Errors
/// [`WorkspaceError`] if the file is not a `DuckDB` database, not a warehouse, cannot be read, has a newer format, or
/// is open for writing elsewhere.
pub fn read_marker(path: &Path) -> Result<Marker, WorkspaceError> {
    open_marked(path).map(|(_, marker)| marker)
}

/// [`read_marker`], and the open connection.
pub(crate) fn open_marked(path: &Path) -> Result<(Connection, Marker), WorkspaceError> {
    require_duckdb_magic(path)?;
    let failed = |source| WorkspaceError::database(path, source);
    let connection = open_read_only(path).map_err(failed)?;
    let marker = query_marker(&connection).map_err(failed)?;
    let marker = marker.ok_or_else(|| WorkspaceError::Foreign { path: path.to_owned() })?;
    if marker.format_version > FORMAT_VERSION {
        return Err(WorkspaceError::NewerFormat {
            path: path.to_owned(),
            found: marker.format_version,
            supported: FORMAT_VERSION,
        });
    }
    Ok((connection, marker))
}

/// Opens a warehouse for reading only, with one thread and without the network.
pub(crate) fn open_read_only(path: &Path) -> Result<Connection, duckdb::Error> {
    let config =
        Config::default().access_mode(AccessMode::ReadOnly)?.enable_autoload_extension(false)?.threads(1)?;
    files::open(path, config)
}

/// The marker of the database that `connection` has open. `None` if it is not a warehouse.
fn query_marker(connection: &Connection) -> Result<Option<Marker>, duckdb::Error> {
    let tables =
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'etl' AND table_name = 'warehouse'";
    if connection.query_row(tables, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(None);
    }
    let sql = "SELECT format_version, generation, tool_version, epoch_us(published_at) FROM etl.warehouse";
    let read = connection.query_row(sql, [], |row| {
        Ok(Marker {
            format_version: row.get(0)?,
            generation: row.get(1)?,
            tool_version: row.get(2)?,
            published_at_us: row.get(3)?,
        })
    });
    match read {
        Err(duckdb::Error::QueryReturnedNoRows) => Ok(None),
        other => other.map(Some),
    }
}

/// Refuses a file without the letters `DUCK` at byte 8, after the checksum of the header. This is checked before
/// `DuckDB` opens the file, because `DuckDB` takes an empty file for a new database.
fn require_duckdb_magic(path: &Path) -> Result<(), WorkspaceError> {
    let mut head = Vec::new();
    let read = fs_err::File::open(path).and_then(|file| file.take(12).read_to_end(&mut head));
    read.map_err(|source| WorkspaceError::reading(path, source))?;
    match head.get(8..12) {
        Some(b"DUCK") => Ok(()),
        _ => Err(WorkspaceError::NotDuckDb { path: path.to_owned() }),
    }
}

/// Content of the marker file in the state folder.
#[derive(Debug, Serialize, Deserialize)]
struct StateMarker {
    tool: String,
    format: i64,
    /// The highest number that a generation ever had. `None` before the first generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generation: Option<u64>,
}

/// Whether the state folder exists and is marked as this tool's. False if it has to be created or marked first.
pub(super) fn owns_state_folder(state: &Path) -> Result<bool, WorkspaceError> {
    read_state_marker(state).map(|marker| marker.is_some())
}

/// The state folder's marker. `None` if the folder has to be created or marked first.
fn read_state_marker(state: &Path) -> Result<Option<StateMarker>, WorkspaceError> {
    let foreign = || WorkspaceError::ForeignStateFolder { path: state.to_owned() };
    let path = state.join(STATE_MARKER);
    let text = match fs_err::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return if is_absent_or_empty(state)? { Ok(None) } else { Err(foreign()) };
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Err(foreign()),
        Err(source) => return Err(WorkspaceError::reading(&path, source)),
    };
    let marker: StateMarker = serde_json::from_str(&text).map_err(|_| foreign())?;
    if marker.tool != "vainu-etl" {
        return Err(foreign());
    }
    if marker.format > FORMAT_VERSION {
        return Err(WorkspaceError::NewerFormat { path, found: marker.format, supported: FORMAT_VERSION });
    }
    Ok(Some(marker))
}

pub(super) fn highest_generation(state: &Path) -> Result<u64, WorkspaceError> {
    Ok(read_state_marker(state)?.and_then(|marker| marker.generation).unwrap_or(0))
}

/// Notes a generation's number, so that it is not used again even if every file with that number is gone.
pub(super) fn note_generation(state: &Path, number: u64) -> Result<(), WorkspaceError> {
    let highest = highest_generation(state)?.max(number);
    write_state_marker(state, Some(highest))
}

pub(super) fn forget_generations(state: &Path) -> Result<(), WorkspaceError> {
    write_state_marker(state, None)
}

/// Whether the folder does not exist, is empty, or holds only an unfinished marker of this tool.
fn is_absent_or_empty(state: &Path) -> Result<bool, WorkspaceError> {
    let entries = match fs_err::read_dir(state) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(source) => return Err(WorkspaceError::reading(state, source)),
    };
    for entry in entries {
        let entry = entry.map_err(|source| WorkspaceError::reading(state, source))?;
        if entry.file_name() != *begun_marker(state).file_name().unwrap_or_default() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Creates the state folder if there is none, restricts it to its owner, and marks it as this tool's.
pub(super) fn mark_state_folder(state: &Path) -> Result<(), WorkspaceError> {
    rights::create_folder(state).map_err(|source| WorkspaceError::io(state, source))?;
    rights::close_folder(state);
    write_state_marker(state, None)
}

fn write_state_marker(state: &Path, generation: Option<u64>) -> Result<(), WorkspaceError> {
    let failed = |source| WorkspaceError::io(state, source);
    let marker = StateMarker { tool: "vainu-etl".to_owned(), format: FORMAT_VERSION, generation };
    let text = serde_json::to_string(&marker).map_err(|error| failed(error.into()))?;
    let begun = begun_marker(state);
    let written = fs_err::File::create(&begun).and_then(|mut file| {
        file.write_all((text + "\n").as_bytes())?;
        // Without the sync, a power failure could leave an empty marker, and the folder would count as another
        // program's.
        file.sync_all()
    });
    written.map_err(failed)?;
    fs_err::rename(&begun, state.join(STATE_MARKER))
        .and_then(|()| durable::sync_folder(state))
        .map_err(failed)
}

fn begun_marker(state: &Path) -> PathBuf {
    state.join(format!("{STATE_MARKER}.new"))
}
