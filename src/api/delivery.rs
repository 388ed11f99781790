//! [`Delivery`]: one request from its first attempt to its answer or error.

mod errors;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tracing::{debug, warn};
use url::Url;

use super::backoff::Delays;
use super::body::{judge, quote, unusual_type};
use super::classify::{Outcome, TransportKind, Verdict, classify};
use super::client::{Answer, Inner};
use super::control::Feedback;
use super::retry_after::retry_after;
use super::transport::{Failure, Response, Slot};
use super::{ApiError, ApiRequest, Method};

/// A host that has never answered is given up after this many attempts, or after two attempts and this time: the host
/// name is probably wrong.
const UNREACHED_ATTEMPTS: u32 = 4;
const UNREACHED_FOR: Duration = Duration::from_secs(10);

/// The state of one request across its attempts.
pub(super) struct Delivery<'a> {
    client: &'a Inner,
    request: &'a ApiRequest,
    name: String,
    url: Url,
    begun: Instant,
    attempts: u32,
    delays: Delays,
    redirected: bool,
    last_status: Option<u16>,
}

type Exchange = Result<Response, Failure>;

impl<'a> Delivery<'a> {
    pub(super) fn new(client: &'a Inner, request: &'a ApiRequest) -> Result<Self, ApiError> {
        Ok(Self {
            client,
            request,
            name: request.to_string(),
            url: client.base.join(request)?,
            begun: client.now(),
            attempts: 0,
            delays: Delays::new(client.settings.max_backoff, client.settings.jitter),
            redirected: false,
            last_status: None,
        })
    }

    pub(super) async fn run(mut self) -> Result<Answer, ApiError> {
        loop {
            let (outcome, exchange) = self.attempt().await?;
            match (classify(&outcome), exchange) {
                (Verdict::Done, Ok(response)) => {
                    let redactor = self.client.transport.redactor();
                    let unusual_type = unusual_type(redactor, response.content_type.as_deref());
                    let answer = self.answer(response.status, response.body, response.place);
                    return Ok(Answer { unusual_type, ..answer });
                }
                (Verdict::NotFound, Ok(response)) => {
                    return Ok(self.answer(response.status, Vec::new(), None));
                }
                (Verdict::Redirect, Ok(response)) => self.redirect(&response)?,
                (Verdict::Abort { .. }, Ok(response)) => return Err(self.abort(&response)),
                (Verdict::Retry { reason, .. }, exchange) => {
                    self.may_retry(outcome, reason, &exchange)?;
                    self.back_off(reason).await?;
                }
                (_, Ok(response)) if outcome == Outcome::Encoding => return Err(self.encoded(&response)),
                (_, exchange) => return Err(self.refusal(&exchange)),
            }
        }
    }

    /// Waits for the rate control and makes one HTTP request.
    async fn attempt(&mut self) -> Result<(Outcome, Exchange), ApiError> {
        let client = self.client;
        let deadline = client.settings.deadline;
        let permit = tokio::select! {
            biased;
            stop = client.stopped() => return Err(self.stopped(stop)),
            permit = client.gate.admit(deadline) => permit.ok_or_else(|| self.too_late())?,
        };
        if !client.tally.count_request(client.settings.max_requests) {
            let limit = client.settings.max_requests.unwrap_or_default();
            return Err(ApiError::BudgetReached { request: self.name.clone(), limit });
        }
        self.attempts += 1;
        let begun = client.now();
        let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(begun));
        let timeout = client.settings.attempt_timeout.min(left);
        let exchange = client.transport.exchange(&self.url, &self.request.method, timeout).await;
        let outcome = self.outcome(&exchange);
        self.last_status = status(&exchange);
        self.count(&exchange);
        if let Some(date) = exchange.as_ref().ok().and_then(|response| response.date.as_deref()) {
            client.note_date(date);
        }
        debug!(request = %self.name, attempt = self.attempts, status = self.last_status, ?outcome,
            elapsed_s = (client.now() - begun).as_secs_f32(), "Request answered.");
        let verdict = classify(&outcome);
        let pause = if let Verdict::Retry { not_before, .. } = verdict { not_before } else { None };
        if permit.finish(feedback(&outcome, &verdict), pause) {
            let state = client.gate.state();
            warn!(request = %self.name, status = self.last_status, in_flight_limit = state.window,
                per_second = state.pace, "Server is asked for less at a time.");
        }
        Ok((outcome, exchange))
    }

    fn outcome(&self, exchange: &Exchange) -> Outcome {
        let response = match exchange {
            Err(failure) => return Outcome::Transport(failure.kind),
            Ok(response) => response,
        };
        match response.status {
            code @ (200..=203 | 207..=299) => {
                match judge(code, response.content_type.as_deref(), &response.body) {
                    // Some servers send the header `Content-Encoding` with a body that is not encoded.
                    outcome @ (Outcome::Status { .. } | Outcome::Empty) => outcome,
                    _ if response.encoding.is_some() => Outcome::Encoding,
                    outcome => outcome,
                }
            }
            code => Outcome::Status { code, retry_after: self.pause_asked(response) },
        }
    }

    /// The pause that the header `Retry-After` asks for, capped by the settings.
    fn pause_asked(&self, response: &Response) -> Option<Duration> {
        let value = response.retry_after.as_deref()?;
        let wait = retry_after(value, response.date.as_deref(), self.client.clock().wall())?;
        let cap = self.client.settings.retry_after_cap;
        if wait > cap {
            warn!(request = %self.name, status = response.status, asked_s = wait.as_secs(), cap_s = cap.as_secs(),
                "Server asks for a longer pause than is allowed; trying again sooner.");
        }
        Some(wait.min(cap))
    }

    fn count(&self, exchange: &Exchange) {
        let tally = &self.client.tally;
        let status = status(exchange);
        if status.is_some() {
            tally.reached.store(true, Ordering::Relaxed);
        }
        if status == Some(429) {
            tally.throttled.fetch_add(1, Ordering::Relaxed);
        }
        if let Ok(response) = exchange {
            tally.bytes.fetch_add(u64::try_from(response.body.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// Checks all limits on retries, and counts the retry.
    fn may_retry(&self, outcome: Outcome, reason: &'static str, exchange: &Exchange) -> Result<(), ApiError> {
        let (settings, tally) = (&self.client.settings, &self.client.tally);
        let now = self.client.now();
        if settings.deadline.is_some_and(|deadline| now >= deadline) {
            return Err(self.too_late());
        }
        let connecting =
            matches!(outcome, Outcome::Transport(TransportKind::Resolve | TransportKind::Connect));
        if connecting && !tally.reached.load(Ordering::Relaxed) {
            let long = self.attempts >= 2 && now - self.begun >= UNREACHED_FOR;
            if long || self.attempts >= UNREACHED_ATTEMPTS.min(settings.max_attempts) {
                return Err(self.unreachable(exchange));
            }
        }
        if self.attempts >= settings.max_attempts {
            return Err(self.exhausted(outcome, reason, exchange));
        }
        let throttled = matches!(outcome, Outcome::Status { code: 429, .. });
        if !throttled && !tally.count_retry(settings.retry_floor, settings.retry_share) {
            return Err(ApiError::TooManyRetries {
                request: self.name.clone(),
                status: self.last_status,
                reason: self.with_proxy(errors::words(reason, exchange), exchange),
                retries: tally.retries.load(Ordering::Relaxed),
                requests: tally.requests.load(Ordering::Relaxed),
            });
        }
        tally.retries.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn back_off(&mut self, reason: &'static str) -> Result<(), ApiError> {
        let wait = self.delays.next();
        debug!(request = %self.name, reason, wait_s = wait.as_secs_f32(), "Request will be tried again.");
        if wait.is_zero() {
            return Ok(());
        }
        let at = self.client.now() + wait;
        if self.client.settings.deadline.is_some_and(|deadline| at >= deadline) {
            return Err(self.too_late());
        }
        tokio::select! {
            stop = self.client.stopped() => Err(self.stopped(stop)),
            () = self.client.clock().sleep_until(at) => Ok(()),
        }
    }

    /// Follows one permanent redirect of a GET within the origin. Any other redirect is an error that names the target.
    fn redirect(&mut self, response: &Response) -> Result<(), ApiError> {
        let request = self.name.clone();
        let status = response.status;
        let link = response.location.as_deref().unwrap_or_default();
        let target = self.client.base.resolve(&self.url, link, &request, status)?;
        let permanent = matches!(status, 301 | 308);
        let usable = !link.is_empty() && target.username().is_empty() && target.password().is_none();
        if permanent && usable && !self.redirected && self.request.method == Method::Get {
            self.redirected = true;
            self.url = target;
            return Ok(());
        }
        let path = &target[url::Position::BeforePath..];
        let target = quote(self.client.transport.redactor(), path.as_bytes());
        Err(ApiError::Redirected { request, status, target })
    }

    fn answer(&self, status: u16, body: Vec<u8>, place: Option<Slot>) -> Answer {
        Answer { status, body, attempts: self.attempts, elapsed: self.elapsed(), unusual_type: None, place }
    }

    fn elapsed(&self) -> Duration {
        self.client.now() - self.begun
    }
}

fn status(exchange: &Exchange) -> Option<u16> {
    match exchange {
        Ok(response) => Some(response.status),
        Err(failure) => failure.status,
    }
}

/// What an outcome says about the server's capacity. A refusal of a single request is a good answer here.
fn feedback(outcome: &Outcome, verdict: &Verdict) -> Feedback {
    match (outcome, verdict) {
        (Outcome::Status { code: 429, .. }, _) => Feedback::Throttled,
        (_, Verdict::Retry { slow_down: true, .. }) => Feedback::Congested,
        (_, Verdict::Retry { .. }) | (Outcome::Transport(_), _) => Feedback::Neutral,
        _ => Feedback::Good,
    }
}
