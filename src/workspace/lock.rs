//! The lock that allows only one run to write. The operating system holds it, so that it ends with the process.

use std::fs::TryLockError;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use fs_err::{File, OpenOptions};
use serde::{Deserialize, Serialize};

use super::{ErrorKind, rights};

/// Attempts to take the lock before a run gives up. [`owner`] holds the lock for a moment when another program asks for
/// its owner, which must not make a run fail.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(40);

/// The process that holds the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockOwner {
    /// Process id on `host`.
    pub pid: u32,
    /// Name of the computer; `unknown` if it cannot be found.
    pub host: String,
    /// When the lock was taken, RFC 3339, UTC, whole seconds.
    pub started_at: String,
    /// The command, without secrets.
    pub command: String,
}

/// The lock. Dropping it releases it. The operating system releases it when the process ends in any other way.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// Why the lock could not be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process holds the lock.
    #[error("another run holds the lock `{}`{}", path.display(), describe(owner.as_ref()))]
    Held {
        /// Path of the lock.
        path: PathBuf,
        /// The process that holds it. `None` if it has not written its name yet.
        owner: Option<LockOwner>,
    },
    /// The lock file cannot be opened or locked. Whether another run is active is not known.
    #[error("the lock `{}` cannot be used", path.display())]
    Io {
        /// Path of the lock.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
}

impl LockError {
    /// The class of the failure, which decides the exit code.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Held { .. } => ErrorKind::LockHeld,
            Self::Io { .. } => ErrorKind::DestinationFailed,
        }
    }

    /// What the user can do next, in one sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::Held { owner: Some(owner), .. } => format!(
                "wait until process {} on {} has ended, then run the same command again; reading the warehouse is possible meanwhile",
                owner.pid, owner.host
            ),
            Self::Held { owner: None, .. } => "run the same command again in a moment".to_owned(),
            Self::Io { path, source } => rights::hint(path).unwrap_or_else(|| match source.kind() {
                io::ErrorKind::PermissionDenied => {
                    "check the owner and the permissions of the state folder".to_owned()
                }
                io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput => {
                    "the file system there has no locks: name a place on a local disk with `--warehouse`"
                        .to_owned()
                }
                _ => "check the disk; a network file system may not have locks: a place on a local disk does"
                    .to_owned(),
            }),
        }
    }
}

fn describe(owner: Option<&LockOwner>) -> String {
    let Some(owner) = owner else { return String::new() };
    format!(": `{}`, process {} on {}, since {}", owner.command, owner.pid, owner.host, owner.started_at)
}

impl Lock {
    pub(super) fn acquire(path: &Path, command: &str) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { path: path.to_owned(), source };
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let (mut file, writable) = match opened {
            // A lock file of another user can be locked if it can be read.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                (File::open(path).map_err(|_| failed(error))?, false)
            }
            opened => (opened.map_err(failed)?, true),
        };
        for attempt in 1.. {
            match file.file().try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => return Err(failed(source)),
                Err(TryLockError::WouldBlock) if attempt < ATTEMPTS => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => {
                    return Err(LockError::Held { path: path.to_owned(), owner: read_owner(&mut file) });
                }
            }
        }
        if !writable {
            tracing::warn!(
                path = %path.display(),
                mend = rights::mend(path),
                "The lock file is another user's: whoever else wants the lock is not told who holds it."
            );
            return Ok(Self { file });
        }
        let owner = LockOwner {
            pid: std::process::id(),
            host: host_name(),
            started_at: crate::clock::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            command: command.to_owned(),
        };
        write_owner(&mut file, &owner).map_err(failed)?;
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file releases the lock. If the owner's name cannot be removed, it stays in the file, which does
        // no harm.
        let _ = self.file.set_len(0);
    }
}

/// The process that holds the lock at `path`. `None` if the lock is free, or if this cannot be found out.
pub(super) fn owner(path: &Path) -> Option<LockOwner> {
    let mut file = File::open(path).ok()?;
    match file.file().try_lock_shared() {
        Err(TryLockError::WouldBlock) => read_owner(&mut file),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

fn read_owner(file: &mut File) -> Option<LockOwner> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn write_owner(file: &mut File, owner: &LockOwner) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    // In one write, so that a reader gets all of it or nothing.
    file.write_all(format!("{}\n", serde_json::to_string(owner)?).as_bytes())
}

/// Name of the computer: from `/proc` on Linux, otherwise from the environment. `unknown` if neither has it.
fn host_name() -> String {
    let shown = fs_err::read_to_string("/proc/sys/kernel/hostname").ok();
    let named = || ["HOSTNAME", "COMPUTERNAME"].iter().find_map(|name| std::env::var(name).ok());
    match shown.or_else(named).map(|name| name.trim().to_owned()) {
        Some(name) if !name.is_empty() => name,
        _ => "unknown".to_owned(),
    }
}
