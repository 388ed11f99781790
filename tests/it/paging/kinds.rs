//! The same of lists without an order, and of pages with numbers.

use proptest::prelude::*;

use super::server::{Behaviour, Change, Kind, Order, Total, What};
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
        check(&Behaviour { total, ..behaviour }, Reading { kind: Kind::Unordered, ..reading })?;
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
