//! A private work folder in another place, for a file that lies where `DuckDB` cannot write.

use std::io;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::can_be_written;

/// Paths at which the work folder for `of` may be created, the best first: in the nearest folder above it in which
/// `DuckDB` can write, which is usually on the same disk, then in the system's folder for temporary files. The name
/// depends on `of` only, so that the next run finds the leftovers of a run that was killed.
pub(crate) fn places(of: &Path) -> Vec<PathBuf> {
    let name = format!(".vainu-etl-{:016x}", xxh3_64(of.as_os_str().as_encoded_bytes()));
    let above = of.ancestors().skip(1).find(|folder| can_be_written(folder)).map(Path::to_owned);
    let temporary = fs_err::canonicalize(std::env::temp_dir()).ok();
    let folders = above.into_iter().chain(temporary).filter(|folder| can_be_written(folder));
    folders.map(|folder| folder.join(&name)).collect()
}

/// Creates the folder at the first of its [`places`] that allows it, with access for its owner alone. A folder that
/// exists already is used if it is ours.
///
/// # Errors
/// The folder cannot be created at any of the places.
pub(crate) fn make(of: &Path) -> io::Result<PathBuf> {
    let mut failed = io::Error::other("there is no folder that DuckDB can be told of");
    for folder in places(of) {
        match claim(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn claim(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => require_ours(folder),
        made => made,
    }
}

/// Checks that `folder` is a folder of this user. Other users can create folders of any name among the temporary
/// files.
fn require_ours(folder: &Path) -> io::Result<()> {
    let found = fs_err::symlink_metadata(folder)?;
    #[cfg(unix)]
    let is_ours = std::os::unix::fs::MetadataExt::uid(&found) == rustix::process::geteuid().as_raw();
    #[cfg(not(unix))]
    let is_ours = true;
    if found.is_dir() && is_ours {
        return Ok(());
    }
    let what = format!("`{}` is there, and is no folder of this user", folder.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, what))
}
