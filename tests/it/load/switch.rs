//! Checks, the switch to the new file, earlier generations, and what a crash leaves.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use duckdb::Connection;
use serde_json::json;
use vainu_etl::load::{FailedCheck, Hooks, LoadError, generations, publish, rollback};
use vainu_etl::workspace::{ErrorKind, Workspace, WorkspaceError};

use super::rig::{NO_HOOKS, Rig, complete, open_reader, rows};
use crate::staged_fixture::StagedFixture;

fn company(name: &str) -> StagedFixture {
    StagedFixture::new().row(0, "FI", "1", json!({"company_name": name}))
}

/// Everything below a folder but the staged files of the fixtures.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_none_or(|extension| extension != "parquet") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn a_published_file_is_alone_in_the_oldest_storage_format_and_described() {
    let rig = Rig::new();
    rig.load("r1", company("A"), vec![complete("all")]).unwrap();
    rig.load("r2", company("B"), vec![complete("all")]).unwrap();
    let published = rig.workspace.published();
    let state = rig.workspace.state_dir();
    let kept = state.join("generations/000001.duckdb");
    let expected = [published.to_owned(), kept, state.join("lock"), state.join("vainu-etl.json")];
    assert_eq!(files(rig.workspace.published().parent().unwrap()), expected, "no log and nothing left over");
    // DuckDB says the version with a plus: the file is read by that version and all later ones.
    let version = "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'vainu'";
    assert_eq!(rig.rows(version), ["v1.2.0+"]);
    let comment = "SELECT comment FROM duckdb_columns() WHERE table_name = 'prospects' AND column_name = 'profit_percent'";
    assert_eq!(
        rig.rows(comment),
        ["Profit as a share of turnover; not an amount of money. Unit: %. API: profit."]
    );
}

#[test]
fn a_failed_check_leaves_the_published_file_as_it_is() {
    let rig = Rig::new();
    rig.load("r1", company("Old"), vec![complete("all")]).unwrap();
    let before = rig.published_bytes();
    let check = |_: &Connection| {
        Ok(vec![FailedCheck { name: "no_old_names".into(), rows: 2, sample: "name=New\nname=Newer".into() }])
    };
    let input = rig.input("r2", company("New"), vec![complete("all")]);
    let hooks = Hooks { check: &check, ..NO_HOOKS };
    let error = publish(&rig.workspace, &rig.lock, &input, &rig.settings, hooks).unwrap_err();
    assert_eq!(error.kind().exit_code(), 5);
    assert_eq!(
        error.to_string(),
        "1 check refused the load; nothing was published\nno_old_names (2 rows)\nname=New\nname=Newer"
    );
    assert!(rig.published_bytes() == before, "the published file is unchanged");
    assert_eq!(generations(&rig.workspace).unwrap(), []);

    let install = |_: &Connection| Err("the view is wrong".into());
    let hooks = Hooks { install: &install, ..NO_HOOKS };
    let error = publish(&rig.workspace, &rig.lock, &input, &rig.settings, hooks).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected);
    assert!(rig.published_bytes() == before, "the published file is unchanged");

    let double =
        |connection: &Connection| Ok(connection.execute_batch("INSERT INTO prospects FROM prospects")?);
    let hooks = Hooks { install: &double, ..NO_HOOKS };
    let error = publish(&rig.workspace, &rig.lock, &input, &rig.settings, hooks).unwrap_err();
    assert_eq!(
        error.to_string(),
        "1 check refused the load; nothing was published\nunique_key_of_prospects (1 rows)\nFI/1: 2 rows"
    );
    assert!(rig.published_bytes() == before, "the published file is unchanged");

    let published = rig.load("r3", company("New"), vec![complete("all")]).unwrap();
    assert_eq!(published.generation, 2, "what the refused loads left behind is no obstacle");
}

#[test]
fn readers_see_the_old_file_until_the_switch_and_keep_it_after() {
    let rig = Rig::new();
    rig.load("r1", company("Old"), vec![complete("all")]).unwrap();
    let earlier = rig.reader();
    let names = "SELECT company_name FROM prospects";
    assert_eq!(rows(&earlier, names), ["Old"]);
    let check = |next: &Connection| {
        assert_eq!(rows(next, names), ["New"]);
        assert_eq!(rig.rows(names), ["Old"], "a reader that opens the file during the load");
        Ok(Vec::new())
    };
    let input = rig.input("r2", company("New"), vec![complete("all")]);
    let hooks = Hooks { check: &check, ..NO_HOOKS };
    publish(&rig.workspace, &rig.lock, &input, &rig.settings, hooks).unwrap();
    assert_eq!(rows(&earlier, names), ["Old"], "a reader that has the earlier file open");
    assert_eq!(rig.rows(names), ["New"]);
}

#[test]
fn a_reader_that_keeps_opening_the_file_never_fails_and_never_sees_a_mixture() {
    let rig = Rig::new();
    rig.load("r1", company("r1"), vec![complete("all")]).unwrap();
    let done = AtomicBool::new(false);
    let path = rig.workspace.published();
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = BTreeSet::new();
            while !done.load(Ordering::Relaxed) {
                let sql = "SELECT generation, company_name, run_id FROM etl.warehouse, prospects, etl.runs
                           ORDER BY run_id DESC LIMIT 1";
                seen.extend(rows(&open_reader(path), sql));
            }
            seen
        });
        for number in 2..=6 {
            let run = format!("r{number}");
            rig.load(&run, company(&run), vec![complete("all")]).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        let possible: BTreeSet<_> = (1..=6).map(|number| format!("{number}|r{number}|r{number}")).collect();
        let seen = reader.join().unwrap();
        assert!(seen.is_subset(&possible) && seen.len() > 1, "{seen:?}");
    });
}

#[test]
fn views_survive_the_rename_and_the_next_load() {
    let rig = Rig::new();
    let install = |next: &Connection| {
        let view =
            "CREATE VIEW live AS SELECT country, company_name FROM prospects WHERE _deleted_at IS NULL";
        next.execute_batch(view).map_err(Into::into)
    };
    let hooks = Hooks { install: &install, ..NO_HOOKS };
    for (run, name) in [("r1", "First"), ("r2", "Second")] {
        let input = rig.input(run, company(name), vec![complete("all")]);
        publish(&rig.workspace, &rig.lock, &input, &rig.settings, hooks).unwrap();
        assert_eq!(rig.rows("SELECT * FROM live"), [format!("FI|{name}")]);
        let moved = rig.dir.path().join("elsewhere.duckdb");
        fs_err::copy(rig.workspace.published(), &moved).unwrap();
        let connection = Connection::open_in_memory().unwrap();
        let attach = format!("ATTACH '{}' AS other (READ_ONLY)", moved.display());
        connection.execute_batch(&attach).unwrap();
        assert_eq!(rows(&connection, "SELECT * FROM other.live"), [format!("FI|{name}")]);
    }
}

#[test]
fn a_run_that_is_published_already_is_not_published_again() {
    let rig = Rig::new();
    rig.load("r1", company("Old"), vec![complete("all")]).unwrap();
    let first = rig.load("r2", company("New"), vec![complete("all")]).unwrap();
    let again = rig.load("r2", company("Newer"), vec![complete("all")]).unwrap();
    assert!(again.already);
    assert_eq!((again.generation, &again.lists, again.totals), (2, &first.lists, first.totals));
    assert_eq!(rig.rows("SELECT company_name FROM prospects"), ["New"]);
}

#[test]
fn earlier_generations_are_kept_pruned_and_gone_back_to() {
    let rig = Rig::new();
    let load = |run: &str| {
        let staged = company(run);
        rig.load_with(run, staged, vec![complete("all")], |input| input.keep = 2).unwrap().generation
    };
    let numbers = || generations(&rig.workspace).unwrap().iter().map(|kept| kept.number).collect::<Vec<_>>();
    let name = || rig.rows("SELECT company_name || ' ' || generation FROM prospects, etl.warehouse");
    for run in ["r1", "r2", "r3", "r4"] {
        load(run);
    }
    assert_eq!(numbers(), [3, 2]);
    let kept = generations(&rig.workspace).unwrap();
    assert!(kept.iter().all(|kept| kept.published_at_us.is_some() && kept.bytes > 0), "{kept:?}");

    let back = rollback(&rig.workspace, &rig.lock, None).unwrap();
    assert_eq!((back.number, back.path.as_path()), (3, rig.workspace.published()));
    assert_eq!(name(), ["r3 3"]);
    assert_eq!(numbers(), [4, 2], "the one gone back from is kept");

    let error = rollback(&rig.workspace, &rig.lock, Some(1)).unwrap_err();
    assert_eq!(error.to_string(), "there is no generation 1 to go back to");
    assert_eq!(error.hint(), "kept are: 4, 2");
    assert_eq!(error.kind(), ErrorKind::Usage);
    rollback(&rig.workspace, &rig.lock, Some(4)).unwrap();
    assert_eq!(name(), ["r4 4"]);
    rollback(&rig.workspace, &rig.lock, Some(2)).unwrap();
    assert_eq!(name(), ["r2 2"]);
    let error = rollback(&rig.workspace, &rig.lock, None).unwrap_err();
    assert!(matches!(error, LoadError::NoGeneration { number: None, .. }), "{error:?}");

    assert_eq!(load("r5"), 5, "a number never means two things");
    assert_eq!(name(), ["r5 5"]);
    assert_eq!(numbers(), [4, 2], "the one that was published, and the newest other one");
    assert_eq!(
        rig.rows("SELECT before, after FROM etl.changes WHERE run_id = 'r5'"),
        ["r2|r5"],
        "the load started from what was published"
    );
}

#[cfg(unix)]
#[test]
fn the_published_file_keeps_its_permissions_and_its_link() {
    use std::os::unix::fs::PermissionsExt;
    let rig = Rig::new();
    rig.load("r1", company("Old"), vec![complete("all")]).unwrap();
    let published = rig.workspace.published();
    fs_err::set_permissions(published, std::fs::Permissions::from_mode(0o640)).unwrap();
    let link = rig.dir.path().join("link.duckdb");
    fs_err::os::unix::fs::symlink(published, &link).unwrap();
    let through_link = Workspace::open(&link).unwrap();
    let input = rig.input("r2", company("New"), vec![complete("all")]);
    publish(&through_link, &rig.lock, &input, &rig.settings, NO_HOOKS).unwrap();
    assert!(fs_err::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs_err::metadata(published).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(rig.rows("SELECT company_name FROM prospects"), ["New"]);
}

#[test]
fn a_log_that_appears_during_the_load_stops_the_switch() {
    let rig = Rig::new();
    rig.load("r1", company("Old"), vec![complete("all")]).unwrap();
    let before = rig.published_bytes();
    let wal = rig.workspace.published().with_extension("duckdb.wal");
    let check = |_: &Connection| {
        fs_err::write(&wal, "log")?;
        Ok(Vec::new())
    };
    let input = rig.input("r2", company("New"), vec![complete("all")]);
    let hooks = Hooks { check: &check, ..NO_HOOKS };
    let error = publish(&rig.workspace, &rig.lock, &input, &rig.settings, hooks).unwrap_err();
    assert!(matches!(error, LoadError::Workspace(WorkspaceError::StaleWal { .. })), "{error:?}");
    assert!(rig.published_bytes() == before, "the published file is unchanged");
}

/// The state folder can be a link to another disk, from which nothing can be renamed or linked.
#[cfg(target_os = "linux")]
#[test]
fn the_state_folder_may_be_on_another_file_system() {
    use std::os::unix::fs::MetadataExt;
    let dir = tempfile::tempdir().unwrap();
    let device = |path: &Path| fs_err::metadata(path).map(|metadata| metadata.dev()).ok();
    let Some(other) = device(Path::new("/dev/shm")).filter(|other| Some(*other) != device(dir.path())) else {
        println!("skipped: there is no second file system to be had");
        return;
    };
    let state = tempfile::tempdir_in("/dev/shm").unwrap();
    assert_eq!(device(state.path()), Some(other));
    fs_err::os::unix::fs::symlink(state.path(), dir.path().join("vainu.duckdb.etl")).unwrap();
    let workspace = Workspace::open(&dir.path().join("vainu.duckdb")).unwrap();
    let lock = workspace.lock("test").unwrap();
    let rig = Rig::new();
    for run in ["r1", "r2"] {
        let input = rig.input(run, company(run), vec![complete("all")]);
        publish(&workspace, &lock, &input, &rig.settings, NO_HOOKS).unwrap();
    }
    let names = || rows(&open_reader(workspace.published()), "SELECT company_name FROM prospects");
    assert_eq!(names(), ["r2"]);
    rollback(&workspace, &lock, None).unwrap();
    assert_eq!(names(), ["r1"]);
    let kept: Vec<_> = generations(&workspace).unwrap().iter().map(|kept| kept.number).collect();
    assert_eq!(kept, [2]);
    let expected = [workspace.published().to_owned(), workspace.published().with_extension("duckdb.etl")];
    let mut found: Vec<_> =
        fs_err::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    assert_eq!(found, expected);
}

const DIE_IN: &str = "VAINU_TEST_DIES_LOADING";

#[test]
#[ignore = "not a test by itself: the process that dies in the middle of a load"]
fn process_that_dies_while_it_loads() {
    let Ok(path) = std::env::var(DIE_IN) else { return };
    let workspace = Workspace::open(Path::new(&path)).unwrap();
    let lock = workspace.lock("dies").unwrap();
    let rig = Rig::new();
    let input = rig.input("r9", company("Half"), vec![complete("all")]);
    let check = |next: &Connection| {
        next.execute_batch("CREATE TABLE left_over AS SELECT 1").unwrap();
        std::process::abort();
    };
    let hooks = Hooks { check: &check, ..NO_HOOKS };
    let _ = publish(&workspace, &lock, &input, &rig.settings, hooks);
}

#[test]
fn a_process_that_dies_in_the_middle_of_a_load_changes_nothing() {
    let Rig { workspace, lock, settings, dir, .. } = {
        let rig = Rig::new();
        rig.load("r1", company("Old"), vec![complete("all")]).unwrap();
        rig
    };
    drop(lock);
    let before = fs_err::read(workspace.published()).unwrap();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["load::switch::process_that_dies_while_it_loads", "--exact", "--ignored"])
        .env(DIE_IN, workspace.published())
        // Its own files go with this test's folder: a process that dies removes nothing.
        .env("TMPDIR", dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success(), "the process died");
    assert!(workspace.staging_dir().join("next.duckdb").exists(), "it left the unfinished file");
    assert!(fs_err::read(workspace.published()).unwrap() == before, "the published file is unchanged");

    let workspace = Workspace::open(workspace.published()).unwrap();
    let rig = Rig::new();
    let lock = workspace.lock("test").unwrap();
    let input = rig.input("r2", company("New"), vec![complete("all")]);
    let published = publish(&workspace, &lock, &input, &settings, NO_HOOKS).unwrap();
    assert_eq!(published.generation, 2);
    let state = workspace.state_dir();
    let kept = state.join("generations/000001.duckdb");
    let expected = [workspace.published().to_owned(), kept, state.join("lock"), state.join("vainu-etl.json")];
    assert_eq!(files(workspace.published().parent().unwrap()), expected);
    drop(dir);
}
