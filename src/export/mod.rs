//! Exports the published warehouse to a folder of Parquet, CSV or XLSX files. A reader always sees one complete
//! export.
//!
//! # The folder
//! ```text
//! DIR/manifest.json                     the complete export: tables, columns, files with rows, bytes and SHA-256
//! DIR/current -> export-…               the same export under a fixed path (a symbolic link; Unix only)
//! DIR/export-20260102T030405Z/companies/part-0.parquet
//! DIR/export-20260102T030405Z/prospects/country=FI/part-0.parquet     with `partition_by_country`
//! DIR/.vainu-etl-export.lock            allows one export at a time; marks the folder as ours
//! ```
//! An export writes a new sub-folder under a hidden name, syncs it, gives it its final name, and only then renames the
//! new manifest over the old one. That rename is the switch. The sub-folder of the earlier export is removed last. If
//! an export is interrupted, the manifest in place and all files that it names are complete; the next export removes
//! the leftovers. A folder that holds other things is refused.

mod commit;
mod error;
mod format;
mod opened;
mod relation;
mod target;

use std::path::PathBuf;

use duckdb::Connection;

pub(crate) use commit::folder::{is_export, manifest_in as manifest_of, sweep_leftovers};
pub use commit::manifest::{ExportFormat, Manifest, ManifestColumn, ManifestFile, ManifestTable, Source};
pub use commit::remembered::{Remembered, forget, remembered};
pub use error::ExportError;

use crate::files::set_temporary;
use crate::query::CsvOptions;
use crate::schema::ddl::literal;
use commit::folder::Folder;
use opened::Opened;

/// What to export, and where. Start with [`ExportOptions::new`] and set single fields.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportOptions {
    /// Path of the published warehouse. It is opened read-only.
    pub warehouse: PathBuf,
    /// Folder to export to. It is created if it is missing.
    pub dir: PathBuf,
    /// Names of tables and views in schema `main`. Default: empty, which means all tables and the view `companies`.
    pub tables: Vec<String>,
    /// Format of the files. Default: Parquet.
    pub format: ExportFormat,
    /// Whether tables with a country are partitioned into one folder `country=XX` per country. The column is then in
    /// the path and not in the files, as Hive, Spark, pandas and DuckDB expect. A table is not partitioned if not all
    /// of these read each of its countries back from a path, for example a missing country; the manifest then says
    /// why. Default: false.
    pub partition_by_country: bool,
    /// CSV: whether text that a spreadsheet would read as a formula is written unchanged. Default: false.
    pub raw_csv: bool,
    /// CSV: differences from RFC 4180. Default: no differences.
    pub csv: CsvOptions,
    /// Rows per Parquet row group. Default: 122,880. Larger row groups compress a little better and need more memory.
    pub row_group_rows: u32,
    /// DuckDB's memory limit in DuckDB's notation, such as `512MB`. Sorts that need more use the disk, in `dir`.
    /// Default: a quarter of the machine's memory, from 512 MB to 2 GB. (With 2 GB, 1,000,000 prospects are sorted
    /// without the disk, in half of the time.)
    pub memory_limit: String,
}

impl ExportOptions {
    /// Default options: all tables and the view `companies` of `warehouse`, as Parquet, to `dir`.
    pub fn new(warehouse: impl Into<PathBuf>, dir: impl Into<PathBuf>) -> Self {
        Self {
            warehouse: warehouse.into(),
            dir: dir.into(),
            tables: Vec::new(),
            format: ExportFormat::Parquet,
            partition_by_country: false,
            raw_csv: false,
            csv: CsvOptions::default(),
            row_group_rows: 122_880,
            memory_limit: format!("{}MB", default_memory_mb()),
        }
    }
}

/// Default memory limit in megabytes: a quarter of the machine's memory, but no less than 512 and no more than 2000.
/// Systems other than Linux are taken to have 4000 MB.
fn default_memory_mb() -> u64 {
    #[cfg(target_os = "linux")]
    let all = {
        let machine = rustix::system::sysinfo();
        (machine.totalram as u64).saturating_mul(u64::from(machine.mem_unit)) / 1_000_000
    };
    #[cfg(not(target_os = "linux"))]
    let all = 4_000;
    (all / 4).clamp(512, 2000)
}

/// Exports the warehouse and returns the manifest, which is also written to `manifest.json` in the folder.
///
/// Rows are sorted by country and business id, or by all columns if a table does not have both.
///
/// # Errors
/// [`ExportError`]. An earlier export in the folder is unchanged.
pub fn export(options: &ExportOptions) -> Result<Manifest, ExportError> {
    let opened = Opened::open(options)?;
    let folder = Folder::claim(&options.dir)?;
    if let Err(error) = commit::remembered::remember(options, folder.dir()) {
        // A user who can only read the warehouse can still export, so this failure is only a warning.
        tracing::warn!(%error, "The warehouse does not remember this export: `erase` has to be told of it by --export.");
    }
    // The folder is recorded and locked by now: an erasure that replaces the warehouse after this check knows the
    // folder and finds it locked.
    let Opened { conn, relations, .. } = opened.current(options)?;
    configure(&conn, options, &folder)?;
    let source = Source::of(&conn, &options.warehouse)?;

    let mut written = Vec::with_capacity(relations.len());
    for relation in &relations {
        written.push((relation, target::files::write(&conn, relation, options, &folder, &source)?));
    }
    // Closing the connection frees the memory of the sorts. This is done while the files are read back: each of the
    // two takes a tenth of the time of an export.
    let tables = std::thread::scope(|scope| {
        scope.spawn(|| drop(conn));
        let tables = written.into_iter().map(|(relation, files)| files.describe(relation, &folder));
        tables.collect::<Result<_, ExportError>>()
    })?;
    let manifest = Manifest::new(folder.export_id(), options.format, options.csv, source, tables);
    folder.publish(&manifest)?;
    Ok(manifest)
}

fn configure(conn: &Connection, options: &ExportOptions, folder: &Folder) -> Result<(), ExportError> {
    let spill = set_temporary(&folder.spill())?;
    // Every SELECT has an ORDER BY. With the default setting DuckDB would also keep the order of unordered scans, in
    // memory.
    conn.execute_batch(&format!(
        "SET memory_limit = {}; {spill}; SET preserve_insertion_order = false",
        literal(&options.memory_limit),
    ))
    .map_err(ExportError::Settings)
}
