//! Errors of the place where a warehouse is.

use std::io;
use std::path::{Path, PathBuf};

use super::rights;

/// The class of a failure. It decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An unexpected failure, which neither the settings nor the data explain.
    Unexpected,
    /// The command names something that does not exist.
    Usage,
    /// The checks, or the limit on deletions, refused to publish.
    ChecksRefused,
    /// The disk, the folder or the file failed or cannot be used, or does not belong to this tool.
    DestinationFailed,
    /// Another run holds the lock.
    LockHeld,
}

/// Why a path cannot be used as a warehouse. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkspaceError {
    /// The path is a folder, or has no file name.
    #[error("the warehouse `{}` is a folder, not a file", path.display())]
    IsFolder {
        /// Path of the warehouse.
        path: PathBuf,
    },
    /// The path is not UTF-8, as `DuckDB` requires.
    #[error("the path `{}` of the warehouse is not UTF-8", path.display())]
    NotUtf8 {
        /// Path of the warehouse.
        path: PathBuf,
    },
    /// The file's name would give the database the name of the schema `etl`.
    #[error("the warehouse cannot be called `{}`", path.file_name().unwrap_or_default().display())]
    NamedAsSchema {
        /// Path of the warehouse.
        path: PathBuf,
    },
    /// The folder of the warehouse does not exist, is not a folder, or cannot be entered.
    #[error("the folder `{}` of the warehouse cannot be used", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// The path cannot be written, for lack of permissions or because the file system is read-only.
    #[error("`{}` cannot be written", path.display())]
    NotWritable {
        /// Path that was to be written.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// This user has no permission to read the path.
    #[error("`{}` cannot be read by this user", path.display())]
    NotReadable {
        /// Path that was to be read.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// The file itself is a mount point, so that a rename cannot replace it.
    #[error("`{}` is a mount point by itself: no new generation can be put in its place", path.display())]
    MountPoint {
        /// Path of the file.
        path: PathBuf,
    },
    /// A rename over the file is not allowed, for another reason.
    #[error("`{}` cannot be replaced by a new generation: {reason}", path.display())]
    NotReplaceable {
        /// Path of the file.
        path: PathBuf,
        /// Why the file cannot be replaced.
        reason: &'static str,
        /// What the user can do.
        hint: &'static str,
    },
    /// The file system does not support an operation that publishing needs.
    #[error("the file system of `{}` refuses {doing}, which a warehouse needs", folder.display())]
    Refused {
        /// The folder in which the operation was tried.
        folder: PathBuf,
        /// The operation that was tried.
        doing: &'static str,
        /// The operating system's error.
        source: io::Error,
    },
    /// The file is not a `DuckDB` database.
    #[error("`{}` is not a DuckDB file", path.display())]
    NotDuckDb {
        /// Path of the file.
        path: PathBuf,
    },
    /// The file is a `DuckDB` database that this tool did not write.
    #[error("`{}` is a DuckDB file, but not a warehouse of vainu-etl: it has no table etl.warehouse", path.display())]
    Foreign {
        /// Path of the file.
        path: PathBuf,
    },
    /// The file is a `DuckDB` database that cannot be read: damaged, encrypted, or of a newer storage format.
    #[error("`{}` cannot be read", path.display())]
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// `DuckDB`'s error.
        source: duckdb::Error,
    },
    /// Another program has the file open for writing.
    #[error("another program has `{}` open for writing", path.display())]
    InUse {
        /// Path of the file.
        path: PathBuf,
        /// `DuckDB`'s error, which names the other process.
        source: duckdb::Error,
    },
    /// The warehouse or its state folder was written by a newer version of the tool.
    #[error("`{}` has format {found}; this version knows formats up to {supported}", path.display())]
    NewerFormat {
        /// Path of the file, or of the marker in the state folder.
        path: PathBuf,
        /// Its format version.
        found: i64,
        /// The highest format version that this version of the tool knows.
        supported: i64,
    },
    /// The folder with the state folder's name was not made by this tool.
    #[error("the folder `{}` exists, but was not made by vainu-etl", path.display())]
    ForeignStateFolder {
        /// Path of the folder.
        path: PathBuf,
    },
    /// There is a write-ahead log beside the published file.
    #[error("`{}` lies beside the warehouse: a program has it open for writing, or ended without closing it", path.display())]
    StaleWal {
        /// Path of the log.
        path: PathBuf,
    },
    /// Reading or writing failed for any other reason.
    #[error("`{}` failed", path.display())]
    Io {
        /// Path that was read or written.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
}

impl WorkspaceError {
    /// The class of the failure: always [`ErrorKind::DestinationFailed`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::DestinationFailed
    }

    /// What the user can do next, in one sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::IsFolder { path } => {
                format!("name a file, for example `--warehouse {}`", path.join("vainu.duckdb").display())
            }
            Self::NotUtf8 { .. } => "name a file and a folder whose names are UTF-8".to_owned(),
            Self::NamedAsSchema { .. } => {
                "DuckDB would call the database `etl`, as the schema in it, and `etl.runs` would mean two things; give it \
                 another name, for example vainu.duckdb"
                    .to_owned()
            }
            Self::Folder { folder, source } => match source.kind() {
                io::ErrorKind::NotFound => {
                    format!("create the folder `{}`, or name another with `--warehouse`", folder.display())
                }
                io::ErrorKind::PermissionDenied => {
                    "check the permissions of that folder and of those above it, or name another with `--warehouse`".to_owned()
                }
                _ => "name a file in another folder with `--warehouse`".to_owned(),
            },
            Self::NotWritable { path, source } => rights::hint(path).unwrap_or_else(|| {
                if source.kind() == io::ErrorKind::ReadOnlyFilesystem {
                    "mount the file system for writing, or name another place with `--warehouse`".to_owned()
                } else {
                    "check the owner and the permissions, or name another place with `--warehouse`".to_owned()
                }
            }),
            Self::NotReadable { path, .. } => rights::hint(path)
                .unwrap_or_else(|| "run it as the user to whom it belongs, or check the permissions".to_owned()),
            Self::MountPoint { path } => {
                let folder = path.parent().unwrap_or(Path::new("/")).display();
                format!(
                    "mount the folder instead of the file (a container: `-v FOLDER:{folder}`), so that the file in it can be replaced"
                )
            }
            Self::NotReplaceable { hint, .. } => (*hint).to_owned(),
            Self::Refused { .. } => {
                "name a place on a local disk with `--warehouse`, and copy the published file from there".to_owned()
            }
            Self::NotDuckDb { .. } | Self::Foreign { .. } => {
                "it is left as it is; name another file with `--warehouse`, or move this one away".to_owned()
            }
            Self::Unreadable { source, .. } => unreadable_hint(&source.to_string()).to_owned(),
            Self::InUse { .. } => {
                "close that program, or let it open the file read-only; then run the same command again"
                    .to_owned()
            }
            Self::NewerFormat { .. } => "update vainu-etl".to_owned(),
            Self::ForeignStateFolder { .. } => {
                "it is left as it is; rename the folder, or name another file with `--warehouse`".to_owned()
            }
            Self::StaleWal { path } if !path.with_extension("").exists() => format!(
                "the warehouse that it belongs to is gone, and what it holds cannot be used without that: move `{}` away, then run the same command again",
                path.display()
            ),
            Self::StaleWal { path } => format!(
                "close the program that has the warehouse open; if there is none, open and close the file once with DuckDB, which takes over `{}`",
                path.display()
            ),
            Self::Io { .. } => "check the path and the disk, then run the same command again".to_owned(),
        }
    }

    /// The error for a failed read or write of `path`.
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::NotWritable { path, source }
            }
            _ => Self::Io { path, source },
        }
    }

    /// The error for a failed read of `path`.
    pub(crate) fn reading(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::PermissionDenied => Self::NotReadable { path, source },
            _ => Self::Io { path, source },
        }
    }

    /// The error for a `DuckDB` file that cannot be opened or queried.
    pub(crate) fn database(path: &Path, source: duckdb::Error) -> Self {
        let path = path.to_owned();
        if source.to_string().contains("Could not set lock on file") {
            return Self::InUse { path, source };
        }
        Self::Unreadable { path, source }
    }
}

/// What the user can do about a file that `DuckDB` does not open, by the text of its error.
fn unreadable_hint(said: &str) -> &'static str {
    if said.contains("Permission denied") {
        "check the owner and the permissions of the file and of its folders"
    } else if said.contains("with version number") {
        "a newer DuckDB wrote it: update vainu-etl, or open it with that DuckDB"
    } else {
        "if it is damaged, move it away and go back to an earlier generation with `vainu-etl rollback`"
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{WorkspaceError, io};

    #[test]
    fn the_hint_fits_what_is_wrong_with_the_folder() {
        let folder =
            |kind: io::ErrorKind| WorkspaceError::Folder { folder: "f".into(), source: kind.into() }.hint();
        let cases = [
            (folder(io::ErrorKind::NotFound), "create the folder", "permissions"),
            (folder(io::ErrorKind::PermissionDenied), "permissions", "create"),
            (folder(io::ErrorKind::NotADirectory), "another folder", "create"),
        ];
        for (hint, says, never) in cases {
            assert!(hint.contains(says) && !hint.contains(never), "{hint}");
        }
    }

    #[test]
    fn what_to_do_depends_on_why_the_file_does_not_open() {
        for (said, hint) in [
            (
                "IO Error: Could not set lock on file \"x\": Conflicting lock is held in a (PID 1)",
                "close that program",
            ),
            ("IO Error: Cannot open file \"x\": Permission denied", "the permissions"),
            (
                "IO Error: Trying to read a database file with version number 68, but we can only read 64",
                "newer DuckDB",
            ),
            ("IO Error: Corrupt database file: computed checksum 1 does not match", "rollback"),
        ] {
            let source = duckdb::Error::DuckDBFailure(duckdb::ffi::Error::new(1), Some(said.to_owned()));
            let found = WorkspaceError::database(Path::new("x"), source).hint();
            assert!(found.contains(hint), "{said}: {found}");
            assert_eq!(found.contains("rollback"), hint == "rollback", "{said}: {found}");
        }
    }
}
