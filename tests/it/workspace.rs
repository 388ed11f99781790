//! Where a warehouse may live, and who may write it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use duckdb::Connection;
use vainu_etl::workspace::{ErrorKind, LockError, Workspace, WorkspaceError};

fn content(path: &Path) -> Vec<u8> {
    fs_err::read(path).unwrap()
}

/// What is in a folder, by name.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs_err::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn opening_makes_the_state_folder_and_opening_again_finds_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vainu.duckdb");
    let workspace = Workspace::open(&path).unwrap();
    assert_eq!(names(dir.path()), ["vainu.duckdb.etl"]);
    assert_eq!(names(workspace.state_dir()), ["generations", "landing", "staging", "vainu-etl.json"]);
    assert_eq!(Workspace::open(&path).unwrap(), workspace);
    assert_eq!(workspace.marker().unwrap(), None);
}

#[test]
fn inspecting_creates_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = Workspace::inspect(&dir.path().join("vainu.duckdb")).unwrap();
    assert!(!workspace.is_published());
    assert_eq!(workspace.lock_owner(), None);
    assert_eq!(names(dir.path()), Vec::<String>::new());
}

#[test]
fn a_folder_is_not_a_warehouse() {
    let dir = tempfile::tempdir().unwrap();
    let error = Workspace::open(dir.path()).unwrap_err();
    assert!(matches!(error, WorkspaceError::IsFolder { .. }), "{error:?}");
    assert_eq!(error.kind().exit_code(), 6);
    assert!(error.hint().contains("vainu.duckdb"), "{}", error.hint());
    let slash = format!("{}/new/", dir.path().display());
    let error = Workspace::open(Path::new(&slash)).unwrap_err();
    assert!(matches!(error, WorkspaceError::IsFolder { .. }), "{error:?}");
    assert_eq!(names(dir.path()), Vec::<String>::new());
}

#[test]
fn the_folder_has_to_exist_and_to_be_one() {
    let dir = tempfile::tempdir().unwrap();
    fs_err::write(dir.path().join("file"), "text").unwrap();
    for parent in ["missing", "file"] {
        let error = Workspace::open(&dir.path().join(parent).join("vainu.duckdb")).unwrap_err();
        let WorkspaceError::Folder { folder, .. } = &error else { panic!("{error:?}") };
        assert_eq!(folder, &dir.path().join(parent));
        assert_eq!(error.kind(), ErrorKind::DestinationFailed);
    }
    assert_eq!(names(dir.path()), ["file"]);
}

/// The system refuses to make files in there to everybody, also to root.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_refused_at_once() {
    let error = Workspace::open(Path::new("/sys/vainu.duckdb")).unwrap_err();
    let WorkspaceError::NotWritable { path, .. } = &error else { panic!("{error:?}") };
    assert_eq!(path, Path::new("/sys"));
}

#[test]
fn a_file_that_is_not_duckdb_is_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vainu.duckdb");
    for text in ["", "a text that is long enough to hold a header"] {
        fs_err::write(&path, text).unwrap();
        let error = Workspace::open(&path).unwrap_err();
        assert!(matches!(error, WorkspaceError::NotDuckDb { .. }), "{error:?}");
        assert_eq!(content(&path), text.as_bytes());
    }
    assert_eq!(names(dir.path()), ["vainu.duckdb"]);
}

#[test]
fn a_duckdb_file_of_somebody_else_is_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vainu.duckdb");
    let foreign = Connection::open(&path).unwrap();
    foreign.execute_batch("CREATE TABLE prospects (i INTEGER); CHECKPOINT").unwrap();
    drop(foreign);
    let before = content(&path);
    let error = Workspace::open(&path).unwrap_err();
    assert!(matches!(error, WorkspaceError::Foreign { .. }), "{error:?}");
    assert!(content(&path) == before, "the file is unchanged");
    assert_eq!(names(dir.path()), ["vainu.duckdb"]);
}

#[test]
fn a_damaged_duckdb_file_is_not_taken_for_a_warehouse() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vainu.duckdb");
    let mut damaged = vec![b'x'; 16384];
    damaged[8..12].copy_from_slice(b"DUCK");
    fs_err::write(&path, &damaged).unwrap();
    let error = Workspace::inspect(&path).unwrap_err();
    assert!(matches!(error, WorkspaceError::Unreadable { .. }), "{error:?}");
    assert!(content(&path) == damaged, "the file is unchanged");
}

#[test]
fn a_state_folder_of_somebody_else_is_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("vainu.duckdb.etl");
    fs_err::create_dir(&state).unwrap();
    fs_err::write(state.join("notes.txt"), "mine").unwrap();
    let error = Workspace::open(&dir.path().join("vainu.duckdb")).unwrap_err();
    assert!(matches!(error, WorkspaceError::ForeignStateFolder { .. }), "{error:?}");
    assert_eq!(names(&state), ["notes.txt"]);
}

#[test]
fn an_empty_state_folder_and_one_whose_marker_was_only_begun_are_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("vainu.duckdb.etl");
    fs_err::create_dir(&state).unwrap();
    fs_err::write(state.join("vainu-etl.json.new"), "").unwrap();
    Workspace::open(&dir.path().join("vainu.duckdb")).unwrap();
    assert_eq!(names(&state), ["generations", "landing", "staging", "vainu-etl.json"]);
}

#[test]
fn a_state_folder_of_a_newer_version_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vainu.duckdb");
    let workspace = Workspace::open(&path).unwrap();
    let marker = workspace.state_dir().join("vainu-etl.json");
    fs_err::write(marker, r#"{"tool":"vainu-etl","format":3}"#).unwrap();
    let error = Workspace::open(&path).unwrap_err();
    assert!(matches!(error, WorkspaceError::NewerFormat { found: 3, supported: 2, .. }), "{error:?}");
    assert_eq!(error.hint(), "update vainu-etl");
}

#[test]
fn a_write_ahead_log_beside_the_file_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vainu.duckdb");
    fs_err::write(dir.path().join("vainu.duckdb.wal"), "log").unwrap();
    let error = Workspace::open(&path).unwrap_err();
    let WorkspaceError::StaleWal { path: wal } = &error else { panic!("{error:?}") };
    assert!(wal.ends_with("vainu.duckdb.wal"), "{error}");
    // There is no file that DuckDB could open.
    assert!(error.hint().contains("move `") && !error.hint().contains("open and close"), "{}", error.hint());
    assert_eq!(Workspace::inspect(&path).unwrap().stale_wal().as_ref(), Some(wal));
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_to_a_file_that_need_not_exist_yet() {
    let dir = tempfile::tempdir().unwrap();
    let real = fs_err::canonicalize(dir.path()).unwrap();
    fs_err::create_dir(dir.path().join("data")).unwrap();
    let link = dir.path().join("vainu.duckdb");
    fs_err::os::unix::fs::symlink("data/real.duckdb", &link).unwrap();
    let workspace = Workspace::open(&link).unwrap();
    assert_eq!(workspace.published(), real.join("data/real.duckdb"));
    assert_eq!(workspace.state_dir(), real.join("data/real.duckdb.etl"));
    fs_err::remove_file(&link).unwrap();
    fs_err::os::unix::fs::symlink("vainu.duckdb", &link).unwrap();
    let error = Workspace::open(&link).unwrap_err();
    assert!(matches!(error, WorkspaceError::Io { .. }), "{error:?}");
}

const HOLD: &str = "VAINU_TEST_HOLDS_LOCK_OF";

#[test]
#[ignore = "not a test by itself: the process that holds the lock in other tests"]
fn process_that_holds_the_lock() {
    let Ok(path) = std::env::var(HOLD) else { return };
    let workspace = Workspace::open(Path::new(&path)).unwrap();
    let _lock = workspace.lock("sync prospects --full").unwrap();
    println!("\nlocked");
    // Until the other process kills this one.
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// A process that holds the lock; waits until it does.
fn hold_lock(path: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["workspace::process_that_holds_the_lock", "--exact", "--ignored", "--nocapture"])
        .env(HOLD, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map(Result::unwrap).any(|line| line == "locked"), "the process takes the lock");
    child
}

#[test]
fn a_second_run_is_told_who_holds_the_lock_and_gets_it_when_the_process_dies() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vainu.duckdb");
    let workspace = Workspace::open(&path).unwrap();
    let mut holder = hold_lock(&path);

    let owner = workspace.lock_owner().expect("the lock is held");
    assert_eq!(owner.pid, holder.id());
    assert_eq!(owner.command, "sync prospects --full");
    let error = workspace.lock("sync").unwrap_err();
    let LockError::Held { owner: Some(named), .. } = &error else { panic!("{error:?}") };
    assert_eq!(named, &owner);
    assert_eq!(error.kind().exit_code(), 7);
    let text = error.to_string();
    for part in ["`sync prospects --full`", &owner.pid.to_string(), &owner.host, &owner.started_at] {
        assert!(text.contains(part), "{text}");
    }

    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(workspace.lock_owner(), None, "what a dead process left behind does not count");
    let lock = workspace.lock("sync").unwrap();
    assert_eq!(workspace.lock_owner().unwrap().pid, std::process::id());
    drop(lock);
    assert_eq!(workspace.lock_owner(), None);
}
