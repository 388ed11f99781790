//! [`ClientSettings`]: everything about a client that a user may change.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Url;

use super::backoff::Jitter;
use super::{ApiError, Credentials};
use crate::clock::{Clock, SystemClock};

/// What [`Client::new`](super::Client::new) needs. Made by [`ClientSettings::new`]; change single fields after.
#[derive(Clone)]
pub struct ClientSettings {
    /// Where the API is, up to and with its version: `https://api.vainu.io/api/v1/`. `http` only on this computer.
    pub base_url: Url,
    /// Who is asking. Sent to the origin of `base_url` and nowhere else.
    pub credentials: Credentials,
    /// Longest time to establish a connection, TLS included. Default 10 s.
    pub connect_timeout: Duration,
    /// Longest silence while an answer is awaited or read. Default 150 s: the API itself gives up after 120 s.
    pub read_timeout: Duration,
    /// Longest time for one attempt, from connecting to the last byte. Default 300 s.
    pub attempt_timeout: Duration,
    /// Attempts for one request, the first included; at least 1. Default 8.
    pub max_attempts: u32,
    /// Upper end of the random wait before a retry. It starts at 0.5 s and doubles. Default 30 s.
    pub max_backoff: Duration,
    /// Longest pause that a `Retry-After` header may impose; a longer one is cut, with a warning. Default 120 s.
    pub retry_after_cap: Duration,
    /// Retries that a run may make whatever its size, before `retry_share` counts. Default 50.
    pub retry_floor: u64,
    /// Further retries as a share of the requests made, 0 or more. Default 0.3: a server that fails a fifth of all
    /// requests (a quarter more are then sent) is borne with however long the run. Retries after 429 do not count:
    /// such a server is not failing, it sets the pace.
    pub retry_share: f64,
    /// Most requests in flight at once. The client starts with 2 and finds its way up to this. Default 8.
    pub concurrency: NonZeroU32,
    /// Most requests started per second, above 0.001; `None` (the default) means no limit but the server's own.
    pub requests_per_second: Option<f64>,
    /// Most HTTP requests that the client may make in its life, retries included; `None` (the default) is no limit.
    pub max_requests: Option<u64>,
    /// When the run has to be over, by the time of `clock`; `None` (the default) is never.
    pub deadline: Option<Instant>,
    /// Largest answer after decompression, in bytes. Default 67,108,864 (64 MiB): 1000 rows of 64 KB each. Of
    /// answers above 4 MiB only one is held at a time, so that this also bounds the memory of the whole run.
    pub max_body_bytes: usize,
    /// Where a retry's wait falls between 0 and the step of its ladder. Default random.
    pub jitter: Jitter,
    /// The time. Default the computer's own.
    pub clock: Arc<dyn Clock>,
}

impl ClientSettings {
    /// The defaults stated at each field.
    pub fn new(base_url: Url, credentials: Credentials) -> Self {
        Self {
            base_url,
            credentials,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(150),
            attempt_timeout: Duration::from_mins(5),
            max_attempts: 8,
            max_backoff: Duration::from_secs(30),
            retry_after_cap: Duration::from_mins(2),
            retry_floor: 50,
            retry_share: 0.3,
            concurrency: NonZeroU32::MIN.saturating_add(7),
            requests_per_second: None,
            max_requests: None,
            deadline: None,
            max_body_bytes: 64 << 20,
            jitter: Jitter::Random,
            clock: Arc::new(SystemClock),
        }
    }

    /// Checks the fields whose type allows what makes no sense.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let invalid = |name, reason| Err(ApiError::InvalidSetting { name, reason });
        if self.requests_per_second.is_some_and(|rate| !(rate >= 0.001 && rate.is_finite())) {
            return invalid("requests_per_second", "it must be a number of at least 0.001");
        }
        if !(self.retry_share >= 0.0 && self.retry_share.is_finite()) {
            return invalid("retry_share", "it must be a number of at least 0");
        }
        if self.max_attempts == 0 {
            return invalid("max_attempts", "it must be at least 1");
        }
        for (name, timeout) in [
            ("connect_timeout", self.connect_timeout),
            ("read_timeout", self.read_timeout),
            ("attempt_timeout", self.attempt_timeout),
        ] {
            if timeout.is_zero() {
                return invalid(name, "it must be longer than 0 s");
            }
        }
        Ok(())
    }
}

/// Leaves out the base URL until it has been checked: a password could stand in it.
impl fmt::Debug for ClientSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSettings")
            .field("host", &self.base_url.host_str())
            .field("credentials", &self.credentials)
            .field("max_attempts", &self.max_attempts)
            .field("concurrency", &self.concurrency)
            .field("requests_per_second", &self.requests_per_second)
            .field("max_requests", &self.max_requests)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn settings_that_make_no_sense_are_refused_by_name() {
        let good = ClientSettings::new(
            Url::parse("https://aino:planted@api.example/").unwrap(),
            Credentials::ApiKey(Secret::new("planted")),
        );
        assert!(good.check().is_ok());
        assert!(!format!("{good:?}").contains("planted"));
        for (bad, name) in [
            (ClientSettings { requests_per_second: Some(0.0), ..good.clone() }, "requests_per_second"),
            (ClientSettings { requests_per_second: Some(f64::NAN), ..good.clone() }, "requests_per_second"),
            (ClientSettings { retry_share: -0.1, ..good.clone() }, "retry_share"),
            (ClientSettings { max_attempts: 0, ..good.clone() }, "max_attempts"),
            (ClientSettings { read_timeout: Duration::ZERO, ..good.clone() }, "read_timeout"),
        ] {
            assert!(bad.check().unwrap_err().to_string().contains(name));
        }
    }
}
