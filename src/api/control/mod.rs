//! [`RateControl`]: decides when the next request may start. A state machine without clock, lock or I/O of its own.
//!
//! A request starts when four rules allow it:
//! - the *window*: how many requests may be in flight; found by additive increase and multiplicative decrease;
//! - the *limit*: the user's requests per second, a token bucket;
//! - the *pace*: the rate learned from answers with status 429;
//! - the *pause*: the time until which the server asked for no requests (`Retry-After`).

mod bucket;
mod pace;
#[cfg(test)]
mod simulation;
mod window;

use std::time::{Duration, Instant};

use bucket::Bucket;
use pace::Pace;
use window::Window;

/// A started request. Returned with [`RateControl::finish`] or [`RateControl::release`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    /// Number of the request, from 0. Tells whether it started before or after a cut.
    number: u64,
}

/// Whether a request may start.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// It may, and counts as started.
    Now(Ticket),
    /// Not before this time. Ask again then.
    At(Instant),
    /// Not before another request has ended.
    AfterAnAnswer,
}

/// What a finished request says about the server's capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feedback {
    /// Answered: there may be capacity for more.
    Good,
    /// Status 429: too many requests per time.
    Throttled,
    /// Status 503 or 504, or a timeout: too many requests at once.
    Congested,
    /// Failed for a reason unrelated to capacity.
    Neutral,
}

/// Congestion epochs: one cut for all failures of requests that started before that cut.
#[derive(Debug, Default)]
struct Epoch {
    first_after_cut: u64,
}

impl Epoch {
    /// Whether the failure of `ticket` starts a new epoch. If so, the epoch begins with request number `next`.
    fn opens(&mut self, ticket: &Ticket, next: u64) -> bool {
        let opens = ticket.number >= self.first_after_cut;
        if opens {
            self.first_after_cut = next;
        }
        opens
    }
}

/// Current state of the rate control, for statistics and logs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct State {
    pub(super) in_flight: usize,
    pub(super) window: usize,
    pub(super) pace: Option<f64>,
}

/// The rate control. The caller passes the time to every method.
#[derive(Debug)]
pub(super) struct RateControl {
    window: Window,
    limit: Option<Bucket>,
    pace: Pace,
    paused_until: Option<Instant>,
    in_flight: usize,
    next: u64,
    window_epoch: Epoch,
    pace_epoch: Epoch,
}

impl RateControl {
    /// Allows at most `max_in_flight` requests in flight and `per_second` starts per second. The burst is one second's
    /// worth or `max_in_flight`, whichever is less.
    pub(super) fn new(max_in_flight: usize, per_second: Option<f64>, now: Instant) -> Self {
        let burst = |rate: f64| rate.min(f64::from(u32::try_from(max_in_flight).unwrap_or(u32::MAX)));
        Self {
            window: Window::new(max_in_flight),
            limit: per_second.map(|rate| Bucket::full(rate, burst(rate), now)),
            pace: Pace::new(),
            paused_until: None,
            in_flight: 0,
            next: 0,
            window_epoch: Epoch::default(),
            pace_epoch: Epoch::default(),
        }
    }

    /// Starts a request if all rules allow it now.
    pub(super) fn start(&mut self, now: Instant) -> Start {
        if self.in_flight >= self.window.limit() {
            return Start::AfterAnAnswer;
        }
        let limit = self.limit.as_mut().map(|bucket| bucket.ready_at(now));
        let at = [self.paused_until, limit, self.pace.ready_at(now)].into_iter().flatten().max();
        if let Some(at) = at.filter(|at| *at > now) {
            return Start::At(at);
        }
        if let Some(bucket) = &mut self.limit {
            bucket.take();
        }
        self.pace.started(now);
        self.in_flight += 1;
        self.window.started(self.in_flight);
        self.next += 1;
        Start::Now(Ticket { number: self.next - 1 })
    }

    /// Ends a request. Returns whether the client slowed down because of it.
    pub(super) fn finish(&mut self, ticket: &Ticket, feedback: Feedback, now: Instant) -> bool {
        self.in_flight = self.in_flight.saturating_sub(1);
        match feedback {
            Feedback::Good => {
                self.pace.answered(now);
                self.window.answered();
                false
            }
            Feedback::Neutral => false,
            Feedback::Congested => self.cut_window(ticket),
            Feedback::Throttled => {
                let slower = self.pace_epoch.opens(ticket, self.next);
                if slower {
                    self.pace.throttled(now);
                }
                self.cut_window(ticket) || slower
            }
        }
    }

    /// Ends a request that was abandoned. Nothing is learned from it.
    pub(super) fn release(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Starts no requests for `wait` from `now`. Never shortens an earlier pause.
    pub(super) fn pause(&mut self, wait: Duration, now: Instant) {
        let from = self.paused_until.map_or(now, |until| until.max(now));
        let until = (now + wait).max(from);
        self.pace.skip(until.saturating_duration_since(from), now);
        self.paused_until = Some(until);
    }

    pub(super) fn state(&self) -> State {
        State { in_flight: self.in_flight, window: self.window.limit(), pace: self.pace.rate() }
    }

    fn cut_window(&mut self, ticket: &Ticket) -> bool {
        let cut = self.window_epoch.opens(ticket, self.next);
        if cut {
            self.window.halve();
        }
        cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn start_all(control: &mut RateControl, now: Instant) -> Vec<Ticket> {
        std::iter::from_fn(|| if let Start::Now(ticket) = control.start(now) { Some(ticket) } else { None })
            .collect()
    }

    fn finish_all(control: &mut RateControl, tickets: &[Ticket], feedback: Feedback, now: Instant) -> usize {
        tickets.iter().filter(|ticket| control.finish(ticket, feedback, now)).count()
    }

    #[test]
    fn the_window_doubles_then_halves_once_per_epoch_then_grows_by_one() {
        let now = Instant::now();
        let mut control = RateControl::new(16, None, now);
        let mut sizes = Vec::new();
        for _ in 0..5 {
            let round = start_all(&mut control, now);
            sizes.push(round.len());
            finish_all(&mut control, &round, Feedback::Good, now);
        }
        assert_eq!(sizes, [2, 4, 8, 16, 16]);
        let round = start_all(&mut control, now);
        assert_eq!(
            finish_all(&mut control, &round, Feedback::Congested, now),
            1,
            "one cut for sixteen failures"
        );
        sizes.clear();
        for _ in 0..3 {
            let round = start_all(&mut control, now);
            sizes.push(round.len());
            finish_all(&mut control, &round, Feedback::Good, now);
        }
        assert_eq!(sizes, [8, 9, 10]);
    }

    #[test]
    fn the_window_never_closes_and_neutral_failures_do_not_touch_it() {
        let now = Instant::now();
        let mut control = RateControl::new(8, None, now);
        for _ in 0..5 {
            let round = start_all(&mut control, now);
            finish_all(&mut control, &round, Feedback::Congested, now);
        }
        assert_eq!(control.state().window, 1);
        let round = start_all(&mut control, now);
        assert_eq!(finish_all(&mut control, &round, Feedback::Neutral, now), 0);
        assert_eq!(control.state(), State { in_flight: 0, window: 1, pace: None });
    }

    #[test]
    fn a_pause_holds_everything_back_and_is_never_shortened() {
        let now = Instant::now();
        let mut control = RateControl::new(8, None, now);
        control.pause(5 * SECOND, now);
        control.pause(2 * SECOND, now + SECOND);
        assert_eq!(control.start(now + 4 * SECOND), Start::At(now + 5 * SECOND));
        assert!(matches!(control.start(now + 5 * SECOND), Start::Now(_)));
    }

    #[test]
    fn the_users_limit_holds_over_any_second_but_for_a_small_burst() {
        let begin = Instant::now();
        let mut control = RateControl::new(4, Some(10.0), begin);
        let (mut now, mut starts) = (begin, 0);
        while now < begin + 10 * SECOND {
            match control.start(now) {
                Start::Now(ticket) => {
                    starts += 1;
                    control.finish(&ticket, Feedback::Good, now);
                }
                Start::At(at) => now = at,
                Start::AfterAnAnswer => panic!("nothing is in flight"),
            }
        }
        assert_eq!(
            starts, 103,
            "a burst of 4, then one every tenth of a second before the tenth second is over"
        );
    }

    #[test]
    fn a_released_place_is_free_again() {
        let now = Instant::now();
        let mut control = RateControl::new(1, None, now);
        assert!(matches!(control.start(now), Start::Now(_)));
        assert_eq!(control.start(now), Start::AfterAnAnswer);
        control.release();
        assert!(matches!(control.start(now), Start::Now(_)));
    }
}
