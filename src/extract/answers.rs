//! [`Answers`]: the interface through which the engine sends its requests.

use std::fmt;

use futures::future::BoxFuture;
use url::Url;

use crate::api::{Answer, ApiError, ApiRequest, Client};

/// Answers requests: the API's [`Client`], or a simulated server in a test of the engine.
pub trait Answers: Send + Sync + fmt::Debug {
    /// Base URL of the requests. It decides which of them fit a URL.
    fn base_url(&self) -> &Url;

    /// Sends a request and returns the answer, after any waiting and retries. 404 is an answer, not an error.
    fn send<'a>(&'a self, request: &'a ApiRequest) -> BoxFuture<'a, Result<Answer, ApiError>>;

    /// The start of a body, safe to print.
    fn quote(&self, body: &[u8]) -> String;

    /// The bytes of a body on either side of an offset, safe to print.
    fn quote_around(&self, body: &[u8], at: usize) -> String {
        self.quote(body.get(at.saturating_sub(100)..).unwrap_or_default())
    }

    /// Starts no further request, after an error that every request would meet.
    fn stop_starting(&self);
}

impl Answers for Client {
    fn base_url(&self) -> &Url {
        Self::base_url(self)
    }

    fn send<'a>(&'a self, request: &'a ApiRequest) -> BoxFuture<'a, Result<Answer, ApiError>> {
        Box::pin(Self::send(self, request))
    }

    fn quote(&self, body: &[u8]) -> String {
        Self::quote(self, body)
    }

    fn quote_around(&self, body: &[u8], at: usize) -> String {
        Self::quote_around(self, body, at)
    }

    fn stop_starting(&self) {
        Self::stop_starting(self);
    }
}
