//! The exit codes of the program, and which error has which.
//!
//! This is the only source file with their numbers: help texts and messages are made with these constants, and modules
//! that do not know this one have a kind of error instead.

use super::Error;
use crate::api;
use crate::export::ExportError;
use crate::extract::ExtractError;
use crate::job::JobError;
use crate::query::QueryError;
use crate::workspace;

/// Exit code of success, also when there was nothing new.
pub const SUCCESS: u8 = 0;
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
/// Exit code of an interruption. The command line uses the code of the signal: this one for Ctrl-C, [`TERMINATED`] or
/// [`HUNG_UP`].
pub const INTERRUPTED: u8 = 130;
/// Exit code of an interruption by SIGTERM.
pub const TERMINATED: u8 = 143;
/// Exit code of an interruption by SIGHUP.
pub const HUNG_UP: u8 = 129;

/// Every exit code, in the order in which the help and the README list them.
pub const EXIT_CODES: [u8; 12] = [
    SUCCESS,
    UNEXPECTED,
    USAGE,
    CREDENTIALS,
    SOURCE,
    CHECKS,
    DESTINATION,
    LOCKED,
    BUDGET,
    INTERRUPTED,
    TERMINATED,
    HUNG_UP,
];

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
            #[cfg(feature = "simulator")]
            Self::Simulator(_) => UNEXPECTED,
            Self::Internal { .. } => UNEXPECTED,
        }
    }
}

impl api::ErrorKind {
    /// The process's exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => USAGE,
            Self::Credentials => CREDENTIALS,
            Self::Unavailable => SOURCE,
            Self::Budget => BUDGET,
            Self::Interrupted => INTERRUPTED,
        }
    }
}

impl workspace::ErrorKind {
    /// The process's exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Unexpected => UNEXPECTED,
            Self::Usage => USAGE,
            Self::ChecksRefused => CHECKS,
            Self::DestinationFailed => DESTINATION,
            Self::LockHeld => LOCKED,
        }
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

fn extract_code(error: &ExtractError) -> u8 {
    match error {
        ExtractError::Api { source, .. } => source.kind().exit_code(),
        ExtractError::Envelope { .. } | ExtractError::NoSuchList { .. } => SOURCE,
        ExtractError::NoSuchParent { .. } => USAGE,
        ExtractError::Landing(_) => DESTINATION,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ApiError;

    #[test]
    fn kinds_of_api_errors_give_the_documented_exit_codes() {
        let request = || "GET x/".to_owned();
        for (error, code) in [
            (ApiError::Unauthorized { request: request(), detail: String::new() }, 3),
            (ApiError::InvalidLink { request: request(), reason: "" }, 4),
            (ApiError::BudgetReached { request: request(), limit: 1 }, 8),
            (ApiError::Interrupted { request: request() }, 130),
            (ApiError::Refused { request: request(), status: 400, detail: String::new() }, 2),
        ] {
            assert_eq!(error.kind().exit_code(), code, "{error}");
        }
    }

    #[test]
    fn kinds_of_workspace_errors_give_the_documented_exit_codes() {
        use workspace::ErrorKind;
        let codes = [
            (ErrorKind::Unexpected, 1),
            (ErrorKind::Usage, 2),
            (ErrorKind::ChecksRefused, 5),
            (ErrorKind::DestinationFailed, 6),
            (ErrorKind::LockHeld, 7),
        ];
        for (kind, code) in codes {
            assert_eq!(kind.exit_code(), code, "{kind:?}");
        }
    }
}
