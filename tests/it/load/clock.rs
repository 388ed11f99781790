//! Loads whose clock stands before that of an earlier one.

use serde_json::json;

use super::rig::{Rig, complete};
use crate::staged_fixture::{SEEN_AT_US, StagedFixture};

const DAY_US: i64 = 86_400_000_000;

#[test]
fn what_was_seen_by_a_clock_that_stands_before_an_earlier_one_takes_no_time_back() {
    for days in [-400, -1, 0, 1, 400] {
        let rig = Rig::new();
        let staged = |days: i64, names: &[&str]| {
            let staged = StagedFixture::new().seen_at(SEEN_AT_US + days * DAY_US);
            names.iter().fold(staged, |staged, id| staged.row(0, "FI", id, json!({"company_name": "A"})))
        };
        rig.load("r1", staged(0, &["1", "2"]), vec![complete("FI")]).unwrap();
        let finished_at_us = SEEN_AT_US + days * DAY_US;
        let change = |input: &mut vainu_etl::load::LoadInput| {
            input.max_deleted_percent = 100.0;
            (input.run.started_at_us, input.run.finished_at_us) = (finished_at_us, finished_at_us);
        };
        rig.load_with("r2", staged(days, &["1"]), vec![complete("FI")], change).unwrap();
        let seen = "SELECT business_id, date_diff('day', _first_seen_at, _last_seen_at), _deleted_at >= _last_seen_at
                    FROM prospects ORDER BY ALL";
        assert_eq!(rig.rows(seen), [format!("1|{}|NULL", days.max(0)), "2|0|true".to_owned()], "{days} days");
        let changed = "SELECT count(*) FROM etl.changes c JOIN prospects p USING (business_id)
                       WHERE c.changed_at < p._first_seen_at";
        assert_eq!(rig.rows(changed), ["0"], "{days} days");
    }
}
