//! Removes a person or a company from everything that the tool keeps: the generations, the published file, the landed
//! pages, the staging folders, and the exports.
//!
//! The order is: generations → published file → landing → staging → exports. Each file is rewritten beside the old one
//! and renamed over it. A crash at any point leaves every file whole, either old or new, and running the same command
//! again does the rest. `rules` says what is removed from tables, and `json` what is removed from landed pages. The two
//! agree, so that a later `rebuild` does not bring the subject back.
//!
//! Each place is searched first; what then happens to it is a method of `effects`, which has two implementations: one
//! changes the place, and the one of a dry run does nothing.
//!
//! At the end, `proof` reads all of these files again in full, by other means than the search before, and reports those
//! that still hold a subject.

mod body;
mod bundle;
mod csv;
mod effects;
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

use crate::load::LoadError;
use crate::workspace::{Lock, Workspace};
use effects::{Apply, DryRun, Effects};

/// Whom to erase, and which exports to search. Start with [`EraseOptions::new`] and set single fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EraseOptions {
    /// The persons and companies to erase.
    pub subjects: Vec<Subject>,
    /// Folders of further exports of this warehouse, which its list of exports does not name.
    pub exports: Vec<PathBuf>,
    /// Folders of exports that no longer exist. They are removed from the list of exports.
    pub forget_exports: Vec<PathBuf>,
}

impl EraseOptions {
    /// Erases `subjects` from the warehouse and the exports that it names.
    pub fn new(subjects: Vec<Subject>) -> Self {
        Self { subjects, ..Self::default() }
    }
}

/// What happened to rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The rows were removed.
    Removed,
    /// Values in the rows were removed.
    Changed,
    /// The rows stay as they were; the note says why.
    Left,
}

impl Action {
    /// The action in lower case: `removed`, `changed` or `left`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Left => "left",
        }
    }
}

/// Rows of one table in one place, and what happened to them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Touched {
    /// The place: `published file`, `generation 3`, `landing 20260131T…` or `export DIR`.
    pub place: String,
    /// The table. For landed pages the stream of their list, or `arguments` for the selections that the run was started
    /// with.
    pub table: String,
    /// Number of rows, at least 1. For landed pages, number of records and parts of records.
    pub rows: u64,
    /// What happened to the rows.
    pub action: Action,
    /// Further explanation; may be empty.
    pub note: String,
}

/// What an erasure did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// The rows that were changed or had to be left, in the order of the work.
    pub touched: Vec<Touched>,
    /// What could not be searched or not be written, or perhaps not for good, one sentence each. It may still hold a
    /// subject.
    pub problems: Vec<String>,
    /// Files that still hold a subject after the erasure. Empty after [`dry_run`], which does not look.
    pub remaining: Vec<Remaining>,
    /// Number of files read again after the erasure; 0 after [`dry_run`].
    pub looked_at: usize,
    /// Indexes in [`EraseOptions::subjects`] of the subjects that were found.
    pub found: BTreeSet<usize>,
}

/// A file that still holds a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remaining {
    /// The file.
    pub path: PathBuf,
    /// What the file holds: the number of rows or pages, and of which table.
    pub what: String,
}

impl Outcome {
    /// Adds an entry, unless its number of rows is 0.
    fn add(&mut self, touched: Touched) {
        if touched.rows > 0 {
            self.touched.push(touched);
        }
    }

    fn untouched(&mut self, what: &str, error: &dyn std::error::Error) {
        self.add_problem(&format!("{what} could not be erased"), error);
    }

    /// Adds a problem and its causes.
    fn add_problem(&mut self, what: &str, error: &dyn std::error::Error) {
        let mut text = format!("{what}: {error}");
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

/// Erases the subjects from everything that the tool keeps of the warehouse. Holds the warehouse's lock.
///
/// # Errors
/// There is no warehouse, the lock is held, or the published file cannot be read or rewritten. Generations, landed
/// pages and exports that cannot be erased are problems of the outcome instead, and the rest is done.
pub fn erase(warehouse: &Path, options: &EraseOptions) -> Result<Outcome, EraseError> {
    let (workspace, lock) = open(warehouse)?;
    let subjects = &options.subjects;
    search(&workspace, options, &Apply { workspace: &workspace, lock: &lock, subjects })
}

/// Searches as [`erase`] does, and changes nothing: the outcome says what [`erase`] would do. Holds the warehouse's
/// lock.
///
/// # Errors
/// As of [`erase`].
pub fn dry_run(warehouse: &Path, options: &EraseOptions) -> Result<Outcome, EraseError> {
    let (workspace, _lock) = open(warehouse)?;
    search(&workspace, options, &DryRun)
}

fn open(warehouse: &Path) -> Result<(Workspace, Lock), EraseError> {
    let there = Workspace::inspect(warehouse)?;
    if !there.is_published() && !there.state_dir().exists() {
        return Err(EraseError::NoWarehouse { path: warehouse.to_owned() });
    }
    let workspace = Workspace::open(warehouse)?;
    let lock = workspace.lock("erase")?;
    Ok((workspace, lock))
}

/// Searches every place for the subjects and has `effects` do its work there.
fn search(
    workspace: &Workspace,
    options: &EraseOptions,
    effects: &dyn Effects,
) -> Result<Outcome, EraseError> {
    let mut outcome = Outcome::default();
    effects.begin()?;
    for (place, path) in warehouse::files(workspace)? {
        let erased =
            warehouse::erase_file(workspace, effects, (&place, &path), &options.subjects, &mut outcome);
        match erased {
            Err(error) if path == workspace.published() => return Err(error),
            Err(EraseError::Load(error @ LoadError::NotDurable { .. })) => {
                outcome.add_problem(&format!("the {place} is erased, but perhaps not for good"), &error);
            }
            Err(error) => outcome.untouched(&format!("the {place}"), &error),
            Ok(()) => {}
        }
    }
    landing::erase(workspace, effects, &options.subjects, &mut outcome)?;
    effects.clear_staging()?;
    let exports = exports::erase(workspace, effects, options, &mut outcome)?;
    effects.verify(&exports, &mut outcome)?;
    Ok(outcome)
}
