//! The error of a whole command, with its exit code and hint.
//!
//! Every module has its own error type with the facts. This type combines them; `exit_code` and `hint` say what each
//! of them means for the command.

mod exit_code;
mod hint;

use std::path::PathBuf;

pub use exit_code::{
    BUDGET, CHECKS, CREDENTIALS, DESTINATION, EXIT_CODES, HUNG_UP, INTERRUPTED, LOCKED, SOURCE, SUCCESS,
    TERMINATED, UNEXPECTED, USAGE,
};

use crate::api::{ApiError, ErrorKind};
use crate::erase::EraseError;
use crate::export::ExportError;
use crate::job::JobError;
use crate::query::QueryError;
use crate::selection::SelectionError;
#[cfg(feature = "simulator")]
use crate::simulator;
use crate::workspace::{LockError, WorkspaceError};

// Errors of modules that are no part of the library's API.
pub use crate::extract::ExtractError;
pub use crate::files::PathError;
pub use crate::landing::LandingError;
pub use crate::load::LoadError;
pub use crate::normalise::StageError;
pub use crate::record::EnvelopeError;
pub use crate::text_file::TextFileError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The settings file cannot be read.
    #[error("cannot read the settings")]
    Config {
        /// The cause, with the path.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The settings file is not valid.
    #[error("settings file `{}` is not valid", path.display())]
    ConfigSyntax {
        /// The file.
        path: PathBuf,
        /// Position and cause.
        source: Box<toml::de::Error>,
    },
    /// The file of the API key cannot be read.
    #[error("cannot read the API key file")]
    KeyFile {
        /// The cause, with the path.
        source: TextFileError,
    },
    /// No credentials are set.
    #[error("no credentials{}", empty_ones(empty))]
    NoCredentials {
        /// Variables that are set, but blank.
        empty: Vec<&'static str>,
    },
    /// Only one of user name and password is set.
    #[error("`{given}` is set but `{missing}` is {}", if *empty { "empty" } else { "not" })]
    HalfCredentials {
        /// The variable that is set.
        given: &'static str,
        /// The variable that is missing.
        missing: &'static str,
        /// Whether the missing variable is set, but blank.
        empty: bool,
    },
    /// An error with a hint from the place where it happened.
    #[error("{source}")]
    Advised {
        /// The error.
        source: Box<Error>,
        /// The hint.
        hint: String,
    },
    /// Arguments that cannot be combined.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// The hint.
        hint: String,
    },
    /// A filter that cannot be sent.
    #[error("the selection is not valid")]
    Selection(#[from] SelectionError),
    /// The client cannot be set up.
    #[error("cannot talk to the API")]
    Api(#[from] ApiError),
    /// A stream cannot be extracted.
    #[error("extracting failed")]
    Extract(#[from] ExtractError),
    /// The landed pages cannot be written or read.
    #[error("the landed pages cannot be used")]
    Landing(#[from] LandingError),
    /// The landed pages cannot be normalised.
    #[error("normalising failed")]
    Stage(#[from] StageError),
    /// The workspace cannot be used.
    #[error("the warehouse cannot be used")]
    Workspace(#[from] WorkspaceError),
    /// Another run holds the lock, or the lock cannot be used.
    #[error("{}", lock_outcome(.0))]
    Lock(#[from] LockError),
    /// The load was not published.
    #[error("{}", outcome_of(.0))]
    Load(#[from] LoadError),
    /// The result was published, but the ledger does not record it.
    #[error("generation {generation} is published, but the run cannot be recorded as done")]
    NotRecorded {
        /// The generation.
        generation: u64,
        /// The cause.
        source: LandingError,
    },
    /// Lists in the published file have no landed pages.
    #[error("lists {} are published but have no landed pages", lists.join(", "))]
    MissingLists {
        /// The lists.
        lists: Vec<String>,
    },
    /// There is nothing to rebuild from.
    #[error("no finished run has landed pages in `{}`", folder.display())]
    NothingLanded {
        /// The landing folder.
        folder: PathBuf,
    },
    /// A query failed.
    #[error("the query failed")]
    Query(#[from] QueryError),
    /// An export failed.
    #[error("the export failed")]
    Export(#[from] ExportError),
    /// The erasure is not complete.
    #[error("erasing is not complete")]
    Erase(#[from] EraseError),
    /// The state of an import cannot be shown.
    #[error("the job cannot be shown")]
    Job(#[from] JobError),
    /// The simulator cannot run.
    #[cfg(feature = "simulator")]
    #[error("the simulator failed")]
    Simulator(#[from] simulator::Error),
    /// An I/O error. Its message names the path.
    #[error("cannot read or write")]
    Io(#[from] std::io::Error),
    /// Standard output cannot be written.
    #[error("cannot write to standard output")]
    Output(#[source] std::io::Error),
    /// A bug in the program.
    #[error("internal error: {what}")]
    Internal {
        /// What happened.
        what: String,
    },
}

impl Error {
    /// The same error with another hint, from a caller that knows better.
    #[must_use]
    pub fn advised(self, hint: impl Into<String>) -> Self {
        Self::Advised { source: Box::new(self), hint: hint.into() }
    }

    /// Whether a sync that failed with this error resumes when it is started again with the same arguments.
    pub fn resumes(&self) -> bool {
        match self {
            Self::Extract(ExtractError::Api { source, .. }) => source.kind() != ErrorKind::Usage,
            Self::Extract(ExtractError::NoSuchParent { .. }) => false,
            Self::Extract(_) | Self::Landing(_) | Self::NotRecorded { .. } | Self::Stage(_) => true,
            Self::Load(error) => error.kind().exit_code() == DESTINATION,
            Self::Advised { source, .. } => source.resumes(),
            _ => false,
        }
    }

    /// Whether the cause is a closed pipe on standard output, which is not a failure.
    pub fn is_broken_pipe(&self) -> bool {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = cause {
            if let Some(io) = error.downcast_ref::<std::io::Error>()
                && io.kind() == std::io::ErrorKind::BrokenPipe
            {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

fn lock_outcome(error: &LockError) -> &'static str {
    match error {
        LockError::Held { .. } => "another run is at work",
        LockError::Io { .. } => "the warehouse cannot be locked",
    }
}

fn outcome_of(error: &LoadError) -> &'static str {
    match error {
        LoadError::NotDurable { .. } => "published, but perhaps not for good",
        _ => "nothing was published",
    }
}

fn empty_ones(empty: &[&str]) -> String {
    match empty {
        [] => String::new(),
        [one] => format!(": {one} is empty"),
        [first @ .., last] => format!(": {} and {last} are empty", first.join(", ")),
    }
}
