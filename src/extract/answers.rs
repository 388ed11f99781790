//! [`Answers`]: all that the engine needs of whoever answers its requests.

use std::fmt;

use futures::future::BoxFuture;
use url::Url;

use crate::api::{Answer, ApiError, ApiRequest, Client};

/// Answers requests: the API's [`Client`], or the model of a server that a test of the engine makes up.
pub trait Answers: Send + Sync + fmt::Debug {
    /// Where the requests go; it decides which of them fit a URL.
    fn base_url(&self) -> &Url;

    /// The answer to a request, after whatever waiting and repeating it takes; 404 is an answer too.
    fn send<'a>(&'a self, request: &'a ApiRequest) -> BoxFuture<'a, Result<Answer, ApiError>>;

    /// The beginning of an answer, safe to print.
    fn quote(&self, body: &[u8]) -> String;

    /// What an answer says on either side of a place, safe to print.
    fn quote_around(&self, body: &[u8], at: usize) -> String {
        self.quote(body.get(at.saturating_sub(100)..).unwrap_or_default())
    }

    /// Starts nothing more: an error was met that every further request would meet too.
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
