//! What an erasure does about each place that it has searched: [`Apply`] changes it, [`DryRun`] leaves it as it is.

use std::path::{Path, PathBuf};

use super::subject::Subject;
use super::tables::{Found, Relation};
use super::{EraseError, Outcome, landing, proof, warehouse};
use crate::crash::{self, Point};
use crate::export::{self, Remembered};
use crate::landing::rewrite::Rewrite;
use crate::landing::runs;
use crate::load::rewrite::sweep;
use crate::workspace::{Lock, Workspace, rights};

/// The changes of an erasure, in their order. By default none is made.
pub(super) trait Effects {
    /// Before the search: makes sure that files can be written, and removes what an interrupted load or erasure left.
    fn begin(&self) -> Result<(), EraseError> {
        Ok(())
    }

    /// Rewrites the published file or a generation without what was found in its tables.
    fn rewrite_file(&self, _path: &Path, _found: &[(Relation, Found)]) -> Result<(), EraseError> {
        Ok(())
    }

    /// Removes runs that were being created or removed, before the others are searched.
    fn tidy_landing(&self, _folder: &Path) -> Result<(), EraseError> {
        Ok(())
    }

    /// Rewrites the landed pages of a run as planned.
    fn rewrite_run(&self, _plan: Rewrite) -> Result<(), EraseError> {
        Ok(())
    }

    /// After the landed pages: removes the rows of loads that did not finish. What this user may not remove is found by
    /// [`Effects::verify`].
    fn clear_staging(&self) -> Result<(), EraseError> {
        Ok(())
    }

    /// Removes the folder from the list of exports.
    fn forget_export(&self, _dir: &Path) -> Result<(), EraseError> {
        Ok(())
    }

    /// Removes interrupted exports to the folder, before it is searched.
    fn tidy_export(&self, _dir: &Path) -> Result<(), EraseError> {
        Ok(())
    }

    /// Exports again, from the erased warehouse.
    fn repeat_export(&self, _export: &Remembered, _outcome: &mut Outcome) -> Result<(), EraseError> {
        Ok(())
    }

    /// At the end: reads everything again.
    fn verify(&self, _exports: &[PathBuf], _outcome: &mut Outcome) -> Result<(), EraseError> {
        Ok(())
    }
}

/// Searches only.
pub(super) struct DryRun;

impl Effects for DryRun {}

/// Erases the subjects from a warehouse that is locked.
pub(super) struct Apply<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) lock: &'a Lock,
    pub(super) subjects: &'a [Subject],
}

impl Effects for Apply<'_> {
    fn begin(&self) -> Result<(), EraseError> {
        self.workspace.probe(self.lock)?;
        Ok(sweep(self.workspace, self.lock)?)
    }

    fn rewrite_file(&self, path: &Path, found: &[(Relation, Found)]) -> Result<(), EraseError> {
        warehouse::rewrite_file(self.workspace, self.lock, path, found)
    }

    fn tidy_landing(&self, folder: &Path) -> Result<(), EraseError> {
        Ok(runs::sweep(folder)?)
    }

    fn rewrite_run(&self, plan: Rewrite) -> Result<(), EraseError> {
        landing::rewrite_run(plan, self.subjects)
    }

    fn clear_staging(&self) -> Result<(), EraseError> {
        for folder in self.workspace.staging_dirs() {
            rights::clear(&folder)?;
        }
        Ok(crash::point(Point::ErasedWarehouse)?)
    }

    fn forget_export(&self, dir: &Path) -> Result<(), EraseError> {
        export::forget(self.workspace, dir)?;
        Ok(())
    }

    fn tidy_export(&self, dir: &Path) -> Result<(), EraseError> {
        Ok(export::sweep_leftovers(dir)?)
    }

    fn repeat_export(&self, export: &Remembered, outcome: &mut Outcome) -> Result<(), EraseError> {
        if !self.workspace.is_published() {
            outcome.untouched_for(&export.dir, "there is no published file to export again");
            return Ok(());
        }
        export::export(&export.options(self.workspace.published()))?;
        Ok(crash::point(Point::ErasedExport)?)
    }

    fn verify(&self, exports: &[PathBuf], outcome: &mut Outcome) -> Result<(), EraseError> {
        proof::look(self.workspace, exports, self.subjects, outcome)
    }
}
