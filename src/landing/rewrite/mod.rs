//! Rewrites the landed answers of a run with other bodies, so that nothing of the earlier bodies stays on disk.
//!
//! The order of writes: new segments, synced → the ledger that names them, renamed over the old one → removal of the
//! old segments. Before the rename, the run is unchanged; after it, the run is the new one. Segments that no line
//! names, left by any attempt, are removed by the next attempt.

mod lines;
mod segments;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::LandingError;
use super::ledger::{self, Entry, LandedAt};
use super::store::{self, segment_path};
use crate::crash::{self, Point};
use crate::workspace::durable;
use lines::{Line, Tells};
use segments::{Segments, raw};

/// What to do with an answer that a line of the ledger names.
pub(crate) enum Change {
    /// The answer stays.
    Keep,
    /// Line and body are replaced with these. The rewrite fills in where the new body is stored. If no answer is left
    /// in a bundle, the body is empty and the line has no location.
    Replace(Entry, Vec<u8>),
}

/// A run as the lines of its ledger, and which answers have to be rewritten.
#[derive(Debug)]
pub(crate) struct Rewrite {
    folder: PathBuf,
    lines: Vec<Line>,
    /// Positions of the lines whose answers change.
    changed: BTreeSet<usize>,
    /// Numbers of the pages that cannot be read, and why. They stay as they are.
    pub(crate) damaged: Vec<(u64, String)>,
    /// Number of ledger lines that cannot be read. Pages that they may have named cannot be searched.
    pub(crate) damaged_lines: u64,
    /// Whether the run is neither published nor given up.
    pub(crate) unfinished: bool,
}

impl Rewrite {
    /// Reads every landed answer of the run in `folder` and calls `change` with its line and its body. Writes nothing.
    /// An answer for which `change` fails counts as damaged.
    ///
    /// # Errors
    /// There is no readable ledger.
    pub(crate) fn plan(
        folder: &Path,
        mut change: impl FnMut(Entry, &[u8]) -> Result<Change, String>,
    ) -> Result<Self, LandingError> {
        let mut plan = Self::read(folder)?;
        for (index, line) in plan.lines.iter().enumerate() {
            let Some((entry, at)) = line.answer() else { continue };
            let changed =
                body(folder, at).map_err(|error| error.to_string()).and_then(|body| change(entry, &body));
            match changed {
                Ok(Change::Keep) => {}
                Ok(Change::Replace(..)) => drop(plan.changed.insert(index)),
                Err(reason) => plan.damaged.push((at.map_or(0, |at| at.number), reason)),
            }
        }
        Ok(plan)
    }

    /// Whether any answer changes.
    pub(crate) fn has_changes(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Whether files hold bytes that no line names: left by an attempt that crashed, or by pages that were asked for
    /// again.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(crate) fn has_leftovers(&self) -> Result<bool, LandingError> {
        let named = self.named();
        let outdated = self.lines.iter().any(|line| line.tells == Tells::Outdated);
        Ok(outdated || self.segments()?.iter().any(|(segment, bytes)| named.get(segment) != Some(bytes)))
    }

    /// Rewrites the run, with each changed answer as `change` returns it. If an answer of an unfinished run has
    /// changed, the run is given up: its pages no longer prove the list, and the next sync reads the list again.
    ///
    /// # Errors
    /// The disk is full or broken, or a page can no longer be read. The run is then either unchanged or completely
    /// rewritten.
    pub(crate) fn apply(
        mut self,
        mut change: impl FnMut(Entry, &[u8]) -> Result<Change, String>,
    ) -> Result<(), LandingError> {
        let old = self.segments()?;
        let mut writer = Segments::after(&self.folder, old.keys().next_back().copied());
        let mut lines = Vec::with_capacity(self.lines.len() + 1);
        for (index, line) in std::mem::take(&mut self.lines).into_iter().enumerate() {
            if line.tells == Tells::Outdated {
                continue;
            }
            let change = self.changed.contains(&index).then_some(&mut change);
            let moved = self.moved(&line, &mut writer, change)?;
            lines.push(moved.unwrap_or(line.text));
        }
        writer.sync()?;
        crash::point(Point::ErasedPagesWritten)?;
        if self.unfinished && self.has_changes() {
            lines.push(lines::line_of(&Entry::Abandoned));
        }
        lines::replace(&self.folder, &lines)?;
        crash::point(Point::ErasedLedgerReplaced)?;
        self.lines = Self::read(&self.folder)?.lines;
        let named = self.named();
        // A page that cannot be read may still name an old segment, which also holds pages that had to go.
        for segment in self.segments()?.keys().filter(|at| old.contains_key(at) || !named.contains_key(at)) {
            fs_err::remove_file(segment_path(&self.folder, *segment))?;
        }
        durable::sync_folder(&self.folder)?;
        crash::point(Point::ErasedSegmentsRemoved)?;
        Ok(())
    }

    /// Writes the answer of a line into the new segments and returns the line with the new location; `None` when
    /// nothing is written for the line.
    fn moved(
        &self,
        line: &Line,
        writer: &mut Segments,
        change: Option<impl FnMut(Entry, &[u8]) -> Result<Change, String>>,
    ) -> Result<Option<Vec<u8>>, LandingError> {
        let Some((entry, at)) = line.answer() else { return Ok(None) };
        if let Some(mut change) = change {
            let number = at.map_or(0, |at| at.number);
            let body = body(&self.folder, at)?;
            let changed = change(entry.clone(), &body);
            if let Change::Replace(entry, body) =
                changed.map_err(|reason| LandingError::Damaged { number, reason })?
            {
                let at = at.filter(|_| !body.is_empty());
                let at = at.map(|at| writer.write_body(at, &body)).transpose()?;
                return Ok(Some(lines::moved(entry, at)));
            }
        }
        // A page that cannot be read has no bytes to copy.
        let raw = at.and_then(|at| Some((at, raw(&self.folder, at).ok()?)));
        let at = raw.map(|(at, raw)| writer.write_raw(at, &raw)).transpose()?;
        Ok(at.map(|at| lines::moved(entry, Some(at))))
    }

    fn read(folder: &Path) -> Result<Self, LandingError> {
        // Fails when the file is not a ledger of this version.
        let damaged_lines = ledger::read_lines(folder)?.damaged;
        let (lines, unfinished) = lines::read(folder)?;
        let (changed, damaged) = (BTreeSet::new(), Vec::new());
        Ok(Self { folder: folder.to_owned(), lines, changed, damaged, damaged_lines, unfinished })
    }

    /// Number of bytes that the lines name in each segment.
    fn named(&self) -> BTreeMap<u32, u64> {
        let mut named = BTreeMap::new();
        for at in self.lines.iter().filter_map(Line::at) {
            *named.entry(at.segment).or_default() += at.length;
        }
        named
    }

    /// The segment files and their sizes in bytes.
    fn segments(&self) -> Result<BTreeMap<u32, u64>, LandingError> {
        let mut found = BTreeMap::new();
        for entry in fs_err::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let number = name.strip_prefix("pages-").and_then(|name| name.strip_suffix(".zst")?.parse().ok());
            if let Some(number) = number {
                found.insert(number, entry.metadata()?.len());
            }
        }
        Ok(found)
    }
}

/// The body at a location; empty for `None`.
fn body(folder: &Path, at: Option<&LandedAt>) -> Result<Vec<u8>, LandingError> {
    at.map_or(Ok(Vec::new()), |at| store::read_page(folder, at))
}

#[cfg(test)]
mod tests;
