//! [`Client`]: sends requests to the API, as fast as the API and the user allow.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;

use super::admission::Admission;
use super::base::BaseUrl;
use super::delivery::Delivery;
use super::transport::{Slot, Transport};
use super::{ApiError, ApiRequest, ClientSettings};
use crate::clock::{Clock, length_text, utc_text};

/// A client for one API and one set of credentials. Cheap to clone: clones share connections, rate control and budgets.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

/// The API's answer to a request.
///
/// Only one answer above 4 MiB is held at a time: it keeps the place for large answers until it and all its clones are
/// dropped, and the next large answer is not read before that.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// 200, another success status with a body, or 404.
    pub status: u16,
    /// The JSON as received, decompressed; empty for 404.
    pub body: Vec<u8>,
    /// HTTP requests made for this answer, including the last one.
    pub attempts: u32,
    /// Time from the call to the answer, including all waits.
    pub elapsed: Duration,
    /// The header `Content-Type`, if it does not name JSON: `None` when it does, the text `none` when the header is
    /// missing.
    pub unusual_type: Option<String>,
    pub(super) place: Option<Slot>,
}

impl Answer {
    /// An answer of a substitute for the API: one attempt, no elapsed time.
    pub fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, body, attempts: 1, elapsed: Duration::ZERO, unusual_type: None, place: None }
    }
}

/// Statistics of a client: totals since its start, and its current state.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// HTTP requests made, including retries.
    pub requests: u64,
    /// Retries among them.
    pub retries: u64,
    /// Answers with status 429 (too many requests).
    pub throttled: u64,
    /// Bytes received in answers, after decompression.
    pub bytes: u64,
    /// Requests in flight now.
    pub in_flight: usize,
    /// Limit of requests in flight now.
    pub in_flight_limit: usize,
    /// Learned limit of the server, in requests per second. `None` until the server answers 429.
    pub learned_per_second: Option<f64>,
}

/// The server's time and the computer's time when an answer arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerTime {
    /// The header `Date` of the answer, in microseconds since 1970, UTC; whole seconds.
    pub server_us: i64,
    /// The computer's time, in microseconds since 1970, UTC.
    pub clock_us: i64,
}

impl ServerTime {
    /// Largest difference, in microseconds, between two clocks that count as equal.
    const APART_US: u64 = 5 * 60 * 1_000_000;

    /// Difference between the computer's clock and the server's, in microseconds: positive when the computer is ahead.
    /// `None` up to 5 minutes.
    pub fn apart_us(&self) -> Option<i64> {
        let apart = self.clock_us.saturating_sub(self.server_us);
        (apart.unsigned_abs() > Self::APART_US).then_some(apart)
    }

    /// The difference in words. `None` up to 5 minutes.
    pub fn difference(&self) -> Option<String> {
        let apart = self.apart_us()?;
        let length = length_text(apart.unsigned_abs());
        Some(format!("{length} {}", if apart > 0 { "ahead of" } else { "behind" }))
    }
}

/// Why no more requests start.
#[derive(Debug, Clone)]
pub(super) enum Stop {
    Interrupted,
    /// The error of an earlier request that every other request would end with too.
    Refused(ApiError),
}

/// State that all clones share.
pub(super) struct Inner {
    pub(super) settings: ClientSettings,
    pub(super) base: BaseUrl,
    pub(super) transport: Transport,
    pub(super) gate: Admission,
    pub(super) tally: Tally,
    stop: watch::Sender<Option<Stop>>,
    /// The time of the latest answer with a readable `Date`. `None` before it.
    server_time: watch::Sender<Option<ServerTime>>,
}

/// Counters, and the budgets that limit them.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) requests: AtomicU64,
    pub(super) retries: AtomicU64,
    /// Retries that count against the retry budget: all but those after 429.
    pub(super) budgeted_retries: AtomicU64,
    pub(super) throttled: AtomicU64,
    pub(super) bytes: AtomicU64,
    /// Whether the host has answered at least once, with any status.
    pub(super) reached: AtomicBool,
}

impl Client {
    /// Checks `settings` and sets up the HTTP client. Sends nothing.
    ///
    /// # Errors
    /// [`ApiError::InvalidBaseUrl`], [`ApiError::InvalidCredentials`], [`ApiError::InvalidSetting`],
    /// [`ApiError::InvalidProxy`], and [`ApiError::Setup`] when the computer's certificates cannot be read.
    pub fn new(settings: ClientSettings) -> Result<Self, ApiError> {
        settings.check()?;
        let base = BaseUrl::new(&settings.base_url)?;
        let credentials = settings.credentials.checked()?;
        let transport = Transport::new(&settings, &credentials, &base)?;
        let concurrency = usize::try_from(settings.concurrency.get()).unwrap_or(usize::MAX);
        let gate = Admission::new(concurrency, settings.requests_per_second, Arc::clone(&settings.clock));
        let (stop, _) = watch::channel(None);
        let (server_time, _) = watch::channel(None);
        let tally = Tally::default();
        Ok(Self { inner: Arc::new(Inner { settings, base, transport, gate, tally, stop, server_time }) })
    }

    /// The configured base URL of the API.
    pub fn base_url(&self) -> &url::Url {
        &self.inner.settings.base_url
    }

    /// Sends `request`, with retries, and returns the answer. 404 is an answer, not an error.
    ///
    /// First waits in the queue of the rate control. Cancel safe: dropping the future frees its place.
    ///
    /// # Errors
    /// Every [`ApiError`] except those of [`Client::new`]. After [`ApiError::Unauthorized`], and after an
    /// [`ApiError::Forbidden`] that is not about a country, every further call returns the same error without a
    /// request.
    pub async fn send(&self, request: &ApiRequest) -> Result<Answer, ApiError> {
        Box::pin(Delivery::new(&self.inner, request)?.run()).await
    }

    /// The beginning of an answer, safe to print: without the credentials, which a debug page may echo.
    pub(crate) fn quote(&self, body: &[u8]) -> String {
        super::body::quote(self.inner.transport.redactor(), body)
    }

    /// The text of an answer on both sides of byte `at`, safe to print in the same way.
    pub(crate) fn quote_around(&self, body: &[u8], at: usize) -> String {
        super::body::quote_around(self.inner.transport.redactor(), body, at)
    }

    /// Starts no more requests. Those in flight finish; all others end with [`ApiError::Interrupted`].
    pub fn stop_starting(&self) {
        self.inner.stop_with(Stop::Interrupted);
    }

    /// The server's time in the latest answer. `None` before the first answer with a readable `Date`.
    pub fn server_time(&self) -> Option<ServerTime> {
        *self.inner.server_time.borrow()
    }

    /// Waits for the first answer with a readable `Date`.
    pub(crate) async fn server_time_known(&self) -> Option<ServerTime> {
        let mut time = self.inner.server_time.subscribe();
        time.wait_for(Option::is_some).await.ok().and_then(|time| *time)
    }

    /// The current statistics.
    pub fn stats(&self) -> Stats {
        let (tally, state) = (&self.inner.tally, self.inner.gate.state());
        Stats {
            requests: tally.requests.load(Ordering::Relaxed),
            retries: tally.retries.load(Ordering::Relaxed),
            throttled: tally.throttled.load(Ordering::Relaxed),
            bytes: tally.bytes.load(Ordering::Relaxed),
            in_flight: state.in_flight,
            in_flight_limit: state.window,
            learned_per_second: state.pace,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("origin", &self.inner.base.origin())
            .field("stats", &self.stats())
            .finish()
    }
}

impl Inner {
    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.settings.clock
    }

    pub(super) fn now(&self) -> Instant {
        self.clock().now()
    }

    /// Records the header `Date` of an answer. Warns when it differs from the computer's clock, once each time that the
    /// clocks start to differ.
    pub(super) fn note_date(&self, date: &str) {
        let Ok(server) = httpdate::parse_http_date(date.trim()) else { return };
        let micros = |time: SystemTime| jiff::Timestamp::try_from(time).map(jiff::Timestamp::as_microsecond);
        let (Ok(server_us), Ok(clock_us)) = (micros(server), micros(self.clock().wall())) else { return };
        let time = ServerTime { server_us, clock_us };
        let before = self.server_time.send_replace(Some(time));
        let was_apart = before.is_some_and(|before| before.apart_us().is_some());
        if let Some(difference) = time.difference().filter(|_| !was_apart) {
            tracing::warn!(
                clock = utc_text(clock_us),
                api_date = utc_text(server_us),
                "The computer's clock is {difference} the API's (its header Date): set the clock. Times that are \
                 written, and the days of leads that are asked for, go by the computer's."
            );
        }
    }

    /// Stops the client. Only the first reason is kept.
    pub(super) fn stop_with(&self, stop: Stop) {
        self.stop.send_if_modified(|current| {
            let first = current.is_none();
            if first {
                *current = Some(stop);
            }
            first
        });
    }

    /// Completes when no more requests may start.
    pub(super) async fn stopped(&self) -> Stop {
        let mut stop = self.stop.subscribe();
        // The sender lives as long as `self`, so waiting cannot fail.
        stop.wait_for(Option::is_some).await.ok().and_then(|stop| stop.clone()).unwrap_or(Stop::Interrupted)
    }
}

impl Tally {
    /// Counts one HTTP request and returns true, unless `limit` of them have been made.
    pub(super) fn count_request(&self, limit: Option<u64>) -> bool {
        let within = |made: u64| (limit.is_none_or(|limit| made < limit)).then(|| made + 1);
        self.requests.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).is_ok()
    }

    /// Counts one retry. Returns false when the retry budget is spent: `floor`, plus `share` of the requests that are
    /// not retries.
    pub(super) fn count_retry(&self, floor: u64, share: f64) -> bool {
        let first =
            self.requests.load(Ordering::Relaxed).saturating_sub(self.retries.load(Ordering::Relaxed));
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count need not be exact; it is not negative, and `as` stops at the largest"
        )]
        let allowed = floor.saturating_add((first as f64 * share) as u64);
        self.budgeted_retries.fetch_add(1, Ordering::Relaxed) < allowed
    }
}
