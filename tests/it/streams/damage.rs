//! Landed answers about companies that are not as they were written: noticed, and asked for again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use vainu_etl::landing::ledger::{self, Entry};
use vainu_etl::landing::runs::LandedRun;

use super::landed::{STREAMS, answered, asked_of, stopped, unfinished};
use super::run::{assert_equal_to_source, job};
use super::wanted::Wanted;
use crate::support::{flip, simulator, value};

/// Damages a run's segments; which bytes of the first one are not what they were, by whether they lie behind that one.
type Damage = fn(&LandedRun) -> u64;

fn segment(run: &LandedRun) -> PathBuf {
    run.folder.join("pages-00001.zst")
}

fn length(path: &Path) -> u64 {
    fs_err::metadata(path).unwrap().len()
}

/// The bundle in the middle of those of the details.
fn a_bundle(run: &LandedRun) -> (u64, u64) {
    let of_details = run.answers.values().filter(|(list, _)| run.lists[list].stream == "details");
    let bundles: Vec<_> = of_details.map(|(_, at)| (at.position, at.length)).collect();
    bundles[bundles.len() / 2]
}

const DAMAGES: &[(&str, Damage)] = &[
    ("a segment cut short", |run| {
        let half = length(&segment(run)) / 2;
        fs_err::OpenOptions::new().write(true).open(segment(run)).unwrap().set_len(half).unwrap();
        half
    }),
    ("a missing segment", |run| {
        fs_err::remove_file(segment(run)).unwrap();
        0
    }),
];

/// Companies with answers that end behind that byte, by stream.
fn behind(run: &LandedRun, stream: &str, byte: u64) -> BTreeSet<String> {
    let entries = ledger::read(&run.folder).unwrap();
    let lost = entries.into_iter().filter_map(|entry| match entry {
        Entry::Answered(answers) if run.lists[&answers.list].stream == stream => {
            let at = answers.at.as_ref()?;
            (at.segment == 1 && at.position + at.length > byte).then_some(answers.companies)
        }
        _ => None,
    });
    lost.flatten().map(|company| company.replace('/', "")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_costs_the_companies_of_its_bundle_and_no_others() {
    let simulator = simulator(300, &[]).await;
    let job = job(STREAMS);
    stopped(&job, &simulator, 500).await;
    let run = unfinished(&job);
    let (position, length) = a_bundle(&run);
    flip(&segment(&run), usize::try_from(position + length / 2).unwrap());
    let lost = behind(&run, "details", position);
    let after = behind(&run, "details", position + length);
    let lost: BTreeSet<String> = lost.difference(&after).cloned().collect();
    assert!((1..=64).contains(&lost.len()));
    let durable = ["details", "technologies"].map(|stream| answered(&run, stream));
    simulator.clear_requests();
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!((report.exit_code, report.damaged_pages), (0, 1), "{:?}", report.lists);
    let again: BTreeSet<String> = asked_of(&simulator, "all").intersection(&durable[0]).cloned().collect();
    assert_eq!(again, lost);
    assert!(asked_of(&simulator, "").is_disjoint(&durable[1]));
    assert_equal_to_source(&job, &Wanted::all(&simulator, STREAMS), "a flipped byte");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_is_cut_or_gone_costs_the_companies_that_it_held() {
    for (name, damage) in DAMAGES {
        let simulator = simulator(300, &[]).await;
        let job = job(STREAMS);
        stopped(&job, &simulator, 500).await;
        let run = unfinished(&job);
        let byte = damage(&run);
        let held =
            ["details", "technologies"].map(|stream| (behind(&run, stream, byte), answered(&run, stream)));
        simulator.clear_requests();
        let report = job.sync(&simulator).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(report.exit_code, 0, "{name}: {:?}", report.lists);
        assert!(report.damaged_pages > 2, "{name}");
        for (endpoint, (lost, durable)) in ["all", ""].into_iter().zip(held) {
            let again: BTreeSet<String> =
                asked_of(&simulator, endpoint).intersection(&durable).cloned().collect();
            assert_eq!(again, lost, "{name}: {endpoint}");
        }
        assert_equal_to_source(&job, &Wanted::all(&simulator, STREAMS), name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_group_that_is_gone_when_its_list_is_fetched_again_leaves_the_others_their_members() {
    let simulator = simulator(300, &[]).await;
    let job = job(STREAMS);
    stopped(&job, &simulator, 500).await;
    let run = unfinished(&job);
    let mut pages = run.pages.values();
    let (_, at) = pages.find(|(key, _)| run.lists[&key.list].stream == "target_groups").unwrap();
    flip(&segment(&run), usize::try_from(at.position + at.length / 2).unwrap());
    // The first of the lists that the run has found already: those behind it must not move up.
    let gone = run.lists.values().find_map(|list| list.parent.clone()).unwrap();
    simulator.remove_target_group(&gone).unwrap();
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!((report.exit_code, report.damaged_pages), (0, 1), "{:?}", report.lists);
    assert_equal_to_source(&job, &Wanted::all(&simulator, STREAMS), "a group gone");
    let strangers: i64 = value(
        &job.warehouse(),
        "SELECT count(*) FROM etl.list_members m WHERE stream = 'target_group_members' AND NOT EXISTS (
             SELECT 1 FROM target_group_members t WHERE t.target_group_id = m.list
                 AND t.country = m.country AND t.business_id = m.business_id)",
    );
    assert_eq!(strangers, 0, "each list holds its own members");
}
