//! The second look: reads everything again that an erasure had to go through, and says which file still holds a subject.
//!
//! It shares the rules with the erasure (what a name in a cell means), and nothing of how that finds its way: every row of
//! every table is read without a condition, landed pages as the segments have them and not as the ledger names them, and
//! exports as the files lie there, by a reader of their own. So a fault in finding or naming files is seen here.

mod cells;
mod database;
mod exports;
mod landing;
mod workbook;

use std::path::{Path, PathBuf};

use super::subject::Subject;
use super::{EraseError, Outcome, Remaining};
use crate::workspace::Workspace;

/// What a look at a file found: the table, or whatever it is called, and how many rows or pages of it.
type Held = Vec<(String, u64)>;

/// Looks at the published file, the generations, the landed pages, the staging folders and the exports in `exports`.
///
/// # Errors
/// A folder cannot be read. A file that cannot is a problem of the outcome.
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

/// Takes down what a file holds.
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

/// Why a file cannot be looked at.
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// The files below a folder whose names end so, in their order; none when there is no folder. Links are not followed.
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
