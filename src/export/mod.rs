//! Copies the published warehouse into a folder of Parquet, CSV or XLSX files that a reader always sees whole.
//!
//! # The folder
//! ```text
//! DIR/manifest.json                     what is complete: tables, columns, files with rows, bytes and SHA-256
//! DIR/current -> export-…               the same export under a path that stays (a symbolic link; Unix only)
//! DIR/export-20260102T030405Z/companies/part-0.parquet
//! DIR/export-20260102T030405Z/prospects/country=FI/part-0.parquet     with `partition_by_country`
//! DIR/.vainu-etl-export.lock            one export at a time; marks the folder as ours
//! ```
//! Every export writes a fresh sub-folder under a hidden name, syncs it, gives it its name, and only then renames the new
//! manifest over the old one: that rename is the switch. The sub-folder of the export before goes last. Interrupted at
//! any point, the old manifest and all files it names are still there; leftovers are swept away by the next export.
//! Folders with other things in them are refused.

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

/// What to export, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportOptions {
    /// The published warehouse; opened read only.
    pub warehouse: PathBuf,
    /// Folder to export to; made when missing.
    pub dir: PathBuf,
    /// Tables and views of schema `main`. Empty: all tables, and the view `companies`.
    pub tables: Vec<String>,
    /// Format of the files. Default: Parquet.
    pub format: ExportFormat,
    /// One folder `country=XX` for each country, in tables that have one; the column is then in the path and not in the
    /// files, as Hive, Spark, pandas and DuckDB expect. A table with rows whose country not all of them take from a path, such
    /// as none, stays whole; the manifest says so. Default: false.
    pub partition_by_country: bool,
    /// CSV: leave text that a spreadsheet would take for a formula as it is. Default: false.
    pub raw_csv: bool,
    /// CSV: what differs from RFC 4180. Default: nothing.
    pub csv: CsvOptions,
    /// Rows in a Parquet row group. Default: 122,880. More rows compress a little better and need more memory.
    pub row_group_rows: u32,
    /// DuckDB's memory limit, as DuckDB writes sizes; what does not fit is sorted on disk, in `dir`. Default: a quarter of
    /// the machine's memory, from 512 MB to 2 GB. (1,000,000 prospects are sorted in 2 GB without the disk, which takes
    /// half of the time.)
    pub memory_limit: String,
}

impl ExportOptions {
    /// All tables and `companies` of `warehouse` as Parquet into `dir`.
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

/// A quarter of the machine's memory, in megabytes, but no less than 512 and no more than 2000.
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

/// Exports as `options` say and returns the manifest, which is also `manifest.json` in the folder.
///
/// Rows are sorted by country and business id, or by all columns where a table has no such key.
///
/// # Errors
/// [`ExportError`]; whatever failed, an earlier export in the folder is as it was.
pub fn export(options: &ExportOptions) -> Result<Manifest, ExportError> {
    let opened = Opened::open(options)?;
    let folder = Folder::claim(&options.dir)?;
    if let Err(error) = commit::remembered::remember(options, folder.dir()) {
        // Whoever exports may be somebody who can only read the warehouse.
        tracing::warn!(%error, "The warehouse does not remember this export: `erase` has to be told of it by --export.");
    }
    // An erasure that replaces the file from here on knows the folder, and finds it locked.
    let Opened { conn, relations, .. } = opened.current(options)?;
    configure(&conn, options, &folder)?;
    let source = Source::of(&conn, &options.warehouse)?;

    let mut written = Vec::with_capacity(relations.len());
    for relation in &relations {
        written.push((relation, target::files::write(&conn, relation, options, &folder, &source)?));
    }
    // What a sort held goes back while the files are read: each takes a tenth of the time of an export.
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
    // Order comes from ORDER BY; without this setting DuckDB would also keep that of unordered scans, in memory.
    conn.execute_batch(&format!(
        "SET memory_limit = {}; {spill}; SET preserve_insertion_order = false",
        literal(&options.memory_limit),
    ))
    .map_err(ExportError::Settings)
}
