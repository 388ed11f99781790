//! [`Window`]: the limit of requests in flight, found as in TCP congestion control.

/// Limit of requests in flight at the start.
const FIRST: usize = 2;

/// Grows with good answers and halves when the server is overloaded.
#[derive(Debug)]
pub(super) struct Window {
    limit: usize,
    max: usize,
    /// True until the first congestion. Each good answer then adds one, which doubles the window per round.
    slow_start: bool,
    /// Good answers since the window last grew. After slow start, as many as the window's size are a round and add one.
    good: usize,
    /// Maximum of requests in flight since the round began. The window grows only when it is the limiting factor;
    /// otherwise a client with few requests would get a large window that was never tested.
    peak: usize,
}

impl Window {
    pub(super) fn new(max: usize) -> Self {
        let max = max.max(1);
        Self { limit: FIRST.min(max), max, slow_start: true, good: 0, peak: 0 }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Counts a start. `in_flight` includes it.
    pub(super) fn started(&mut self, in_flight: usize) {
        self.peak = self.peak.max(in_flight);
    }

    /// Counts a good answer.
    pub(super) fn answered(&mut self) {
        self.good += 1;
        if self.slow_start {
            if self.limit < 2 * self.peak {
                self.grow();
            }
        } else if self.good >= self.limit {
            if self.peak >= self.limit {
                self.grow();
            }
            (self.good, self.peak) = (0, 0);
        }
    }

    /// Halves the window, to at least one.
    pub(super) fn halve(&mut self) {
        self.limit = (self.limit / 2).max(1);
        self.slow_start = false;
        (self.good, self.peak) = (0, 0);
    }

    fn grow(&mut self) {
        self.limit = (self.limit + 1).min(self.max);
    }
}
