//! State that the version before left behind: landed pages, their ledgers, and the published file.
//!
//! `fixtures/earlier-state` was made by the last version whose ledgers call the parent of a list `target_group`: a run of
//! all streams over 40 companies, and one that stopped after twelve requests.

use std::path::Path;

use vainu_etl::landing::ledger::{self, Entry};
use vainu_etl::landing::runs::RunState;
use vainu_etl::rebuild::{RebuildSettings, rebuild};
use xxhash_rust::xxh3::xxh3_64;

use super::landed::{landed, stopped, unfinished};
use super::run::{DEFAULT, assert_equal_to_source, job};
use super::tables::{assert_same, found};
use super::wanted::Wanted;
use crate::support::{Job, simulator, value, with};

/// A job whose warehouse and state folder are those of the version before.
fn earlier() -> Job {
    let job = Job::new();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures/earlier-state");
    copy(&fixture, &job.warehouse().with_extension("duckdb.etl"));
    let packed = fs_err::read(fixture.join("vainu.duckdb.zst")).unwrap();
    fs_err::write(job.warehouse(), zstd::decode_all(&packed[..]).unwrap()).unwrap();
    job
}

fn copy(from: &Path, to: &Path) {
    fs_err::create_dir_all(to).unwrap();
    for entry in fs_err::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else if name != "vainu.duckdb.zst" {
            fs_err::copy(&path, to.join(name)).unwrap();
        }
    }
}

#[test]
fn the_landed_pages_of_the_version_before_are_rebuilt_into_the_tables_that_it_published() {
    let job = earlier();
    let runs = landed(&job);
    assert_eq!(runs.len(), 2);
    assert!(matches!(runs[0].state, RunState::Published(1)), "{:?}", runs[0].state);
    assert_eq!(runs[1].state, RunState::Unfinished);
    let text = fs_err::read_to_string(ledger::path_in(&runs[0].folder)).unwrap();
    assert!(text.contains("\"target_group\":") && !text.contains("\"parent\":"));
    let published = found(&job.warehouse());
    assert!(published.values().all(|rows| !rows.is_empty()), "every table has rows");
    let rejects = "SELECT count(*) FROM etl.rejects";
    let rejected: i64 = value(&job.warehouse(), rejects);
    rebuild(&job.warehouse(), &with(RebuildSettings::default(), |settings| settings.keep = 1)).unwrap();
    assert_same(&found(&job.warehouse()), &published, "rebuilt");
    assert_eq!((value::<i64>(&job.warehouse(), rejects), rejected), (137, 137));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_load_goes_on_from_the_file_of_the_version_before() {
    let simulator = simulator(40, &["placeholders=on"]).await;
    let earlier = earlier();
    let job = Job { dir: earlier.dir, ..job(DEFAULT) };
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!((report.exit_code, report.resumed), (0, false));
    assert_eq!(value::<i64>(&job.warehouse(), "SELECT generation FROM etl.warehouse"), 2);
    assert_eq!(value::<i64>(&job.warehouse(), "SELECT count(*) FROM etl.runs"), 2);
    // The same generated companies: none is new, none has changed.
    assert_eq!(value::<i64>(&job.warehouse(), "SELECT count(*) FROM etl.changes"), 0);
    let contacts: i64 = value(&job.warehouse(), "SELECT count(*) FROM contacts");
    assert!(contacts > 0, "a table of a stream that was not read stays");
}

/// Writes a ledger as the version before did.
fn as_before(path: &Path) {
    let text = fs_err::read_to_string(path).unwrap();
    let lines = text.lines().map(|line| {
        let Some((_, json)) = line.split_once(' ') else { return format!("{line}\n") };
        let json = json.replace("\"parent\":", "\"target_group\":");
        format!("{:016x} {json}\n", xxh3_64(json.as_bytes()))
    });
    let lines: String = lines.collect();
    assert_ne!(lines, text);
    fs_err::write(path, lines).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_the_version_before_left_unfinished_is_gone_on_with() {
    let simulator = simulator(300, &[]).await;
    let job = Job { page_size: 100, ..job(DEFAULT) };
    stopped(&job, &simulator, 120).await;
    let ledger = ledger::path_in(&unfinished(&job).folder);
    as_before(&ledger);
    let entries = ledger::read(&unfinished(&job).folder).unwrap();
    let lists =
        entries.iter().filter(|entry| matches!(entry, Entry::Found { list, .. } if list.parent.is_some()));
    assert!(lists.count() > 1);
    let before = simulator.requests().len();
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!((report.exit_code, report.resumed, report.damaged_pages), (0, true, 0));
    let asked = simulator.requests().len() - before;
    let undisturbed = Job { page_size: 100, ..super::run::job(DEFAULT) };
    simulator.clear_requests();
    undisturbed.sync(&simulator).await.unwrap();
    let all = simulator.requests().len();
    assert!(asked < all, "{asked} of {all} requests: what had landed is not asked for again");
    assert_same(&found(&job.warehouse()), &found(&undisturbed.warehouse()), "resumed and undisturbed");
    assert_equal_to_source(&job, &Wanted::all(&simulator, DEFAULT), "resumed");
}
