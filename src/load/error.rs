//! Why a load was not published.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use super::FailedCheck;
use crate::files::PathError;
use crate::workspace::{ErrorKind, WorkspaceError, rights};

/// Why nothing was published; the published file is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The workspace cannot be used.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// A complete list lost more companies, or rows of its table, than allowed.
    #[error(
        "the list `{list}` would lose {lost} of {known} {of}, more than {limit_percent} %; nothing was published"
    )]
    TooManyDeleted {
        /// The list's filters.
        list: String,
        /// `companies` or `rows`.
        of: &'static str,
        /// How many of the list the previous generation knew.
        known: u64,
        /// Those of them that the list no longer holds.
        lost: u64,
        /// The limit.
        limit_percent: f64,
    },
    /// Checks found rows that must not be.
    #[error("{} refused the load; nothing was published{}", count(failed), describe(failed))]
    ChecksRefused {
        /// The checks that found something.
        failed: Vec<FailedCheck>,
    },
    /// The views or checks could not be run.
    #[error("{what} could not be run on the new generation")]
    Hook {
        /// `the views` or `the checks`.
        what: &'static str,
        /// What the views' module said.
        source: super::HookError,
    },
    /// The disk, or the limit on temporary files, is full.
    #[error("no room left while {doing} in `{}`", path.display())]
    DiskFull {
        /// The step.
        doing: &'static str,
        /// Where it writes.
        path: PathBuf,
        /// What was reported.
        source: duckdb::Error,
    },
    /// Reading or writing a file failed while `DuckDB` worked.
    #[error("reading or writing failed while {doing} in `{}`", path.display())]
    Destination {
        /// The step.
        doing: &'static str,
        /// Where it writes.
        path: PathBuf,
        /// What `DuckDB` said.
        source: duckdb::Error,
    },
    /// The memory limit is too low for a step.
    #[error("the memory limit is too low for {doing}")]
    OutOfMemory {
        /// The step.
        doing: &'static str,
        /// What `DuckDB` said.
        source: duckdb::Error,
    },
    /// `DuckDB` refused a statement.
    #[error("DuckDB failed while {doing}")]
    Database {
        /// The step.
        doing: &'static str,
        /// What `DuckDB` said.
        source: duckdb::Error,
    },
    /// A file could not be written, linked or renamed.
    #[error("{doing} `{}` failed", path.display())]
    Io {
        /// The step.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The new generation is published, but a power failure could undo that.
    #[error("the folder of `{}` could not be synced after the new generation was put there", path.display())]
    NotDurable {
        /// The published file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A path that `DuckDB` cannot be told of.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The finished file is not what was written.
    #[error("the finished file `{}` is not as it was written: {what}", path.display())]
    Verification {
        /// The file.
        path: PathBuf,
        /// The difference.
        what: String,
    },
    /// There is no such generation to go back to.
    #[error("there is no generation {} to go back to", number.map_or("earlier than the published one".to_owned(), |number| number.to_string()))]
    NoGeneration {
        /// The generation asked for; none for the one before the published one.
        number: Option<u64>,
        /// Generations that are kept.
        kept: Vec<u64>,
    },
}

impl LoadError {
    /// What the failure means for the caller.
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

    /// What to do next, one sentence.
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
            Self::NotDurable { .. } => "check the disk; the new generation is in its place".to_owned(),
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

    pub(super) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { doing, path: path.to_owned(), source }
    }

    /// The error of a statement that failed while `doing`, which writes below `path`.
    ///
    /// The C API gives only a text, which starts with the kind of error.
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

/// DuckDB's words for a full disk, or a full share of it.
const NO_ROOM: [&str; 4] =
    ["No space left", "Disk quota", "max_temp_directory_size", "not enough disk space"];

/// Whether `error` or what led to it speaks of one of these.
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

/// DuckDB's words for a file whose bytes have changed.
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
