//! The switch `rate-limit`: how many requests a second are answered.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Requests of how long count against the limit.
const WINDOW: Duration = Duration::from_secs(1);

/// When the requests of the last second came that were not refused.
#[derive(Debug, Default)]
pub(in crate::simulator) struct Rate(Mutex<VecDeque<Instant>>);

impl Rate {
    /// Whether a request that comes at `now` is one too many.
    pub(in crate::simulator) fn refuses(&self, limit: Option<u64>, now: Instant) -> bool {
        let Some(limit) = limit else { return false };
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while times.front().is_some_and(|time| now.duration_since(*time) >= WINDOW) {
            times.pop_front();
        }
        if times.len() as u64 >= limit {
            return true;
        }
        times.push_back(now);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_allowed_pass_in_any_second() {
        let (rate, begin) = (Rate::default(), Instant::now());
        let refused = |ms| rate.refuses(Some(2), begin + Duration::from_millis(ms));
        assert_eq!(
            [0, 500, 900, 999, 1000, 1400, 1500].map(refused),
            [false, false, true, true, false, true, false]
        );
        assert!(!Rate::default().refuses(None, begin));
    }
}
