//! Where a warehouse lives: the published file, the state folder beside it, and the lock of the one run that may
//! write.
//!
//! ```text
//! vainu.duckdb               what people open; replaced whole, never written in place
//! vainu.duckdb.etl/
//!   vainu-etl.json           says that the folder is ours
//!   lock                     held while a run writes; names its owner
//!   landing/                 raw pages and ledgers of the runs
//!   staging/                 rows on their way, the next generation; safe to lose; elsewhere when `DuckDB` cannot write here
//!   generations/000007.duckdb  earlier generations
//! ```
//!
//! The state folder is its owner's alone: landed pages and generations may hold personal data.

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

/// What the state folder's name has behind that of the published file.
pub(crate) const STATE_FOLDER_ENDING: &str = ".etl";

/// A warehouse's places. Holds no open file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    published: PathBuf,
    state: PathBuf,
    staging: PathBuf,
}

impl Workspace {
    /// The workspace of the warehouse `published`, ready to be written: makes the state folder if there is none.
    ///
    /// A symbolic link is followed to the file that it names, so that a publish replaces that file and the link
    /// stays.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the path cannot serve as a warehouse, or something there is not ours. Nothing of
    /// what is there has been changed then.
    pub fn open(published: &Path) -> Result<Self, WorkspaceError> {
        // An empty file that a container mounts is no DuckDB file either, but that is not what keeps it from serving.
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

    /// The workspace of the warehouse `published` for reading only: creates nothing, and neither the file nor the
    /// state folder need exist.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the path cannot be a warehouse, or something there is not ours.
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
            // Its owner's alone, which is no reason not to look at the published file.
            Ok(_) | Err(WorkspaceError::NotReadable { .. }) => Ok(workspace),
            Err(error) => Err(error),
        }
    }

    /// Path of the published file, links resolved. It does not exist before the first load.
    pub fn published(&self) -> &Path {
        &self.published
    }

    /// Whether a generation is published.
    pub fn is_published(&self) -> bool {
        self.published.exists()
    }

    /// What the published file says of itself; none before the first load.
    ///
    /// # Errors
    /// As [`read_marker`].
    pub fn marker(&self) -> Result<Option<Marker>, WorkspaceError> {
        if self.is_published() { read_marker(&self.published).map(Some) } else { Ok(None) }
    }

    /// The write-ahead log beside the published file, if there is one. It belongs to a program that has the file
    /// open for writing, or that ended without closing it; a file put in the published one's place would take it
    /// for its own.
    pub fn stale_wal(&self) -> Option<PathBuf> {
        let wal = self.beside(".wal");
        wal.exists().then_some(wal)
    }

    /// Whether this user may look into the state folder; true when there is none.
    pub(crate) fn can_read_state(&self) -> bool {
        let found = fs_err::read_dir(&self.state);
        found.err().is_none_or(|error| error.kind() != io::ErrorKind::PermissionDenied)
    }

    /// The folder of everything that is not for people.
    pub fn state_dir(&self) -> &Path {
        &self.state
    }

    /// Raw pages and ledgers of the runs.
    pub fn landing_dir(&self) -> PathBuf {
        self.state.join("landing")
    }

    /// Rows between normalising and loading, and the next generation while it is built.
    pub fn staging_dir(&self) -> PathBuf {
        self.staging.clone()
    }

    /// Every folder in which rows of an earlier run may lie: [`Workspace::staging_dir`], and where that was when other
    /// folders could be written or the warehouse had another path.
    pub(crate) fn staging_dirs(&self) -> Vec<PathBuf> {
        let mut folders = staging_of(&self.published, &self.state);
        folders.extend([self.staging.clone(), staging_beside(&self.state)]);
        folders.sort();
        folders.dedup();
        folders.retain(|folder| folder.is_dir());
        folders
    }

    /// Earlier generations.
    pub fn generations_dir(&self) -> PathBuf {
        self.state.join("generations")
    }

    /// The highest number that a generation of this warehouse ever had, as far as the state folder knows; 0 when it does
    /// not. The published file and those that are kept may be gone.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the state folder cannot be read.
    pub(crate) fn highest_generation(&self) -> Result<u64, WorkspaceError> {
        ownership::highest_generation(&self.state)
    }

    /// Notes the number of a generation that is published, durably.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the state folder cannot be written.
    pub(crate) fn note_generation(&self, number: u64) -> Result<(), WorkspaceError> {
        ownership::note_generation(&self.state, number)
    }

    /// Lets the numbers of generations begin at 1 again, for who has removed all that had one.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the state folder cannot be written.
    pub(crate) fn forget_generations(&self) -> Result<(), WorkspaceError> {
        ownership::forget_generations(&self.state)
    }

    /// Takes the lock that only one run at a time can hold. `command` is shown to whoever is refused; it must not
    /// hold secrets.
    ///
    /// # Errors
    /// [`LockError::Held`] when another process holds it.
    pub fn lock(&self, command: &str) -> Result<Lock, LockError> {
        Lock::acquire(&self.lock_path(), command)
    }

    /// Who holds the lock now; none when it is free. What a dead process left behind does not count.
    pub fn lock_owner(&self) -> Option<LockOwner> {
        lock::owner(&self.lock_path())
    }

    fn lock_path(&self) -> PathBuf {
        self.state.join("lock")
    }

    /// The published file's path with `suffix` behind its name.
    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        let mut path = self.published.clone().into_os_string();
        path.push(suffix);
        path.into()
    }

    /// The folder that holds the published file.
    pub(crate) fn folder(&self) -> &Path {
        self.published.parent().unwrap_or(Path::new("."))
    }

    /// Tries to write beside the published file: better to fail now than after hours of requests.
    fn require_writable_folder(&self) -> Result<(), WorkspaceError> {
        // One name for all: what a process that was killed leaves is removed by the next.
        let probe = self.beside(".probe");
        let tried = fs_err::write(&probe, []).and_then(|()| match fs_err::remove_file(&probe) {
            // Another run, which tries the same at the same time, was first.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        });
        tried.map_err(|source| WorkspaceError::io(self.folder(), source))
    }
}

/// Where the staging folder is unless `DuckDB` cannot write there.
fn staging_beside(state: &Path) -> PathBuf {
    state.join("staging")
}

/// Where the staging folder may be, the best first: in the state folder, or, when its path means something else to
/// `DuckDB`, in a private folder elsewhere.
fn staging_of(published: &Path, state: &Path) -> Vec<PathBuf> {
    let beside = staging_beside(state);
    if files::can_be_written(&beside) { vec![beside] } else { files::places_elsewhere(published) }
}

/// `DuckDB` calls a database after its file, up to the first full stop. One called as a schema in it would make every
/// name with that schema mean two things.
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

/// Whether generations of a warehouse that is gone are kept beside its place.
pub(crate) fn keeps_generations(published: &Path) -> bool {
    let Ok(published) = resolve(published) else { return false };
    let mut state = published.into_os_string();
    state.push(STATE_FOLDER_ENDING);
    let kept =
        fs_err::read_dir(Path::new(&state).join("generations")).into_iter().flatten().filter_map(Result::ok);
    kept.map(|entry| entry.path()).any(|path| path.extension().is_some_and(|extension| extension == "duckdb"))
}

/// The file that `path` means: its folder without links, and if it is a link itself, the file that it names, which
/// need not exist yet.
fn resolve(path: &Path) -> Result<PathBuf, WorkspaceError> {
    // The system gives up after as many links in a row, too.
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
