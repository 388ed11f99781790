//! Crashes, readers, damage, an unfinished run, a held lock; and what the command says.

use std::process::{Command, Output};

use vainu_etl::crash::{Point, VARIABLE};
use vainu_etl::export::{ExportOptions, export};
use vainu_etl::landing::Landing;
use vainu_etl::landing::ledger::Entry;
use vainu_etl::landing::runs::{LandedRun, RunState};
use vainu_etl::workspace::Workspace;

use super::rig::{ALFA, JANE, PAGES, Rig, all_files, dump, texts};
use crate::support::{open, stderr, stdout, vainu_etl};

fn command(rig: &Rig, options: &[&str]) -> Command {
    let mut command = vainu_etl(rig.dir.path());
    command.arg("erase").args(options);
    command
}

fn run(rig: &Rig, options: &[&str]) -> Output {
    command(rig, options).output().unwrap()
}

/// Nothing is left of the person, nor of a run in progress.
fn assert_erased(rig: &Rig, place: &str) {
    let said = rig.files_that_say("+358 1");
    assert_eq!(said, Vec::<String>::new(), "{place}");
    assert!(all_files(&rig.state().join("staging")).is_empty(), "{place}");
    let run = LandedRun::read(&rig.landed("20260101T000000Z-0000")).unwrap();
    assert_eq!((run.pages.len(), run.damaged_lines), (2, 0), "{place}");
    assert_eq!(run.state, RunState::Published(1), "{place}");
    let rows = dump(&rig.warehouse());
    assert_eq!((rows["main.prospects"].len(), rows["main.contacts"].len()), (4, 2), "{place}");
}

mod after_a_crash_at_any_point_every_file_is_whole_and_the_same_command_does_the_rest {
    use super::crash_at_every_point;

    #[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has points to fail at")]
    #[test]
    fn killed() {
        crash_at_every_point("kill", 1);
    }

    #[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has points to fail at")]
    #[test]
    fn after_an_error() {
        crash_at_every_point("error", 1);
    }

    #[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has points to fail at")]
    #[test]
    fn killed_at_the_third_file() {
        crash_at_every_point("kill", 3);
    }
}

fn crash_at_every_point(kind: &str, nth: u32) {
    let base = Rig::new();
    let points: Vec<Point> = Point::ALL.iter().copied().filter(|point| point.is_of_erase()).collect();
    assert_eq!(points.len(), 8);
    // Only files are erased more than once.
    let comes_again = |point: &Point| nth == 1 || point.name().starts_with("erased-file");
    for point in points.into_iter().filter(comes_again) {
        let place = format!("{}:{kind}:{nth}", point.name());
        let rig = Rig::like(&base);
        export(&ExportOptions::new(rig.warehouse(), rig.dir.path().join("parquet"))).unwrap();
        let mut crashing = command(&rig, &["--contact", JANE]);
        let output = crashing.env(VARIABLE, &place).output().unwrap();
        match kind {
            "kill" => assert_eq!(output.status.code(), None, "{place}: {}", stderr(&output)),
            _ => assert_eq!(output.status.code(), Some(6), "{place}: {}", stderr(&output)),
        }
        for path in rig.files() {
            assert_eq!(dump(&path)["main.prospects"].len(), 4, "{place}: {}", path.display());
        }
        let again = run(&rig, &["--contact", JANE]);
        assert_eq!(again.status.code(), Some(0), "{place}: {}", stderr(&again));
        assert_erased(&rig, &place);
        if kind == "kill" && nth == 1 {
            rig.rebuild();
        }
    }
}

#[test]
fn a_reader_that_has_the_old_file_open_keeps_reading_it() {
    let rig = Rig::new();
    let reader = open(&rig.warehouse());
    let sql = "SELECT phone FROM contacts WHERE business_id = '00000002'";
    assert_eq!(texts(&reader, sql), ["+358 1"]);
    assert!(rig.erase(&[JANE]).problems.is_empty());
    assert_eq!(texts(&reader, sql), ["+358 1"]);
    drop(reader);
    assert_eq!(texts(&open(&rig.warehouse()), sql), Vec::<String>::new());
}

#[test]
fn an_unfinished_run_that_holds_them_is_given_up_and_another_is_left_to_be_resumed() {
    let rig = Rig::new();
    rig.land("20260102T000000Z-0000", None);
    let state = |rig: &Rig| LandedRun::read(&rig.landed("20260102T000000Z-0000")).unwrap().state;
    rig.erase(&["nobody@b.example"]);
    assert_eq!(state(&rig), RunState::Unfinished);
    let outcome = rig.erase(&[JANE]);
    assert_eq!(state(&rig), RunState::Abandoned);
    assert!(outcome.touched.iter().any(|row| row.note.contains("the run is given up")), "{outcome:?}");
    assert_eq!(rig.files_that_say("+358 1"), Vec::<String>::new());
}

#[test]
fn damaged_pages_and_ledgers_are_said_and_the_rest_is_done() {
    let rig = Rig::new();
    rig.land("20260102T000000Z-0000", Some(Entry::Abandoned));
    rig.land("20260103T000000Z-0000", Some(Entry::Abandoned));
    // The first page of one run, and the header of another.
    let segment = rig.landed("20260102T000000Z-0000").join("pages-00001.zst");
    let mut bytes = fs_err::read(&segment).unwrap();
    bytes[20] ^= 1;
    fs_err::write(&segment, bytes).unwrap();
    let ledger = rig.landed("20260103T000000Z-0000").join("ledger.jsonl");
    let mut bytes = fs_err::read(&ledger).unwrap();
    bytes[40] ^= 1;
    fs_err::write(&ledger, bytes).unwrap();
    let output = run(&rig, &["--contact", JANE]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(6), "{text}");
    assert!(
        text.contains("landing 20260102T000000Z-0000: page 1 cannot be searched and stays as it is"),
        "{text}"
    );
    assert!(text.contains("20260103T000000Z-0000 could not be erased"), "{text}");
    assert_erased_but_for(&rig, "20260103T000000Z-0000");
}

fn assert_erased_but_for(rig: &Rig, run_id: &str) {
    fs_err::remove_dir_all(rig.landed(run_id)).unwrap();
    let run = LandedRun::read(&rig.landed("20260102T000000Z-0000")).unwrap();
    fs_err::remove_dir_all(&run.folder).unwrap();
    assert_eq!(run.pages.len(), 2, "the damaged page keeps its line");
    assert_erased(rig, run_id);
}

#[test]
fn a_dry_run_lists_the_same_and_touches_nothing() {
    let rig = Rig::new();
    let all = |rig: &Rig| {
        let files = all_files(rig.dir.path()).into_iter().filter(|path| !path.ends_with("lock"));
        files.map(|path| (path.clone(), fs_err::read(path).unwrap())).collect::<Vec<_>>()
    };
    let before = all(&rig);
    let options = ["--contact", JANE, "--business-id", ALFA, "--format", "csv"];
    let dry = run(&rig, &[&options[..], &["--dry-run"]].concat());
    assert_eq!(dry.status.code(), Some(0), "{}", stderr(&dry));
    assert!(stderr(&dry).contains("Nothing was touched: --dry-run."), "{}", stderr(&dry));
    assert!(all(&rig) == before);
    let done = run(&rig, &options);
    assert_eq!(stdout(&dry), stdout(&done));
    assert!(stdout(&done).starts_with("place,table,rows,action,note\r\ngeneration "), "{}", stdout(&done));
    assert!(
        stderr(&done).contains("The next sync brings back what Vainu still delivers"),
        "{}",
        stderr(&done)
    );
}

#[test]
fn nothing_found_is_no_failure_and_is_said_of_each() {
    let rig = Rig::new();
    let output =
        run(&rig, &["--contact", "nobody@b.example", "--business-id", "SE00000042", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&stdout(&output)).unwrap(), serde_json::json!([]));
    for name in ["nobody@b.example", "SE/00000042"] {
        assert!(stderr(&output).contains(&format!("Nothing of {name} was found.")), "{}", stderr(&output));
    }
}

#[test]
fn wrong_names_a_held_lock_and_a_missing_warehouse_have_their_exit_codes() {
    let rig = Rig::new();
    for options in [&["--contact", "jane"][..], &["--business-id", "00000001"], &[]] {
        let output = run(&rig, options);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {}", stderr(&output));
    }
    let elsewhere = run(&rig, &["--warehouse", "other.duckdb", "--contact", JANE]);
    assert_eq!(elsewhere.status.code(), Some(6), "{}", stderr(&elsewhere));
    assert!(!rig.dir.path().join("other.duckdb.etl").exists());
    let workspace = Workspace::open(&rig.warehouse()).unwrap();
    let lock = workspace.lock("a test").unwrap();
    let output = run(&rig, &["--contact", JANE]);
    assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
    drop(lock);
}

#[test]
fn bytes_that_no_line_of_a_ledger_names_go_too() {
    let rig = Rig::new();
    let folder = rig.landed("20260102T000000Z-0000");
    rig.land("20260102T000000Z-0000", None);
    let before = LandedRun::read(&folder).unwrap();
    let (key, at) = before.pages[&1].clone();
    // The first page is asked for again, and the answer does not name her any more; and an attempt crashed.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (landing, _) = Landing::resume(&folder).unwrap();
        landing.note(Entry::Damaged { key: key.clone() }).await.unwrap();
        landing.land(key.clone(), "[]".into(), at.fetched_at_us).await.unwrap();
    });
    fs_err::copy(folder.join("pages-00001.zst"), folder.join("pages-00007.zst")).unwrap();
    assert!(rig.erase(&["nobody@b.example"]).touched.is_empty());
    let run = LandedRun::read(&folder).unwrap();
    let numbers: Vec<u64> = run.pages.keys().copied().collect();
    assert_eq!((numbers, run.damaged_pages, run.state), (vec![2, 3], 1, RunState::Unfinished));
    let segments: Vec<_> =
        all_files(&folder).iter().map(|path| path.file_name().unwrap().to_owned()).collect();
    assert_eq!(segments, ["ledger.jsonl", "pages-00008.zst"]);
    let pages = zstd::decode_all(fs_err::read(folder.join("pages-00008.zst")).unwrap().as_slice()).unwrap();
    assert_eq!(String::from_utf8(pages).unwrap(), format!("{}[]", PAGES[1]));
    let (_, entries) = Landing::resume(&folder).unwrap();
    assert!(entries.contains(&Entry::Damaged { key }), "the resumed run knows what happened");
}
