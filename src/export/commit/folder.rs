//! The target folder of an export: the check that it is ours, the lock for one export at a time, and the switch to a
//! new export.

use std::{
    fs::TryLockError,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use crate::export::commit::manifest;
use crate::export::{ExportError, Manifest};
use crate::workspace::durable;

const MANIFEST: &str = "manifest.json";
const LOCK: &str = ".vainu-etl-export.lock";
const CURRENT: &str = "current";
const PREFIX: &str = "export-";

/// A target folder that this export has locked, with a staging folder in it. If it is dropped before
/// [`Folder::publish`], the staging folder is removed and the earlier export stays as it was.
pub(in crate::export) struct Folder {
    dir: PathBuf,
    export_id: String,
    staging: PathBuf,
    /// Held until this value is dropped. The operating system releases the lock if the process dies.
    _lock: fs_err::File,
}

impl Folder {
    /// Prepares `dir` for an export: creates it if it is missing, takes its lock, removes what interrupted exports
    /// left, and creates an empty staging folder.
    ///
    /// # Errors
    /// [`ExportError::Foreign`] if `dir` holds other things, [`ExportError::Busy`] if another export has the lock, or
    /// an I/O error.
    pub(in crate::export) fn claim(dir: &Path) -> Result<Self, ExportError> {
        fs_err::create_dir_all(dir)?;
        let dir = fs_err::canonicalize(dir)?;
        if !is_ours(&dir)? {
            return Err(ExportError::Foreign { dir });
        }
        let lock =
            fs_err::OpenOptions::new().create(true).write(true).truncate(false).open(dir.join(LOCK))?;
        match lock.file().try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(ExportError::Busy { dir }),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        sweep(&dir, manifest_in(&dir)?.map(|manifest| manifest.export).as_deref())?;
        let export_id = free_id(&dir);
        let staging = dir.join(format!(".{export_id}"));
        fs_err::create_dir(&staging)?;
        Ok(Self { dir, export_id, staging, _lock: lock })
    }

    /// Absolute path of the target folder.
    pub(in crate::export) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Name of the export, and of its sub-folder once it is published.
    pub(in crate::export) fn export_id(&self) -> &str {
        &self.export_id
    }

    /// Folder that holds the files until the export is complete.
    pub(in crate::export) fn staging(&self) -> &Path {
        &self.staging
    }

    /// Folder for data that does not fit into DuckDB's memory limit.
    pub(in crate::export) fn spill(&self) -> PathBuf {
        self.staging.join(".spill")
    }

    /// Publishes the export: syncs and renames the staging folder, replaces the manifest, and removes the earlier
    /// export. Readers see the new export as soon as the manifest is renamed.
    pub(in crate::export) fn publish(&self, manifest: &Manifest) -> Result<(), ExportError> {
        if self.spill().exists() {
            fs_err::remove_dir_all(self.spill())?;
        }
        sync_folders(&self.staging)?;
        fs_err::rename(&self.staging, self.dir.join(&self.export_id))?;
        let text = serde_json::to_vec_pretty(manifest).map_err(std::io::Error::other)?;
        let temporary = self.dir.join(".manifest.json.tmp");
        let mut file = fs_err::File::create(&temporary)?;
        file.write_all(&text)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        sync_folder(&self.dir)?;
        fs_err::rename(&temporary, self.dir.join(MANIFEST))?; // the switch
        sync_folder(&self.dir)?;
        point_current(&self.dir, &self.export_id)?;
        sweep(&self.dir, Some(&self.export_id))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // After `publish` the folder no longer exists. Anything that cannot be removed here is removed by the next
        // export.
        let _ = fs_err::remove_dir_all(&self.staging);
    }
}

/// Whether `dir` is empty, has a manifest of this program, or has its lock file and no manifest at all.
fn is_ours(dir: &Path) -> Result<bool, ExportError> {
    let empty = fs_err::read_dir(dir)?.next().is_none();
    Ok(empty || manifest_in(dir)?.is_some() || (dir.join(LOCK).is_file() && !dir.join(MANIFEST).exists()))
}

/// The manifest in `dir`. `None` if there is none, or if it is not a manifest of this program.
///
/// # Errors
/// [`ExportError::NewerManifest`], or the file cannot be read.
pub(crate) fn manifest_in(dir: &Path) -> Result<Option<Manifest>, ExportError> {
    let file = dir.join(MANIFEST);
    match fs_err::read(&file) {
        Ok(text) => manifest::read(&text, &file),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Removes interrupted and outdated exports from `dir`.
///
/// # Errors
/// `dir` holds other things than exports, another export is writing to it, or a folder cannot be removed.
pub(crate) fn sweep_leftovers(dir: &Path) -> Result<(), ExportError> {
    Folder::claim(dir).map(drop)
}

/// Removes every export except `keep`, finished or not. Entries that do not have the name of an export are left alone.
fn sweep(dir: &Path, keep: Option<&str>) -> Result<(), ExportError> {
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_export(&name) && keep != Some(name.as_str()) && entry.file_type()?.is_dir() {
            fs_err::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Whether `name` has the form that [`free_id`] returns, with or without the leading dot of a staging folder.
pub(crate) fn is_export(name: &str) -> bool {
    let shape: String =
        name.chars().map(|character| if character.is_ascii_digit() { '0' } else { character }).collect();
    let shape = shape.strip_prefix('.').unwrap_or(&shape);
    shape
        .strip_prefix(PREFIX)
        .is_some_and(|time| time.trim_end_matches('0').trim_end_matches('-') == "00000000T000000Z")
}

/// An unused name such as `export-20260102T030405Z` (UTC). If the name of this second is taken, `-2`, `-3` and so on
/// are appended.
fn free_id(dir: &Path) -> String {
    let now = crate::clock::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let mut id = format!("{PREFIX}{now}");
    let mut number = 1;
    while dir.join(&id).exists() || dir.join(format!(".{id}")).exists() {
        number += 1;
        id = format!("{PREFIX}{now}-{number}");
    }
    id
}

fn sync_folders(dir: &Path) -> Result<(), ExportError> {
    for entry in fs_err::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync_folder(dir)
}

/// Syncs `dir`, so that the names in it are durable.
fn sync_folder(dir: &Path) -> Result<(), ExportError> {
    Ok(durable::sync_folder(dir)?)
}

/// Points the symbolic link `current` at the export, atomically. A `current` that is not a symbolic link is left
/// alone.
#[cfg(unix)]
fn point_current(dir: &Path, export_id: &str) -> Result<(), ExportError> {
    let link = dir.join(CURRENT);
    if fs_err::symlink_metadata(&link).is_ok_and(|found| !found.is_symlink()) {
        return Ok(());
    }
    let temporary = dir.join(".current.tmp");
    match fs_err::remove_file(&temporary) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    if let Err(error) = fs_err::os::unix::fs::symlink(export_id, &temporary) {
        // Not every file system has symbolic links. `manifest.json` names the files of the export, too.
        tracing::warn!(%error, link = %link.display(), "The export is complete, but the link to it cannot be made.");
        return Ok(());
    }
    fs_err::rename(&temporary, &link)?;
    sync_folder(dir)
}

#[cfg(not(unix))]
fn point_current(_: &Path, _: &str) -> Result<(), ExportError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_swept() {
        for ours in ["export-20260102T030405Z", ".export-20260102T030405Z", "export-20260102T030405Z-12"] {
            assert!(is_export(ours), "{ours}");
        }
        for other in
            ["export-2025", "exports", "export-20260102T030405Z-old", "current", "manifest.json", "export-"]
        {
            assert!(!is_export(other), "{other}");
        }
    }

    #[test]
    fn a_second_export_of_the_same_moment_gets_another_name() {
        let dir = tempfile::tempdir().unwrap();
        let first = Folder::claim(dir.path()).unwrap();
        assert!(is_export(first.export_id()));
        assert!(matches!(Folder::claim(dir.path()), Err(ExportError::Busy { .. })));
        let staging = first.staging().to_owned();
        drop(first);
        assert!(!staging.exists());
    }
}
