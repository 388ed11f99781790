//! Runs the rate control against simulated servers with a rate limit, in simulated time: no sockets, sleeps or
//! randomness.

use std::time::{Duration, Instant};

use super::{Feedback, RateControl, Start, Ticket};

/// How a server limits requests.
#[derive(Debug, Clone, Copy)]
enum Limit {
    /// Maximum in each calendar second.
    PerSecond(u32),
    /// A token bucket: tokens per second and burst.
    Tokens(f64, f64),
    /// Maximum in any period of one second.
    Sliding(usize),
}

#[derive(Debug)]
struct Server {
    limit: Limit,
    latency: Duration,
    retry_after: Option<Duration>,
    second: u64,
    count: u32,
    tokens: f64,
    last: Duration,
    admitted: Vec<Duration>,
    rises: Option<(Duration, Limit)>,
}

impl Server {
    fn new(limit: Limit, latency_ms: u64, retry_after_s: Option<u64>) -> Self {
        let tokens = if let Limit::Tokens(_, burst) = limit { burst } else { 0.0 };
        Self {
            limit,
            latency: Duration::from_millis(latency_ms),
            retry_after: retry_after_s.map(Duration::from_secs),
            second: 0,
            count: 0,
            tokens,
            last: Duration::ZERO,
            admitted: Vec::new(),
            rises: None,
        }
    }

    /// Whether a request that arrives at `at` is admitted.
    fn admits(&mut self, at: Duration) -> bool {
        if let Some((_, limit)) = self.rises.filter(|(from, _)| at >= *from) {
            self.limit = limit;
        }
        match self.limit {
            Limit::PerSecond(most) => {
                if at.as_secs() != self.second {
                    (self.second, self.count) = (at.as_secs(), 0);
                }
                self.count += 1;
                self.count <= most
            }
            Limit::Tokens(rate, burst) => {
                self.tokens = (self.tokens + at.saturating_sub(self.last).as_secs_f64() * rate).min(burst);
                self.last = at;
                let admitted = self.tokens >= 1.0;
                self.tokens -= if admitted { 1.0 } else { 0.0 };
                admitted
            }
            Limit::Sliding(most) => {
                self.admitted.retain(|then| at.saturating_sub(*then) < Duration::from_secs(1));
                let admitted = self.admitted.len() < most;
                if admitted {
                    self.admitted.push(at);
                }
                admitted
            }
        }
    }
}

/// Good and refused answers after the warm-up.
#[derive(Debug)]
struct Score {
    good_per_second: f64,
    refused_share: f64,
}

/// A client without other work.
fn idle(_: Duration) -> bool {
    false
}

/// A client that does other work in a quarter of all periods of 250 ms, without a regular pattern.
fn busy(now: Duration) -> bool {
    let quarter = u32::try_from(now.as_millis() / 250).unwrap();
    (quarter.wrapping_mul(2_654_435_761) >> 16).is_multiple_of(4)
}

/// Runs a client with eight places for `seconds` after a warm-up. The client always has a request to start, except
/// while `away`, and wakes up to one millisecond late.
fn play(mut server: Server, away: fn(Duration) -> bool, warm_up_s: u64, seconds: u64) -> Score {
    let begin = Instant::now();
    let mut control = RateControl::new(8, None, begin);
    let mut flying: Vec<(Duration, Ticket, bool)> = Vec::new();
    let measured_from = Duration::from_secs(warm_up_s);
    let (mut now, end) = (Duration::ZERO, measured_from + Duration::from_secs(seconds));
    let (mut good, mut refused) = (0_u32, 0_u32);
    while now < end {
        let wake = loop {
            if away(now) {
                break Some(now + Duration::from_millis(10));
            }
            match control.start(begin + now) {
                Start::Now(ticket) => {
                    let admitted = server.admits(now);
                    let latency = if admitted { server.latency } else { server.latency / 4 };
                    flying.push((now + latency, ticket, admitted));
                }
                Start::At(at) => {
                    break Some(
                        at - begin + Duration::from_micros(1000 - u64::from(now.subsec_micros() % 1000)),
                    );
                }
                Start::AfterAnAnswer => break None,
            }
        };
        let first_answer = flying.iter().map(|(at, ..)| *at).min();
        now = wake.into_iter().chain(first_answer).min().unwrap();
        let (landed, still): (Vec<_>, Vec<_>) = flying.into_iter().partition(|(at, ..)| *at <= now);
        flying = still;
        for (_, ticket, admitted) in landed {
            let feedback = if admitted { Feedback::Good } else { Feedback::Throttled };
            control.finish(&ticket, feedback, begin + now);
            if let (false, Some(wait)) = (admitted, server.retry_after) {
                control.pause(wait, begin + now);
            }
            if now >= measured_from {
                if admitted { good += 1 } else { refused += 1 }
            }
        }
    }
    Score {
        good_per_second: f64::from(good) / end.saturating_sub(measured_from).as_secs_f64(),
        refused_share: f64::from(refused) / f64::from(good + refused),
    }
}

#[test]
fn at_least_nine_tenths_of_the_allowed_rate_with_less_than_one_refusal_in_a_hundred() {
    for limit in
        [Limit::PerSecond(50), Limit::Tokens(50.0, 50.0), Limit::Tokens(50.0, 5.0), Limit::Sliding(50)]
    {
        for latency_ms in [1, 2, 5, 20, 60, 120] {
            for retry_after_s in [None, Some(1)] {
                // A small bucket refuses after a few requests, which says little about its rate. When every further
                // test also costs a pause, learning takes a few seconds longer.
                let hard =
                    matches!(limit, Limit::Tokens(_, burst) if burst < 10.0) && retry_after_s.is_some();
                for seconds in [30, 120] {
                    let warm_up_s = if hard { 20 } else { 10 };
                    let score = play(Server::new(limit, latency_ms, retry_after_s), idle, warm_up_s, seconds);
                    let case = format!(
                        "{limit:?}, {latency_ms} ms, Retry-After {retry_after_s:?}, {seconds} s: {score:?}"
                    );
                    assert!(score.good_per_second >= 45.0, "{case}");
                    assert!(score.refused_share < 0.01, "{case}");
                }
            }
        }
    }
}

#[test]
fn without_a_limit_nothing_holds_back_but_the_window() {
    let score = play(Server::new(Limit::PerSecond(u32::MAX), 10, None), idle, 10, 20);
    assert!((score.good_per_second - 800.0).abs() < 1.0, "{score:?}");
    assert!(score.refused_share < f64::EPSILON);
}

#[test]
fn a_slow_limit_is_found_too() {
    let score = play(Server::new(Limit::Tokens(2.0, 4.0), 50, None), idle, 10, 300);
    assert!(score.good_per_second > 1.8, "{score:?}");
}

#[test]
fn a_limit_that_rises_is_noticed() {
    let mut server = Server::new(Limit::PerSecond(50), 20, None);
    server.rises = Some((Duration::from_secs(30), Limit::PerSecond(100)));
    let score = play(server, idle, 120, 60);
    assert!(score.good_per_second > 90.0, "{score:?}");
}

#[test]
fn a_client_that_is_away_now_and_then_still_finds_the_limit() {
    for limit in
        [Limit::PerSecond(50), Limit::Tokens(50.0, 50.0), Limit::Tokens(50.0, 5.0), Limit::Sliding(50)]
    {
        for latency_ms in [5, 20, 60, 120] {
            for retry_after_s in [None, Some(1)] {
                let score = play(Server::new(limit, latency_ms, retry_after_s), busy, 20, 60);
                let case = format!("{limit:?}, {latency_ms} ms, Retry-After {retry_after_s:?}: {score:?}");
                // 37.5 per second would be the result if all time while away were lost; bursts recover some of it.
                assert!(score.good_per_second > 33.0, "{case}");
                assert!(score.refused_share < 0.01, "{case}");
            }
        }
    }
}
