//! Folders that several tests begin with. What comes out the same each time is made once for a run of the tests, by the
//! test that first needs it; the others copy it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// Folders of earlier runs of the tests are removed when they are older than this.
const KEPT: Duration = Duration::from_hours(24);

/// The folder of this run of the tests. nextest starts a process for each test and gives the run a name; otherwise this
/// process is the run.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shared");
    let of_this_process = || format!("{}-{}", std::process::id(), Timestamp::now().as_microsecond());
    let folder = all.join(std::env::var("NEXTEST_RUN_ID").unwrap_or_else(|_| of_this_process()));
    fs_err::create_dir_all(&folder).unwrap();
    for entry in fs_err::read_dir(&all).unwrap().flatten() {
        let changed = entry.metadata().and_then(|metadata| metadata.modified());
        if changed.is_ok_and(|changed| changed < SystemTime::now() - KEPT) {
            // Another test may be removing it, too.
            let _ = fs_err::remove_dir_all(entry.path());
        }
    }
    folder
});

/// The turn to make a shared folder. Nobody else has it; if it ends without [`done`](Self::done), the next one begins
/// anew.
pub(crate) struct Making {
    begun: PathBuf,
    path: PathBuf,
    /// Unlocked when it is closed.
    _lock: File,
}

/// The shared folder with this name, or the turn to make it. Waits while another test makes it.
pub(crate) fn find(name: &str) -> Result<PathBuf, Making> {
    let (path, begun) = (FOLDER.join(name), FOLDER.join(format!("{name}.begun")));
    let lock = File::create(FOLDER.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    if path.exists() {
        return Ok(path);
    }
    if begun.exists() {
        fs_err::remove_dir_all(&begun).unwrap();
    }
    fs_err::create_dir(&begun).unwrap();
    Err(Making { begun, path, _lock: lock })
}

/// A time that is the same in all tests of a run, close to its start. Simulators with this time have the same data.
pub(crate) fn now() -> Timestamp {
    let made = find("now").unwrap_or_else(|making| {
        let now = Timestamp::now().as_millisecond();
        fs_err::write(making.folder().join("ms"), now.to_string()).unwrap();
        making.done()
    });
    let now = fs_err::read_to_string(made.join("ms")).unwrap().parse().unwrap();
    Timestamp::from_millisecond(now).unwrap()
}

impl Making {
    /// The folder to fill. Its path is not the final one.
    pub(crate) fn folder(&self) -> &Path {
        &self.begun
    }

    /// Gives the folder to all tests.
    pub(crate) fn done(self) -> PathBuf {
        fs_err::rename(&self.begun, &self.path).unwrap();
        self.path
    }
}
