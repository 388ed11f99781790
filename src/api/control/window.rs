//! [`Window`]: how many requests may be in flight, as TCP finds it.

/// Requests in flight at the start.
const FIRST: usize = 2;

/// Grows while answers are good, halves when the server is in trouble.
#[derive(Debug)]
pub(super) struct Window {
    limit: usize,
    max: usize,
    /// Until the first trouble each good answer adds one, which doubles the window per round.
    slow_start: bool,
    /// Good answers since the window last grew; a window's worth of them is a round and adds one.
    good: usize,
    /// Most requests in flight since the round began. The window grows only while it is what holds requests back,
    /// or a client with little to ask would end up with a window that nothing has tried.
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

    /// Counts a start, after which there are `in_flight` requests.
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

    /// Makes room for half as many, at least one.
    pub(super) fn halve(&mut self) {
        self.limit = (self.limit / 2).max(1);
        self.slow_start = false;
        (self.good, self.peak) = (0, 0);
    }

    fn grow(&mut self) {
        self.limit = (self.limit + 1).min(self.max);
    }
}
