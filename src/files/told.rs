//! [`Told`]: a folder under a name that `DuckDB` can be told.

use std::io;
use std::path::{Path, PathBuf};

use super::{can_be_read, elsewhere};

/// A folder with files to be read, under a name that `DuckDB` takes for nothing but a name: its own, or, where that
/// cannot be, that of a link to it. The link is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Told {
    name: PathBuf,
    link: Option<PathBuf>,
}

impl Told {
    /// That folder.
    ///
    /// # Errors
    /// A link is needed, and cannot be made.
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

    /// The file at `below`, a path in the folder.
    pub(crate) fn file(&self, below: &str) -> PathBuf {
        self.name.join(below)
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if let Some(link) = &self.link {
            // What is left is an empty folder, or a link in one of ours; the next use takes its place.
            let _ = fs_err::remove_file(link);
            let _ = link.parent().map(fs_err::remove_dir);
        }
    }
}
