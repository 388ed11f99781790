//! [`ClientSettings`]: the settings of a client.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Url;

use super::backoff::Jitter;
use super::{ApiError, Credentials};
use crate::clock::{Clock, SystemClock};

/// The settings for [`Client::new`](super::Client::new). Start with [`ClientSettings::new`] and set single
/// fields.
#[derive(Clone)]
#[non_exhaustive]
pub struct ClientSettings {
    /// Base URL of the API, including its version: `https://api.vainu.io/api/v1/`. `http` is allowed for this computer
    /// only.
    pub base_url: Url,
    /// How the client authenticates. Sent to the origin of `base_url` only.
    pub credentials: Credentials,
    /// Longest time to establish a connection, including TLS. Default 10 s.
    pub connect_timeout: Duration,
    /// Longest time without data while waiting for an answer or reading it. Default 150 s: the API itself gives up
    /// after 120 s.
    pub read_timeout: Duration,
    /// Longest time for one attempt, from connecting to the last byte. Default 300 s.
    pub attempt_timeout: Duration,
    /// Attempts for one request, including the first; at least 1. Default 8.
    pub max_attempts: u32,
    /// Upper bound of the random delay before a retry. The bound starts at 0.5 s and doubles up to this. Default 30 s.
    pub max_backoff: Duration,
    /// Longest pause that a `Retry-After` header may impose. A longer one is capped, with a warning. Default 120 s.
    pub retry_after_cap: Duration,
    /// Retries that every run may make, however few its requests. `retry_share` adds to them. Default 50.
    pub retry_floor: u64,
    /// Further retries, as a share of the requests that are not retries; 0 or more. Default 0.3, which tolerates a
    /// server that fails a fifth of all requests (a quarter more are then sent) in a run of any length. Retries after
    /// 429 do not count: such a server is not failing but limiting the rate.
    pub retry_share: f64,
    /// Limit of requests in flight. The client starts with 2 and raises the number up to this limit. Default 8.
    pub concurrency: NonZeroU32,
    /// Limit of requests started per second, at least 0.001. Default `None`: only the server's own limit.
    pub requests_per_second: Option<f64>,
    /// Limit of HTTP requests in the life of the client, including retries. Default `None`: no limit.
    pub max_requests: Option<u64>,
    /// Time at which the run must be over, by `clock`. Default `None`: no deadline.
    pub deadline: Option<Instant>,
    /// Largest answer in bytes, after decompression. Default 67,108,864 (64 MiB): 1000 rows of 64 KB each. Only one
    /// answer above 4 MiB is held at a time, so that this also bounds the memory of the whole run.
    pub max_body_bytes: usize,
    /// How a retry's delay is chosen between 0 and its upper bound. Default random.
    pub jitter: Jitter,
    /// The clock. Default the computer's own.
    pub clock: Arc<dyn Clock>,
}

impl ClientSettings {
    /// Settings with the default of each field.
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

    /// Checks the fields whose type allows invalid values.
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

/// Shows only the host of the base URL, which could contain a password before it is checked.
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
