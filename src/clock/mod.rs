//! [`Clock`]: reads the time and sleeps, and can be replaced in tests. [`Timeline`]: the timestamps that are written,
//! which never go back.

mod shifted;
mod timeline;

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures::FutureExt;
use futures::future::BoxFuture;

pub use shifted::VARIABLE;
pub use timeline::{Jump, Timeline};

/// A source of time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Monotonic time, for intervals and deadlines.
    fn now(&self) -> Instant;
    /// Wall-clock time in UTC, to compare with dates that a server sends.
    fn wall(&self) -> SystemTime;
    /// Completes once [`Clock::now`] has reached `at`.
    fn sleep_until(&self, at: Instant) -> BoxFuture<'_, ()>;
}

/// The computer's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> SystemTime {
        let now_us = now_us();
        let length = Duration::from_micros(now_us.unsigned_abs());
        let wall = if now_us < 0 { UNIX_EPOCH.checked_sub(length) } else { UNIX_EPOCH.checked_add(length) };
        wall.unwrap_or(UNIX_EPOCH)
    }

    fn sleep_until(&self, at: Instant) -> BoxFuture<'_, ()> {
        tokio::time::sleep_until(at.into()).boxed()
    }
}

/// Wall-clock time of the computer.
pub fn now() -> jiff::Timestamp {
    shifted::by_the_environment(jiff::Timestamp::now())
}

/// Wall-clock time of the computer, in microseconds since 1970, UTC.
pub fn now_us() -> i64 {
    now().as_microsecond()
}

/// A duration in microseconds as text for people: `3 days 4 h`, `12 min`, `40 s`.
pub fn length_text(microseconds: u64) -> String {
    let seconds = microseconds / 1_000_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let plural = if days == 1 { "" } else { "s" };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} day{plural} {hours} h"),
    }
}

/// A clock for tests that stands still. A sleep returns at once, advances the clock and is recorded.
#[derive(Debug)]
pub struct SkippingClock {
    start: Instant,
    wall: SystemTime,
    state: Mutex<Skipped>,
}

#[derive(Debug, Default)]
struct Skipped {
    total: Duration,
    sleeps: Vec<Duration>,
}

impl SkippingClock {
    /// A clock whose wall-clock time starts at `wall`.
    pub fn new(wall: SystemTime) -> Self {
        Self { start: Instant::now(), wall, state: Mutex::default() }
    }

    /// All sleeps so far, in the order of the calls. A sleep until a time in the past is omitted.
    pub fn sleeps(&self) -> Vec<Duration> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).sleeps.clone()
    }

    fn total(&self) -> Duration {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).total
    }
}

impl Clock for SkippingClock {
    fn now(&self) -> Instant {
        self.start + self.total()
    }

    fn wall(&self) -> SystemTime {
        self.wall + self.total()
    }

    fn sleep_until(&self, at: Instant) -> BoxFuture<'_, ()> {
        async move {
            {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                let wait = at.saturating_duration_since(self.start + state.total);
                if !wait.is_zero() {
                    state.total += wait;
                    state.sleeps.push(wait);
                }
            }
            tokio::task::yield_now().await;
        }
        .boxed()
    }
}

/// Microseconds since 1970, UTC, as `2026-01-31T23:59:59Z`. Empty when out of range.
pub fn utc_text(microseconds: i64) -> String {
    jiff::Timestamp::from_microsecond(microseconds)
        .map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_skipped_sleep_moves_both_clocks_and_is_written_down() {
        let clock = SkippingClock::new(SystemTime::UNIX_EPOCH);
        let start = clock.now();
        clock.sleep_until(start + Duration::from_secs(7)).await;
        clock.sleep_until(start + Duration::from_secs(5)).await;
        assert_eq!(clock.now(), start + Duration::from_secs(7));
        assert_eq!(clock.wall(), SystemTime::UNIX_EPOCH + Duration::from_secs(7));
        assert_eq!(clock.sleeps(), [Duration::from_secs(7)]);
    }
}
