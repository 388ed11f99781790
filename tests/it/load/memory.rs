//! Loads whose companies just fit in `DuckDB`'s memory, so that a join of them would leave too little for writing them.

use vainu_etl::load::{Counts, publish};

use super::measure::input;
use super::rig::{NO_HOOKS, Rig};

#[test]
fn companies_that_just_fit_in_memory_are_merged() {
    const COMPANIES: u32 = 70_000;
    let mut rig = Rig::new();
    (rig.settings.memory_limit_mb, rig.settings.threads) = (90, 1);
    let all = u64::from(COMPANIES);
    let loads = [
        ("r1", false, Counts { inserted: all, ..Counts::default() }),
        ("r2", false, Counts { unchanged: all, ..Counts::default() }),
        // Company 0 has no turnover that would grow.
        ("r3", true, Counts { updated: all - 1, unchanged: 1, ..Counts::default() }),
    ];
    for (run, changed, expected) in loads {
        let input = input(&rig, run, COMPANIES, |_| changed);
        let published = publish(&rig.workspace, &rig.lock, &input, &rig.settings, NO_HOOKS).unwrap();
        assert_eq!(published.totals, expected, "{run}");
    }
    let sums = rig.rows("SELECT count(*), sum(turn_over_eur) FROM prospects");
    assert_eq!(sums, [format!("{COMPANIES}|{}.00", 3 * all * (all - 1) / 2)]);
    assert_eq!(rig.rows("SELECT count(*) FROM etl.changes"), [(2 * (all - 1)).to_string()]);
}
