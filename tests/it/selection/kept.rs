//! What the warehouse keeps of selections: from run to run, through a rebuild, and from files of earlier versions.

use vainu_etl::extract::Unobserved;
use vainu_etl::pipeline::sync;
use vainu_etl::rebuild::{RebuildSettings, rebuild};
use vainu_etl::simulator::Simulator;

use super::rig::{STREAMS, job, keys, live, matching, members, selected};
use crate::support::{Job, simulator, value};

const NAMES: &[&str] = &["prospects", "target_groups", "target_group_members"];

/// The same warehouse with other selections.
fn with(job: Job, selections: &[&[&str]]) -> Job {
    Job { selections: vec![vec![]], ..job }.select(selections)
}

async fn forget(job: &Job, simulator: &Simulator) {
    let mut settings = job.settings(simulator);
    settings.forget_selections = true;
    let report = sync(&settings, &Unobserved, std::future::pending()).await.unwrap();
    assert_eq!(report.exit_code, 0);
    assert_eq!(report.other_selections, []);
}

/// Asserts that a rebuild gives the same companies, live and selected.
fn assert_rebuilt(job: &Job, place: &str) {
    let path = job.warehouse();
    let before = (live(&path), selected(&path));
    let mut settings = RebuildSettings::default();
    settings.keep = 1;
    rebuild(&path, &settings).unwrap();
    assert_eq!((live(&path), selected(&path)), before, "{place}");
}

#[tokio::test(flavor = "multi_thread")]
async fn selections_of_several_runs_add_up_until_they_are_forgotten() {
    let simulator = simulator(400, &[]).await;
    let finnish = matching(&simulator, &[&["country=FI"]]).await;
    let swedish = matching(&simulator, &[&["country=SE"]]).await;
    let job = job(NAMES).select(&[&["country=FI"]]);
    job.sync(&simulator).await.unwrap();
    let job = with(job, &[&["country=SE"]]);
    let report = job.sync(&simulator).await.unwrap();
    let others: Vec<_> =
        report.other_selections.iter().map(|line| (line.list.as_str(), line.companies)).collect();
    assert_eq!(others, [("country=FI", finnish.len() as u64)]);
    let path = job.warehouse();
    assert_eq!(selected(&path), finnish.union(&swedish).cloned().collect());
    assert_rebuilt(&job, "two selections");
    forget(&job, &simulator).await;
    assert_eq!(selected(&path), swedish);
    assert_eq!(live(&path), swedish.union(&members(&simulator)).cloned().collect());
    assert_rebuilt(&job, "forgotten");
    // What is forgotten does not come back by a run that says nothing.
    job.sync(&simulator).await.unwrap();
    assert_eq!(selected(&path), swedish);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_companies_are_no_selection_and_end_those_before() {
    let simulator = simulator(400, &[]).await;
    let finnish = matching(&simulator, &[&["country=FI"]]).await;
    let job = job(NAMES);
    job.sync(&simulator).await.unwrap();
    let path = job.warehouse();
    assert_eq!(selected(&path).len(), 400);
    let job = with(job, &[&["country=FI"]]);
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!((selected(&path), live(&path).len()), (finnish.clone(), 400));
    assert_eq!(report.other_selections, []);
    assert_rebuilt(&job, "all, then FI");
    // A run that reads no companies leaves it as it is.
    let other = Job { dir: job.dir, ..super::rig::job(&["customer_data"]) };
    other.sync(&simulator).await.unwrap();
    assert_eq!(selected(&path), finnish);
    let job = with(Job { dir: other.dir, ..super::rig::job(NAMES) }, &[&[]]);
    job.sync(&simulator).await.unwrap();
    assert_eq!(selected(&path).len(), 400);
    assert_rebuilt(&job, "all again");
    let lists = keys(&path, "SELECT DISTINCT list FROM etl.list_members WHERE stream = 'prospects'");
    assert_eq!(lists.into_iter().collect::<Vec<_>>(), ["all"], "membership does not pile up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_of_nobody_selects_nobody() {
    let simulator = simulator(300, &[]).await;
    let job = job(STREAMS).select(&[&["country=FI", "turn_over__gte=999999999999"]]);
    simulator.clear_requests();
    job.sync(&simulator).await.unwrap();
    let path = job.warehouse();
    assert!(selected(&path).is_empty() && !live(&path).is_empty());
    assert!(super::rig::asked(&simulator, "financial_statements").is_empty());
    let leads = Job { dir: job.dir, ..super::rig::job(&["target_group_members"]) };
    leads.sync(&simulator).await.unwrap();
    assert!(selected(&path).is_empty(), "a run without selections knows it too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_an_earlier_version_gets_the_column_with_the_next_load_whatever_that_reads() {
    let simulator = simulator(300, &[]).await;
    for (selections, next) in [
        (&[&["country=FI"][..]][..], NAMES),
        (&[&["country=FI"][..]][..], &["customer_data"]),
        (&[&["country=FI"][..]][..], &["target_group_members"]),
        (&[&[][..]][..], NAMES),
        (&[&[][..]][..], &["customer_data"]),
        (&[&[][..]][..], &["target_group_members"]),
    ] {
        let job = job(NAMES).select(selections);
        job.sync(&simulator).await.unwrap();
        let path = job.warehouse();
        let wanted = selected(&path);
        let connection = duckdb::Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "ALTER TABLE prospects DROP COLUMN _selected; DROP TABLE etl.ids_not_found; CHECKPOINT;",
            )
            .unwrap();
        drop(connection);
        let job = Job { dir: job.dir, selections: job.selections.clone(), ..super::rig::job(next) };
        job.sync(&simulator).await.unwrap();
        assert_eq!(selected(&path), wanted, "{selections:?} {next:?}");
        let unsaid: i64 = value(&path, "SELECT count(*) FROM prospects WHERE _selected IS NULL");
        assert_eq!(unsaid, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_left_the_selection_but_not_its_group_is_selected_no_more() {
    let simulator = simulator(400, &[]).await;
    let job = job(NAMES).select(&[&["country=FI", "nstatus=active"]]);
    job.sync(&simulator).await.unwrap();
    let path = job.warehouse();
    let both: Vec<String> = selected(&path).intersection(&members(&simulator)).cloned().collect();
    let (country, id) = both[0].split_once('/').unwrap();
    let changes = "SELECT count(*) FROM etl.changes";
    let before: i64 = value(&path, changes);
    simulator.set_field(country, id, "nstatus", &serde_json::json!("inactive")).unwrap();
    job.sync(&simulator).await.unwrap();
    assert!(!selected(&path).contains(&both[0]) && live(&path).contains(&both[0]));
    let fields = keys(&path, "SELECT DISTINCT field FROM etl.changes");
    assert!(!fields.contains("_selected"), "{before} {fields:?}: it is not the company that changed");
    assert_rebuilt(&job, "left the selection");
}
