//! [`Client`]: sends requests to the API, as fast as it and the user allow and no faster.

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

/// A client for one API and one set of credentials. Cheap to clone; clones share connections, pace and budgets.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

/// What came back for a request.
///
/// One that is larger than 4 MiB holds the only place for such answers until it and its clones are dropped: the next
/// large one is not read before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 200 (or another success status with a body), or 404.
    pub status: u16,
    /// The JSON as received, decompressed; empty for 404.
    pub body: Vec<u8>,
    /// HTTP requests made for this answer, the last one included.
    pub attempts: u32,
    /// From the call to the answer, waiting included.
    pub elapsed: Duration,
    /// What the header `Content-Type` says of the body, where that is not JSON; `none` when there is no such header.
    pub unusual_type: Option<String>,
    pub(super) place: Option<Slot>,
}

impl Answer {
    /// An answer to one attempt that took no time, from whoever stands in for the API.
    pub fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, body, attempts: 1, elapsed: Duration::ZERO, unusual_type: None, place: None }
    }
}

/// What a client has done so far and what it is doing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Stats {
    /// HTTP requests made, repeats included.
    pub requests: u64,
    /// Of these, repeats of a request that failed.
    pub retries: u64,
    /// Answers 429 (too many requests).
    pub throttled: u64,
    /// Bytes received in answers, after decompression.
    pub bytes: u64,
    /// Requests in flight now.
    pub in_flight: usize,
    /// Requests that may be in flight at once now.
    pub in_flight_limit: usize,
    /// Requests per second that the server was found to allow; `None` until it answered 429.
    pub learned_per_second: Option<f64>,
}

/// What the server's clock said, and the computer's at the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerTime {
    /// The header `Date` of an answer, microseconds since 1970, UTC; whole seconds.
    pub server_us: i64,
    /// The computer's clock when the answer came, microseconds since 1970, UTC.
    pub clock_us: i64,
}

impl ServerTime {
    /// Clocks further apart than this are not both right.
    const APART_US: u64 = 5 * 60 * 1_000_000;

    /// How far the computer's clock is from the server's, microseconds, above 0 when it is ahead; none when they are as
    /// good as equal.
    pub fn apart_us(&self) -> Option<i64> {
        let apart = self.clock_us.saturating_sub(self.server_us);
        (apart.unsigned_abs() > Self::APART_US).then_some(apart)
    }

    /// The difference in words; none when they are as good as equal.
    pub fn difference(&self) -> Option<String> {
        let apart = self.apart_us()?;
        let length = length_text(apart.unsigned_abs());
        Some(format!("{length} {}", if apart > 0 { "ahead of" } else { "behind" }))
    }
}

/// Why nothing more starts.
#[derive(Debug, Clone)]
pub(super) enum Stop {
    Interrupted,
    /// The error that an earlier request ended with and that every other one would end with too.
    Refused(ApiError),
}

/// What all clones share.
pub(super) struct Inner {
    pub(super) settings: ClientSettings,
    pub(super) base: BaseUrl,
    pub(super) transport: Transport,
    pub(super) gate: Admission,
    pub(super) tally: Tally,
    stop: watch::Sender<Option<Stop>>,
    /// From the latest answer that had a readable `Date`.
    server_time: watch::Sender<Option<ServerTime>>,
}

/// Counts, and the budgets that are limits on counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) requests: AtomicU64,
    pub(super) retries: AtomicU64,
    /// The retries that count against the budget.
    pub(super) budgeted_retries: AtomicU64,
    pub(super) throttled: AtomicU64,
    pub(super) bytes: AtomicU64,
    /// Whether the host has answered once, with whatever status.
    pub(super) reached: AtomicBool,
}

impl Client {
    /// Checks `settings` and prepares the HTTP client; sends nothing.
    ///
    /// # Errors
    /// [`ApiError::InvalidBaseUrl`], [`ApiError::InvalidCredentials`], [`ApiError::InvalidSetting`], and
    /// [`ApiError::Setup`] when the computer's certificates cannot be read.
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

    /// Where the API is, as configured.
    pub fn base_url(&self) -> &url::Url {
        &self.inner.settings.base_url
    }

    /// Sends `request`, again if need be, and returns its answer; 404 is an answer too.
    ///
    /// Waits for its turn first. May be dropped at any time, which gives its place to another request.
    ///
    /// # Errors
    /// Every [`ApiError`] but those of [`Client::new`]. After [`ApiError::Unauthorized`], and after an
    /// [`ApiError::Forbidden`] that is not about a country, every further call returns the same error unsent.
    pub async fn send(&self, request: &ApiRequest) -> Result<Answer, ApiError> {
        Box::pin(Delivery::new(&self.inner, request)?.run()).await
    }

    /// The beginning of an answer, safe to print: without the credentials, which a debug page may well echo.
    pub(crate) fn quote(&self, body: &[u8]) -> String {
        super::body::quote(self.inner.transport.redactor(), body)
    }

    /// What an answer says on either side of a place, safe to print likewise.
    pub(crate) fn quote_around(&self, body: &[u8], at: usize) -> String {
        super::body::quote_around(self.inner.transport.redactor(), body, at)
    }

    /// Starts nothing more: requests in flight finish, everything else ends with [`ApiError::Interrupted`].
    pub fn stop_starting(&self) {
        self.inner.stop_with(Stop::Interrupted);
    }

    /// What the server's clock said last; none before the first answer, and when it does not say.
    pub fn server_time(&self) -> Option<ServerTime> {
        *self.inner.server_time.borrow()
    }

    /// Waits until the server has said its time.
    pub(crate) async fn server_time_known(&self) -> Option<ServerTime> {
        let mut time = self.inner.server_time.subscribe();
        time.wait_for(Option::is_some).await.ok().and_then(|time| *time)
    }

    /// What the client has done so far and what it is doing.
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

    /// Notes the header `Date` of an answer; says when it is not the time that the computer's clock shows, once for each
    /// time that they part.
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

    /// The first reason to stop stays.
    pub(super) fn stop_with(&self, stop: Stop) {
        self.stop.send_if_modified(|current| {
            let first = current.is_none();
            if first {
                *current = Some(stop);
            }
            first
        });
    }

    /// Completes when nothing more may start.
    pub(super) async fn stopped(&self) -> Stop {
        let mut stop = self.stop.subscribe();
        // The sender lives as long as self, so waiting cannot fail.
        stop.wait_for(Option::is_some).await.ok().and_then(|stop| stop.clone()).unwrap_or(Stop::Interrupted)
    }
}

impl Tally {
    /// Counts one HTTP request, unless `limit` of them have been made.
    pub(super) fn count_request(&self, limit: Option<u64>) -> bool {
        let within = |made: u64| (limit.is_none_or(|limit| made < limit)).then(|| made + 1);
        self.requests.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).is_ok()
    }

    /// Counts one retry that is the server's fault, unless the run has had its share of them: `floor`, and `share`
    /// of the requests that were no repeats.
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
