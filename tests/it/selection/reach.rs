//! Who is asked about, and who is counted.

use std::collections::BTreeSet;

use vainu_etl::extract::Unobserved;
use vainu_etl::pipeline::{SyncSettings, sync};
use vainu_etl::report::Report;
use vainu_etl::selection::DetailsFor;
use vainu_etl::simulator::Simulator;

use super::rig::{STREAMS, asked, job, live, matching, members, selected};
use crate::support::{Job, open, simulator, value};

async fn run(job: &Job, simulator: &Simulator, change: impl FnOnce(&mut SyncSettings)) -> Report {
    let mut settings = job.settings(simulator);
    change(&mut settings);
    sync(&settings, &Unobserved, std::future::pending()).await.unwrap()
}

/// Selections of every form, as the command line and the settings file give them.
const SELECTIONS: &[&[&[&str]]] = &[
    &[&["country=FI", "nstatus=active"]],
    &[&["country__in=SE,DK"]],
    &[&["country=FI", "staff_number__gte=20"], &["country=NO"]],
    &[&["country=FI"], &["nstatus=active"]],
];

#[tokio::test(flavor = "multi_thread")]
async fn what_costs_a_request_for_each_company_asks_about_those_of_the_selections_alone() {
    let simulator = simulator(500, &[]).await;
    let members = members(&simulator);
    for selections in SELECTIONS {
        let wanted = matching(&simulator, selections).await;
        let outside: BTreeSet<String> = members.difference(&wanted).cloned().collect();
        assert!(!wanted.is_empty() && !outside.is_empty(), "{selections:?}");
        let job = job(STREAMS).select(selections);
        simulator.clear_requests();
        let report = job.sync(&simulator).await.unwrap();
        assert_eq!(report.exit_code, 0, "{:?}", report.lists);
        for endpoint in ["financial_statements", ""] {
            assert_eq!(asked(&simulator, endpoint), wanted, "{selections:?} {endpoint}");
        }
        let path = job.warehouse();
        let all: BTreeSet<String> = wanted.union(&members).cloned().collect();
        assert_eq!((live(&path), selected(&path)), (all.clone(), wanted.clone()), "{selections:?}");
        assert_eq!(report.members_outside.members, outside.len() as u64);
        assert_eq!(report.members_outside.requests, 2 * outside.len() as u64);
        assert_eq!(report.companies_outside, outside.len() as u64);
        // Segments count what is selected, membership and the list of companies all of it.
        for view in ["turnover_band", "size_class", "industry", "region"] {
            let sql = format!("SELECT CAST(sum(companies) AS BIGINT) FROM segment_by_{view}");
            assert_eq!(value::<i64>(&path, &sql), i64::try_from(wanted.len()).unwrap(), "{view}");
        }
        let companies: i64 = value(&path, "SELECT count(*) FROM companies");
        let chosen: i64 = value(&path, "SELECT count(*) FROM companies WHERE is_selected");
        assert_eq!(
            (companies, chosen),
            (i64::try_from(all.len()).unwrap(), i64::try_from(wanted.len()).unwrap())
        );
        let leaders: i64 = value(
            &path,
            "SELECT count(*) FROM industry_leaders l JOIN prospects p USING (country, business_id) WHERE NOT p._selected",
        );
        assert_eq!(leaders, 0);
        let in_groups: i64 =
            value(&path, "SELECT count(DISTINCT country || '/' || business_id) FROM target_group_members");
        assert_eq!(in_groups, i64::try_from(members.len()).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_widens_it_to_members_and_without_a_selection_it_makes_no_difference() {
    let simulator = simulator(400, &[]).await;
    let members = members(&simulator);
    let wanted = matching(&simulator, &[&["country=SE"]]).await;
    let job = job(STREAMS).select(&[&["country=SE"]]);
    simulator.clear_requests();
    let report = run(&job, &simulator, |settings| settings.details_for = DetailsFor::Members).await;
    let all: BTreeSet<String> = wanted.union(&members).cloned().collect();
    assert_eq!(asked(&simulator, "financial_statements"), all);
    assert_eq!(report.members_outside.members, 0);
    assert_eq!(selected(&job.warehouse()), wanted, "asked about is not selected");
    for details_for in [DetailsFor::Selection, DetailsFor::Members] {
        let everybody = super::rig::job(STREAMS);
        simulator.clear_requests();
        let report = run(&everybody, &simulator, |settings| settings.details_for = details_for).await;
        assert_eq!(asked(&simulator, "financial_statements").len(), 400);
        assert_eq!(selected(&everybody.warehouse()).len(), 400);
        assert_eq!((report.companies_outside, report.members_outside.members), (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_was_asked_about_before_keeps_its_statements() {
    let simulator = simulator(300, &[]).await;
    let wanted = matching(&simulator, &[&["country=DK"]]).await;
    let job = job(&["prospects", "target_group_members", "financial_statements"]).select(&[&["country=DK"]]);
    run(&job, &simulator, |settings| settings.details_for = DetailsFor::Members).await;
    let statements =
        "SELECT country, business_id, year, turn_over_eur FROM financial_statements ORDER BY ALL";
    let rows = |sql: &str| -> Vec<String> {
        let connection = open(&job.warehouse());
        let mut statement = connection.prepare(&format!("SELECT CAST(t AS VARCHAR) FROM ({sql}) t")).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let before = rows(statements);
    let outside = "SELECT count(*) FROM financial_statements s JOIN prospects p USING (country, business_id) \
                   WHERE NOT p._selected";
    assert!(value::<i64>(&job.warehouse(), outside) > 0);
    simulator.clear_requests();
    let report = run(&job, &simulator, |_| ()).await;
    assert_eq!(asked(&simulator, "financial_statements"), wanted);
    assert_eq!(report.lists.iter().map(|list| list.deleted).sum::<u64>(), 0, "{:?}", report.lists);
    assert_eq!(rows(statements), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_goes_on_asks_about_the_same_companies_and_not_with_another_setting() {
    let simulator = simulator(400, &[]).await;
    let wanted = matching(&simulator, &[&["country=FI"]]).await;
    let job = job(STREAMS).select(&[&["country=FI"]]);
    let job = Job { page_size: 50, ..job };
    simulator.clear_requests();
    let mut settings = job.settings(&simulator);
    settings.client.max_requests = Some(120);
    let stopped = sync(&settings, &Unobserved, std::future::pending()).await.unwrap_err();
    assert_eq!(stopped.exit_code(), 8, "{stopped:?}");
    let first = asked(&simulator, "financial_statements");
    assert!(!first.is_empty() && first.is_subset(&wanted), "{}", first.len());
    simulator.clear_requests();
    let report = job.sync(&simulator).await.unwrap();
    assert!(report.resumed);
    let second = asked(&simulator, "financial_statements");
    assert!(second.is_subset(&wanted) && second.len() < wanted.len());
    assert_eq!(first.union(&second).cloned().collect::<BTreeSet<_>>(), wanted);
    assert_eq!(selected(&job.warehouse()), wanted);
    // An unfinished run of the one setting is not gone on with under the other.
    sync(&settings, &Unobserved, std::future::pending()).await.unwrap_err();
    let other = run(&job, &simulator, |settings| settings.details_for = DetailsFor::Members).await;
    assert!(!other.resumed);
}
