//! Errors of writing and reading landed pages.

use std::path::PathBuf;

/// Why landed pages or their ledger cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LandingError {
    /// The ledger has no readable header.
    #[error("`{}` is no ledger of this version", path.display())]
    Ledger {
        /// Path of the ledger.
        path: PathBuf,
    },
    /// The ledger of a finished run has lines that cannot be read.
    #[error("{lines} lines of the ledger `{}` are damaged, so that landed pages are missing", path.display())]
    DamagedLedger {
        /// Path of the ledger.
        path: PathBuf,
        /// Number of damaged lines.
        lines: u64,
    },
    /// A landed page cannot be read back.
    #[error("landed page {number} is damaged: {reason}")]
    Damaged {
        /// Number of the page.
        number: u64,
        /// What is wrong.
        reason: String,
    },
    /// The landing folder cannot be written to.
    #[error("cannot write to the landing folder `{}`: {reason}", folder.display())]
    Write {
        /// The folder.
        folder: PathBuf,
        /// Why.
        reason: String,
    },
    /// The landing thread has ended after an error that was reported elsewhere.
    #[error("landing has stopped after an earlier error")]
    Stopped,
    /// Any other input or output error; the message names the path.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl LandingError {
    /// Whether the operating system denies this user access, for example to files that another user made.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied)
    }
}
