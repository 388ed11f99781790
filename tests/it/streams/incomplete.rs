//! A run that did not see everything deletes nothing, in no table.

use std::time::Duration;

use vainu_etl::report::Report;

use super::changes::{STATES, edit, is_of};
use super::run::{job, run};
use super::tables::{assert_same, changes, found};
use crate::support::{Job, simulator, value};

/// A published file, and the same source after things went away there.
async fn edited(names: &[&str]) -> (Job, vainu_etl::simulator::Simulator, super::changes::Edited) {
    let simulator = simulator(400, &[]).await;
    let job = job(names);
    job.sync(&simulator).await.unwrap();
    let edited = edit(&simulator);
    (job, simulator, edited)
}

fn incomplete(report: &Report) -> Vec<&str> {
    report.lists.iter().filter(|list| !list.complete).map(|list| list.stream.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_never_add_up_delete_nothing() {
    let names = ["prospects", "target_groups", "target_group_members", "customer_data"];
    let (job, simulator, _) = edited(&names).await;
    let before = found(&job.warehouse());
    // Every total is four more than what comes.
    simulator.reconfigure(|config| config.switches.set("total-offset=4").unwrap());
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!((report.exit_code, report.status.as_str()), (4, "incomplete"));
    let lists = incomplete(&report);
    for stream in ["prospects", "target_group_members", "customer_data"] {
        assert!(lists.contains(&stream), "{stream}: {lists:?}");
    }
    let mut changed = changes(&before, &found(&job.warehouse()));
    // The list of target groups comes in one answer, which has no total: it is complete by itself.
    let groups = changed.remove("target_groups").unwrap();
    assert_eq!((groups.0.len(), groups.1.len()), (1, 0));
    assert_eq!(changed.keys().collect::<Vec<_>>(), Vec::<&&str>::new(), "{changed:?}");
    let deleted: i64 =
        value(&job.warehouse(), "SELECT count(*) FROM prospects WHERE _deleted_at IS NOT NULL");
    assert_eq!(deleted, 0);
    assert_eq!(
        report
            .lists
            .iter()
            .filter(|list| list.stream != "target_groups")
            .map(|list| list.deleted)
            .sum::<u64>(),
        0
    );

    // As soon as it adds up again, what went away then goes away now.
    simulator.reconfigure(|config| config.switches.set("total-offset=0").unwrap());
    assert_eq!(job.sync(&simulator).await.unwrap().exit_code, 0);
    let gone: i64 = value(&job.warehouse(), "SELECT count(*) FROM prospects WHERE _deleted_at IS NOT NULL");
    assert_eq!(gone, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_members_that_does_not_add_up_keeps_the_members_of_all_and_what_other_lists_say_counts() {
    let (job, simulator, edited) = edited(STATES).await;
    let before = found(&job.warehouse());
    simulator.reconfigure(|config| config.switches.set("total-late=9:4").unwrap());
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!(report.exit_code, 4);
    assert!(incomplete(&report).contains(&"target_group_members"), "{:?}", report.lists);
    let changed = changes(&before, &found(&job.warehouse()));
    let kept: Vec<_> = before["target_group_members"].iter().collect();
    let now = found(&job.warehouse());
    for row in &kept {
        let of_complete = list_is_complete(&report, row["target_group_id"].as_deref().unwrap());
        assert!(of_complete || now["target_group_members"].contains(*row), "{row:?}");
    }
    // What belongs to companies is read company by company: it is right for each of them.
    assert!(is_of(&changed["financial_statements"].1[0], &edited.statement));
    assert_eq!((changed["financial_statements"].0.len(), changed["prospect_addresses"].0.len()), (1, 1));
}

fn list_is_complete(report: &Report, group: &str) -> bool {
    report
        .lists
        .iter()
        .any(|list| list.stream == "target_group_members" && list.list == group && list.complete)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ends_before_its_end_changes_nothing_at_all() {
    let (job, simulator, _) = edited(STATES).await;
    let before = found(&job.warehouse());
    let published = fs_err::read(job.warehouse()).unwrap();
    // The answers about companies fail from somewhere in the middle on.
    simulator.reconfigure(|config| config.switches.set("fault=500@300+").unwrap());
    let impatient = |settings: &mut vainu_etl::pipeline::SyncSettings| {
        settings.client.max_attempts = 2;
        settings.client.max_backoff = Duration::from_millis(1);
    };
    let error = run(&job, &simulator, impatient).await.unwrap_err();
    assert_eq!(error.exit_code(), 4, "{error:?}");
    simulator.reconfigure(|config| config.switches.faults_from.clear());
    let spend = |settings: &mut vainu_etl::pipeline::SyncSettings| settings.client.max_requests = Some(200);
    let error = run(&job, &simulator, spend).await.unwrap_err();
    assert_eq!(error.exit_code(), 8, "{error:?}");
    assert!(fs_err::read(job.warehouse()).unwrap() == published, "the published file is unchanged");
    assert_same(&found(&job.warehouse()), &before, "after two runs that ended early");
}
