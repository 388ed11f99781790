//! Earlier generations: lists them, rolls back to one, and removes the oldest.

use std::io;
use std::path::PathBuf;

use crate::crash::{self, Point};
use crate::load::LoadError;
use crate::load::publish::swap::{self, Paths};
use crate::workspace::{Lock, Marker, Workspace, WorkspaceError, read_marker};

/// An earlier generation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Generation {
    /// Its number.
    pub number: u64,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// When it was finished, microseconds since 1970, UTC. `None` if the file cannot be read.
    pub published_at_us: Option<i64>,
    /// Path of the file.
    pub path: PathBuf,
}

/// The generations that are kept, newest first, without the published one. Files with other names are ignored.
///
/// # Errors
/// [`LoadError::Io`] if the folder cannot be read.
pub fn generations(workspace: &Workspace) -> Result<Vec<Generation>, LoadError> {
    let described = |(number, path): (u64, PathBuf)| {
        let bytes = fs_err::metadata(&path).map_err(|source| LoadError::io("reading", &path, source))?.len();
        let published_at_us = read_marker(&path).ok().map(|marker| marker.published_at_us);
        Ok(Generation { number, bytes, published_at_us, path })
    };
    kept(workspace)?.into_iter().map(described).collect()
}

/// The newest generation that is kept and can be read. `None` if there is none. Logs a warning for each one that cannot
/// be read.
///
/// # Errors
/// [`LoadError::Io`] if the folder cannot be read.
pub fn newest(workspace: &Workspace) -> Result<Option<Generation>, LoadError> {
    for (number, path) in kept(workspace)? {
        match read_marker(&path) {
            Ok(marker) if marker.generation == number => {
                let bytes =
                    fs_err::metadata(&path).map_err(|source| LoadError::io("reading", &path, source))?.len();
                let published_at_us = Some(marker.published_at_us);
                return Ok(Some(Generation { number, bytes, published_at_us, path }));
            }
            Ok(marker) => tracing::warn!(
                path = %path.display(),
                says = marker.generation,
                "A kept generation is not the one that its name says; it is passed over."
            ),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "A kept generation cannot be read; it is passed over.");
            }
        }
    }
    Ok(None)
}

/// The result of [`restore`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restored {
    /// The published file exists. Nothing was done.
    NotGone,
    /// The published file does not exist, and no generation is kept.
    Nothing,
    /// The generation with this number is published again.
    Generation(u64),
}

/// Publishes the newest kept generation again if the published file is missing, since it holds what is known of
/// companies since the first load. The caller reports it.
///
/// # Errors
/// The generations cannot be listed, or the newest one cannot be moved. It is published with [`LoadError::NotDurable`].
pub fn restore(workspace: &Workspace, _lock: &Lock) -> Result<Restored, LoadError> {
    if workspace.is_published() {
        return Ok(Restored::NotGone);
    }
    let Some(Generation { number, path, .. }) = newest(workspace)? else { return Ok(Restored::Nothing) };
    swap::move_over(workspace, &Paths::of(workspace), &path)?;
    swap::sync_generations(workspace, workspace.published())?;
    Ok(Restored::Generation(number))
}

/// Publishes an earlier generation again, and keeps the published one as a generation. `to` is the number of the
/// generation; `None` stands for the one before the published one. The next load starts from it, and its number is
/// above all that are kept.
///
/// # Errors
/// [`LoadError::NoGeneration`] if there is no such generation; others if it cannot be read or moved. Nothing is changed
/// then, except with [`LoadError::NotDurable`].
pub fn rollback(workspace: &Workspace, _lock: &Lock, to: Option<u64>) -> Result<Generation, LoadError> {
    swap::sweep(workspace)?;
    let marker = workspace.marker()?;
    let current = marker.as_ref().map_or(u64::MAX, |marker| marker.generation);
    let kept = kept(workspace)?;
    let wanted = |number: u64| to.map_or(number < current, |to| number == to);
    let Some((number, path)) = kept.iter().find(|(number, _)| *number != current && wanted(*number)) else {
        let kept = kept.into_iter().map(|(number, _)| number).filter(|number| *number != current).collect();
        return Err(LoadError::NoGeneration { number: to, kept });
    };
    let target = read_marker(path)?;
    if target.generation != *number {
        let what = format!("it says generation {}", target.generation);
        return Err(LoadError::Verification { path: path.clone(), what });
    }
    if let Some(path) = workspace.stale_wal() {
        return Err(WorkspaceError::StaleWal { path }.into());
    }
    let bytes = fs_err::metadata(path).map_err(|source| LoadError::io("reading", path, source))?.len();
    swap::keep(workspace, marker.as_ref())?;
    swap::move_over(workspace, &Paths::of(workspace), path)?;
    swap::sync_generations(workspace, workspace.published())?;
    tracing::info!(generation = number, "Earlier generation published again.");
    let published_at_us = Some(target.published_at_us);
    Ok(Generation { number: *number, bytes, published_at_us, path: workspace.published().to_owned() })
}

/// The number of the next generation. It is above that of the published generation and of all that were kept, so that a
/// number is never used twice, not even after a rollback.
pub(in crate::load) fn next_number(workspace: &Workspace, marker: Option<&Marker>) -> Result<u64, LoadError> {
    let newest = kept(workspace)?.first().map_or(0, |(number, _)| *number);
    let published = marker.map_or(0, |marker| marker.generation);
    // The state folder may be new and know no number, or the files may be gone.
    Ok(newest.max(published).max(workspace.highest_generation()?) + 1)
}

/// Removes all but `keep` earlier generations. The one that was just `replaced` is kept first, even if it is not the
/// newest because of a rollback. A file that cannot be removed is only logged: the load is already published.
pub(in crate::load) fn prune(workspace: &Workspace, keep: usize, replaced: Option<&Marker>) {
    let mut all = match kept(workspace) {
        Ok(all) => all,
        Err(error) => return tracing::warn!(%error, "Earlier generations are not listed."),
    };
    let replaced = replaced.map(|marker| marker.generation);
    all.sort_by_key(|(number, _)| (Some(*number) != replaced, u64::MAX - number));
    for (number, path) in all.into_iter().skip(keep) {
        match swap::remove_if_there(&path) {
            Ok(()) => tracing::debug!(generation = number, "Earlier generation removed."),
            Err(error) => tracing::warn!(generation = number, %error, "Earlier generation is not removed."),
        }
    }
    if let Err(error) = crash::point(Point::GenerationsPruned) {
        tracing::warn!(%error, "Earlier generations are not removed.");
    }
}

/// Removes unfinished copies and links of the published file that a crash left before they became generations.
pub(in crate::load) fn sweep(workspace: &Workspace) -> Result<(), LoadError> {
    let folder = workspace.generations_dir();
    let failed = |source| LoadError::io("reading", &folder, source);
    for entry in fs_err::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "new") {
            swap::remove_if_there(&path)?;
        }
    }
    Ok(())
}

/// Numbers and paths of the kept generations, newest first.
fn kept(workspace: &Workspace) -> Result<Vec<(u64, PathBuf)>, LoadError> {
    let folder = workspace.generations_dir();
    let failed = |source| LoadError::io("reading", &folder, source);
    let entries = match fs_err::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(failed(source)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".duckdb")?.parse().ok());
        // A name with more leading zeros, such as that of a copy made by hand, does not count.
        if let Some(number) =
            number.filter(|number| swap::generation_path(workspace, *number).file_name() == Some(&name))
        {
            found.push((number, folder.join(name)));
        }
    }
    found.sort_by_key(|(number, _)| u64::MAX - number);
    Ok(found)
}
