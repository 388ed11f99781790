//! The output file of a query. It is written completely or not at all, and never over the warehouse.

use std::{
    io::{BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use super::QueryError;
use crate::workspace::STATE_FOLDER_ENDING;

/// Number in the name of a temporary file, for a process that writes several at a time.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Why a file cannot be the output. The query was not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The path is a folder, or has no file name, such as `..`.
    #[error("`{}` is a folder, not a file", path.display())]
    Folder {
        /// The path as given.
        path: PathBuf,
    },
    /// The path is the warehouse, or a file that belongs to it.
    #[error("`{}` belongs to the warehouse", path.display())]
    Warehouse {
        /// The path as given.
        path: PathBuf,
    },
}

impl TargetError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "name a file in it",
            Self::Warehouse { .. } => "name another file: this one would be lost",
        }
    }
}

/// An output file that was checked.
#[derive(Debug)]
pub(super) struct Target {
    /// Path with all symbolic links resolved.
    file: PathBuf,
    /// Whether the path is a device or a pipe instead of a regular file. Such a file is written to directly and never
    /// replaced.
    special: bool,
}

impl Target {
    /// Checks and resolves `path`.
    ///
    /// # Errors
    /// [`TargetError`] if `path` is a folder or belongs to `warehouse`; [`QueryError::Write`] if it cannot be
    /// examined.
    pub(super) fn find(path: &Path, warehouse: &Path) -> Result<Self, QueryError> {
        let found = match fs_err::metadata(path) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(QueryError::Write(error)),
        };
        if found.as_ref().is_some_and(std::fs::Metadata::is_dir) || path.file_name().is_none() {
            return Err(TargetError::Folder { path: path.to_owned() }.into());
        }
        let file = resolve(path).map_err(QueryError::Write)?;
        if belongs(&file, warehouse) {
            return Err(TargetError::Warehouse { path: path.to_owned() }.into());
        }
        Ok(Self { file, special: found.is_some_and(|found| !found.is_file()) })
    }

    /// Writes the file with `content`, which gets a folder for temporary files (`None` for a device or pipe) and the
    /// output.
    pub(super) fn write<T>(
        &self,
        content: impl FnOnce(Option<&Path>, &mut (dyn Write + Send)) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        if self.special {
            let file = fs_err::OpenOptions::new().write(true).open(&self.file).map_err(QueryError::Write)?;
            return content(None, &mut BufWriter::new(file));
        }
        let folder = self.file.parent();
        // Short and without the name of the file itself, which may already have the greatest length.
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let temporary = format!(".vainu-etl.{}.{number}.tmp", std::process::id());
        let temporary = self.file.with_file_name(temporary);
        let written = self.write_beside(&temporary, folder, content);
        if written.is_err() {
            // The error to report is that of the query. A leftover file can be recognised by its name.
            let _ = fs_err::remove_file(&temporary);
        }
        written
    }

    fn write_beside<T>(
        &self,
        temporary: &Path,
        folder: Option<&Path>,
        content: impl FnOnce(Option<&Path>, &mut (dyn Write + Send)) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        // Removes a leftover of an earlier process with the same id. A symbolic link is removed, and its target is not
        // touched.
        match fs_err::remove_file(temporary) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(QueryError::Write(error)),
            _ => {}
        }
        let mut options = fs_err::OpenOptions::new();
        let file = options.write(true).create_new(true).open(temporary).map_err(QueryError::Write)?;
        if let Ok(before) = fs_err::metadata(&self.file)
            // A user who may not read the earlier file must not be able to read the new one.
            && let Err(error) = fs_err::set_permissions(temporary, before.permissions())
        {
            // Not every file system has permissions. Without them, neither file is protected.
            let refused = matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported);
            if !refused {
                return Err(QueryError::Write(error));
            }
            tracing::warn!(%error, "The file does not get the permissions of the earlier one.");
        }
        let mut out = BufWriter::new(file);
        let written = content(folder, &mut out)?;
        let file = out.into_inner().map_err(|error| QueryError::Write(error.into_error()))?;
        file.sync_all().map_err(QueryError::Write)?;
        fs_err::rename(temporary, &self.file).map_err(QueryError::Write)?;
        Ok(written)
    }
}

/// `path` with all symbolic links resolved: those of the whole path if the file exists, else those of its folder.
fn resolve(path: &Path) -> std::io::Result<PathBuf> {
    if path.exists() {
        return fs_err::canonicalize(path);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(fs_err::canonicalize(folder)?.join(path.file_name().unwrap_or_default()))
}

/// Whether `file` is the warehouse under any name, its log, or a file in its state folder.
fn belongs(file: &Path, warehouse: &Path) -> bool {
    let Ok(published) = resolve(warehouse) else { return false };
    let beside = |ending: &str| {
        let mut path = published.clone().into_os_string();
        path.push(ending);
        PathBuf::from(path)
    };
    let state = beside(STATE_FOLDER_ENDING);
    file == published
        || file == beside(".wal")
        || file.starts_with(resolve(&state).unwrap_or(state))
        || same_file(file, &published)
}

/// Whether two paths are hard links to one file.
fn same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let id = |path: &Path| fs_err::metadata(path).map(|found| (found.dev(), found.ino())).ok();
        id(one).is_some_and(|found| Some(found) == id(other))
    }
    #[cfg(not(unix))]
    {
        one == other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_files_of_one_folder_are_written_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let target = |name: &str| Target::find(&folder.path().join(name), Path::new("w.duckdb")).unwrap();
        let say = |out: &mut (dyn Write + Send), text: &[u8]| out.write_all(text).map_err(QueryError::Write);
        target("a")
            .write(|_, out| {
                say(out, b"a")?;
                target("b").write(|_, out| say(out, b"b"))
            })
            .unwrap();
        let read = |name: &str| fs_err::read(folder.path().join(name)).unwrap();
        assert_eq!((read("a"), read("b")), (b"a".to_vec(), b"b".to_vec()));
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 2);
    }
}
