//! `manifest.json`: the contents of an export.

use std::{fmt, path::Path, str::FromStr};

use duckdb::{Connection, OptionalExt};
use serde::{Deserialize, Serialize};

use crate::export::ExportError;
use crate::query::CsvOptions;

/// Value of [`Manifest::tool`]. It tells the folders of this program from others.
pub(in crate::export) const TOOL: &str = env!("CARGO_PKG_NAME");

/// Version of the manifest's layout. A newer one is refused ([`read`]): what it says may mean something else.
const MANIFEST_VERSION: u32 = 1;

/// What every version of the manifest says.
#[derive(Deserialize)]
struct Header {
    tool: String,
    #[serde(default)]
    tool_version: Option<String>,
    manifest_version: u32,
}

/// Reads the text of the manifest `file`. `None` if it is not a manifest of this program.
///
/// # Errors
/// [`ExportError::NewerManifest`]: a newer version of this program wrote it.
pub(in crate::export) fn read(text: &[u8], file: &Path) -> Result<Option<Manifest>, ExportError> {
    let header = serde_json::from_slice::<Header>(text).ok().filter(|header| header.tool == TOOL);
    let Some(Header { tool_version, manifest_version: found, .. }) = header else { return Ok(None) };
    if found > MANIFEST_VERSION {
        let file = file.to_owned();
        return Err(ExportError::NewerManifest { file, found, known: MANIFEST_VERSION, tool_version });
    }
    Ok(serde_json::from_slice(text).ok())
}

/// Format of exported files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// Apache Parquet, compressed with zstd, with column statistics. Has only types that Spark reads.
    Parquet,
    /// CSV as in RFC 4180; see [`query::Format::Csv`](crate::query::Format::Csv).
    Csv,
    /// One workbook with one sheet per file; see [`query::Format::Xlsx`](crate::query::Format::Xlsx).
    Xlsx,
}

impl ExportFormat {
    /// Name on the command line, and the extension of the files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

impl fmt::Display for ExportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for ExportFormat {
    type Err = UnknownExportFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Parquet, Self::Csv, Self::Xlsx]
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| UnknownExportFormat(name.to_owned()))
    }
}

/// A name that is not an export format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown export format `{0}`: parquet, csv or xlsx")]
pub struct UnknownExportFormat(String);

/// The contents of one export. A file that the manifest does not name is not part of the export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Manifest {
    /// `vainu-etl`.
    pub tool: String,
    /// Version of the tool that exported.
    pub tool_version: String,
    /// Version of the manifest's layout: 1.
    pub manifest_version: u32,
    /// Name of the export's folder.
    pub export: String,
    /// When all files were written, UTC, ISO 8601.
    pub created_at: String,
    /// Format of all files.
    pub format: ExportFormat,
    /// How CSV files differ from RFC 4180; missing if they do not.
    #[serde(default, skip_serializing_if = "is_plain")]
    pub csv: CsvOptions,
    /// The warehouse that the rows come from.
    pub source: Source,
    /// Exported tables and views, sorted by name.
    pub tables: Vec<ManifestTable>,
}

/// The warehouse that was exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Source {
    /// File name of the warehouse, without its folder.
    pub warehouse: String,
    /// Id of the latest run in `etl.runs` of the warehouse; `null` if the table is missing or empty.
    pub run_id: Option<String>,
}

/// One exported table or view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ManifestTable {
    /// Name in the warehouse.
    pub name: String,
    /// Rows in all files together.
    pub rows: u64,
    /// Columns that the rows of each file are sorted by, in this order.
    pub sorted_by: Vec<String>,
    /// Columns whose values are in the path and not in the files; empty without partitions.
    pub partitioned_by: Vec<String>,
    /// Why the table is not partitioned by country although that was requested; `null` or missing otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole_because: Option<String>,
    /// All columns, including those in the path.
    pub columns: Vec<ManifestColumn>,
    /// The files; at least one, even if the table has no rows.
    pub files: Vec<ManifestFile>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ManifestColumn {
    /// Name of the column.
    pub name: String,
    /// DuckDB's name of the exported type.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Comment of the column in the warehouse; `null` if it has none.
    pub comment: Option<String>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ManifestFile {
    /// Path below the folder of the manifest, with `/` between parts.
    pub path: String,
    /// Name of the table whose rows these are.
    pub table: String,
    /// Country of all rows if the table is partitioned by country; `null` otherwise.
    pub country: Option<String>,
    /// Rows in the file.
    pub rows: u64,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the file, 64 hexadecimal digits.
    pub sha256: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_plain(options: &CsvOptions) -> bool {
    *options == CsvOptions::default()
}

impl Manifest {
    pub(in crate::export) fn new(
        export: &str,
        format: ExportFormat,
        csv: CsvOptions,
        source: Source,
        tables: Vec<ManifestTable>,
    ) -> Self {
        Self {
            tool: TOOL.to_owned(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            manifest_version: MANIFEST_VERSION,
            export: export.to_owned(),
            created_at: crate::clock::now().to_string(),
            format,
            csv,
            source,
            tables,
        }
    }
}

impl Source {
    pub(in crate::export) fn of(conn: &Connection, warehouse: &Path) -> Result<Self, ExportError> {
        let has_runs: bool = conn
            .query_row(
                "SELECT count(*) = 1 FROM duckdb_tables() WHERE database_name = current_database() \
                 AND schema_name = 'etl' AND table_name = 'runs'",
                [],
                |row| row.get(0),
            )
            .map_err(ExportError::Catalog)?;
        let run_id = if has_runs {
            let sql = "SELECT run_id FROM etl.runs ORDER BY run_id DESC LIMIT 1";
            conn.query_row(sql, [], |row| row.get(0)).optional().map_err(ExportError::Catalog)?
        } else {
            None
        };
        let warehouse = warehouse.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { warehouse, run_id })
    }
}
