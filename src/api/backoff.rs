//! [`Delays`]: how long one request waits before each retry.
//!
//! The base delays (0.5 s, doubling, capped) come from `backon`. The jitter does not: `backon` adds up to one step *on
//! top of* each step, so no request waits less than the step, and many requests that failed together are sent again
//! together. Full jitter spreads them over the whole step. The retry loop of `backon` is not used either: before each
//! attempt ours checks the rate control, the run's budgets, the deadline and the interruption.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

const FIRST_STEP: Duration = Duration::from_millis(500);

/// How a delay is chosen between 0 and the full step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Jitter {
    /// Uniformly random. The choice outside tests.
    #[default]
    Random,
    /// Always this share of the step, from 0 to 1. With 0 there is no delay.
    Fixed(f64),
}

impl Jitter {
    /// A random share from 0 up to but not including 1, or the fixed share.
    fn share(self) -> f64 {
        match self {
            // Every `RandomState` has its own keys, so the hash of `()` is a fresh random number.
            Self::Random => {
                f64::from(u32::try_from(RandomState::new().hash_one(()) >> 32).unwrap_or(0)) / 4_294_967_296.0
            }
            Self::Fixed(share) => share.clamp(0.0, 1.0),
        }
    }
}

/// The delays of one request, in order. Never ends.
#[derive(Debug)]
pub(super) struct Delays {
    ladder: ExponentialBackoff,
    jitter: Jitter,
    cap: Duration,
}

impl Delays {
    pub(super) fn new(cap: Duration, jitter: Jitter) -> Self {
        let ladder = ExponentialBuilder::new()
            .with_factor(2.0)
            .with_min_delay(FIRST_STEP.min(cap))
            .with_max_delay(cap)
            .without_max_times()
            .build();
        Self { ladder, jitter, cap }
    }

    pub(super) fn next(&mut self) -> Duration {
        self.ladder.next().unwrap_or(self.cap).mul_f64(self.jitter.share())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(jitter: Jitter) -> Vec<u128> {
        let mut delays = Delays::new(Duration::from_secs(30), jitter);
        (0..8).map(|_| delays.next().as_millis()).collect()
    }

    #[test]
    fn the_ladder_doubles_up_to_its_cap() {
        assert_eq!(waits(Jitter::Fixed(1.0)), [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
        assert_eq!(waits(Jitter::Fixed(0.5)), [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
        assert_eq!(waits(Jitter::Fixed(0.0)), [0; 8]);
    }

    #[test]
    fn random_waits_spread_over_the_whole_step() {
        let shares: Vec<f64> = (0..1000).map(|_| Jitter::Random.share()).collect();
        assert!(shares.iter().all(|share| (0.0..1.0).contains(share)));
        assert!(shares.iter().any(|share| *share < 0.05) && shares.iter().any(|share| *share > 0.95));
    }
}
