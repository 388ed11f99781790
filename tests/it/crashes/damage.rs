//! Landed pages, bundles of answers and ledgers that are not as they were written: noticed, fetched again, and said so.
//!
//! One flipped byte of a page is in `cli::a_damaged_landed_page_is_noticed_fetched_again_and_said_so`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vainu_etl::landing::ledger::{LandedAt, path_in};
use vainu_etl::landing::runs::{self, LandedRun};

use super::dump::{assert_same, dump};
use super::files::names;
use super::rig::{Load, Rig};
use crate::parts::{self, Part};
use crate::support::{flip, stderr, vainu_etl};

/// A run that was stopped in the middle: what it has lies in two segments, bundles in both where there are any.
fn interrupted(load: Load) -> Rig {
    let rig = Rig::new(load);
    let requests = if load == Load::Prospects { "8" } else { "90" };
    for _ in 0..2 {
        let output = rig.sync().args(["--max-requests", requests]).output().unwrap();
        assert_eq!(output.status.code(), Some(8), "{}", stderr(&output));
    }
    let run = run_of(&rig);
    for segment in [1, 2] {
        let lies = behind(&run, segment, 0);
        assert_eq!(lies.iter().any(Part::is_answer), load == Load::Default, "{lies:?}");
    }
    rig
}

fn run_of(rig: &Rig) -> LandedRun {
    runs::list(&rig.state().join("landing")).unwrap().pop().unwrap()
}

fn segment(run: &LandedRun, number: u32) -> PathBuf {
    run.folder.join(format!("pages-{number:05}.zst"))
}

/// What lies in the run where `is_there` says.
fn lying(run: &LandedRun, is_there: impl Fn(&LandedAt) -> bool) -> BTreeSet<Part> {
    let landed = parts::landed(&run.folder).into_iter();
    landed.filter(|(_, at)| at.as_ref().is_some_and(&is_there)).map(|(part, _)| part).collect()
}

/// What lies in a segment and ends behind that byte of it.
fn behind(run: &LandedRun, segment: u32, byte: u64) -> BTreeSet<Part> {
    lying(run, |at| at.segment == segment && at.position + at.length > byte)
}

/// Where something lies in the first segment that is neither its first nor its last: a bundle, where there is one.
fn in_the_middle(run: &LandedRun) -> LandedAt {
    let of = |is_answer: bool| {
        let landed = parts::landed(&run.folder).into_iter();
        let places = landed.filter(|(part, _)| part.is_answer() == is_answer).filter_map(|(_, at)| at);
        let mut places: Vec<LandedAt> = places.filter(|at| at.segment == 1).collect();
        places.sort_by_key(|at| at.number);
        places.get(places.len() / 2).cloned()
    };
    of(true).or_else(|| of(false)).unwrap()
}

/// Damages what lies there; what that is.
fn flip_at(run: &LandedRun, at: &LandedAt) -> BTreeSet<Part> {
    flip(&segment(run, at.segment), usize::try_from(at.position + at.length / 2).unwrap());
    lying(run, |other| other == at)
}

fn cut(path: &Path, length: u64) {
    let file = fs_err::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(length).unwrap();
}

/// First byte of a line of the ledger: of one that landed a bundle, where there is one, else of one that landed a page.
fn a_line(run: &LandedRun) -> usize {
    let text = fs_err::read_to_string(path_in(&run.folder)).unwrap();
    let line = |kind: &str, nth| text.match_indices(kind).nth(nth).map(|(begin, _)| begin);
    line("{\"answered\"", 0).or_else(|| line("{\"landed\"", 3)).unwrap()
}

/// What the ledger no longer tells of after that.
fn untold(run: &LandedRun, damage: impl FnOnce(&Path)) -> BTreeSet<Part> {
    let before = parts::landed(&run.folder);
    damage(&path_in(&run.folder));
    let after = parts::landed(&run.folder);
    before.into_keys().filter(|part| !after.contains_key(part)).collect()
}

/// Damages a run and gives what has to be fetched again.
type Damage = fn(&LandedRun) -> BTreeSet<Part>;

const PAGE: &str = "A landed page is damaged and is fetched again";
const LINES: &str = "The ledger has damaged lines";
const RUN: &str = "A landed run cannot be read";

const DAMAGES: &[(&str, Damage, &str)] = &[
    ("a flipped bit", |run| flip_at(run, &in_the_middle(run)), PAGE),
    (
        "a segment cut short",
        |run| {
            let at = in_the_middle(run);
            let half = at.position + at.length / 2;
            cut(&segment(run, 1), half);
            behind(run, 1, half)
        },
        PAGE,
    ),
    (
        "a missing segment",
        |run| {
            fs_err::remove_file(segment(run, 2)).unwrap();
            behind(run, 2, 0)
        },
        PAGE,
    ),
    (
        "an empty segment",
        |run| {
            cut(&segment(run, 1), 0);
            behind(run, 1, 0)
        },
        PAGE,
    ),
    (
        "a segment in the place of another",
        |run| {
            fs_err::copy(segment(run, 1), segment(run, 2)).unwrap();
            behind(run, 2, 0)
        },
        PAGE,
    ),
    (
        "a line of the ledger with a flipped bit",
        |run| untold(run, |ledger| flip(ledger, a_line(run) + 40)),
        LINES,
    ),
    (
        "a line of the ledger cut short, and all behind it gone",
        |run| untold(run, |ledger| cut(ledger, a_line(run) as u64 + 40)),
        LINES,
    ),
    (
        "the first line of the ledger with a flipped bit",
        |run| {
            let all = lying(run, |_| true);
            flip(&path_in(&run.folder), 30);
            all
        },
        RUN,
    ),
    (
        "an empty ledger",
        |run| {
            let all = lying(run, |_| true);
            cut(&path_in(&run.folder), 0);
            all
        },
        RUN,
    ),
];

/// Every damage of a run of that load.
fn what_is_damaged_is_fetched_again(load: Load) {
    let base = interrupted(load);
    let undisturbed = Rig::like(&base);
    undisturbed.succeed();
    for (name, damage, said) in DAMAGES {
        let rig = Rig::like(&base);
        let (landed, run) = (rig.landed(), run_of(&rig));
        let places = parts::landed(&run.folder);
        let lost = damage(&run);
        assert!(!lost.is_empty() && lost.is_subset(&landed), "{name}: {lost:?} of {landed:?}");
        base.forget_requests();
        let output = rig.sync().args(["--report", "report.json"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{name}: {}", stderr(&output));
        let again: BTreeSet<Part> = rig.asked().into_iter().filter(|part| landed.contains(part)).collect();
        assert_eq!(again, lost, "{name}");
        rig.assert_equal_to_source();
        assert_same_tables(&rig, &undisturbed, name);
        let text = fs_err::read_to_string(rig.path().join("report.json")).unwrap();
        let report: Value = serde_json::from_str(&text).unwrap();
        // A bundle counts once.
        let numbers: BTreeSet<u64> =
            lost.iter().filter_map(|part| Some(places[part].as_ref()?.number)).collect();
        let counted = if *said == PAGE { numbers.len() } else { 0 };
        assert_eq!(report["damaged_pages"], counted, "{name}");
    }
}

fn assert_same_tables(rig: &Rig, undisturbed: &Rig, place: &str) {
    let tables = [rig, undisturbed].map(|rig| {
        let mut all = dump(&rig.warehouse()).unwrap();
        all.retain(|table, _| table.starts_with("main."));
        all
    });
    assert_same(Some(&tables[0]), Some(&tables[1]), place);
}

#[test]
fn what_is_damaged_is_noticed_fetched_again_and_said_so() {
    what_is_damaged_is_fetched_again(Load::Prospects);
}

#[test]
fn what_is_damaged_of_any_stream_is_noticed_fetched_again_and_said_so() {
    what_is_damaged_is_fetched_again(Load::Default);
}

/// Everything was whole when the lists were proven, and is not when the rows are made of it.
#[cfg(target_os = "linux")]
fn damaged_before_staging(load: Load, damage: Damage) {
    let rig = Rig::new(load);
    let stopped = super::stopped::stopped_at(&rig, vainu_etl::crash::Point::ListsJudged);
    let lost = damage(&run_of(&rig));
    assert!(!lost.is_empty());
    rig.forget_requests();
    let output = super::stopped::go_on(stopped);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("damaged and is fetched again"), "{}", stderr(&output));
    let mut asked = rig.asked();
    asked.sort();
    assert_eq!(asked, lost.into_iter().collect::<Vec<_>>());
    rig.assert_equal_to_source();
}

#[cfg(target_os = "linux")]
#[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has points to fail at")]
#[test]
fn a_page_that_is_damaged_between_landing_and_staging_is_fetched_again_in_the_same_run() {
    damaged_before_staging(Load::Prospects, |run| flip_at(run, &in_the_middle(run)));
}

#[cfg(target_os = "linux")]
#[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has points to fail at")]
#[test]
fn a_bundle_that_is_damaged_between_landing_and_staging_is_fetched_again_in_the_same_run() {
    damaged_before_staging(Load::Default, |run| flip_at(run, &in_the_middle(run)));
}

#[cfg(target_os = "linux")]
#[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has points to fail at")]
#[test]
fn a_segment_that_is_gone_between_landing_and_staging_is_fetched_again_in_the_same_run() {
    damaged_before_staging(Load::Default, |run| {
        fs_err::remove_file(segment(run, 1)).unwrap();
        behind(run, 1, 0)
    });
}

#[test]
fn a_rebuild_never_leaves_out_what_is_damaged() {
    let damages: &[(fn(&LandedRun), _)] = &[
        (|run| drop(flip_at(run, &in_the_middle(run))), "damaged"),
        (|run| flip(&path_in(&run.folder), a_line(run) + 40), "1 lines of the ledger"),
        (|run| fs_err::remove_file(segment(run, 1)).unwrap(), "damaged"),
    ];
    for load in Load::ALL {
        let base = Rig::new(load);
        base.succeed();
        let published = fs_err::read(base.warehouse()).unwrap();
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
}

#[test]
fn a_ledger_that_was_cut_by_a_crash_is_whole_after_the_resume() {
    for load in Load::ALL {
        let rig = interrupted(load);
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
}
