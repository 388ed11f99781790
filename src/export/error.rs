//! Errors of an export.

use std::{io, path::PathBuf};

use crate::files::PathError;
use crate::query::QueryError;
use crate::terminal::safe;

/// Why an export failed. An earlier export in the folder is unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The warehouse cannot be opened.
    #[error(transparent)]
    Warehouse(QueryError),
    /// DuckDB refused a setting of the export, such as the memory limit.
    #[error("Failed to set up the export")]
    Settings(#[source] duckdb::Error),
    /// The names of the warehouse's tables and views, or its latest run, cannot be read.
    #[error("Failed to read which tables the warehouse has")]
    Catalog(#[source] duckdb::Error),
    /// A requested table or view does not exist.
    #[error("There is no view or table named `{name}`")]
    NoRelation {
        /// The requested name.
        name: String,
        /// Names of all tables and views that can be exported.
        known: Vec<String>,
    },
    /// A table could not be written.
    #[error("Failed to export `{table}`")]
    Table {
        /// The table or view.
        table: String,
        /// The error from DuckDB or from the writer.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file does not hold the number of rows that were written to it.
    #[error("`{}` holds {found} rows, {written} were written", file.display())]
    Damaged {
        /// The file, in the export's folder.
        file: PathBuf,
        /// Rows written, as reported by DuckDB.
        written: u64,
        /// Rows in the file, according to its footer.
        found: u64,
    },
    /// The folder holds something that is not an export of this tool.
    #[error("The folder `{}` holds other things than exports", dir.display())]
    Foreign {
        /// The folder.
        dir: PathBuf,
    },
    /// A newer version of this program exported to the folder, with a manifest of another layout.
    #[error("`{}` is a manifest of version {found}{}, and this vainu-etl knows version {known}", file.display(), written_by(tool_version.as_deref()))]
    NewerManifest {
        /// The manifest.
        file: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version that this program knows.
        known: u32,
        /// Version of the program that wrote it. `None` if the manifest does not say it.
        tool_version: Option<String>,
    },
    /// Another export is writing to the folder.
    #[error("Another export is writing to `{}`", dir.display())]
    Busy {
        /// The folder.
        dir: PathBuf,
    },
    /// A path that cannot be written in a DuckDB statement.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The folder or a file in it cannot be written. The source names the path.
    #[error("Failed to write the export")]
    Io(#[from] io::Error),
}

impl ExportError {
    pub(super) fn table(name: &str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Table { table: name.to_owned(), source: source.into() }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Warehouse(source) => source.hint(),
            Self::Settings(_) => "give the memory limit as DuckDB does, for example `512MB` or `2GB`".into(),
            Self::Catalog(_) => "see `vainu-etl doctor`, which reads the published file too".into(),
            Self::NoRelation { known, .. } => format!("known: {}", known.join(", ")),
            Self::Table { source, .. } => format!("an earlier export is untouched; {}", of_table(source.as_ref())),
            Self::Damaged { .. } => {
                "an earlier export is untouched; see that the disk has room, then run the same command again".into()
            }
            Self::Foreign { .. } => "choose an empty or new folder".into(),
            Self::NewerManifest { .. } => {
                "run the command with the vainu-etl that wrote it, or a newer one; an export can also go to another folder".into()
            }
            Self::Busy { .. } => "wait for it to end, or export to another folder".into(),
            Self::Path(error) => error.hint().into(),
            Self::Io(_) => {
                "an earlier export is untouched; see that the folder can be written and has room, then run the same \
                 command again"
                    .into()
            }
        }
    }
}

fn written_by(version: Option<&str>) -> String {
    version.map(|version| format!(", written by vainu-etl {}", safe(version))).unwrap_or_default()
}

/// The hint for a table that cannot be written.
fn of_table(source: &(dyn std::error::Error + 'static)) -> String {
    let name_tables = "name the tables that are wanted with `--tables`";
    match source.downcast_ref::<QueryError>() {
        Some(QueryError::TooLarge { .. }) => {
            // Partitioning by country is not suggested: it helps only if the table is not partitioned yet, and only
            // against the limit on rows.
            return "export parquet or csv, which have no such limit, or name the other tables with `--tables`".to_owned();
        }
        Some(other) => return other.hint(),
        None => {}
    }
    let said = source.to_string();
    if ["IO Error", "Out of Memory Error"].iter().any(|kind| said.contains(kind)) {
        return "see that the disk has room, then run the same command again".to_owned();
    }
    format!("mend the view if it is one of your own, or {name_tables}")
}
