//! The HTTP client of the API: requests, retries, rate control. The only module that uses `reqwest`.
//!
//! [`Client::send`] turns an [`ApiRequest`] into an [`Answer`] or an [`ApiError`]. One table, [`classify`], decides the
//! next step after each outcome. Every attempt passes, in this order: the interruption, the rate control (`control`, a
//! state machine; `admission` adds the clock and the queue), the budget of requests, the deadline.
//!
//! The credentials are sent to the origin of the base URL only. Redirects are not followed, except one permanent
//! redirect of a GET within the origin. Links in answers are not followed at all.

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
