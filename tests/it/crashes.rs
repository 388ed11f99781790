//! What survives: an error, a panic or `kill -9` at every point of the order of writes; a full disk; damaged files.

mod damage;
#[cfg(target_os = "linux")]
mod disk;
mod dump;
pub(crate) mod files;
mod ledger;
#[cfg(target_os = "linux")]
mod lock;
mod matrix;
mod resume;
mod rig;
mod stopped;
