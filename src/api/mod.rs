//! The HTTP client for the API: requests, retries, rate control. The only part that knows `reqwest`.
//!
//! [`Client::send`] takes an [`ApiRequest`] to its [`Answer`] or its [`ApiError`]. What follows from each outcome
//! stands in one table, [`classify`]. Around each attempt stand, in this order: interruption, the rate control
//! (`control`, a state machine; `admission` gives it a clock and a queue), the budget of requests, the deadline.
//!
//! The credentials go to the origin of the base URL and nowhere else: redirects are not followed, but for one
//! permanent redirect of a GET within the origin. Links in answers are not followed at all.

mod admission;
mod backoff;
mod base;
mod body;
mod classify;
mod client;
mod control;
mod credentials;
mod delivery;
mod error;
mod hint;
mod proxy;
mod request;
pub(crate) mod retry_after;
mod settings;
mod transport;

pub use backoff::Jitter;
pub use classify::{Outcome, TransportKind, Verdict, classify};
pub use client::{Answer, Client, ServerTime, Stats};
pub use credentials::Credentials;
pub use error::ApiError;
pub use hint::ErrorKind;
pub use proxy::proxy_of;
pub use request::{ApiRequest, Method};
pub use settings::ClientSettings;
