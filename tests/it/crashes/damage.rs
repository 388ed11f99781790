//! Landed pages and ledgers that are not as they were written: noticed, fetched again, and said so.
//!
//! One flipped byte of a page is in `cli::a_damaged_landed_page_is_noticed_fetched_again_and_said_so`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vainu_etl::extract::ledger::{Ask, path_in};
use vainu_etl::extract::runs::{self, LandedRun};

use super::rig::{Rig, names};
use crate::support::{stderr, vainu_etl};

/// A run that was stopped in the middle: its pages lie in two segments.
fn interrupted() -> Rig {
    let rig = Rig::new();
    for _ in 0..2 {
        let output = rig.sync().args(["--max-requests", "8"]).output().unwrap();
        assert_eq!(output.status.code(), Some(8), "{}", stderr(&output));
    }
    rig
}

fn run_of(rig: &Rig) -> LandedRun {
    runs::list(&rig.state().join("landing")).unwrap().pop().unwrap()
}

fn segment(run: &LandedRun, number: u32) -> PathBuf {
    run.folder.join(format!("pages-{number:05}.zst"))
}

/// Offsets of the pages that lie in a segment, and end behind that byte of it.
fn behind(run: &LandedRun, segment: u32, byte: u64) -> BTreeSet<u64> {
    let pages = run.pages.values().filter(|(_, at)| at.segment == segment && at.position + at.length > byte);
    pages.filter_map(|(key, _)| offset(key.ask)).collect()
}

fn offset(ask: Ask) -> Option<u64> {
    match ask {
        Ask::Page { offset, .. } => Some(offset),
        _ => None,
    }
}

fn flip(path: &Path, byte: usize) {
    let mut bytes = fs_err::read(path).unwrap();
    bytes[byte] ^= 0x10;
    fs_err::write(path, bytes).unwrap();
}

fn cut(path: &Path, length: u64) {
    let file = fs_err::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(length).unwrap();
}

/// First byte of the ledger's line that landed a page, and the page's offset.
fn line_of_a_page(run: &LandedRun) -> (usize, u64) {
    let text = fs_err::read_to_string(path_in(&run.folder)).unwrap();
    let begin = text.match_indices("{\"landed\"").nth(3).unwrap().0;
    let tail = text[begin..].split_once("\"offset\":").unwrap().1;
    (begin, tail.split_once(',').unwrap().0.parse().unwrap())
}

/// Damages a run and gives the offsets of the pages that have to be fetched again.
type Damage = fn(&LandedRun) -> BTreeSet<u64>;

const DAMAGES: &[(&str, Damage, &str)] = &[
    (
        "a segment cut short",
        |run| {
            let path = segment(run, 1);
            let half = fs_err::metadata(&path).unwrap().len() / 2;
            cut(&path, half);
            behind(run, 1, half)
        },
        "A landed page is damaged and is fetched again",
    ),
    (
        "a missing segment",
        |run| {
            fs_err::remove_file(segment(run, 2)).unwrap();
            behind(run, 2, 0)
        },
        "A landed page is damaged and is fetched again",
    ),
    (
        "an empty segment",
        |run| {
            cut(&segment(run, 1), 0);
            behind(run, 1, 0)
        },
        "A landed page is damaged and is fetched again",
    ),
    (
        "a segment in the place of another",
        |run| {
            fs_err::copy(segment(run, 1), segment(run, 2)).unwrap();
            behind(run, 2, 0)
        },
        "A landed page is damaged and is fetched again",
    ),
    (
        "a line of the ledger with a flipped bit",
        |run| {
            let (begin, offset) = line_of_a_page(run);
            flip(&path_in(&run.folder), begin + 40);
            BTreeSet::from([offset])
        },
        "The ledger has damaged lines",
    ),
    (
        "a line of the ledger cut short, and all behind it gone",
        |run| {
            let (begin, _) = line_of_a_page(run);
            cut(&path_in(&run.folder), begin as u64 + 40);
            let kept = LandedRun::read(&run.folder).unwrap();
            let all = run.pages.values().filter(|page| !kept.pages.values().any(|kept| kept == *page));
            all.filter_map(|(key, _)| offset(key.ask)).collect()
        },
        "The ledger has damaged lines",
    ),
    (
        "the first line of the ledger with a flipped bit",
        |run| {
            flip(&path_in(&run.folder), 30);
            behind(run, 1, 0).union(&behind(run, 2, 0)).copied().collect()
        },
        "A landed run cannot be read",
    ),
    (
        "an empty ledger",
        |run| {
            cut(&path_in(&run.folder), 0);
            behind(run, 1, 0).union(&behind(run, 2, 0)).copied().collect()
        },
        "A landed run cannot be read",
    ),
];

#[test]
fn what_is_damaged_is_noticed_fetched_again_and_said_so() {
    let base = interrupted();
    for (name, damage, said) in DAMAGES {
        let rig = Rig::like(&base);
        let landed = rig.landed();
        let lost = damage(&run_of(&rig));
        assert!(!lost.is_empty() && lost.is_subset(&landed), "{name}: {lost:?} of {landed:?}");
        base.forget_requests();
        let output = rig.sync().args(["--report", "report.json"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{name}: {}", stderr(&output));
        let again: BTreeSet<u64> =
            rig.offsets().into_iter().filter(|offset| landed.contains(offset)).collect();
        assert_eq!(again, lost, "{name}");
        rig.assert_equal_to_source();
        let text = fs_err::read_to_string(rig.path().join("report.json")).unwrap();
        let report: Value = serde_json::from_str(&text).unwrap();
        let counted = if said.contains("page is damaged") { lost.len() } else { 0 };
        assert_eq!(report["damaged_pages"], counted, "{name}");
    }
}

/// The pages were whole when the list was proven, and are not when the rows are made of them.
#[cfg(target_os = "linux")]
#[test]
fn a_page_that_is_damaged_between_landing_and_staging_is_fetched_again_in_the_same_run() {
    if !super::rig::has_points() {
        return;
    }
    let rig = Rig::new();
    let stopped = super::rig::stopped_at(&rig, vainu_etl::crash::Point::ListsJudged);
    let run = run_of(&rig);
    let (key, at) = run.pages.values().nth(7).unwrap().clone();
    flip(&segment(&run, at.segment), usize::try_from(at.position + at.length / 2).unwrap());
    rig.forget_requests();
    let output = super::rig::go_on(stopped);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("damaged and is fetched again"), "{}", stderr(&output));
    assert_eq!(rig.offsets(), [offset(key.ask).unwrap()]);
    rig.assert_equal_to_source();
}

#[test]
fn a_rebuild_never_leaves_out_what_is_damaged() {
    let base = Rig::new();
    base.succeed();
    let published = fs_err::read(base.warehouse()).unwrap();
    let damages: &[(fn(&LandedRun), _)] = &[
        (|run| flip(&segment(run, 1), 5000), "damaged"),
        (|run| flip(&path_in(&run.folder), line_of_a_page(run).0 + 40), "1 lines of the ledger"),
        (|run| fs_err::remove_file(segment(run, 1)).unwrap(), "damaged"),
    ];
    for (damage, said) in damages {
        let rig = Rig::like(&base);
        damage(&run_of(&rig));
        let output = vainu_etl(rig.path()).arg("rebuild").output().unwrap();
        assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
        for part in [said, "hint: "] {
            assert!(stderr(&output).contains(part), "{}", stderr(&output));
        }
        assert!(fs_err::read(rig.warehouse()).unwrap() == published, "the published file is unchanged");
    }
}

#[test]
fn a_ledger_that_was_cut_by_a_crash_is_whole_after_the_resume() {
    let rig = interrupted();
    let ledger = path_in(&run_of(&rig).folder);
    let length = fs_err::metadata(&ledger).unwrap().len();
    cut(&ledger, length - 20);
    let first = rig.sync().output().unwrap();
    assert!(stderr(&first).contains("The ledger has damaged lines"), "{}", stderr(&first));
    assert_eq!(run_of(&rig).damaged_lines, 0);
    let next = rig.sync().output().unwrap();
    assert_eq!(next.status.code(), Some(0));
    assert!(!stderr(&next).contains("damaged"), "said once: {}", stderr(&next));
    assert!(names(&rig.state().join("landing")).len() == 1);
}
