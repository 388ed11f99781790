//! Errors of an erasure.

use std::path::PathBuf;

use crate::export::ExportError;
use crate::landing::LandingError;
use crate::load::LoadError;
use crate::workspace::{ErrorKind, LockError, WorkspaceError};

/// Why an erasure stopped. What it has done stays done; running the same command again does the rest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EraseError {
    /// Neither a published file nor its state folder exists. This is an error so that a mistyped name is not reported
    /// as "nothing found".
    #[error("there is no warehouse `{}`", path.display())]
    NoWarehouse {
        /// Path of the warehouse as given.
        path: PathBuf,
    },
    /// The workspace cannot be used.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// Another run holds the lock.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A database file cannot be read or rewritten.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Landed pages cannot be read or rewritten.
    #[error(transparent)]
    Landing(#[from] LandingError),
    /// An export cannot be read or repeated.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Any other I/O error. The message names the path.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl EraseError {
    /// The class of the failure, which decides the exit code.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Workspace(error) => error.kind(),
            Self::Lock(error) => error.kind(),
            Self::Load(error) => error.kind(),
            Self::NoWarehouse { .. } | Self::Landing(_) | Self::Export(_) | Self::Io(_) => {
                ErrorKind::DestinationFailed
            }
        }
    }

    /// What the user can do next, in one sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::Workspace(error) => error.hint(),
            Self::Lock(error) => error.hint(),
            Self::NoWarehouse { .. } => "name the published file with --warehouse".to_owned(),
            Self::Export(error) => error.hint(),
            Self::Load(LoadError::OutOfMemory { .. } | LoadError::Hook { .. } | LoadError::Database { .. }) => {
                "this is a fault of vainu-etl; please report it with the message above".to_owned()
            }
            Self::Load(_) | Self::Landing(_) | Self::Io(_) => {
                "every file is whole, old or new; check the disk, then run the same command again: it does what is left"
                    .to_owned()
            }
        }
    }
}
