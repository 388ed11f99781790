//! What the document leaves open about the streams: whatever the server does, the same rows arrive.

use super::changes::group_named;
use super::run::{ALL, assert_equal_to_source, job, list, query, requests, tables};
use super::tables::{assert_same, found};
use super::wanted::Wanted;
use crate::support::{Job, simulator, value};

const GROUPS: &[&str] = &["prospects", "target_groups", "target_group_members", "customer_data"];

#[tokio::test(flavor = "multi_thread")]
async fn members_in_an_order_that_changes_are_proven_by_the_union_of_readings() {
    let simulator = simulator(400, &["member-order=shuffled"]).await;
    let job = Job { page_size: 150, ..job(GROUPS) };
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!(report.exit_code, 0, "{:?}", report.lists);
    let wide = group_named(&simulator, "Suomi ja Ruotsi");
    let members = simulator.members(&wide).unwrap().len() as u64;
    let line = list(&report, "target_group_members", &wide);
    assert!(line.sweeps > 1, "no single reading shows all");
    assert_eq!((line.complete, line.distinct_keys, line.total_after), (true, members, Some(members)));
    assert_equal_to_source(&job, &Wanted::all(&simulator, GROUPS), "shuffled members");
}

#[tokio::test(flavor = "multi_thread")]
async fn companies_without_details_are_counted_and_no_reason_to_stop() {
    let simulator = simulator(400, &["details=some-missing"]).await;
    let names = ["prospects", "details", "contacts", "technologies"];
    let job = job(&names);
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!((report.exit_code, report.rejects), (0, 0), "{:?}", report.lists);
    let exists = |company: &serde_json::Value| {
        let (country, id) = super::wanted::key_of(company);
        simulator.detail(&country, &id).is_ok()
    };
    let missing = simulator.companies().filter(|company| !exists(company)).count() as u64;
    assert!((3..40).contains(&missing), "{missing}");
    for stream in ["details", "contacts", "technologies"] {
        let line = list(&report, stream, "companies");
        assert_eq!((line.complete, line.not_found), (true, missing), "{stream}");
        assert_eq!((line.distinct_keys, line.total_after), (400 - missing, Some(400)), "{stream}");
    }
    assert_equal_to_source(&job, &Wanted::all(&simulator, &names), "without some details");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_whose_details_are_gone_keeps_those_that_were_known() {
    let simulator = simulator(300, &[]).await;
    let job = job(&["prospects", "details"]);
    job.sync(&simulator).await.unwrap();
    let before = found(&job.warehouse());
    simulator.reconfigure(|config| config.switches.set("details=some-missing").unwrap());
    let report = job.sync(&simulator).await.unwrap();
    assert!(list(&report, "details", "companies").not_found > 0);
    assert_same(&found(&job.warehouse()), &before, "404 is no proof that nothing is known");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_placeholder_is_a_reject_and_the_rest_is_the_same() {
    let plain = simulator(300, &[]).await;
    let names: Vec<&'static str> = ALL.iter().copied().filter(|name| !name.contains("leads")).collect();
    let simulator = simulator(300, &["placeholders=on"]).await;
    let job = job(&names);
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!(report.exit_code, 0, "{:?}", report.lists);
    assert_same(&found(&job.warehouse()), &tables(&job, &Wanted::all(&plain, &names)), "placeholders");
    // Each company has one among its statements and one among its addresses, each page of a list one at its end.
    let of = |stream: &str, table: &str| -> i64 {
        let sql = format!(
            "SELECT count(*) FROM etl.rejects WHERE stream = '{stream}' AND table_name = '{table}' AND raw LIKE '\"%.\"'"
        );
        value(&job.warehouse(), &sql)
    };
    assert_eq!(
        of("financial_statements", "financial_statements") + of("details", "financial_statements"),
        300
    );
    assert_eq!(of("details", "prospect_addresses"), 300);
    let of_lists: i64 = value(
        &job.warehouse(),
        "SELECT count(DISTINCT stream) FROM etl.rejects WHERE stream IN ('prospects', 'target_group_members')",
    );
    assert_eq!(of_lists, 2);
    let others: i64 = value(
        &job.warehouse(),
        "SELECT count(*) FROM etl.rejects WHERE raw NOT IN ('\"...\"', '\"..\"', '\"....\"')",
    );
    assert_eq!(others, 0);
}

/// Switches with which every list has to be proven complete, with the same rows.
const HARMLESS: &[&str] = &[
    "limit-max=13",
    "clamp-late=3:11",
    "envelope=results",
    "count=number",
    "past-end=404",
    "numbers=number",
    "short-page=3",
    "id-prefix=true",
    "fault=429@2,500@5,reset@9,truncated@14,html@20",
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_document_leaves_open_the_lists_of_all_streams_are_the_same() {
    for switch in HARMLESS {
        let simulator = simulator(150, &[switch]).await;
        let job = Job { page_size: 50, ..job(GROUPS) };
        let report = job.sync(&simulator).await.unwrap_or_else(|error| panic!("{switch}: {error:?}"));
        assert_eq!((report.exit_code, report.rejects), (0, 0), "{switch}: {:?}", report.lists);
        assert_equal_to_source(&job, &Wanted::all(&simulator, GROUPS), switch);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_gives_everything_in_every_page_is_believed_when_its_total_and_a_second_reading_agree()
{
    let simulator = simulator(300, &["limit-ignored=true"]).await;
    let job = Job { page_size: 50, ..job(GROUPS) };
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!(report.exit_code, 0, "{:?}", report.lists);
    // What comes behind the end is what came before: no empty page shows that it is the end.
    assert_eq!(list(&report, "customer_data", "all").sweeps, 2);
    assert_equal_to_source(&job, &Wanted::all(&simulator, GROUPS), "everything in every page");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_are_cut_to_a_smaller_limit_cost_requests_and_no_rows() {
    let simulator = simulator(1500, &["limit-max=13"]).await;
    let job = job(&["target_groups", "target_group_members", "customer_data"]);
    let report = job.sync(&simulator).await.unwrap();
    let portfolio = group_named(&simulator, "Portfolio");
    let line = list(&report, "target_group_members", &portfolio);
    assert_eq!((line.complete, line.effective_page_size), (true, 13));
    let customers = list(&report, "customer_data", "all");
    assert_eq!((customers.complete, customers.rows_received, customers.effective_page_size), (true, 30, 13));
    // This server counts its pages by the size asked for, and gives fewer rows: pages of that size do not add up.
    let mut asked: Vec<String> = requests(&simulator, "/customer_data/").iter().map(query).collect();
    let mut last = asked.split_off(asked.len() - 4);
    last.sort();
    let page = |number| format!("ordering=id&page_size=13&page={number}");
    assert_eq!(last, [page(1), page(2), page(3), page(4)], "three pages, and the empty one behind them");
    assert_eq!(customers.sweeps, 3, "one that does not add up, and two that agree");
    let mut wanted = Wanted::all(&simulator, &["target_groups", "target_group_members", "customer_data"]);
    wanted.selected = |_| false;
    assert_equal_to_source(&job, &wanted, "smaller pages");
}
