//! Paging against any server out of a model: what counts as complete holds every row that was there throughout,
//! once, and no server makes the engine ask without end.
//!
//! `PROPTEST_CASES=10000 cargo test paging` (or `make soak`) looks longer.

mod kinds;
mod server;

use std::collections::HashSet;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use tokio::runtime::Runtime;
use vainu_etl::catalog::{CUSTOMER_DATA, PROSPECTS, TARGET_GROUP_MEMBERS, TARGET_GROUPS};
use vainu_etl::extract::{ExtractError, ExtractSettings, Plan, PlannedStream, Unobserved, extract};
use vainu_etl::landing::ledger::{Entry, Header, LEDGER_VERSION, Verdict};
use vainu_etl::landing::runs::LandedRun;
use vainu_etl::landing::{Landing, read_page};
use vainu_etl::normalise::page_summary;
use vainu_etl::selection::{Selection, SelectionUse, lists_of};

use crate::support::{cases, with};
use server::{Behaviour, Change, End, Kind, Order, Prefix, Server, Total, What};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// How the engine reads.
#[derive(Debug, Clone, Copy)]
struct Reading {
    kind: Kind,
    page_size: u32,
    slice_rows: u64,
    at_once: usize,
}

const READING: Reading = Reading { kind: Kind::Ordered, page_size: 10, slice_rows: 1000, at_once: 4 };

/// What came of reading a list.
#[derive(Debug)]
struct Outcome {
    verdict: Verdict,
    /// Different ids on the pages that make up the list.
    accepted: HashSet<u32>,
}

/// The streams of a list of that kind, the one that has its rows last.
fn plan(kind: Kind) -> Plan {
    let streams = match kind {
        Kind::Ordered => {
            vec![PlannedStream::new(&PROSPECTS, lists_of(&[Selection::default()]).unwrap(), page_summary)]
        }
        Kind::Unordered => {
            vec![
                PlannedStream::new(&TARGET_GROUPS, Vec::new(), page_summary),
                PlannedStream::new(&TARGET_GROUP_MEMBERS, Vec::new(), page_summary),
            ]
        }
        Kind::Numbered => vec![PlannedStream::new(&CUSTOMER_DATA, Vec::new(), page_summary)],
    };
    Plan { streams, ..Plan::default() }
}

/// Reads the server's only list through the engine, with real landing and ledger.
fn read(server: &Server, reading: Reading) -> Result<Outcome, ExtractError> {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run");
    let plan = plan(reading.kind);
    let header = Header {
        version: LEDGER_VERSION,
        run_id: "run".to_owned(),
        started_at_us: 0,
        lists: plan.known_lists(),
        arguments: String::new(),
        fingerprint: String::new(),
        selection: SelectionUse::default(),
    };
    let settings = with(ExtractSettings::default(), |settings| {
        settings.page_size = reading.page_size;
        settings.slice_rows = reading.slice_rows;
        settings.requests_at_once = reading.at_once;
    });
    RUNTIME.block_on(async {
        let landing = Landing::create(&folder, &header)?;
        let mut read = extract(&plan, server, &landing, Vec::new(), settings, &Unobserved).await?;
        let verdict = read.verdicts.pop().unwrap();
        landing.note(Entry::Judged(verdict.clone())).await?;
        let run = LandedRun::read(&folder)?;
        let mut accepted = HashSet::new();
        for (_, at) in run.accepted_pages().into_iter().filter(|(key, _)| key.list == verdict.list) {
            accepted.extend(ids(&read_page(&folder, &at)?));
        }
        Ok(Outcome { verdict, accepted })
    })
}

fn ids(body: &[u8]) -> Vec<u32> {
    let page: Value = serde_json::from_slice(body).unwrap();
    let records = page.as_array().or_else(|| page["results"].as_array()).unwrap();
    let id =
        |record: &Value| record.get("business_id").or(record.get("id")).unwrap().as_str().unwrap().parse();
    records.iter().map(|record| id(record).unwrap()).collect()
}

/// Most requests that reading a list may take, whatever the server does.
///
/// At most three sweeps, twelve of a list without an order. In each, a slice is read in pages that advance by at least one
/// row up to twice the rows that there are (then more than half are repeats, and reading stops), plus what is asked for
/// beyond the end, each at most three times; a slice that is cut costs ten counts at each of ten digits.
fn most_requests(kind: Kind, rows: u64) -> u64 {
    match kind {
        Kind::Ordered => 3 * 3 * (2 * rows + 300) + 3 * 100 * (rows + 1),
        Kind::Unordered => 12 * 3 * (2 * rows + 300),
        Kind::Numbered => 3 * (2 * rows + 100),
    }
}

/// What must hold for every server.
fn check(behaviour: &Behaviour, reading: Reading) -> Result<Option<Verdict>, TestCaseError> {
    let server = Server::new(reading.kind, behaviour.clone());
    let outcome = read(&server, reading);
    let most = most_requests(reading.kind, server.most_rows());
    prop_assert!(server.requests() <= most, "{} requests, at most {most}", server.requests());
    let Outcome { verdict, accepted } = match outcome {
        Ok(outcome) => outcome,
        // A list that is not there at all is an error, and nothing is published.
        Err(ExtractError::NoSuchList { .. }) if behaviour.end == End::NotFound => return Ok(None),
        Err(error) => return Err(TestCaseError::fail(format!("{error}"))),
    };
    prop_assert_eq!(verdict.complete, verdict.reasons.is_empty());
    if verdict.complete {
        let lost: Vec<u32> = server.throughout().difference(&accepted).copied().collect();
        prop_assert!(lost.is_empty(), "{} rows lost: {lost:?}; {verdict:?}", lost.len());
        prop_assert_eq!(verdict.distinct_keys, verdict.rows_received, "no row is counted twice");
    }
    Ok(Some(verdict))
}

fn any_order() -> impl Strategy<Value = Order> {
    prop_oneof![
        4 => Just(Order::ById),
        2 => Just(Order::ByIdDescending),
        2 => Just(Order::ByAge),
        2 => Just(Order::Shuffled),
    ]
}

fn any_total() -> impl Strategy<Value = Total> {
    prop_oneof![
        5 => Just(Total::Right),
        2 => (-3_i64..4).prop_map(Total::Off),
        1 => prop_oneof![Just(0), 1..100_u64, Just(1_000_000), Just(u64::MAX)].prop_map(Total::Always),
        2 => Just(Total::Ignored),
        1 => Just(Total::Null),
        1 => Just(Total::NotWithPages),
    ]
}

fn any_change() -> impl Strategy<Value = Change> {
    let what = prop_oneof![any::<u16>().prop_map(What::Insert), any::<u16>().prop_map(What::Delete)];
    (1..40_u32, what).prop_map(|(before, what)| Change { before, what })
}

fn any_reading() -> impl Strategy<Value = Reading> {
    (3..13_u32, prop_oneof![Just(1000), 5..30_u64], 1..6_usize)
        .prop_map(|(page_size, slice_rows, at_once)| Reading { page_size, slice_rows, at_once, ..READING })
}

prop_compose! {
    fn any_behaviour()(
        rows in prop_oneof![1 => 0..4_u32, 4 => 0..60_u32],
        order in any_order(),
        total in any_total(),
        limits in vec((1..20_u32, 1..12_u64), 0..3),
        ignored in prop_oneof![8 => Just((false, false)), 1 => Just((true, false)), 1 => Just((false, true)), 1 => Just((true, true))],
        short in vec(1..20_u32, 0..3),
        repeats in vec(2..20_u32, 0..3),
        changes in prop_oneof![2 => Just(Vec::new()), 3 => vec(any_change(), 0..8)],
        end in prop_oneof![2 => Just(End::Empty), 2 => Just(End::NotFound), 1 => Just(End::LastPage)],
        object in any::<bool>(),
        prefix in prop_oneof![4 => Just(Prefix::Works), 1 => Just(Prefix::Ignored), 1 => Just(Prefix::FindsNothing)],
        overtakes in 0..50_u64,
    ) -> Behaviour {
        let mut limits = limits;
        limits.sort_unstable();
        // Rows that change places with every request cannot be told from rows that come and go: see 0006.
        let changes = if order == Order::Shuffled { Vec::new() } else { changes };
        // Pages of a single row have no seam to be torn at: see 0004. A short page of three rows has two.
        let least = if changes.is_empty() { 1 } else { 3 };
        for (_, limit) in &mut limits {
            *limit = least.max(*limit);
        }
        let (ignores_limit, ignores_offset) = ignored;
        Behaviour {
            rows, order, total, limits, ignores_limit, ignores_offset, short, repeats, changes, end,
            object, prefix, overtakes,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 4000, ..ProptestConfig::with_cases(cases(150)) })]

    #[test]
    fn a_complete_list_holds_every_row_that_was_there_throughout(behaviour in any_behaviour(), reading in any_reading()) {
        check(&behaviour, reading)?;
    }

    #[test]
    fn a_server_that_tells_the_truth_is_believed(
        behaviour in any_behaviour(), reading in any_reading(), counts in any::<bool>(), order in 0..3_usize,
    ) {
        // Clamped limits, short pages, either end, either envelope, answers out of order: all of that is honest.
        let honest = Behaviour {
            order: [Order::ById, Order::ByIdDescending, Order::ByAge][order],
            total: if counts { Total::Right } else { Total::Ignored },
            ignores_limit: false,
            ignores_offset: false,
            repeats: Vec::new(),
            changes: Vec::new(),
            end: if counts || behaviour.rows > 0 { behaviour.end } else { End::Empty },
            ..behaviour
        };
        // A page with a number does not follow the one before when it is shorter than that, and not every page may be.
        let same = vec![(1, honest.limits.first().map_or(12, |(_, limit)| *limit))];
        let end = if honest.rows > 0 { honest.end } else { End::Empty };
        let numbered =
            Behaviour { total: Total::Right, limits: same, short: Vec::new(), end, ..honest.clone() };
        for (kind, honest) in [(Kind::Ordered, &honest), (Kind::Unordered, &honest), (Kind::Numbered, &numbered)] {
            let verdict = check(honest, Reading { kind, ..reading })?;
            let verdict = verdict.expect("there is a list");
            prop_assert!(verdict.complete, "{kind:?}: {verdict:?}");
            prop_assert_eq!(verdict.rows_received, u64::from(honest.rows));
        }
    }
}

/// What the properties found, each in the smallest form that it was shrunk to, and what reading the code suggested.
fn regression(behaviour: &Behaviour) -> Option<Verdict> {
    check(behaviour, READING).unwrap()
}

#[test]
fn a_short_page_with_nothing_but_the_seam_is_not_the_end() {
    let behaviour = Behaviour { total: Total::Ignored, short: vec![3, 16], ..Behaviour::plain(28) };
    let reading = Reading { page_size: 3, at_once: 1, ..READING };
    let verdict = check(&behaviour, reading).unwrap().unwrap();
    assert_eq!((verdict.complete, verdict.rows_received), (true, 28));
}

#[test]
fn a_server_that_shuffles_and_ignores_offsets_is_not_read_for_ever() {
    for total in [Total::Right, Total::Ignored] {
        let behaviour =
            Behaviour { order: Order::Shuffled, ignores_offset: true, total, ..Behaviour::plain(50) };
        let verdict = regression(&Behaviour { prefix: Prefix::Ignored, ..behaviour }).unwrap();
        assert!(!verdict.complete);
    }
}

#[test]
fn a_total_beyond_all_reason_costs_no_more_than_a_round() {
    for total in [1_000_000, u64::MAX] {
        let behaviour = Behaviour { total: Total::Always(total), ..Behaviour::plain(35) };
        let verdict = regression(&behaviour).unwrap();
        assert!(!verdict.complete);
        assert_eq!(verdict.reasons.len(), 1, "{verdict:?}");
        assert!(verdict.reasons[0].contains(&total.to_string()), "{verdict:?}");
    }
}

#[test]
fn a_row_that_comes_and_goes_at_the_end_hides_no_other() {
    // Ten rows to a page, ten rows, and a new first one while they are read, gone again before the end is probed.
    for before in 2..5 {
        for place in 0..64 {
            let change = |before, what| Change { before, what };
            let changes = vec![change(before, What::Insert(place)), change(before + 1, What::Delete(0))];
            regression(&Behaviour { changes, ..Behaviour::plain(10) });
        }
    }
}

#[test]
fn a_server_that_turns_to_one_row_at_a_time_hides_none() {
    let behaviour =
        Behaviour { total: Total::Ignored, limits: vec![(3, 1)], repeats: vec![3], ..Behaviour::plain(22) };
    check(&behaviour, Reading { page_size: 3, at_once: 1, ..READING }).unwrap();
}

#[test]
fn a_wrong_total_and_one_more_fault_hide_no_row() {
    let found = [
        // A server that ignores the limit leaves out the row that its total does not count.
        (Behaviour { total: Total::Off(-1), ignores_limit: true, short: vec![1], ..Behaviour::plain(13) }, 3),
        // Its total is 0, and the page that is read with the total repeats an empty one.
        (Behaviour { total: Total::Always(0), repeats: vec![12], ..Behaviour::plain(48) }, 10),
        (Behaviour { total: Total::Always(0), repeats: vec![10, 11], ..Behaviour::plain(13) }, 4),
        (Behaviour { total: Total::Off(-1), repeats: vec![3, 4], ..Behaviour::plain(1) }, 3),
        // There is no total, and the first page repeats an empty one.
        (
            Behaviour {
                order: Order::Shuffled,
                total: Total::Null,
                repeats: vec![13],
                ..Behaviour::plain(5)
            },
            5,
        ),
        // From the third page on there is one row to a page, as the total says.
        (
            Behaviour {
                order: Order::Shuffled,
                total: Total::Off(-2),
                limits: vec![(3, 1)],
                ignores_offset: true,
                ..Behaviour::plain(3)
            },
            3,
        ),
        // A page that is full holds as many rows as the total by chance.
        (Behaviour { total: Total::Off(-2), ..Behaviour::plain(10) }, 8),
        (
            Behaviour {
                total: Total::Off(-2),
                limits: vec![(1, 5)],
                ignores_offset: true,
                ..Behaviour::plain(7)
            },
            6,
        ),
    ];
    for (behaviour, page_size) in found {
        check(&behaviour, Reading { page_size, at_once: 1, ..READING }).unwrap();
    }
}

#[test]
fn an_empty_page_that_is_repeated_is_no_end() {
    let behaviour = Behaviour {
        total: Total::Ignored,
        limits: vec![(1, 1)],
        repeats: vec![14],
        overtakes: 5,
        ..Behaviour::plain(12)
    };
    check(&behaviour, Reading { page_size: 3, at_once: 2, ..READING }).unwrap();
}

#[test]
fn rows_that_go_before_the_end_is_probed_hide_no_other() {
    let changes = vec![Change { before: 6, what: What::Delete(0) }; 2];
    let behaviour = Behaviour { total: Total::Ignored, short: vec![5], changes, ..Behaviour::plain(25) };
    check(&behaviour, Reading { page_size: 12, at_once: 1, ..READING }).unwrap();
}
