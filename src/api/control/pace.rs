//! [`Pace`]: the request rate that the server's answers 429 allow, learned without being told.
//!
//! A server that limits requests per time says so only by refusing. The pace measures at which rate requests were
//! lately answered, starts below that, and approaches and passes it along the cubic curve that TCP CUBIC uses
//! (RFC 9438, section 4.2): fast while far below the measured ceiling, flat around it, faster again beyond, where
//! the ceiling has evidently moved. Against a fixed limit nearly all time is spent just under it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::bucket::Bucket;

/// Where the pace starts again after a refusal, as a share of the measured ceiling.
const CUT: f64 = 0.9;
/// The time over which answers are counted.
const WINDOW: Duration = Duration::from_secs(2);
/// Shortest time that a count is taken to stand for: a first burst says little about a second.
const SHORTEST: f64 = 1.0;
/// Seconds from the cut back to the ceiling: short at first, when the ceiling is a guess, doubled each time that
/// it has been reached again, and long at once when two measurements agree.
const FIRST_RAMP_S: f64 = 1.0;
const LONGEST_RAMP_S: f64 = 20.0;
/// How far apart two measurements of one ceiling may be, as a share of it.
const AGREED: f64 = 0.1;
/// Longest pause after a refusal that lengthens the ramp, in seconds.
const COSTLIEST_S: f64 = 10.0;
/// Requests per second below which the pace does not fall; longer waits are for backoff and `Retry-After`.
const SLOWEST: f64 = 0.05;
/// Above this it no longer matters.
const FASTEST: f64 = 100_000.0;
/// Intervals between two starts after which the client is taken to have been away.
const ABSENCE: f64 = 4.0;
/// A little more than one, so that a start that comes late does not cost rate.
const BURST: f64 = 1.5;

/// Unlimited until the first refusal.
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
    /// Nothing was refused before.
    first: bool,
    /// Seconds of pause that the last refusal cost.
    cost_s: f64,
    /// Seconds since the cut in which the pace was made use of.
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
    /// The ramp after the ceiling was measured again. A server that makes refusals costly is tried less often.
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

    /// Requests per second, when any were refused.
    pub(super) fn rate(&self) -> Option<f64> {
        self.learned.as_ref().map(Learned::rate)
    }

    /// When the next start is due.
    pub(super) fn ready_at(&mut self, now: Instant) -> Option<Instant> {
        self.learned.as_mut().map(|learned| learned.bucket.ready_at(now))
    }

    /// Counts a start.
    pub(super) fn started(&mut self, now: Instant) {
        self.since.get_or_insert(now);
        self.leave_out_absence(now);
        if let Some(learned) = &mut self.learned {
            // Time in which nobody asked for anything proves nothing about the server.
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
        // Never before the previous one, which a pause may have moved into the future.
        let at = self.answers.back().map_or(now, |last| now.max(*last));
        self.answers.push_back(at);
        self.forget(now);
    }

    /// Learns from a refusal.
    pub(super) fn throttled(&mut self, now: Instant) {
        let measured = self.measured(now);
        let (ceiling, ramp_s) = match &self.learned {
            // Refused before anything was answered: there is no rate to learn from yet.
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

    /// Takes what was answered so far as answered evenly over the shortest time that a count stands for. It came as fast
    /// as the window let it, and the next measurement would be of that burst and not of what the server allows. Done
    /// where a refusal costs a pause; where it costs nothing, trying again soon finds out more.
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

    /// Leaves the `time` from `now` on out of every measurement: nothing will start in it.
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

    /// Leaves out a time in which the client had something else to do, or a rate would be taken for the server's
    /// that is the client's own. Gaps of a few intervals stay: they are how a slow answer shows.
    fn leave_out_absence(&mut self, now: Instant) {
        let Some(learned) = &self.learned else { return };
        let longest = ABSENCE / learned.rate();
        let gap = now.saturating_duration_since(learned.last_start).as_secs_f64();
        if let Ok(absence) = Duration::try_from_secs_f64(gap - longest) {
            self.shift(absence);
        }
    }

    /// Moves everything measured so far by `time` towards the future, as if `time` had not passed.
    fn shift(&mut self, time: Duration) {
        for at in self.answers.iter_mut().chain(&mut self.since) {
            *at += time;
        }
    }

    /// Good answers per second lately.
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
