//! The error of a whole command, with its exit code and hint.
//!
//! Every module has its own error type with the facts. This type combines them and assigns the documented exit codes.

use std::path::PathBuf;

use crate::api::{ApiError, ErrorKind};
use crate::erase::EraseError;
use crate::export::ExportError;
use crate::extract::ExtractError;
use crate::job::JobError;
use crate::landing::LandingError;
use crate::load::LoadError;
use crate::normalise::StageError;
use crate::query::QueryError;
use crate::selection::SelectionError;
use crate::simulator;
use crate::text_file::TextFileError;
use crate::workspace::{LockError, WorkspaceError};

/// Exit code of an error without a code of its own.
pub const UNEXPECTED: u8 = 1;
/// Exit code of wrong usage or configuration.
pub const USAGE: u8 = 2;
/// Exit code of refused credentials.
pub const CREDENTIALS: u8 = 3;
/// Exit code of an unavailable source or an incomplete list.
pub const SOURCE: u8 = 4;
/// Exit code of checks that refused the publication.
pub const CHECKS: u8 = 5;
/// Exit code of a failed write to the destination.
pub const DESTINATION: u8 = 6;
/// Exit code of a lock that another run holds.
pub const LOCKED: u8 = 7;
/// Exit code of a spent budget of requests or time.
pub const BUDGET: u8 = 8;
/// Exit code of an interruption. The command line uses the code of the signal: 130 for Ctrl-C, 143 for SIGTERM, 129 for
/// SIGHUP.
pub const INTERRUPTED: u8 = 130;

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
    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config { .. }
            | Self::ConfigSyntax { .. }
            | Self::KeyFile { .. }
            | Self::NoCredentials { .. }
            | Self::HalfCredentials { .. }
            | Self::Usage { .. }
            | Self::Selection(_)
            | Self::Export(ExportError::NoRelation { .. }) => USAGE,
            Self::Advised { source, .. } => source.exit_code(),
            Self::Api(error) => error.kind().exit_code(),
            Self::Extract(error) => extract_code(error),
            Self::Landing(_) | Self::NotRecorded { .. } => DESTINATION,
            Self::Job(error) => job_code(error),
            Self::Erase(error) => error.kind().exit_code(),
            Self::MissingLists { .. } => CHECKS,
            Self::Workspace(error) => error.kind().exit_code(),
            Self::Lock(error) => error.kind().exit_code(),
            Self::Load(error) => error.kind().exit_code(),
            Self::Query(error) | Self::Export(ExportError::Warehouse(error)) => query_code(error),
            Self::Stage(_) | Self::Io(_) | Self::NothingLanded { .. } | Self::Export(_) | Self::Output(_) => {
                DESTINATION
            }
            Self::Simulator(_) | Self::Internal { .. } => UNEXPECTED,
        }
    }

    /// What to do next. `None` when there is no advice.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config { .. } => {
                Some(
                    "check the path, the permissions, and that it is UTF-8; the README's section Configuration has an example"
                        .to_owned(),
                )
            }
            Self::ConfigSyntax { .. } => {
                Some("correct the line; the README's section Configuration lists the settings".to_owned())
            }
            Self::KeyFile { .. } => Some(
                "check the path, the permissions, and that it is text; --api-key-file comes before the environment, `api_key_file` of the \
                 settings behind it"
                    .to_owned(),
            ),
            Self::NoCredentials { .. } => Some(
                "set VAINU_API_KEY, or VAINU_USERNAME and VAINU_PASSWORD, or give --api-key-file FILE; \
                 `vainu-etl demo` needs none"
                    .to_owned(),
            ),
            Self::HalfCredentials { given, missing, .. } => Some(format!(
                "set `{missing}` too, or VAINU_API_KEY; without `{given}` the key file of the settings counts, if there is one"
            )),
            Self::Advised { hint, .. } | Self::Usage { hint, .. } => Some(hint.clone()),
            Self::Selection(error) => Some(error.hint()),
            Self::Api(error) => error.hint(),
            Self::Extract(error) => extract_hint(error),
            Self::Landing(error) => Some(landing_hint(error).to_owned()),
            Self::NotRecorded { .. } => {
                Some("make room in the state folder, or mend it; nothing is asked for again to record it".to_owned())
            }
            Self::Stage(error) => error.hint().map(str::to_owned),
            Self::Workspace(error) => Some(error.hint()),
            Self::Lock(error) => Some(error.hint()),
            Self::Load(error) => Some(error.hint()),
            Self::Query(error) => Some(error.hint()),
            Self::Export(error) => Some(error.hint()),
            Self::Job(error) => job_hint(error),
            Self::Erase(error) => Some(error.hint()),
            Self::MissingLists { .. } => {
                Some("sync them again, or add --allow-missing-lists to leave them out".to_owned())
            }
            Self::NothingLanded { .. } => Some("run `vainu-etl sync`".to_owned()),
            Self::Io(_) => {
                Some("check that the path exists, is writable, and that the disk has room".to_owned())
            }
            Self::Simulator(error) => error.hint().map(str::to_owned),
            Self::Output(_) => {
                Some("check where standard output goes to, and that there is room".to_owned())
            }
            Self::Internal { .. } => {
                Some("this is a bug; run again with -vv and report what it prints".to_owned())
            }
        }
    }

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

fn query_code(error: &QueryError) -> u8 {
    match error {
        QueryError::NoWarehouse { .. } | QueryError::Open { .. } | QueryError::Write(_) => DESTINATION,
        _ => USAGE,
    }
}

fn job_code(error: &JobError) -> u8 {
    match error {
        JobError::Api { source, .. } => source.kind().exit_code(),
        JobError::NoSuchJob { .. } => USAGE,
        JobError::Answer { .. } => SOURCE,
    }
}

fn job_hint(error: &JobError) -> Option<String> {
    match error {
        JobError::Api { source, .. } => source.hint(),
        JobError::NoSuchJob { .. } => Some(
            "check the id (the answer to the import gave it) and --base-url; the job may be another account's, or gone"
                .to_owned(),
        ),
        JobError::Answer { .. } => Some("check --base-url, which ends with /api/v1".to_owned()),
    }
}

fn extract_code(error: &ExtractError) -> u8 {
    match error {
        ExtractError::Api { source, .. } => source.kind().exit_code(),
        ExtractError::Envelope { .. } | ExtractError::NoSuchList { .. } => SOURCE,
        ExtractError::NoSuchParent { .. } => USAGE,
        ExtractError::Landing(_) => DESTINATION,
    }
}

fn extract_hint(error: &ExtractError) -> Option<String> {
    match error {
        ExtractError::Api { source, .. } => list_hint(source),
        ExtractError::Envelope { source, .. } if source.place().is_some() => Some(
            "what the server sends is no JSON, however often it is asked for: run the same command again later; if it stays \
             so, show the place to Vainu Support"
                .to_owned(),
        ),
        ExtractError::Envelope { .. } => Some("check --base-url".to_owned()),
        ExtractError::NoSuchList { .. } => Some(
                "check --base-url, which ends with /api/v1; a server may also answer 404 where no company matches"
                    .to_owned(),
            ),
        ExtractError::NoSuchParent { known, .. } => Some(format!(
            "the account sees {}; only those created by its user or shared with it are there",
            if known.is_empty() { "none".to_owned() } else { format!("`{}`", known.join("`, `")) }
        )),
        ExtractError::Landing(error) => Some(landing_hint(error).to_owned()),
    }
}

fn landing_hint(error: &LandingError) -> &'static str {
    match error {
        LandingError::Ledger { .. } => {
            "it was written by another version, or damaged; remove its folder unless you need the pages in it"
        }
        LandingError::DamagedLedger { .. } => {
            "run `vainu-etl sync`: it reads the lists again; the published file is as it was"
        }
        LandingError::Damaged { .. } => "run `vainu-etl sync`, which fetches the page again",
        _ => "make room in the state folder, or mend it",
    }
}

/// The hint for a failed request of a list. The error itself does not know the purpose of the request.
fn list_hint(error: &ApiError) -> Option<String> {
    let text = match error {
        ApiError::BodyTooLarge { .. } => {
            "ask for less at a time: a smaller --page-size, or, where all comes in one answer, not this stream or \
             target group"
        }
        ApiError::Unavailable { status: Some(429), .. } => {
            "start later, or with a lower --requests-per-second"
        }
        ApiError::BudgetReached { .. } => "give more with --max-requests, or leave it out",
        ApiError::DeadlineReached { .. } => "give more with --max-duration, or leave it out",
        _ => return error.hint(),
    };
    Some(text.to_owned())
}

fn empty_ones(empty: &[&str]) -> String {
    match empty {
        [] => String::new(),
        [one] => format!(": {one} is empty"),
        [first @ .., last] => format!(": {} and {last} are empty", first.join(", ")),
    }
}
