//! A private folder elsewhere, for the work on a file that lies where `DuckDB` cannot write.

use std::io;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::can_be_written;

/// Where the folder for the work on `of` may be, the best first: beside the nearest folder above it that `DuckDB` can
/// be told of, which is the same disk as a rule, else among the system's temporary files. Its name is always the same, so
/// that the next run finds what one that was killed left there.
pub(crate) fn places(of: &Path) -> Vec<PathBuf> {
    let name = format!(".vainu-etl-{:016x}", xxh3_64(of.as_os_str().as_encoded_bytes()));
    let above = of.ancestors().skip(1).find(|folder| can_be_written(folder)).map(Path::to_owned);
    let temporary = fs_err::canonicalize(std::env::temp_dir()).ok();
    let folders = above.into_iter().chain(temporary).filter(|folder| can_be_written(folder));
    folders.map(|folder| folder.join(&name)).collect()
}

/// Makes the folder at the first of its [`places`] where that can be done, for its owner alone; one that is there
/// already is used when it is ours.
///
/// # Errors
/// It can be made nowhere.
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

/// Others may make folders among the temporary files, too, under any name.
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
