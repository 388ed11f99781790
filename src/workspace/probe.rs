//! Tries, before the first request, the operations that publishing will need hours later.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fs_err::{File, OpenOptions};

use super::durable::{is_refused, try_sync};
use super::{Lock, Workspace, WorkspaceError};

/// Suffix of the files that a run's probe writes. The next run removes what a killed run left.
const OF_RUNS: &str = ".probe";

impl Workspace {
    /// Tries every operation that publishing needs, in the folder of the published file and in the state folder. Logs a
    /// warning about each one that the file system supports only in part. Leaves no files behind.
    ///
    /// # Errors
    /// [`WorkspaceError::MountPoint`], [`WorkspaceError::NotReplaceable`], [`WorkspaceError::Refused`],
    /// [`WorkspaceError::NotWritable`] or [`WorkspaceError::Io`]: publishing would fail.
    pub fn probe(&self, _lock: &Lock) -> Result<(), WorkspaceError> {
        for lacking in self.lacking(OF_RUNS)? {
            tracing::warn!(warehouse = %self.published().display(), "{lacking}");
        }
        Ok(())
    }

    /// [`Workspace::probe`] without the lock, with file names of its own process. Returns the warnings instead of
    /// logging them.
    pub(crate) fn lacking_beside_others(&self) -> Result<Vec<String>, WorkspaceError> {
        self.lacking(&format!("{OF_RUNS}-{}", std::process::id()))
    }

    fn lacking(&self, ending: &str) -> Result<Vec<String>, WorkspaceError> {
        refuse_mount_point(self.published())?;
        require_replaceable(self.published(), self.folder())?;
        let mut lacking = try_folder(&self.beside(ending))?;
        for folder in [self.staging_dir(), self.landing_dir(), self.generations_dir()] {
            if !folder.is_dir() {
                continue;
            }
            for more in try_folder(&folder.join(format!("next{ending}")))? {
                if !lacking.contains(&more) {
                    lacking.push(more);
                }
            }
        }
        Ok(lacking)
    }
}

/// A file that is removed when this is dropped.
struct Passing(PathBuf);

impl Drop for Passing {
    fn drop(&mut self) {
        // If this fails, the next run removes the file.
        let _ = fs_err::remove_file(&self.0);
    }
}

/// Writes, syncs, locks and renames a file at `path` and one beside it. Returns warnings about what the file system
/// supports only in part.
fn try_folder(path: &Path) -> Result<Vec<String>, WorkspaceError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut over = path.as_os_str().to_owned();
    over.push(".new");
    let (target, over) = (Passing(path.to_owned()), Passing(over.into()));
    let refused = |doing: &'static str| {
        move |source: io::Error| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => WorkspaceError::io(path, source),
            _ => WorkspaceError::Refused { folder: folder.to_owned(), doing, source },
        }
    };
    let written = |path: &Path| -> io::Result<File> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
        file.write_all(b"vainu-etl\n")?;
        Ok(file)
    };
    let file = written(&target.0).map_err(|source| WorkspaceError::io(path, source))?;
    file.sync_all().map_err(refused("syncing a file"))?;
    lock_as_the_database(&file).map_err(refused("locking a file"))?;
    drop(file);
    drop(written(&over.0).map_err(|source| WorkspaceError::io(path, source))?);
    fs_err::rename(&over.0, &target.0).map_err(refused("renaming a file over another"))?;
    let mut lacking = Vec::new();
    if let Err(error) = try_mode(&target.0) {
        lacking.push(format!(
            "`{}` keeps no permissions ({error}): a new generation has those that the file system gives it.",
            folder.display()
        ));
    }
    match try_sync(folder) {
        Err(error) if is_refused(&error) => lacking.push(format!(
            "`{}` cannot be synced ({error}): a power failure right after publishing may bring back the generation before.",
            folder.display()
        )),
        synced => synced.map_err(refused("syncing the folder"))?,
    }
    Ok(lacking)
}

#[cfg(unix)]
fn try_mode(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    for mode in [0o600, 0o640] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        if std::fs::metadata(path)?.permissions().mode() & 0o777 != mode {
            return Err(io::Error::other("they are not as they were set"));
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn try_mode(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Takes a record lock, as `DuckDB` does on the file that it writes and on a published file that it reads.
#[cfg(unix)]
fn lock_as_the_database(file: &File) -> io::Result<()> {
    use rustix::fs::{FlockOperation, fcntl_lock};

    Ok(fcntl_lock(file.file(), FlockOperation::NonBlockingLockExclusive)?)
}

#[cfg(not(unix))]
fn lock_as_the_database(_: &File) -> io::Result<()> {
    Ok(())
}

/// Refuses a file that is itself a mount point, as with a container's `-v file:file`. A rename cannot replace it.
pub(super) fn refuse_mount_point(path: &Path) -> Result<(), WorkspaceError> {
    if path.is_file() && is_mount_point(path) {
        return Err(WorkspaceError::MountPoint { path: path.to_owned() });
    }
    Ok(())
}

/// Refuses a published file that a rename cannot replace, although the folder can be written.
fn require_replaceable(published: &Path, folder: &Path) -> Result<(), WorkspaceError> {
    let reason = if !published.exists() {
        None
    } else if is_unchangeable(published) {
        Some(("it is set to be immutable or append-only", "run `sudo chattr -i -a` on it"))
    } else if is_kept_by_sticky_folder(published, folder) {
        Some((
            "it belongs to another user, and in a sticky folder such as /tmp only its owner may",
            "give it to this user with `sudo chown`, or name another place with `--warehouse`",
        ))
    } else {
        None
    };
    match reason {
        None => Ok(()),
        Some((reason, hint)) => {
            Err(WorkspaceError::NotReplaceable { path: published.to_owned(), reason, hint })
        }
    }
}

#[cfg(unix)]
fn is_kept_by_sticky_folder(published: &Path, folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let me = rustix::process::geteuid().as_raw();
    let (Ok(file), Ok(folder)) = (fs_err::metadata(published), fs_err::metadata(folder)) else {
        return false;
    };
    folder.mode() & 0o1000 != 0 && me != 0 && file.uid() != me && folder.uid() != me
}

#[cfg(not(unix))]
fn is_kept_by_sticky_folder(_: &Path, _: &Path) -> bool {
    false
}

#[cfg(target_os = "linux")]
fn attributes(path: &Path) -> rustix::fs::StatxAttributes {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};

    let found = statx(CWD, path, AtFlags::empty(), StatxFlags::empty());
    found.map_or(StatxAttributes::empty(), |found| found.stx_attributes & found.stx_attributes_mask)
}

#[cfg(target_os = "linux")]
fn is_mount_point(path: &Path) -> bool {
    attributes(path).contains(rustix::fs::StatxAttributes::MOUNT_ROOT) || is_listed(path)
}

/// Whether `/proc/self/mountinfo` lists the path. Kernels before 5.8 do not report mount points in `statx`.
#[cfg(target_os = "linux")]
fn is_listed(path: &Path) -> bool {
    let escaped = path.to_string_lossy().replace('\\', r"\134").replace(' ', r"\040").replace('\t', r"\011");
    let mounts = fs_err::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    mounts.lines().filter_map(|line| line.split(' ').nth(4)).any(|mounted| mounted == escaped)
}

#[cfg(target_os = "linux")]
fn is_unchangeable(path: &Path) -> bool {
    use rustix::fs::StatxAttributes;

    attributes(path).intersects(StatxAttributes::IMMUTABLE | StatxAttributes::APPEND)
}

#[cfg(not(target_os = "linux"))]
fn is_mount_point(_: &Path) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
fn is_unchangeable(_: &Path) -> bool {
    false
}
