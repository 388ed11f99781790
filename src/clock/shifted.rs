//! A clock that is wrong, to show that it does no harm.
//!
//! `VAINU_ETL_CLOCK=SECONDS[@READS],…` sets the computer's clock off by so many seconds, which may be negative, after it
//! was read so many times (from the start when omitted): `86400` is a day ahead, `0,-86400@20` goes a day back in the
//! middle of a run. Builds without debug assertions know nothing of this.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// The environment variable.
pub const VARIABLE: &str = "VAINU_ETL_CLOCK";

/// What the clock shows that the environment asks for.
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

/// From which reading on the clock is wrong, and by how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shift {
    after: u64,
    seconds: i64,
}

/// What cannot be understood is left out.
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
