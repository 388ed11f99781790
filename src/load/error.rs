//! Errors of a load.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use super::FailedCheck;
use crate::files::PathError;
use crate::workspace::{ErrorKind, WorkspaceError, rights};

/// Why nothing was published. No file that can be published is changed, except with [`LoadError::NotDurable`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The workspace cannot be used.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// A complete list would lose more companies, or more rows of its table, than allowed.
    #[error(
        "the list `{list}` would lose {lost} of {known} {of}, more than {limit_percent} %; nothing was published"
    )]
    TooManyDeleted {
        /// The list's filters.
        list: String,
        /// `companies` or `rows`.
        of: &'static str,
        /// How many companies or rows of the list the previous generation has.
        known: u64,
        /// How many of them the list no longer holds.
        lost: u64,
        /// Highest share that a list may lose, 0 to 100.
        limit_percent: f64,
    },
    /// Checks found rows that must not exist.
    #[error("{} refused the load; nothing was published{}", count(failed), describe(failed))]
    ChecksRefused {
        /// The checks that found rows.
        failed: Vec<FailedCheck>,
    },
    /// The views could not be installed, or the checks could not be run.
    #[error("{what} could not be run on the new generation")]
    Hook {
        /// `the views` or `the checks`.
        what: &'static str,
        /// The error of the views or checks.
        source: super::HookError,
    },
    /// The disk is full, or the limit on temporary files is reached.
    #[error("no room left while {doing} in `{}`", path.display())]
    DiskFull {
        /// What the load was doing, for the message.
        doing: &'static str,
        /// Folder or file that the step writes to.
        path: PathBuf,
        /// `DuckDB`'s error.
        source: duckdb::Error,
    },
    /// `DuckDB` could not read or write a file.
    #[error("reading or writing failed while {doing} in `{}`", path.display())]
    Destination {
        /// What the load was doing, for the message.
        doing: &'static str,
        /// Folder or file that the step writes to.
        path: PathBuf,
        /// `DuckDB`'s error.
        source: duckdb::Error,
    },
    /// A step needs more memory than the limit allows.
    #[error("the memory limit is too low for {doing}")]
    OutOfMemory {
        /// What the load was doing, for the message.
        doing: &'static str,
        /// `DuckDB`'s error.
        source: duckdb::Error,
    },
    /// `DuckDB` refused a statement.
    #[error("DuckDB failed while {doing}")]
    Database {
        /// What the load was doing, for the message.
        doing: &'static str,
        /// `DuckDB`'s error.
        source: duckdb::Error,
    },
    /// A file could not be written, linked or renamed. Nothing has been put in its place yet.
    #[error("{doing} `{}` failed", path.display())]
    Io {
        /// What the load was doing, for the message.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// A file is in its place, but a power failure could undo that.
    #[error("a folder could not be synced after `{}` was put in its place", path.display())]
    NotDurable {
        /// The file: the published one, or a generation that was rewritten.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// A path that cannot be passed to `DuckDB`.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The finished file differs from what was written.
    #[error("the finished file `{}` is not as it was written: {what}", path.display())]
    Verification {
        /// The file.
        path: PathBuf,
        /// The difference, in words.
        what: String,
    },
    /// There is no such generation to roll back to.
    #[error("there is no generation {} to go back to", number.map_or("earlier than the published one".to_owned(), |number| number.to_string()))]
    NoGeneration {
        /// The generation asked for. `None` stands for the one before the published one.
        number: Option<u64>,
        /// Numbers of the generations that are kept, without the published one.
        kept: Vec<u64>,
    },
}

impl LoadError {
    /// The class of the failure, which decides the exit code.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Workspace(error) => error.kind(),
            Self::TooManyDeleted { .. } | Self::ChecksRefused { .. } => ErrorKind::ChecksRefused,
            Self::DiskFull { .. }
            | Self::Destination { .. }
            | Self::OutOfMemory { .. }
            | Self::Io { .. }
            | Self::NotDurable { .. }
            | Self::Path(_)
            | Self::Verification { .. } => ErrorKind::DestinationFailed,
            Self::NoGeneration { .. } => ErrorKind::Usage,
            Self::Hook { .. } | Self::Database { .. } => ErrorKind::Unexpected,
        }
    }

    /// What the user can do next, in one sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::Workspace(error) => error.hint(),
            Self::TooManyDeleted { known, lost, .. } => format!(
                "if that is right, run the same command again with `--max-deleted-percent {}`; the received pages are kept",
                lost.saturating_mul(100).div_ceil((*known).max(1))
            ),
            Self::ChecksRefused { failed } => {
                let names: Vec<_> = failed.iter().map(|check| check.name.as_str()).collect();
                format!(
                    "the published warehouse is unchanged and the received pages are kept; look at the rows named, and if \
                     you accept them, run the same command again with `--accept-checks {}`",
                    names.join(",")
                )
            }
            Self::DiskFull { .. } => {
                "free some space: the new generation needs about as much as the published file, and as much again for temporary files".to_owned()
            }
            Self::OutOfMemory { .. } => "run the same command again with a higher `--memory-limit`".to_owned(),
            Self::Destination { source, .. } if is_damage(source) => {
                "a file of the warehouse is damaged: if it is the published one, `vainu-etl rollback` returns to the generation before"
                    .to_owned()
            }
            Self::Io { path, source, .. } if source.kind() == io::ErrorKind::PermissionDenied => rights::hint(path)
                .unwrap_or_else(|| {
                    "check the owner and the permissions of that path and of its folder, then run the same command again"
                        .to_owned()
                }),
            Self::Destination { .. } | Self::Io { .. } | Self::Verification { .. } => {
                "check the disk, then run the same command again".to_owned()
            }
            Self::NotDurable { .. } => {
                "check the disk; the file is in its place, which only a power failure could undo".to_owned()
            }
            Self::Path(error) => error.hint().to_owned(),
            Self::NoGeneration { kept, .. } if kept.is_empty() => "no earlier generation is kept".to_owned(),
            Self::NoGeneration { kept, .. } => {
                let kept: Vec<_> = kept.iter().map(u64::to_string).collect();
                format!("kept are: {}", kept.join(", "))
            }
            Self::Hook { source, .. } if wants_memory(&**source) => {
                "run the same command again with a higher `--memory-limit`".to_owned()
            }
            Self::Hook { source, .. } if wants_room(&**source) => {
                "free some space, then run the same command again".to_owned()
            }
            Self::Database { source, .. } if is_damage(source) => {
                "a file of the warehouse is damaged: if it is the published one, `vainu-etl rollback` returns to the generation before"
                    .to_owned()
            }
            Self::Hook { .. } | Self::Database { .. } => {
                "this is a fault of vainu-etl; please report it with the message above".to_owned()
            }
        }
    }

    pub(super) fn not_durable(path: &Path, source: io::Error) -> Self {
        Self::NotDurable { path: path.to_owned(), source }
    }

    pub(super) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { doing, path: path.to_owned(), source }
    }

    /// The error of a statement that failed while `doing`, which writes below `path`.
    ///
    /// The C API returns only a text, so the kind of error is found by the text.
    pub(crate) fn database(doing: &'static str, path: &Path, source: duckdb::Error) -> Self {
        let text = source.to_string();
        let path = path.to_owned();
        if NO_ROOM.iter().any(|sign| text.contains(sign)) {
            return Self::DiskFull { doing, path, source };
        }
        if text.contains("Could not set lock on file") {
            return Self::Workspace(WorkspaceError::InUse { path, source });
        }
        if text.contains("Out of Memory Error") {
            return Self::OutOfMemory { doing, source };
        }
        if text.contains("IO Error") {
            return Self::Destination { doing, path, source };
        }
        Self::Database { doing, source }
    }
}

/// Parts of `DuckDB`'s messages about a full disk, a reached quota, or a reached limit on temporary files.
const NO_ROOM: [&str; 4] =
    ["No space left", "Disk quota", "max_temp_directory_size", "not enough disk space"];

/// Whether the message of `error`, or of one of its causes, contains one of `signs`.
fn speaks_of(error: &(dyn std::error::Error + 'static), signs: &[&str]) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if signs.iter().any(|sign| text.contains(sign)) {
            return true;
        }
        cause = error.source();
    }
    false
}

fn wants_room(error: &(dyn std::error::Error + 'static)) -> bool {
    speaks_of(error, &NO_ROOM)
}

fn wants_memory(error: &(dyn std::error::Error + 'static)) -> bool {
    speaks_of(error, &["Out of Memory Error"]) && !wants_room(error)
}

/// Whether the message is one of `DuckDB`'s about a damaged file.
fn is_damage(error: &(dyn std::error::Error + 'static)) -> bool {
    speaks_of(error, &["Corrupt database file", "computed checksum", "Serialization Error"])
}

fn count(failed: &[FailedCheck]) -> String {
    if failed.len() == 1 { "1 check".to_owned() } else { format!("{} checks", failed.len()) }
}

fn describe(failed: &[FailedCheck]) -> String {
    let mut text = String::new();
    for FailedCheck { name, rows, sample } in failed {
        let _ = write!(text, "\n{name} ({rows} rows)\n{sample}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use duckdb::{Error, ffi};

    use super::LoadError;
    use crate::workspace::{ErrorKind, WorkspaceError};

    fn failed(text: &str) -> LoadError {
        let source = Error::DuckDBFailure(ffi::Error::new(ffi::DuckDBError), Some(text.to_owned()));
        LoadError::database("merging", Path::new("folder"), source)
    }

    #[test]
    fn a_full_disk_a_low_limit_and_a_fault_are_told_apart() {
        let full = failed("IO Error: Could not write file \"x\": No space left on device");
        assert!(matches!(full, LoadError::DiskFull { .. }), "{full:?}");
        assert_eq!(full.kind(), ErrorKind::DestinationFailed);
        let temporary =
            failed("Out of Memory Error: … This limit was set by the 'max_temp_directory_size' setting.");
        assert!(matches!(temporary, LoadError::DiskFull { .. }), "{temporary:?}");
        let memory = failed("Out of Memory Error: could not allocate block of size 256.0 KiB");
        assert!(memory.hint().contains("--memory-limit"), "{memory:?}");
        let broken = failed("IO Error: Could not read from file \"x\": Input/output error");
        assert_eq!(broken.to_string(), "reading or writing failed while merging in `folder`");
        let fault = failed("Binder Error: no such column");
        assert_eq!(fault.kind(), ErrorKind::Unexpected);
    }

    #[test]
    fn only_what_has_not_happened_is_to_be_run_again() {
        let failed = || std::io::Error::other("no");
        let before = LoadError::io("replacing", Path::new("file"), failed()).hint();
        assert!(before.contains("run the same command again"), "{before}");
        let after = LoadError::not_durable(Path::new("file"), failed());
        assert_eq!(after.kind(), ErrorKind::DestinationFailed);
        assert!(after.hint().contains("is in its place") && !after.hint().contains("again"), "{after:?}");
    }

    #[test]
    fn a_file_that_is_open_for_writing_elsewhere_is_named_as_such() {
        let error = failed("IO Error: Could not set lock on file \"x\": Conflicting lock is held in PID 1");
        assert!(matches!(error, LoadError::Workspace(WorkspaceError::InUse { .. })), "{error:?}");
    }

    #[test]
    fn the_hint_of_the_volume_guard_names_the_percentage_that_would_do() {
        let error = LoadError::TooManyDeleted {
            of: "companies",
            list: "country=FI".into(),
            known: 300,
            lost: 200,
            limit_percent: 50.0,
        };
        assert!(error.hint().contains("`--max-deleted-percent 67`"), "{}", error.hint());
    }
}
