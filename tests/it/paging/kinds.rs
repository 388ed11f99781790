//! The same of lists without an order, and of pages with numbers.

use proptest::prelude::*;

use super::server::{Behaviour, Change, End, Kind, Order, Total, What};
use super::{READING, Reading, any_behaviour, any_reading, check};
use crate::support::cases;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 4000, ..ProptestConfig::with_cases(cases(150)) })]

    #[test]
    fn a_complete_list_without_an_order_holds_every_row_that_was_there_throughout(
        behaviour in any_behaviour(), reading in any_reading(),
    ) {
        // Where the order changes with every request, no page joins another: the total is all the evidence there is.
        let believed = !matches!(behaviour.total, Total::Off(_) | Total::Always(_));
        let total = if believed || behaviour.order != Order::Shuffled { behaviour.total } else { Total::Right };
        // A row that comes for every offset may be all that there is; the total says so, and nothing else can.
        let least = if behaviour.ignores_offset && !believed { 2 } else { 1 };
        let limits = behaviour.limits.iter().map(|&(from, limit)| (from, limit.max(least))).collect();
        let behaviour = Behaviour { total, limits, ..behaviour };
        check(&behaviour, Reading { kind: Kind::Unordered, ..reading })?;
    }

    #[test]
    fn a_complete_list_of_numbered_pages_holds_every_row_that_was_there_throughout(
        behaviour in any_behaviour(), reading in any_reading(),
    ) {
        // Nothing but the total says that a page is short, or another one: it is not wrong besides.
        let is_wrong = matches!(behaviour.total, Total::Off(_) | Total::Always(_));
        let behaviour = if is_wrong {
            Behaviour { short: Vec::new(), repeats: Vec::new(), limits: Vec::new(), ..behaviour }
        } else {
            behaviour
        };
        check(&behaviour, Reading { kind: Kind::Numbered, ..reading })?;
    }
}

const UNORDERED: Reading = Reading { kind: Kind::Unordered, ..READING };
const NUMBERED: Reading = Reading { kind: Kind::Numbered, ..READING };

#[test]
fn pages_that_do_not_join_are_no_list_because_their_number_is_right() {
    // The third page repeats the second, and what is left is as many rows as the server wrongly counts.
    let behaviour =
        Behaviour { total: Total::Off(-3), repeats: vec![3], overtakes: 25, ..Behaviour::plain(11) };
    check(&behaviour, Reading { page_size: 4, at_once: 2, ..UNORDERED }).unwrap();
}

#[test]
fn members_in_any_order_are_found_as_long_as_readings_differ() {
    for rows in [12, 40, 100] {
        let behaviour = Behaviour { order: Order::Shuffled, ..Behaviour::plain(rows) };
        let verdict = check(&behaviour, UNORDERED).unwrap().unwrap();
        assert!(verdict.complete, "{verdict:?}");
    }
}

#[test]
fn numbered_pages_without_a_total_are_not_known_to_be_all() {
    let behaviour =
        Behaviour { total: Total::Ignored, limits: vec![(2, 2)], short: vec![7], ..Behaviour::plain(9) };
    let verdict = check(&behaviour, Reading { page_size: 3, at_once: 1, ..NUMBERED }).unwrap().unwrap();
    assert!(!verdict.complete, "{verdict:?}");
}

#[test]
fn a_row_that_goes_and_another_that_comes_between_numbered_pages_hide_no_third() {
    for before in 2..5 {
        for place in 0..16 {
            let change = |what| Change { before, what };
            let changes = vec![change(What::Delete(0)), change(What::Insert(place))];
            let behaviour = Behaviour { order: Order::ByAge, changes, ..Behaviour::plain(30) };
            let verdict = check(&behaviour, Reading { at_once: 1, ..NUMBERED }).unwrap().unwrap();
            assert!(verdict.complete, "the readings after the change agree: {verdict:?}");
        }
    }
}

#[test]
fn a_server_that_gives_the_same_page_for_every_number_is_not_read_for_ever() {
    for total in [Total::Always(u64::MAX), Total::Always(1_000_000), Total::Ignored, Total::Right] {
        for order in [Order::ById, Order::Shuffled] {
            let behaviour = Behaviour { ignores_offset: true, total, order, ..Behaviour::plain(50) };
            let verdict = check(&behaviour, NUMBERED).unwrap().unwrap();
            assert!(!verdict.complete, "{verdict:?}");
        }
    }
}

#[test]
fn rows_beyond_a_total_make_it_no_proof_that_readings_bring_no_others() {
    // Every request brings the same page, and the server counts just the rows of one, where there are two more.
    let inserted = |before, place| Change { before, what: What::Insert(place) };
    let behaviour = Behaviour {
        total: Total::Off(-2),
        limits: vec![(1, 3)],
        ignores_offset: true,
        changes: vec![inserted(1, 1), inserted(1, 2), inserted(3, 0)],
        ..Behaviour::plain(2)
    };
    let verdict = check(&behaviour, Reading { page_size: 3, at_once: 1, ..UNORDERED }).unwrap().unwrap();
    assert!(!verdict.complete, "{verdict:?}");
}

#[test]
fn a_server_that_gives_everything_for_every_offset_is_believed() {
    for (rows, page_size) in [(1, 5), (3, 5), (5, 5), (8, 5)] {
        let behaviour = Behaviour { ignores_limit: true, ignores_offset: true, ..Behaviour::plain(rows) };
        let verdict = check(&behaviour, Reading { page_size, ..UNORDERED }).unwrap().unwrap();
        assert_eq!((verdict.complete, verdict.rows_received), (true, rows.into()), "{verdict:?}");
    }
}

#[test]
fn a_total_of_nothing_is_no_proof_against_rows_that_came() {
    for ignores_offset in [false, true] {
        let behaviour = Behaviour { total: Total::Always(0), ignores_offset, ..Behaviour::plain(5) };
        let verdict = check(&behaviour, Reading { page_size: 3, at_once: 1, ..UNORDERED }).unwrap().unwrap();
        let last = verdict.reasons.last().map(String::as_str);
        assert_eq!(last, Some("rows came beyond the server's total of 0"), "{verdict:?}");
    }
}

#[test]
fn a_full_page_that_comes_for_every_number_is_not_the_list_because_its_rows_are_counted() {
    for (rows, wrong, page_size) in [(9, -1, 8), (11, -3, 8), (8, 0, 8)] {
        let behaviour =
            Behaviour { total: Total::Off(wrong), ignores_offset: true, ..Behaviour::plain(rows) };
        let verdict = check(&behaviour, Reading { page_size, ..NUMBERED }).unwrap().unwrap();
        assert!(!verdict.complete, "{verdict:?}");
    }
}

#[test]
fn the_last_page_may_come_again_behind_the_end() {
    for rows in [1, 5, 10, 11, 20] {
        let behaviour = Behaviour { end: End::LastPage, ..Behaviour::plain(rows) };
        let verdict = check(&behaviour, NUMBERED).unwrap().unwrap();
        assert_eq!((verdict.complete, verdict.rows_received), (true, rows.into()), "{verdict:?}");
    }
}
