//! Renames a finished file over the published one.

use std::io;
use std::path::{Path, PathBuf};

use crate::crash::{self, Point};
use crate::load::{LoadError, crash_point};
use crate::workspace::{Marker, Workspace, durable, inherit, rights};

/// Files of a load in progress. All of them are safe to lose.
#[derive(Debug)]
pub(in crate::load) struct Paths {
    /// The next generation.
    pub(in crate::load) next: PathBuf,
    /// Folder of `DuckDB`'s temporary files.
    pub(in crate::load) temporary: PathBuf,
    /// A copy beside the published file, needed if the state folder is on another file system.
    beside: PathBuf,
}

impl Paths {
    pub(in crate::load) fn of(workspace: &Workspace) -> Self {
        let staging = workspace.staging_dir();
        Self {
            next: staging.join("next.duckdb"),
            temporary: staging.join("duckdb-temporary"),
            beside: workspace.beside(".next"),
        }
    }
}

/// Removes what an unfinished load left behind.
pub(in crate::load) fn sweep(workspace: &Workspace) -> Result<(), LoadError> {
    let Paths { next, temporary, beside } = Paths::of(workspace);
    let wal = next.with_extension("duckdb.wal");
    for path in [next, wal, beside, temporary] {
        rights::remove_left(&path).map_err(|source| LoadError::io("removing", &path, source))?;
    }
    Ok(())
}

/// Publishes the finished file. The file published before, which `replaced` describes, is kept as a generation. Returns
/// the size of the new file in bytes.
pub(in crate::load) fn replace(
    workspace: &Workspace,
    paths: &Paths,
    replaced: Option<&Marker>,
) -> Result<u64, LoadError> {
    let next = &paths.next;
    if replaced.is_some() {
        // The users who could read the earlier file can read this one.
        inherit(workspace.published(), next, workspace.published());
    }
    sync(next)?;
    crash_point(Point::NextSynced, next)?;
    let bytes = fs_err::metadata(next).map_err(|source| LoadError::io("reading", next, source))?.len();
    keep(workspace, replaced)?;
    move_over(workspace, paths, next)?;
    Ok(bytes)
}

/// Path of the generation with this number.
pub(in crate::load) fn generation_path(workspace: &Workspace, number: u64) -> PathBuf {
    workspace.generations_dir().join(format!("{number:06}.duckdb"))
}

/// Keeps the published file as a generation: as a hard link, or as a copy if the file system has no hard links.
pub(in crate::load) fn keep(workspace: &Workspace, published: Option<&Marker>) -> Result<(), LoadError> {
    let Some(marker) = published else { return Ok(()) };
    let folder = workspace.generations_dir();
    let kept = generation_path(workspace, marker.generation);
    let begun = kept.with_extension("new");
    remove_if_there(&begun)?;
    let linked = fs_err::hard_link(workspace.published(), &begun);
    if linked.is_err() {
        fs_err::copy(workspace.published(), &begun)
            .map_err(|source| LoadError::io("keeping the earlier generation as", &begun, source))?;
        sync(&begun)?;
    }
    crash_point(Point::GenerationBegun, &begun)?;
    fs_err::rename(&begun, &kept).map_err(|source| LoadError::io("renaming", &begun, source))?;
    // If both names are links to one file, the rename does nothing and leaves both.
    remove_if_there(&begun)?;
    sync_folder(&folder)?;
    crash_point(Point::GenerationKept, &kept)
}

/// Renames `from` over the published file. From this moment on, readers that open the path get the new generation.
pub(in crate::load) fn move_over(workspace: &Workspace, paths: &Paths, from: &Path) -> Result<(), LoadError> {
    let to = workspace.published();
    rename_over(from, to, &paths.beside)?;
    let durable = crash::point(Point::Renamed)
        .and_then(|()| durable::sync_folder(workspace.folder()))
        .and_then(|()| crash::point(Point::FolderSynced));
    durable.map_err(|source| LoadError::not_durable(to, source))
}

/// Renames `from` over `to`. If they are on different file systems, copies `from` to `beside` first and renames that.
pub(in crate::load) fn rename_over(from: &Path, to: &Path, beside: &Path) -> Result<(), LoadError> {
    let failed = |source| LoadError::io("replacing", to, source);
    match fs_err::rename(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            // A crash may have left this file.
            remove_if_there(beside)?;
            copy_closed(from, beside).map_err(|source| LoadError::io("writing", beside, source))?;
            inherit(from, beside, to);
            sync(beside)?;
            fs_err::rename(beside, to).map_err(failed)?;
            // The file is in its place. One that stays is removed by the next load, or is a generation as before.
            if let Err(error) = remove_if_there(from) {
                tracing::warn!(%error, file = %from.display(), "The file is copied, and cannot be removed where it was.");
            }
            Ok(())
        }
        Err(source) => Err(failed(source)),
    }
}

/// Copies a file. Only the owner can read the copy.
fn copy_closed(from: &Path, to: &Path) -> io::Result<()> {
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut copy = options.open(to)?;
    io::copy(&mut fs_err::File::open(from)?, &mut copy).map(drop)
}

/// Waits until the file's content is on the disk.
pub(in crate::load) fn sync(path: &Path) -> Result<(), LoadError> {
    // Windows can sync only a file that is open for writing. On Unix the permissions of the file may not allow that.
    fs_err::OpenOptions::new()
        .read(cfg!(unix))
        .write(!cfg!(unix))
        .open(path)
        .and_then(|file| file.sync_all())
        .map_err(|source| LoadError::io("syncing", path, source))
}

/// Waits until the folder's entries are on the disk. Only Unix can do this.
fn sync_folder(path: &Path) -> Result<(), LoadError> {
    durable::sync_folder(path).map_err(|source| LoadError::io("syncing", path, source))
}

/// Waits until the entries of the folder of generations are on the disk, after `replaced` was put in its place.
///
/// # Errors
/// [`LoadError::NotDurable`]
pub(in crate::load) fn sync_generations(workspace: &Workspace, replaced: &Path) -> Result<(), LoadError> {
    durable::sync_folder(&workspace.generations_dir())
        .map_err(|source| LoadError::not_durable(replaced, source))
}

pub(in crate::load) fn remove_if_there(path: &Path) -> Result<(), LoadError> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(LoadError::io("removing", path, error)),
        _ => Ok(()),
    }
}
