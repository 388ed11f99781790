//! [`Bucket`]: a token bucket.

use std::time::{Duration, Instant};

/// Share of a token that rounding may lose during the wait for exactly one.
const ROUNDING: f64 = 1e-6;

/// Holds up to `burst` tokens and gains `rate` tokens per second. Each start takes one token.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: f64,
    burst: f64,
    tokens: f64,
    filled_at: Instant,
}

impl Bucket {
    /// A full bucket. `burst` is raised to 1 if it is less: with less than one token no request could start.
    pub(super) fn full(rate: f64, burst: f64, now: Instant) -> Self {
        let burst = burst.max(1.0);
        Self { rate, burst, tokens: burst, filled_at: now }
    }

    /// An empty bucket.
    pub(super) fn empty(rate: f64, burst: f64, now: Instant) -> Self {
        Self { tokens: 0.0, ..Self::full(rate, burst, now) }
    }

    /// Time of the next start: `now` if a token is available.
    pub(super) fn ready_at(&mut self, now: Instant) -> Instant {
        self.fill(now);
        let missing = 1.0 - self.tokens;
        if missing <= ROUNDING {
            return now;
        }
        now + Duration::try_from_secs_f64(missing / self.rate).unwrap_or(Duration::from_hours(1))
    }

    pub(super) fn take(&mut self) {
        self.tokens -= 1.0;
    }

    /// Changes the rate from `now` on. Tokens gained before keep the old rate.
    pub(super) fn set_rate(&mut self, rate: f64, now: Instant) {
        self.fill(now);
        self.rate = rate;
    }

    /// Gains no tokens for the next `time`.
    pub(super) fn skip(&mut self, time: Duration) {
        self.filled_at += time;
    }

    fn fill(&mut self, now: Instant) {
        if now > self.filled_at {
            let gained = now.duration_since(self.filled_at).as_secs_f64() * self.rate;
            self.tokens = (self.tokens + gained).min(self.burst);
            self.filled_at = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_its_burst_then_its_rate() {
        let begin = Instant::now();
        let mut bucket = Bucket::full(4.0, 2.0, begin);
        let mut now = begin;
        let mut starts = Vec::new();
        for _ in 0..5 {
            now = bucket.ready_at(now);
            assert_eq!(bucket.ready_at(now), now);
            bucket.take();
            starts.push((now - begin).as_millis());
        }
        assert_eq!(starts, [0, 0, 250, 500, 750]);
        bucket.set_rate(0.001, now);
        assert_eq!((bucket.ready_at(now) - now).as_secs(), 1000);
    }
}
