//! Where a warehouse is: the published file, the state folder beside it, and the lock that allows only one run to
//! write.
//!
//! ```text
//! vainu.duckdb               what people open; replaced as a whole, never written in place
//! vainu.duckdb.etl/
//!   vainu-etl.json           marks the folder as this tool's
//!   lock                     held while a run writes; names its owner
//!   landing/                 raw pages and ledgers of the runs
//!   staging/                 staged rows, the next generation; safe to lose; elsewhere if `DuckDB` cannot write here
//!   generations/000007.duckdb  earlier generations
//! ```
//!
//! Only the owner can access the state folder, since landed pages and generations may hold personal data.

pub(crate) mod durable;
mod error;
mod inherit;
mod lock;
mod ownership;
mod probe;
pub(crate) mod rights;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

pub use error::{ErrorKind, WorkspaceError};
pub(crate) use inherit::inherit;
pub use lock::{Lock, LockError, LockOwner};
pub use ownership::{FORMAT_VERSION, Marker, read_marker};
pub(crate) use ownership::{open_marked, open_read_only};

use crate::files;
use crate::schema::etl;

/// Suffix of the state folder's name, after the name of the published file.
pub(crate) const STATE_FOLDER_ENDING: &str = ".etl";

/// Paths of a warehouse. Holds no open file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    published: PathBuf,
    state: PathBuf,
    staging: PathBuf,
}

impl Workspace {
    /// The workspace of the warehouse `published`, ready to be written. Creates the state folder if there is none.
    ///
    /// A symbolic link is followed to the file that it names, so that publishing replaces that file and the link stays.
    ///
    /// # Errors
    /// [`WorkspaceError`] if the path cannot be used as a warehouse, or if a file or folder there does not belong to
    /// this tool. Nothing that was there has been changed then.
    pub fn open(published: &Path) -> Result<Self, WorkspaceError> {
        // Checked first: a container may mount an empty file. The next check would only say that it is not a DuckDB
        // file.
        probe::refuse_mount_point(&resolve(published)?)?;
        let mut workspace = Self::inspect(published)?;
        if let Some(path) = workspace.stale_wal() {
            return Err(WorkspaceError::StaleWal { path });
        }
        workspace.require_writable_folder()?;
        if ownership::owns_state_folder(&workspace.state)? {
            rights::close_folder(&workspace.state);
        } else {
            ownership::mark_state_folder(&workspace.state)?;
        }
        if workspace.staging != staging_beside(&workspace.state) {
            let made = files::make_elsewhere(&workspace.published);
            workspace.staging = made.map_err(|source| WorkspaceError::io(&workspace.staging, source))?;
        }
        for folder in [workspace.landing_dir(), workspace.staging_dir(), workspace.generations_dir()] {
            fs_err::create_dir_all(&folder).map_err(|source| WorkspaceError::io(&folder, source))?;
        }
        Ok(workspace)
    }

    /// The workspace of the warehouse `published`, for reading only. Creates nothing. Neither the file nor the state
    /// folder has to exist.
    ///
    /// # Errors
    /// [`WorkspaceError`] if the path cannot be a warehouse, or if a file or folder there does not belong to this tool.
    pub fn inspect(published: &Path) -> Result<Self, WorkspaceError> {
        let published = resolve(published)?;
        let mut state = published.clone().into_os_string();
        state.push(STATE_FOLDER_ENDING);
        let state = PathBuf::from(state);
        let staging = staging_of(&published, &state).into_iter().next();
        let workspace = Self { staging: staging.unwrap_or_else(|| staging_beside(&state)), published, state };
        if workspace.published.is_dir() {
            return Err(WorkspaceError::IsFolder { path: workspace.published });
        }
        require_usable_name(&workspace.published)?;
        if workspace.is_published() {
            read_marker(&workspace.published)?;
        }
        match ownership::owns_state_folder(&workspace.state) {
            // Only the owner can access the state folder. Other users may still read the published file.
            Ok(_) | Err(WorkspaceError::NotReadable { .. }) => Ok(workspace),
            Err(error) => Err(error),
        }
    }

    /// Path of the published file, with symbolic links resolved. The file does not exist before the first load.
    pub fn published(&self) -> &Path {
        &self.published
    }

    /// Whether the published file exists.
    pub fn is_published(&self) -> bool {
        self.published.exists()
    }

    /// The marker of the published file. `None` before the first load.
    ///
    /// # Errors
    /// As [`read_marker`].
    pub fn marker(&self) -> Result<Option<Marker>, WorkspaceError> {
        if self.is_published() { read_marker(&self.published).map(Some) } else { Ok(None) }
    }

    /// Path of the write-ahead log beside the published file. `None` if there is none.
    ///
    /// The log belongs to a program that has the file open for writing, or that ended without closing it. `DuckDB`
    /// would apply it to a new file put in the place of the published one.
    pub fn stale_wal(&self) -> Option<PathBuf> {
        let wal = self.beside(".wal");
        wal.exists().then_some(wal)
    }

    /// Whether this user may read the state folder. True if there is none.
    pub(crate) fn can_read_state(&self) -> bool {
        let found = fs_err::read_dir(&self.state);
        found.err().is_none_or(|error| error.kind() != io::ErrorKind::PermissionDenied)
    }

    /// Path of the state folder, which holds everything that is not for people.
    pub fn state_dir(&self) -> &Path {
        &self.state
    }

    /// Folder of raw pages and ledgers of the runs.
    pub fn landing_dir(&self) -> PathBuf {
        self.state.join("landing")
    }

    /// Folder of rows between normalising and loading, and of the next generation while it is built.
    pub fn staging_dir(&self) -> PathBuf {
        self.staging.clone()
    }

    /// Every existing folder that may hold rows of an earlier run: [`Workspace::staging_dir`], and the folders that it
    /// was when other folders could be written or the warehouse had another path.
    pub(crate) fn staging_dirs(&self) -> Vec<PathBuf> {
        let mut folders = staging_of(&self.published, &self.state);
        folders.extend([self.staging.clone(), staging_beside(&self.state)]);
        folders.sort();
        folders.dedup();
        folders.retain(|folder| folder.is_dir());
        folders
    }

    /// Folder of earlier generations.
    pub fn generations_dir(&self) -> PathBuf {
        self.state.join("generations")
    }

    /// The highest number that a generation of this warehouse ever had, as noted in the state folder; 0 if none is
    /// noted. It is known even if the published file and all kept generations are gone.
    ///
    /// # Errors
    /// [`WorkspaceError`] if the state folder cannot be read.
    pub(crate) fn highest_generation(&self) -> Result<u64, WorkspaceError> {
        ownership::highest_generation(&self.state)
    }

    /// Notes the number of a published generation in the state folder, durably.
    ///
    /// # Errors
    /// [`WorkspaceError`] if the state folder cannot be written.
    pub(crate) fn note_generation(&self, number: u64) -> Result<(), WorkspaceError> {
        ownership::note_generation(&self.state, number)
    }

    /// Lets the numbers of generations start at 1 again. For a caller that has removed all generations.
    ///
    /// # Errors
    /// [`WorkspaceError`] if the state folder cannot be written.
    pub(crate) fn forget_generations(&self) -> Result<(), WorkspaceError> {
        ownership::forget_generations(&self.state)
    }

    /// Takes the lock, which only one run at a time can hold. Other processes show `command` in their messages; it must
    /// not contain secrets.
    ///
    /// # Errors
    /// [`LockError::Held`] if another process holds the lock; [`LockError::Io`] if the lock file cannot be used.
    pub fn lock(&self, command: &str) -> Result<Lock, LockError> {
        Lock::acquire(&self.lock_path(), command)
    }

    /// The process that holds the lock now. `None` if the lock is free. The name that a dead process left behind is
    /// ignored.
    pub fn lock_owner(&self) -> Option<LockOwner> {
        lock::owner(&self.lock_path())
    }

    fn lock_path(&self) -> PathBuf {
        self.state.join("lock")
    }

    /// Path of the published file with `suffix` appended to its name.
    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        let mut path = self.published.clone().into_os_string();
        path.push(suffix);
        path.into()
    }

    /// The folder that holds the published file.
    pub(crate) fn folder(&self) -> &Path {
        self.published.parent().unwrap_or(Path::new("."))
    }

    /// Tries to write beside the published file. It is better to fail now than after hours of requests.
    fn require_writable_folder(&self) -> Result<(), WorkspaceError> {
        // All runs use the same name, so that the next run removes what a killed run left.
        let probe = self.beside(".probe");
        let tried = fs_err::write(&probe, []).and_then(|()| match fs_err::remove_file(&probe) {
            // Another run that tried the same at this moment has removed the file.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        });
        tried.map_err(|source| WorkspaceError::io(self.folder(), source))
    }
}

/// The staging folder in the state folder, where it is unless `DuckDB` cannot write there.
fn staging_beside(state: &Path) -> PathBuf {
    state.join("staging")
}

/// Paths that the staging folder may have, the preferred one first: in the state folder, or, if `DuckDB` would read
/// that path as something other than a name, in private folders elsewhere.
fn staging_of(published: &Path, state: &Path) -> Vec<PathBuf> {
    let beside = staging_beside(state);
    if files::can_be_written(&beside) { vec![beside] } else { files::places_elsewhere(published) }
}

/// Refuses a file name that would give the database the name of the schema `etl`. `DuckDB` names a database after its
/// file, up to the first full stop, and every name with that schema would be ambiguous.
fn require_usable_name(published: &Path) -> Result<(), WorkspaceError> {
    let name = published.file_name().unwrap_or_default();
    let Some(name) = name.to_str().filter(|_| published.to_str().is_some()) else {
        return Err(WorkspaceError::NotUtf8 { path: published.to_owned() });
    };
    if name.split('.').next().is_some_and(|stem| stem.eq_ignore_ascii_case(etl::WAREHOUSE.schema)) {
        return Err(WorkspaceError::NamedAsSchema { path: published.to_owned() });
    }
    Ok(())
}

/// Whether the state folder of a warehouse keeps generations, even if the published file is gone.
pub(crate) fn keeps_generations(published: &Path) -> bool {
    let Ok(published) = resolve(published) else { return false };
    let mut state = published.into_os_string();
    state.push(STATE_FOLDER_ENDING);
    let kept =
        fs_err::read_dir(Path::new(&state).join("generations")).into_iter().flatten().filter_map(Result::ok);
    kept.map(|entry| entry.path()).any(|path| path.extension().is_some_and(|extension| extension == "duckdb"))
}

/// The file that `path` stands for. Links in its folder are resolved. If the path is itself a link, the result is the
/// file that it names, which does not have to exist.
fn resolve(path: &Path) -> Result<PathBuf, WorkspaceError> {
    // Linux has the same limit.
    const MOST_LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let name: OsString = match path.file_name() {
            Some(name) if !ends_in_separator(&path) => name.to_owned(),
            _ => return Err(WorkspaceError::IsFolder { path }),
        };
        let parent = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let folder = fs_err::canonicalize(parent)
            .and_then(
                |folder| {
                    if folder.is_dir() { Ok(folder) } else { Err(io::ErrorKind::NotADirectory.into()) }
                },
            )
            .map_err(|source| WorkspaceError::Folder { folder: parent.to_owned(), source })?;
        path = folder.join(name);
        match fs_err::read_link(&path) {
            Ok(target) => path = folder.join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(WorkspaceError::Io { path, source: io::Error::other("too many symbolic links in a row") })
}

fn ends_in_separator(path: &Path) -> bool {
    path.as_os_str().to_string_lossy().ends_with(std::path::is_separator)
}
