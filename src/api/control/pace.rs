//! [`Pace`]: the request rate that the server allows, learned from its answers with status 429.
//!
//! A server that limits the request rate shows the limit only by refusing requests. The pace measures the recent rate
//! of good answers (the ceiling), starts again below it, and approaches and passes it along the cubic curve of TCP
//! CUBIC (RFC 9438, section 4.2): steep far below the ceiling, flat around it, and steep again above it, where the
//! limit has evidently risen. Against a fixed limit the rate stays just below the limit nearly all the time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::bucket::Bucket;

/// Rate after a refusal, as a share of the measured ceiling.
const CUT: f64 = 0.9;
/// Period over which answers are counted.
const WINDOW: Duration = Duration::from_secs(2);
/// Shortest period, in seconds, by which a count is divided: a first burst says little about a whole second.
const SHORTEST: f64 = 1.0;
/// Seconds from a cut back to the ceiling. Short at first, when the ceiling is a guess; doubled each time that the
/// ceiling was reached again; the longest at once when two measurements agree.
const FIRST_RAMP_S: f64 = 1.0;
const LONGEST_RAMP_S: f64 = 20.0;
/// Largest difference between two measurements of the same ceiling, as a share of it.
const AGREED: f64 = 0.1;
/// Longest pause after a refusal that still lengthens the ramp, in seconds.
const COSTLIEST_S: f64 = 10.0;
/// Lowest rate, in requests per second. Longer waits are the task of the backoff and of `Retry-After`.
const SLOWEST: f64 = 0.05;
/// Highest rate, in requests per second. A higher one makes no difference.
const FASTEST: f64 = 100_000.0;
/// Longest gap between two starts, in intervals at the current rate, before the client counts as idle.
const ABSENCE: f64 = 4.0;
/// Burst of the bucket, in requests. A little more than one, so that a late start does not lower the rate.
const BURST: f64 = 1.5;

/// The learned rate. Unlimited until the first refusal.
#[derive(Debug)]
pub(super) struct Pace {
    learned: Option<Learned>,
    answers: VecDeque<Instant>,
    since: Option<Instant>,
}

#[derive(Debug)]
struct Learned {
    ceiling: f64,
    ramp_s: f64,
    /// True until the second refusal.
    first: bool,
    /// Pause after the latest refusal, in seconds.
    cost_s: f64,
    /// Seconds since the cut in which requests were started at the pace.
    used_s: f64,
    last_start: Instant,
    bucket: Bucket,
}

impl Learned {
    fn rate(&self) -> f64 {
        let x = (self.used_s - self.ramp_s) / self.ramp_s;
        (self.ceiling * (1.0 + (1.0 - CUT) * x.powi(3))).clamp(SLOWEST, FASTEST)
    }
}

impl Learned {
    /// Seconds of the next ramp, after the ceiling was measured again. When refusals cost long pauses the ramp is
    /// longer, so that the limit is tested less often.
    fn next_ramp_s(&self, measured: f64) -> f64 {
        if self.used_s < self.ramp_s {
            self.ramp_s
        } else if (measured / self.ceiling - 1.0).abs() < AGREED {
            LONGEST_RAMP_S * (1.0 + self.cost_s)
        } else {
            (self.ramp_s * 2.0).min(LONGEST_RAMP_S)
        }
    }
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { learned: None, answers: VecDeque::new(), since: None }
    }

    /// The learned rate, in requests per second. `None` before the first refusal.
    pub(super) fn rate(&self) -> Option<f64> {
        self.learned.as_ref().map(Learned::rate)
    }

    /// Time of the next start. `None` before the first refusal.
    pub(super) fn ready_at(&mut self, now: Instant) -> Option<Instant> {
        self.learned.as_mut().map(|learned| learned.bucket.ready_at(now))
    }

    /// Counts a start.
    pub(super) fn started(&mut self, now: Instant) {
        self.since.get_or_insert(now);
        self.leave_out_absence(now);
        if let Some(learned) = &mut self.learned {
            // Time without requests proves nothing about the server.
            let gap = now.saturating_duration_since(learned.last_start).as_secs_f64();
            learned.used_s += gap.min(2.0 / learned.rate());
            learned.last_start = now;
            learned.bucket.take();
            let rate = learned.rate();
            learned.bucket.set_rate(rate, now);
        }
    }

    /// Counts a good answer.
    pub(super) fn answered(&mut self, now: Instant) {
        // Not before the previous answer, which a pause may have moved into the future.
        let at = self.answers.back().map_or(now, |last| now.max(*last));
        self.answers.push_back(at);
        self.forget(now);
    }

    /// Learns from a refusal: measures the ceiling and cuts the rate.
    pub(super) fn throttled(&mut self, now: Instant) {
        let measured = self.measured(now);
        let (ceiling, ramp_s) = match &self.learned {
            // Refused before any answer: there is no rate to learn from yet.
            None if measured <= 0.0 => return,
            None => (measured, FIRST_RAMP_S),
            Some(old) if measured > 0.0 => (measured, old.next_ramp_s(measured)),
            Some(old) => (old.rate() / 2.0, FIRST_RAMP_S),
        };
        let bucket = Bucket::empty(ceiling * CUT, BURST, now);
        let first = self.learned.is_none();
        self.learned =
            Some(Learned { ceiling, ramp_s, first, cost_s: 0.0, used_s: 0.0, last_start: now, bucket });
    }

    /// Spreads the answers counted so far evenly over the shortest counting period. They came as fast as the window
    /// allowed, and without this the next measurement would be that burst instead of the server's limit. Used only when
    /// a refusal costs a pause: without one, the next attempt soon gives a better measurement.
    fn spread(&mut self, now: Instant) {
        let Some(begin) = now.checked_sub(Duration::from_secs_f64(SHORTEST)) else { return };
        let count = self.answers.len().max(1);
        for (position, at) in self.answers.iter_mut().enumerate() {
            let share = Duration::from_secs_f64(SHORTEST) * u32::try_from(position).unwrap_or(u32::MAX)
                / u32::try_from(count).unwrap_or(u32::MAX);
            *at = (*at).min(begin + share);
        }
        self.since = self.since.map(|since| since.min(begin));
    }

    /// Excludes the `time` from `now` on from every measurement, because no request starts in it.
    pub(super) fn skip(&mut self, time: Duration, now: Instant) {
        if self.learned.as_ref().is_some_and(|learned| learned.first && learned.cost_s <= 0.0) {
            self.spread(now);
        }
        self.shift(time);
        if let Some(learned) = &mut self.learned {
            learned.cost_s = (learned.cost_s + time.as_secs_f64()).min(COSTLIEST_S);
            learned.last_start += time;
            learned.bucket.skip(time);
        }
    }

    /// Excludes time in which the client was idle, so that its own rate is not mistaken for the server's limit. Gaps of
    /// a few intervals are kept: they are the sign of slow answers.
    fn leave_out_absence(&mut self, now: Instant) {
        let Some(learned) = &self.learned else { return };
        let longest = ABSENCE / learned.rate();
        let gap = now.saturating_duration_since(learned.last_start).as_secs_f64();
        if let Ok(absence) = Duration::try_from_secs_f64(gap - longest) {
            self.shift(absence);
        }
    }

    /// Moves all measurements by `time` towards the future, as if `time` had not passed.
    fn shift(&mut self, time: Duration) {
        for at in self.answers.iter_mut().chain(&mut self.since) {
            *at += time;
        }
    }

    /// Recent rate of good answers, per second.
    fn measured(&mut self, now: Instant) -> f64 {
        self.forget(now);
        let since = self.since.map_or(0.0, |since| now.saturating_duration_since(since).as_secs_f64());
        let count = u32::try_from(self.answers.len()).unwrap_or(u32::MAX);
        f64::from(count) / since.clamp(SHORTEST, WINDOW.as_secs_f64())
    }

    fn forget(&mut self, now: Instant) {
        while self.answers.front().is_some_and(|at| now.saturating_duration_since(*at) >= WINDOW) {
            self.answers.pop_front();
        }
    }
}
