//! What a run needs of the computer: clock, disk, folder and lock.

use std::path::Path;

use indicatif::HumanBytes;

use super::{Finding, explained};
use crate::api::ServerTime;
use crate::clock::{self, Timeline};
use crate::error::DESTINATION;
use crate::load;
use crate::pipeline::last_written;
use crate::workspace::Workspace;

/// With less room than this a load is likely to fail: two generations and landed pages of 100,000 companies.
const LITTLE_ROOM: u64 = 500 << 20;
/// A clock that stands before this is wrong: 2026-01-01.
const EARLIEST_US: i64 = 1_767_225_600_000_000;

/// Compares the computer's clock with the API's, and with what was written last.
pub(super) fn clock(warehouse: &Path, server: Option<ServerTime>) -> Finding {
    let now = clock::now_us();
    let text = clock::utc_text(now);
    let found = match server.and_then(|server| Some((server, server.difference()?))) {
        Some((server, difference)) => Err((
            DESTINATION,
            format!("{text} is {difference} the API's {}; set the clock", clock::utc_text(server.server_us)),
        )),
        None if now <= EARLIEST_US => Err((DESTINATION, format!("{text} cannot be; set the clock"))),
        None if server.is_some() => Ok(format!("{text}, as the API's")),
        None => Ok(text),
    };
    let mut finding = Finding::new("clock", found);
    let history = Workspace::inspect(warehouse).ok().and_then(|workspace| {
        if workspace.is_published() {
            return Some(workspace.published().to_owned());
        }
        Some(load::newest(&workspace).ok()??.path)
    });
    let written = last_written(history.as_deref()).ok().flatten();
    if let Some(jump) = Timeline::after(written).jump() {
        finding.notes.push(format!(
            "the warehouse was last written at {}, {} later: one of the two clocks was wrong; times go on from there",
            clock::utc_text(jump.written_us),
            clock::length_text(jump.written_us.abs_diff(jump.clock_us)),
        ));
    }
    finding
}

pub(super) fn disk(warehouse: &Path) -> Finding {
    let folder = match warehouse.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let found = match free_bytes(folder) {
        Err(error) => Err((DESTINATION, format!("folder {}: {error}", folder.display()))),
        Ok(free) if free < LITTLE_ROOM => {
            Err((DESTINATION, format!("only {} free in {}; make room", HumanBytes(free), folder.display())))
        }
        Ok(free) => Ok(format!("{} free in {}", HumanBytes(free), folder.display())),
    };
    Finding::new("disk", found)
}

fn free_bytes(folder: &Path) -> std::io::Result<u64> {
    let space = rustix::fs::statvfs(folder)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

/// Tries what publishing needs, as a run does before its first request.
pub(super) fn folder(warehouse: &Path) -> Finding {
    let name = "folder";
    match Workspace::inspect(warehouse)
        .and_then(|workspace| Ok((workspace.lacking_beside_others()?, workspace)))
    {
        Err(error) => Finding::new(name, Err((error.kind().exit_code(), explained(&error, &error.hint())))),
        Ok((notes, workspace)) => {
            let what = format!("a new generation can be put into {}", workspace.folder().display());
            Finding { notes, ..Finding::new(name, Ok(what)) }
        }
    }
}

pub(super) fn lock(warehouse: &Path) -> Finding {
    let found = match Workspace::inspect(warehouse) {
        Err(error) => Err((error.kind().exit_code(), explained(&error, &error.hint()))),
        Ok(workspace) => Ok(match workspace.lock_owner() {
            None => "free".to_owned(),
            Some(owner) => {
                format!("held by process {} since {} ({})", owner.pid, owner.started_at, owner.command)
            }
        }),
    };
    Finding::new("lock", found)
}
