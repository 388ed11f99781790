//! Makes the entries of a folder durable, where the file system supports it.

use std::io::{self, ErrorKind};
use std::path::Path;

/// Waits until the folder's entries are on the disk. Does nothing where a folder cannot be synced: some network and
/// FUSE file systems refuse it, and Windows does not support it. [`super::Workspace::probe`] warns about a refusal
/// beforehand.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    match try_sync(folder) {
        Err(error) if is_refused(&error) => {
            tracing::debug!(folder = %folder.display(), %error, "The folder cannot be synced.");
            Ok(())
        }
        outcome => outcome,
    }
}

/// Syncs the folder. Does nothing on systems other than Unix.
pub(super) fn try_sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { fs_err::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Whether the error says that the file system does not support or not allow the operation, rather than that it failed.
pub(super) fn is_refused(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::PermissionDenied)
}
