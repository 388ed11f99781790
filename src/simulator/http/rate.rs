//! The switch `rate-limit`: the number of requests answered in a second.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Length of the sliding window in which requests are counted.
const WINDOW: Duration = Duration::from_secs(1);

/// The times of the requests in the last second that were not refused.
#[derive(Debug, Default)]
pub(in crate::simulator) struct Rate(Mutex<VecDeque<Instant>>);

impl Rate {
    /// True if a request at `now` exceeds the limit. `None` for no limit.
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
