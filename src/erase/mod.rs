//! Removes a person or a company from everything that the tool keeps: the generations, the published file, the landed
//! pages, what lies in staging, and the exports.
//!
//! The order is: generations → published file → landing → staging → exports. Each file is written anew and renamed over
//! the old one, so that a crash at any point leaves every file whole, either old or new; the same command again does
//! what is left. What it looks for and what becomes of it stands in `rules` for tables and in `json` for
//! landed pages; the two agree, so that a `rebuild` afterwards gives the subject no more.
//!
//! At the end `proof` reads all of these files again, in full and by other means than those that looked for the subject
//! before, and says which still holds it.

mod body;
mod bundle;
mod csv;
mod error;
mod exports;
mod json;
mod landing;
mod proof;
mod rules;
mod subject;
mod tables;
mod tally;
mod warehouse;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub use error::EraseError;
pub use subject::{ERASED, Subject, SubjectError};

use crate::crash::{self, Point};
use crate::load::rewrite::sweep;
use crate::workspace::Workspace;

/// Whom to erase, and where else to look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EraseOptions {
    /// Persons and companies.
    pub subjects: Vec<Subject>,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    /// Exports of this warehouse that it does not remember.
    pub exports: Vec<PathBuf>,
    /// Exports that are gone for good.
    pub forget_exports: Vec<PathBuf>,
}

/// What happened to rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// They are gone.
    Removed,
    /// Values in them are gone.
    Changed,
    /// They are as they were; the note says why.
    Left,
}

impl Action {
    /// `removed`, `changed`, `left`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Left => "left",
        }
    }
}

/// Rows of one table in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// `published file`, `generation 3`, `landing 20260131T…`, `export DIR`.
    pub place: String,
    /// The table; for landed pages the stream of their list, or `arguments` for what the run was given.
    pub table: String,
    /// Rows; for landed pages records, and parts of records.
    pub rows: u64,
    /// What happened to them.
    pub action: Action,
    /// More about it; may be empty.
    pub note: String,
}

/// What an erasure did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What was touched, and what had to be left, in the order of the work.
    pub touched: Vec<Touched>,
    /// What could not be looked at or not be written. The subjects may be there still.
    pub problems: Vec<String>,
    /// Files that hold a subject after all was done.
    pub remaining: Vec<Remaining>,
    /// Files that were looked at after all was done.
    pub looked_at: usize,
    /// Places in [`EraseOptions::subjects`] of those that were found.
    pub found: BTreeSet<usize>,
}

/// A file that still holds a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remaining {
    /// The file.
    pub path: PathBuf,
    /// What of it: the table and the number of rows, or pages.
    pub what: String,
}

impl Outcome {
    /// Lists what happened to rows, if it did to any.
    fn add(&mut self, touched: Touched) {
        if touched.rows > 0 {
            self.touched.push(touched);
        }
    }

    fn untouched(&mut self, what: &str, error: &dyn std::error::Error) {
        let mut text = format!("{what} could not be erased: {error}");
        let mut cause = error.source();
        while let Some(next) = cause {
            text.push_str(&format!(": {next}"));
            cause = next.source();
        }
        self.problems.push(text);
    }

    fn untouched_for(&mut self, dir: &Path, reason: &str) {
        self.problems.push(format!("the export in {} is not touched: {reason}", dir.display()));
    }
}

/// Erases the subjects from everything that the tool keeps of the warehouse, under its lock.
///
/// # Errors
/// The lock is held, or the published file cannot be read or written anew. Whatever else cannot be erased is a problem
/// in the outcome, and the rest is done.
pub fn erase(warehouse: &Path, options: &EraseOptions) -> Result<Outcome, EraseError> {
    let there = Workspace::inspect(warehouse)?;
    if !there.is_published() && !there.state_dir().exists() {
        return Err(EraseError::NoWarehouse { path: warehouse.to_owned() });
    }
    let workspace = Workspace::open(warehouse)?;
    let lock = workspace.lock("erase")?;
    let write = !options.dry_run;
    let mut outcome = Outcome::default();
    if write {
        workspace.probe(&lock)?;
        sweep(&workspace, &lock)?;
    }
    for (place, path) in warehouse::files(&workspace)? {
        let erased = warehouse::erase_file(
            &workspace,
            write.then_some(&lock),
            (&place, &path),
            &options.subjects,
            &mut outcome,
        );
        match erased {
            Err(error) if path != workspace.published() => outcome.untouched(&format!("the {place}"), &error),
            erased => erased?,
        }
    }
    landing::erase(&workspace, write, &options.subjects, &mut outcome)?;
    if write {
        for folder in workspace.staging_dirs() {
            empty(&folder)?;
        }
        crash::point(Point::ErasedWarehouse)?;
    }
    let exports = exports::erase(&workspace, write, options, &mut outcome)?;
    if write {
        proof::look(&workspace, &exports, &options.subjects, &mut outcome)?;
    }
    Ok(outcome)
}

/// Removes what lies in the staging folder: rows on their way to a load that did not end.
fn empty(folder: &Path) -> std::io::Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { fs_err::remove_dir_all(path)? } else { fs_err::remove_file(path)? }
    }
    Ok(())
}
