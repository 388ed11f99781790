//! Makes names in a folder durable, where the file system can be asked for that.

use std::io::{self, ErrorKind};
use std::path::Path;

/// Waits until the folder's names are on the disk. Best effort where folders cannot be synced: some network and FUSE file
/// systems refuse it, and Windows does not have it; [`super::Workspace::probe`] says so beforehand.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    match try_sync(folder) {
        Err(error) if is_refused(&error) => {
            tracing::debug!(folder = %folder.display(), %error, "The folder cannot be synced.");
            Ok(())
        }
        outcome => outcome,
    }
}

/// Syncs the folder, or says why not.
pub(super) fn try_sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { fs_err::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Whether the file system does not have what was asked for, or does not allow it, as opposed to failing at it.
pub(super) fn is_refused(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::PermissionDenied)
}
