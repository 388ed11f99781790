//! A run that waits at a point, and is let go on.
#![cfg(target_os = "linux")]

use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use vainu_etl::crash::{Point, VARIABLE};

use super::rig::Rig;

/// A run that has stopped at a point and waits.
pub(super) fn stopped_at(rig: &Rig, point: Point) -> Child {
    let mut command = rig.sync();
    command.env(VARIABLE, format!("{}:stop", point.name())).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let stat = format!("/proc/{}/stat", child.id());
    // The third field: `T` for stopped, `Z` for ended.
    let state = || fs_err::read_to_string(&stat).unwrap().rsplit(") ").next().unwrap().chars().next();
    while state() != Some('T') {
        assert_ne!(state(), Some('Z'), "the run ended before {}", point.name());
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

/// Lets a stopped run go on to its end.
pub(super) fn go_on(child: Child) -> Output {
    assert!(Command::new("kill").args(["-CONT", &child.id().to_string()]).status().unwrap().success());
    child.wait_with_output().unwrap()
}
