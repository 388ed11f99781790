//! Why an erasure ended before its end.

use std::path::PathBuf;

use crate::export::ExportError;
use crate::landing::LandingError;
use crate::load::LoadError;
use crate::workspace::{ErrorKind, LockError, WorkspaceError};

/// Why an erasure ended before its end. What was done until then stays done; the same command again does the rest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EraseError {
    /// Neither a published file nor its state folder: a mistyped name must not read as "nothing found".
    #[error("there is no warehouse `{}`", path.display())]
    NoWarehouse {
        /// The path.
        path: PathBuf,
    },
    /// The workspace cannot be used.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// Another run is at work.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A file cannot be read or written anew.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Landed pages cannot be read or written anew.
    #[error(transparent)]
    Landing(#[from] LandingError),
    /// An export cannot be read or written again.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Any other input or output error; the message names the path.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl EraseError {
    /// What the failure means for the caller.
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

    /// What to do next, one sentence.
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
