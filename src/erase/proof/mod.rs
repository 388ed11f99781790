//! The check at the end of an erasure: reads all files again, and reports those that still hold a subject.
//!
//! It shares the rules with the erasure (what a name in a cell means), but not the search. It reads every row of every
//! table without a condition, landed pages as they are in the segments and not as the ledger names them, and exports as
//! their files are in the folders, with readers of its own. So it also finds faults in searching and in naming files.

mod cells;
mod database;
mod exports;
mod landing;
mod workbook;

use std::path::{Path, PathBuf};

use super::subject::Subject;
use super::{EraseError, Outcome, Remaining};
use crate::workspace::Workspace;

/// What a file holds of the subjects: for each table, or part of the file, its name and the number of rows or pages.
type Held = Vec<(String, u64)>;

/// Reads the published file, the generations, the landed pages, the staging folders and the exports in `exports`.
///
/// # Errors
/// A folder cannot be read. A file that cannot be read is a problem of the outcome.
pub(super) fn look(
    workspace: &Workspace,
    exports: &[PathBuf],
    subjects: &[Subject],
    outcome: &mut Outcome,
) -> Result<(), EraseError> {
    let mut files: Vec<PathBuf> = below(&workspace.generations_dir(), "duckdb")?;
    files.extend(workspace.is_published().then(|| workspace.published().to_owned()));
    for file in files {
        take(&file, database::held(workspace, &file, subjects), outcome);
    }
    for file in below(&workspace.landing_dir(), "")? {
        if let Some(held) = landing::held(&file, subjects) {
            take(&file, held, outcome);
        }
    }
    for folder in workspace.staging_dirs() {
        for path in below(&folder, "")? {
            outcome.remaining.push(Remaining { path, what: "rows on their way to a load".to_owned() });
        }
    }
    for dir in exports.iter().filter(|dir| dir.is_dir()) {
        exports::look(dir, subjects, outcome)?;
    }
    Ok(())
}

/// Adds to the outcome what a file holds, or why it cannot be read.
fn take(path: &Path, held: Result<Held, Failed>, outcome: &mut Outcome) {
    outcome.looked_at += 1;
    match held {
        Ok(held) => {
            let remaining = held.into_iter().filter(|(_, rows)| *rows > 0);
            let what = |(table, rows)| format!("{rows} of {table}");
            outcome
                .remaining
                .extend(remaining.map(|held| Remaining { path: path.to_owned(), what: what(held) }));
        }
        Err(error) => {
            outcome.problems.push(format!("`{}` cannot be looked at again: {error}", path.display()));
        }
    }
}

/// Why a file cannot be read.
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// The files in a folder and its subfolders that have this extension, sorted. An empty `extension` stands for all
/// files. Empty if there is no such folder. Symbolic links are not followed.
fn below(folder: &Path, extension: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs_err::read_dir(&folder)? {
            let entry = entry?;
            let path = entry.path();
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file()
                && (extension.is_empty() || path.extension().is_some_and(|is| is == extension))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
