//! Shifts the wall clock, to test that a wrong clock does no harm.
//!
//! `VAINU_ETL_CLOCK=SECONDS[@READS],…` adds `SECONDS`, which may be negative, to the computer's clock after `READS`
//! readings (from the start when omitted): `86400` is a day ahead, and `0,-86400@20` goes back a day in the middle of a
//! run. Ignored in builds without debug assertions.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// The environment variable.
pub const VARIABLE: &str = "VAINU_ETL_CLOCK";

/// The time that the environment variable asks for.
pub(super) fn by_the_environment(now: Timestamp) -> Timestamp {
    if cfg!(debug_assertions) { shifted(now) } else { now }
}

fn shifted(now: Timestamp) -> Timestamp {
    static SHIFTS: OnceLock<Vec<Shift>> = OnceLock::new();
    static READS: AtomicU64 = AtomicU64::new(0);
    let shifts =
        SHIFTS.get_or_init(|| std::env::var(VARIABLE).map_or_else(|_| Vec::new(), |text| parse(&text)));
    if shifts.is_empty() {
        return now;
    }
    let read = READS.fetch_add(1, Ordering::Relaxed);
    let seconds = shifts.iter().rfind(|shift| shift.after <= read).map_or(0, |shift| shift.seconds);
    now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(now)
}

/// A shift in seconds, and the number of readings before it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shift {
    after: u64,
    seconds: i64,
}

/// Parses the variable. Invalid parts are ignored.
fn parse(text: &str) -> Vec<Shift> {
    let shift = |part: &str| {
        let (seconds, after) = part.split_once('@').unwrap_or((part, "0"));
        Some(Shift { after: after.trim().parse().ok()?, seconds: seconds.trim().parse().ok()? })
    };
    text.split(',').filter_map(shift).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_are_read_with_the_reading_from_which_they_hold() {
        assert_eq!(parse("86400"), [Shift { after: 0, seconds: 86_400 }]);
        let both = [Shift { after: 0, seconds: 0 }, Shift { after: 20, seconds: -86_400 }];
        assert_eq!(parse("0,-86400@20"), both);
        assert_eq!(parse("tomorrow"), []);
    }
}
