//! What `plan` says of a selection, and what the run then asks for.

use std::time::Duration;

use vainu_etl::extract::Unobserved;
use vainu_etl::pipeline::{Estimated, SyncSettings, estimate, sync};
use vainu_etl::selection::DetailsFor;
use vainu_etl::simulator::Simulator;

use super::rig::{STREAMS, asked, job, matching, members};
use crate::support::{Job, simulator};

/// What is said, after the run has shown that it is so: each company once.
async fn assert_said(job: &Job, simulator: &Simulator, change: impl Fn(&mut SyncSettings)) -> Estimated {
    let mut settings = job.settings(simulator);
    change(&mut settings);
    simulator.clear_requests();
    let estimated = estimate(&settings).await.unwrap();
    assert_eq!(estimated.spent, simulator.requests().len() as u64);
    simulator.clear_requests();
    let report = sync(&settings, &Unobserved, std::future::pending()).await.unwrap();
    for (endpoint, part) in [("financial_statements", "financial_statements"), ("technologies", "")] {
        let Some(line) = estimated.streams.iter().find(|line| line.endpoint == endpoint) else { continue };
        let made = asked(simulator, part).len() as u64;
        assert_eq!((line.rows, line.requests, line.unit), (Some(made), made, "companies"), "{endpoint}");
    }
    let outside = estimated.outside.unwrap();
    assert!(outside.exact);
    if !outside.asked_about {
        assert_eq!(outside.members, report.members_outside.members);
        assert_eq!(outside.requests, report.members_outside.requests);
    }
    estimated
}

#[tokio::test(flavor = "multi_thread")]
async fn no_company_is_counted_twice_and_members_outside_are_named_with_their_cost() {
    let simulator = simulator(500, &[]).await;
    let members = members(&simulator);
    for selections in [
        &[&["country=FI", "nstatus=active"][..]][..],
        // These overlap.
        &[&["country=FI"], &["nstatus=active"], &["country__in=FI,DK"]],
        // More than there are members.
        &[&["country__in=FI,SE,DK"]],
    ] {
        let wanted = matching(&simulator, selections).await;
        let outside = members.difference(&wanted).count() as u64;
        for details_for in [DetailsFor::Selection, DetailsFor::Members] {
            let job = job(STREAMS).select(selections);
            let said = assert_said(&job, &simulator, |settings| settings.details_for = details_for).await;
            let said = said.outside.unwrap();
            assert_eq!((said.members, said.requests), (outside, 2 * outside), "{selections:?}");
            assert_eq!(said.asked_about, details_for == DetailsFor::Members);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn companies_of_other_selections_that_are_new_enough_are_not_taken_off() {
    let simulator = simulator(300, &[]).await;
    let day = |settings: &mut SyncSettings| settings.details_max_age = Some(Duration::from_hours(24));
    let swedish = job(&["prospects", "technologies"]).select(&[&["country=SE"]]);
    assert_said(&swedish, &simulator, day).await;
    let finnish = Job { selections: vec![vec!["country=FI".to_owned()]], ..swedish };
    let said = assert_said(&finnish, &simulator, day).await;
    let line = said.streams.iter().find(|line| line.endpoint == "technologies").unwrap();
    assert!(line.requests > 0);
    assert_eq!(line.fresh, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_are_too_long_to_be_read_beforehand_give_a_bound() {
    let simulator = simulator(400, &[]).await;
    let one_by_one = Job { page_size: 1, ..job(STREAMS) }.select(&[&["country=FI"]]);
    simulator.clear_requests();
    let estimated = estimate(&one_by_one.settings(&simulator)).await.unwrap();
    assert!(simulator.requests().len() < 30, "only counted");
    let outside = estimated.outside.unwrap();
    let members = members(&simulator);
    assert!(!outside.exact && outside.members >= members.len() as u64);
    let finnish = matching(&simulator, &[&["country=FI"]]).await.len() as u64;
    let line = estimated.streams.iter().find(|line| line.endpoint == "technologies").unwrap();
    assert_eq!((line.requests, line.at_most), (finnish, true), "members are not added");
    // What is new enough may be of another selection.
    let swedish = job(&["prospects", "technologies"]).select(&[&["country=SE"]]);
    swedish.sync(&simulator).await.unwrap();
    let finnish_again = Job { selections: vec![vec!["country=FI".to_owned()]], page_size: 1, ..swedish };
    let mut settings = finnish_again.settings(&simulator);
    settings.details_max_age = Some(Duration::from_hours(24));
    settings.client.max_requests = Some(20);
    let estimated = estimate(&settings).await.unwrap();
    let line = estimated.streams.iter().find(|line| line.endpoint == "technologies").unwrap();
    assert_eq!((line.requests, line.fresh, line.at_most), (finnish, 0, true));
}
