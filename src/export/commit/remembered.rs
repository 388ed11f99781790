//! The list of folders that a warehouse was exported to, with the options of each export. An erasure reads it to find
//! the exports.
//!
//! The list is `exports.json` in the state folder and holds the latest export to each folder. A warehouse without a
//! state folder, such as a copy, has no list.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::export::{ExportFormat, ExportOptions};
use crate::query::CsvOptions;
use crate::workspace::Workspace;

const FILE: &str = "exports.json";

/// The latest export to one folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Remembered {
    /// Absolute path of the folder.
    pub dir: PathBuf,
    /// Tables and views as requested; empty for the default.
    pub tables: Vec<String>,
    /// Format of the files.
    pub format: ExportFormat,
    /// Whether tables are partitioned by country.
    pub partition_by_country: bool,
    /// Whether CSV texts that a spreadsheet would read as formulas are written unchanged.
    pub raw_csv: bool,
    /// How CSV files differ from RFC 4180.
    #[serde(default)]
    pub csv: CsvOptions,
}

impl Remembered {
    /// Options that repeat this export from `warehouse`.
    pub fn options(&self, warehouse: &Path) -> ExportOptions {
        ExportOptions {
            tables: self.tables.clone(),
            format: self.format,
            partition_by_country: self.partition_by_country,
            raw_csv: self.raw_csv,
            csv: self.csv,
            ..ExportOptions::new(warehouse, &self.dir)
        }
    }
}

/// The list of exports of the warehouse, one per folder, sorted by path. Empty if nothing was exported yet.
///
/// # Errors
/// The list cannot be read.
pub fn remembered(workspace: &Workspace) -> std::io::Result<Vec<Remembered>> {
    match fs_err::read(workspace.state_dir().join(FILE)) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Removes `dir` from the list. Returns whether it was in the list.
///
/// # Errors
/// The list cannot be read or written.
pub fn forget(workspace: &Workspace, dir: &Path) -> std::io::Result<bool> {
    let _turn = turn(workspace)?;
    let all = remembered(workspace)?;
    let kept: Vec<&Remembered> = all.iter().filter(|known| known.dir != dir).collect();
    if kept.len() < all.len() {
        write(workspace, &kept)?;
    }
    Ok(kept.len() < all.len())
}

/// Adds an export to the list and replaces an earlier one to the same folder. `dir` is absolute. Does nothing if the
/// warehouse has no state folder.
pub(in crate::export) fn remember(options: &ExportOptions, dir: &Path) -> std::io::Result<()> {
    let Ok(workspace) = Workspace::inspect(&options.warehouse) else { return Ok(()) };
    if !workspace.state_dir().is_dir() {
        return Ok(());
    }
    let new = Remembered {
        dir: dir.to_owned(),
        tables: options.tables.clone(),
        format: options.format,
        partition_by_country: options.partition_by_country,
        raw_csv: options.raw_csv,
        csv: options.csv,
    };
    let _turn = turn(&workspace)?;
    let all = remembered(&workspace)?;
    if all.contains(&new) {
        return Ok(());
    }
    let mut kept: Vec<&Remembered> = all.iter().filter(|known| known.dir != dir).chain([&new]).collect();
    kept.sort_by(|one, other| one.dir.cmp(&other.dir));
    write(&workspace, &kept)
}

/// Waits until no other process changes the list; the next one may when the returned folder is dropped. Two exports that
/// end at the same time would otherwise lose one of their entries.
fn turn(workspace: &Workspace) -> std::io::Result<std::fs::File> {
    let folder = fs_err::File::open(workspace.state_dir())?.into_file();
    // Some network file systems have no locks. There, the list is changed without one.
    let _ = folder.lock();
    Ok(folder)
}

fn write(workspace: &Workspace, all: &[&Remembered]) -> std::io::Result<()> {
    let path = workspace.state_dir().join(FILE);
    let begun = path.with_extension(format!("json.{}", std::process::id()));
    let mut file = fs_err::File::create(&begun)?;
    file.write_all(&serde_json::to_vec_pretty(all)?)?;
    file.sync_all()?;
    fs_err::rename(begun, path)
}
