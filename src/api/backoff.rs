//! [`Delays`]: how long one request waits before each retry.
//!
//! The ladder (0.5 s, doubling, capped) is `backon`'s. The jitter is our own, because `backon` adds up to one step
//! *on top of* a step, so that nobody waits less than the step: many requests that failed together still come back
//! together. Full jitter spreads them over the whole step. `backon`'s retry loop is not used either: ours has to ask
//! the rate control, the run's budgets, the deadline and the interruption before each attempt.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

const FIRST_STEP: Duration = Duration::from_millis(500);

/// Where a wait falls between nothing and the full step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Jitter {
    /// Evenly random. The right one outside tests.
    #[default]
    Random,
    /// Always this share of the step, from 0 to 1; 0 never waits.
    Fixed(f64),
}

impl Jitter {
    /// A share of at least 0 and less than 1 (or the fixed one).
    fn share(self) -> f64 {
        match self {
            // Every RandomState has keys of its own, so hashing nothing gives a fresh random number.
            Self::Random => {
                f64::from(u32::try_from(RandomState::new().hash_one(()) >> 32).unwrap_or(0)) / 4_294_967_296.0
            }
            Self::Fixed(share) => share.clamp(0.0, 1.0),
        }
    }
}

/// The waits of one request, in order and without end.
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
