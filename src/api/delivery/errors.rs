//! The errors that end a [`Delivery`].

use super::{Delivery, Exchange};
use crate::api::ApiError;
use crate::api::body::{detail, quote, wide_encoding};
use crate::api::classify::{Outcome, TransportKind};
use crate::api::client::Stop;
use crate::api::transport::{Failure, Response};

impl Delivery<'_> {
    /// The error for 401 and 403. Stops the client, unless a 403 may be about the country in the request only.
    pub(super) fn abort(&self, response: &Response) -> ApiError {
        let detail = detail(self.client.transport.redactor(), &response.body);
        let request = self.name.clone();
        let country = self.request.query_value("country").map(str::to_owned);
        let country_only = response.status == 403 && country.is_some();
        let error = match response.status {
            401 => ApiError::Unauthorized { request, detail },
            _ => ApiError::Forbidden { request, country, detail },
        };
        if !country_only {
            self.client.stop_with(Stop::Refused(error.clone()));
        }
        error
    }

    pub(super) fn refusal(&self, exchange: &Exchange) -> ApiError {
        let request = self.name.clone();
        match exchange {
            Ok(response) => {
                let detail = detail(self.client.transport.redactor(), &response.body);
                ApiError::Refused { request, status: response.status, detail }
            }
            Err(Failure { kind: TransportKind::TooLarge, status, .. }) => {
                let limit = self.client.settings.max_body_bytes;
                ApiError::BodyTooLarge { request, status: status.unwrap_or_default(), limit }
            }
            Err(Failure { kind: TransportKind::Proxy, reason, .. }) => ApiError::ProxyRefused {
                request,
                proxy: self.proxy().unwrap_or_default(),
                reason: reason.clone(),
            },
            Err(failure) => ApiError::Untrusted {
                origin: self.client.base.origin(),
                request,
                proxy: self.proxy(),
                reason: failure.reason.clone(),
            },
        }
    }

    /// The error for a success status with a body in an unknown encoding.
    pub(super) fn encoded(&self, response: &Response) -> ApiError {
        let redactor = self.client.transport.redactor();
        let compression = response.encoding.as_ref().map(|name| quote(redactor, name.as_bytes()));
        let encoding = compression.or_else(|| wide_encoding(&response.body).map(str::to_owned));
        ApiError::Encoding {
            request: self.name.clone(),
            status: response.status,
            encoding: encoding.unwrap_or_default(),
        }
    }

    pub(super) fn exhausted(&self, outcome: Outcome, reason: &'static str, exchange: &Exchange) -> ApiError {
        let (request, attempts, elapsed) = (self.name.clone(), self.attempts, self.elapsed());
        let redactor = self.client.transport.redactor();
        match exchange {
            Ok(response) if outcome == Outcome::NotJson => ApiError::NotJson {
                request,
                status: response.status,
                content_type: quote(
                    redactor,
                    response.content_type.as_deref().unwrap_or("no content type").as_bytes(),
                ),
                excerpt: quote(redactor, &response.body),
                attempts,
                elapsed,
            },
            exchange => ApiError::Unavailable {
                request,
                status: self.last_status,
                reason: self.with_proxy(words(reason, exchange), exchange),
                // The beginning of a truncated page says nothing about the reason.
                detail: match (outcome, exchange) {
                    (Outcome::Status { .. }, Ok(response)) => detail(redactor, &response.body),
                    _ => String::new(),
                },
                attempts,
                elapsed,
            },
        }
    }

    pub(super) fn unreachable(&self, exchange: &Exchange) -> ApiError {
        ApiError::Unreachable {
            origin: self.client.base.origin(),
            request: self.name.clone(),
            proxy: self.proxy(),
            reason: words("no connection", exchange),
            attempts: self.attempts,
            elapsed: self.elapsed(),
        }
    }

    /// The proxy in use, as errors name it. `None` without a proxy.
    fn proxy(&self) -> Option<String> {
        self.client.transport.proxy().map(ToString::to_string)
    }

    /// Adds the proxy to the reason of a failure without an answer, which the proxy may have caused.
    pub(super) fn with_proxy(&self, reason: String, exchange: &Exchange) -> String {
        match (exchange, self.proxy()) {
            (Err(Failure { status: None, .. }), Some(proxy)) => {
                format!("{reason}, through the proxy {proxy}")
            }
            _ => reason,
        }
    }

    pub(super) fn too_late(&self) -> ApiError {
        ApiError::DeadlineReached { request: self.name.clone(), status: self.last_status }
    }

    pub(super) fn stopped(&self, stop: Stop) -> ApiError {
        match stop {
            Stop::Interrupted => ApiError::Interrupted { request: self.name.clone() },
            Stop::Refused(error) => error,
        }
    }
}

/// The transport's description of the failure; `reason` when an answer came.
pub(super) fn words(reason: &'static str, exchange: &Exchange) -> String {
    exchange.as_ref().map_or_else(|failure| failure.reason.clone(), |_| reason.to_owned())
}
