//! Which requests the lists of members, leads and customer data make.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan};
use vainu_etl::selection::Selection;

use super::changes::group_named;
use super::run::{assert_equal_to_source, job, list, query, requests, run};
use super::tables::{assert_same, found};
use super::wanted::Wanted;
use crate::support::{Job, simulator, value};

#[tokio::test(flavor = "multi_thread")]
async fn members_are_asked_for_by_limit_and_offset_between_two_counts() {
    let simulator = simulator(400, &[]).await;
    let job = Job { page_size: 100, ..job(&["target_group_members"]) };
    job.sync(&simulator).await.unwrap();
    let wide = group_named(&simulator, "Suomi ja Ruotsi");
    let members = simulator.members(&wide).unwrap().len();
    assert!((200..297).contains(&members), "three pages: {members}");
    let asked: Vec<String> =
        requests(&simulator, &format!("/target_group/{wide}/")).iter().map(query).collect();
    assert_eq!(
        (asked.first().unwrap().as_str(), asked.last().unwrap().as_str()),
        ("count=true", "count=true")
    );
    let page = |limit, offset: usize| format!("limit={limit}&offset={offset}&count=false");
    let pages: BTreeSet<&String> = asked[1..asked.len() - 1].iter().collect();
    let planned = [page(100, 0), page(100, 99), page(100, 198), page(100, members - 1), page(100, members)];
    assert_eq!(pages, planned.iter().collect());
    assert_eq!(asked.len(), 7, "each once");
    let all = requests(&simulator, "/target_group");
    assert!(all.iter().all(|request| request.method == "GET" && request.param("limit") != Some("none")));
    let paths: BTreeSet<&str> = all.iter().map(|request| request.path.as_str()).collect();
    assert_eq!(paths.len(), 1 + simulator.target_groups().len(), "the list of groups, and each of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_are_asked_for_since_59_days_in_every_run() {
    let simulator = simulator(400, &[]).await;
    let job = job(&["target_groups", "leads"]);
    for number in 1..=2 {
        simulator.clear_requests();
        let report = job.sync(&simulator).await.unwrap();
        let started: Timestamp = report.started_at.parse().unwrap();
        // A company that joined a target group since the last run brings what came before.
        let from = started - (59 * 24).hours();
        // What is sent has no zone, and whole seconds or a fraction as they come.
        let asked = requests(&simulator, "/leads/");
        assert_eq!(asked.len(), simulator.target_groups().len());
        for request in &asked {
            let names: Vec<&str> = request.query.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["from_datetime"]);
            let sent: Timestamp = format!("{}Z", request.param("from_datetime").unwrap()).parse().unwrap();
            assert!((sent - from).as_secs_f64().abs() <= 1.0, "{number}: {sent} {from}");
        }
        for line in report.lists.iter().filter(|line| line.stream == "leads") {
            assert!(line.complete);
            let window = [&line.window_from, &line.window_to]
                .map(|time| time.as_ref().unwrap().parse::<Timestamp>().unwrap());
            assert!((window[0] - from).as_secs_f64().abs() <= 1.0, "{number}");
            assert_eq!(window[1], started, "{number}");
        }
        let stored: i64 = value(
            &job.warehouse(),
            &format!(
                "SELECT count(*) FROM etl.streams s JOIN etl.runs r USING (run_id) WHERE run_id = '{}' \
                 AND stream = 'leads' AND window_to = r.started_at AND window_from IS NOT NULL",
                report.run_id
            ),
        );
        assert_eq!(stored, i64::try_from(asked.len()).unwrap());
    }
    let mut wanted = Wanted::all(&simulator, &["target_groups", "leads"]);
    wanted.selected = |_| false;
    wanted.leads_from = first_window(&job);
    assert_equal_to_source(&job, &wanted, "both runs together");
}

fn first_window(job: &Job) -> Timestamp {
    let micros: i64 =
        value(&job.warehouse(), "SELECT epoch_us(min(window_from)) FROM etl.streams WHERE stream = 'leads'");
    Timestamp::from_microsecond(micros).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_data_are_asked_for_page_by_page_with_their_filters() {
    let simulator = simulator(1500, &[]).await;
    let whole = job(&["customer_data"]);
    whole.sync(&simulator).await.unwrap();
    let asked: Vec<String> = requests(&simulator, "/customer_data/").iter().map(query).collect();
    let page = |page| format!("ordering=id&page_size=500&page={page}");
    assert_eq!(asked, [page(1), page(2)], "the second one is the proof that the first was all");

    simulator.clear_requests();
    let job = job(&["customer_data"]);
    let table: toml::Table = toml::from_str("won = true\nlost_deals_count__lt = 5").unwrap();
    let customers = Selection::customer_data(&table).unwrap();
    let label = customers.label.clone();
    let report = run(&job, &simulator, |settings| {
        settings.customer_lists = vec![customers];
        settings.extract.page_size = 7;
    });
    let report = report.await.unwrap();
    let wanted: BTreeSet<String> = simulator
        .customer_data()
        .iter()
        .filter(|customer| customer["won"] == true && customer["lost_deals_count"].as_u64().unwrap() < 5)
        .map(|customer| customer["id"].as_str().unwrap().to_owned())
        .collect();
    let rows = &found(&job.warehouse())["customer_data"];
    assert!((8..30).contains(&wanted.len()), "several pages, not all: {}", wanted.len());
    assert_eq!(rows.iter().map(|row| row["id"].clone().unwrap()).collect::<BTreeSet<_>>(), wanted);
    assert_eq!(list(&report, "customer_data", &label).rows_received, wanted.len() as u64);
    let sent = requests(&simulator, "/customer_data/");
    assert!(sent.iter().all(|request| request.method == "GET"));
    let mut asked: Vec<String> = sent.iter().map(query).collect();
    asked.sort();
    // The pages with rows and the empty one behind them, all of it twice: several pages are believed when two readings agree.
    let pages = 1..=wanted.len().div_ceil(7) + 1;
    let page = |number| format!("lost_deals_count__lt=5&won=true&ordering=id&page_size=7&page={number}");
    assert_eq!(asked, pages.flat_map(|number| [page(number), page(number)]).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_the_links_of_customer_data_lead_the_same_pages_are_asked_for() {
    let elsewhere = simulator(100, &[]).await;
    let mut first = None;
    for switch in ["next-page=right", "next-page=always", "next-page=bare", "next-page=elsewhere"] {
        let simulator = simulator(1500, &[switch]).await;
        let origin = elsewhere.base_url().trim_end_matches("/api/v1").to_owned();
        simulator.reconfigure(|config| config.switches.redirect_to = origin);
        let job = Job { page_size: 7, ..job(&["customer_data"]) };
        let report = job.sync(&simulator).await.unwrap();
        let line = list(&report, "customer_data", "all");
        assert_eq!((line.complete, line.rows_received, line.sweeps), (true, 30, 2), "{switch}");
        let mut wanted = Wanted::all(&simulator, &["customer_data"]);
        wanted.selected = |_| false;
        assert_equal_to_source(&job, &wanted, switch);
        let asked: BTreeSet<String> = simulator.requests().iter().map(query).collect();
        let tables = found(&job.warehouse());
        let (same, sent) = first.get_or_insert((tables.clone(), asked.clone()));
        assert_same(&tables, same, switch);
        assert_eq!(&asked, sent, "{switch}");
    }
    assert_eq!(elsewhere.requests().len(), 0, "no request goes to another origin");
}
