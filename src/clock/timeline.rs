//! [`Timeline`]: the times that a run writes down.

use std::sync::atomic::{AtomicI64, Ordering};

/// A run begins at least so much after what was written before it: ids of runs tell 65,536ths of a second apart.
const STEP_US: i64 = 16;
/// A clock that goes back less than this is being adjusted, not wrong.
const ADJUSTED_US: i64 = 60_000_000;

/// Gives the times that are written down: those of the computer's clock, but none before what was written already.
///
/// A clock that stood too far ahead once leaves times in the warehouse that the right clock has not reached yet. What is
/// written until then carries the last of them, so that nothing was seen before it was there, and runs stay in order.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "each is a time, and says its unit")]
pub struct Timeline {
    /// Microseconds since 1970, UTC.
    latest_us: AtomicI64,
    /// The most that the clock was behind what was written.
    behind_us: AtomicI64,
    /// What the clock said at the start.
    clock_us: i64,
    started_us: i64,
    written_us: Option<i64>,
}

/// The clock is behind what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jump {
    /// What the clock said, microseconds since 1970, UTC.
    pub clock_us: i64,
    /// What was written already.
    pub written_us: i64,
}

impl Timeline {
    /// Goes on after what was written last, microseconds since 1970, UTC; none when nothing was.
    pub fn after(written_us: Option<i64>) -> Self {
        let clock_us = super::now_us();
        let started_us = written_us.map_or(clock_us, |written| written.saturating_add(STEP_US).max(clock_us));
        let (latest_us, behind_us) = (AtomicI64::new(started_us), AtomicI64::new(0));
        Self { latest_us, behind_us, clock_us, started_us, written_us }
    }

    /// The time to write down now: the clock's, or the latest that was given or written before.
    pub fn now_us(&self) -> i64 {
        self.take_in(super::now_us())
    }

    fn take_in(&self, clock_us: i64) -> i64 {
        let latest_us = self.latest_us.fetch_max(clock_us, Ordering::Relaxed);
        self.behind_us.fetch_max(latest_us.saturating_sub(clock_us), Ordering::Relaxed);
        latest_us.max(clock_us)
    }

    /// What the clock said at the start, microseconds since 1970, UTC: also when that was written before.
    pub fn clock_us(&self) -> i64 {
        self.clock_us
    }

    /// The first time to write down, microseconds since 1970, UTC.
    pub fn started_us(&self) -> i64 {
        self.started_us
    }

    /// Whether the clock was behind what was written before, at the start.
    pub fn jump(&self) -> Option<Jump> {
        let (clock_us, written_us) = (self.clock_us, self.written_us?);
        (written_us.saturating_sub(clock_us) > ADJUSTED_US).then_some(Jump { clock_us, written_us })
    }

    /// By how much the clock went back since the start, microseconds; none when it did not.
    pub fn went_back_us(&self) -> Option<i64> {
        let behind_us = self.behind_us.load(Ordering::Relaxed);
        (self.jump().is_none() && behind_us > ADJUSTED_US).then_some(behind_us)
    }
}

impl Default for Timeline {
    fn default() -> Self {
        Self::after(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_US: i64 = 86_400_000_000;

    #[test]
    fn times_go_on_from_the_clock_or_from_what_was_written_and_never_back() {
        let now = crate::clock::now_us();
        for (written, ahead) in
            [(None, false), (Some(0), false), (Some(now - DAY_US), false), (Some(now + DAY_US), true)]
        {
            let timeline = Timeline::after(written);
            let first = timeline.now_us();
            assert_eq!(first > now + DAY_US, ahead, "{written:?}");
            assert!(written.is_none_or(|written| first > written), "{written:?}");
            assert!(timeline.now_us() >= first);
            assert_eq!(timeline.jump().map(|jump| jump.written_us), written.filter(|_| ahead));
            assert_eq!(timeline.went_back_us(), None);
        }
    }

    #[test]
    fn a_clock_that_goes_back_in_between_is_told_from_one_that_is_adjusted() {
        let timeline = Timeline::after(None);
        let start = timeline.now_us();
        assert_eq!(timeline.take_in(start - ADJUSTED_US), start);
        assert_eq!(timeline.went_back_us(), None);
        assert!(timeline.take_in(start - DAY_US) >= start);
        assert!(timeline.went_back_us().is_some_and(|back| back >= DAY_US));
    }
}
