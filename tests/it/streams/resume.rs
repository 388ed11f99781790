//! A run that stops in the middle of asking about companies goes on where it was, and ends as if it had not stopped.

use super::landed::{STREAMS, answered, asked_of, stopped, unfinished};
use super::run::{assert_equal_to_source, job};
use super::tables::{assert_same, found};
use super::wanted::Wanted;
use crate::support::{Job, simulator};

/// Answers that a session may lose: those in flight, and a bundle being filled.
const IN_FLIGHT: usize = 16 + 64;

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_run_asks_for_the_rest_and_ends_like_one_that_was_not_stopped() {
    let simulator = simulator(400, &[]).await;
    let undisturbed = job(STREAMS);
    undisturbed.sync(&simulator).await.unwrap();
    let job = Job { page_size: 100, ..job(STREAMS) };
    for requests in [250, 300] {
        simulator.clear_requests();
        let known = if job.warehouse().with_extension("duckdb.etl").join("landing").exists() {
            let run = unfinished(&job);
            [answered(&run, "details"), answered(&run, "technologies")]
        } else {
            [<_>::default(), <_>::default()]
        };
        stopped(&job, &simulator, requests).await;
        assert!(!job.warehouse().exists());
        let run = unfinished(&job);
        for ((stream, endpoint), known) in [("details", "all"), ("technologies", "")].into_iter().zip(known) {
            let (asked, durable) = (asked_of(&simulator, endpoint), answered(&run, stream));
            assert!(asked.is_disjoint(&known), "{stream}: what is durable is not asked for again");
            assert!(durable.is_superset(&known));
            let lost = asked.difference(&durable).count();
            assert!(lost <= IN_FLIGHT, "{stream}: {lost} answers are lost");
        }
        assert!(answered(&run, "details").len() > 30 && answered(&run, "details").len() < 400);
    }
    let durable = ["details", "technologies"].map(|stream| answered(&unfinished(&job), stream));
    simulator.clear_requests();
    let report = job.sync(&simulator).await.unwrap();
    assert!(report.resumed);
    assert_eq!((report.exit_code, report.damaged_pages), (0, 0), "{:?}", report.lists);
    for (endpoint, durable) in ["all", ""].into_iter().zip(durable) {
        let asked = asked_of(&simulator, endpoint);
        assert!(asked.is_disjoint(&durable), "{endpoint}");
        assert_eq!(asked.len() + durable.len(), 400, "{endpoint}");
    }
    assert_same(&found(&job.warehouse()), &found(&undisturbed.warehouse()), "resumed and undisturbed");
    assert_equal_to_source(&job, &Wanted::all(&simulator, STREAMS), "resumed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_other_streams_does_not_go_on_with_it() {
    let simulator = simulator(200, &[]).await;
    let first = job(&["prospects", "details"]);
    stopped(&first, &simulator, 100).await;
    let other = Job { dir: first.dir, ..job(&["prospects", "technologies"]) };
    let report = other.sync(&simulator).await.unwrap();
    assert!(!report.resumed);
    assert_equal_to_source(&other, &Wanted::all(&simulator, &["prospects", "technologies"]), "other streams");
}
