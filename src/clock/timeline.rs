//! [`Timeline`]: the timestamps that a run writes.

use std::sync::atomic::{AtomicI64, Ordering};

/// Minimum difference, in microseconds, between the start of a run and the latest timestamp before it. The resolution
/// of run ids is 1/65,536 s.
const STEP_US: i64 = 16;
/// A clock that goes back by no more than this, in microseconds, is being adjusted and not wrong.
const ADJUSTED_US: i64 = 60_000_000;

/// Returns the timestamps to write: the computer's time, but never before a timestamp that was already written.
///
/// A clock that was once too far ahead leaves timestamps in the warehouse that the correct clock has not reached yet.
/// Until then every new timestamp equals the latest one, so that timestamps never go back and runs stay in order.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "each is a time, and says its unit")]
pub struct Timeline {
    /// Latest timestamp, in microseconds since 1970, UTC.
    latest_us: AtomicI64,
    /// Maximum difference by which the clock was behind the latest timestamp, in microseconds.
    behind_us: AtomicI64,
    /// The clock at the start, in microseconds since 1970, UTC.
    clock_us: i64,
    started_us: i64,
    written_us: Option<i64>,
}

/// The clock is behind a timestamp that was already written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jump {
    /// The clock, in microseconds since 1970, UTC.
    pub clock_us: i64,
    /// The latest written timestamp, in microseconds since 1970, UTC.
    pub written_us: i64,
}

impl Timeline {
    /// Continues after the latest written timestamp, in microseconds since 1970, UTC. `None` when nothing was written
    /// before.
    pub fn after(written_us: Option<i64>) -> Self {
        let clock_us = super::now_us();
        let started_us = written_us.map_or(clock_us, |written| written.saturating_add(STEP_US).max(clock_us));
        let (latest_us, behind_us) = (AtomicI64::new(started_us), AtomicI64::new(0));
        Self { latest_us, behind_us, clock_us, started_us, written_us }
    }

    /// The timestamp to write now, in microseconds since 1970, UTC: the clock's, or the latest one if that is later.
    pub fn now_us(&self) -> i64 {
        self.take_in(super::now_us())
    }

    fn take_in(&self, clock_us: i64) -> i64 {
        let latest_us = self.latest_us.fetch_max(clock_us, Ordering::Relaxed);
        self.behind_us.fetch_max(latest_us.saturating_sub(clock_us), Ordering::Relaxed);
        latest_us.max(clock_us)
    }

    /// The clock at the start, in microseconds since 1970, UTC, even if a later timestamp was already written.
    pub fn clock_us(&self) -> i64 {
        self.clock_us
    }

    /// The first timestamp of the run, in microseconds since 1970, UTC.
    pub fn started_us(&self) -> i64 {
        self.started_us
    }

    /// The difference at the start, if the clock was more than a minute behind the latest written timestamp.
    pub fn jump(&self) -> Option<Jump> {
        let (clock_us, written_us) = (self.clock_us, self.written_us?);
        (written_us.saturating_sub(clock_us) > ADJUSTED_US).then_some(Jump { clock_us, written_us })
    }

    /// By how much the clock went back since the start, in microseconds. `None` up to a minute, and when
    /// [`Timeline::jump`] reports it already.
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
