//! [`PlainFolder`]: a folder under a path that `DuckDB` takes as a plain name.

use std::io;
use std::path::{Path, PathBuf};

use super::{can_be_read, elsewhere};

/// A folder with files to read, under a path that `DuckDB` takes as a plain name: its own path or, if that is not
/// possible, a symbolic link to it. The link is removed when this value is dropped.
#[derive(Debug)]
pub(crate) struct PlainFolder {
    name: PathBuf,
    link: Option<PathBuf>,
}

impl PlainFolder {
    /// The folder `folder`, with a link if one is needed.
    ///
    /// # Errors
    /// A link is needed and cannot be created.
    pub(crate) fn of(folder: &Path) -> io::Result<Self> {
        if can_be_read(folder) {
            return Ok(Self { name: folder.to_owned(), link: None });
        }
        let link = elsewhere::make(folder)?.join(format!("files-{}", std::process::id()));
        #[cfg(unix)]
        {
            match fs_err::remove_file(&link) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => fs_err::os::unix::fs::symlink(folder, &link)?,
            }
        }
        Ok(Self { name: link.clone(), link: Some(link) })
    }

    /// Path of the file at `below`, a path relative to the folder.
    pub(crate) fn file(&self, below: &str) -> PathBuf {
        self.name.join(below)
    }
}

impl Drop for PlainFolder {
    fn drop(&mut self) {
        if let Some(link) = &self.link {
            // A failure leaves an empty folder or a link in a folder of ours, which the next use replaces.
            let _ = fs_err::remove_file(link);
            let _ = link.parent().map(fs_err::remove_dir);
        }
    }
}
