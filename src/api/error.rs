//! [`ApiError`]: what can go wrong with a request to the API.

use std::time::Duration;

/// Why a request has no answer. Requests are named by method, path and shortened query. No variant holds a secret.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "the fields repeat in every variant: `request` = method, path and query; `status` = the HTTP status; `detail` = the server's own words, may be empty; `proxy` = the proxy in use, without user name and password, and the variable that names it; `attempts` = HTTP requests made for this one; `elapsed` = since the first of them; `encoding` = as the server, or its text, names it"
)]
pub enum ApiError {
    /// The base URL cannot be used.
    #[error("base URL `{url}` is refused: {reason}")]
    InvalidBaseUrl { url: String, reason: &'static str },
    /// The credentials cannot work with any server.
    #[error("credentials are refused: {reason}")]
    InvalidCredentials { reason: &'static str },
    /// A setting of the client is out of range.
    #[error("setting `{name}` is refused: {reason}")]
    InvalidSetting { name: &'static str, reason: &'static str },
    /// The request cannot be turned into a URL below the base URL.
    #[error("{request} cannot be sent: {reason}")]
    InvalidRequest { request: String, reason: &'static str },
    /// The proxy in the environment cannot be used. `variable` is the environment variable.
    #[error("the proxy in `{variable}` is refused: {reason}")]
    InvalidProxy { variable: &'static str, reason: &'static str },
    /// A link in an answer cannot be used.
    #[error("a link in the answer to {request} is refused: {reason}")]
    InvalidLink { request: String, reason: &'static str },
    /// The HTTP client could not be set up on this computer.
    #[error("HTTP client cannot start: {reason}")]
    Setup { reason: String },
    /// A redirect leads to another origin, which must not see the credentials.
    #[error("{request} points to {target}, but credentials are for {configured} only (status {status})")]
    ForeignOrigin { request: String, status: u16, configured: String, target: String },
    /// A redirect within the origin that is not followed. `target` is the path that it leads to.
    #[error("{request} was redirected to `{target}` (status {status})")]
    Redirected { request: String, status: u16, target: String },
    /// 401: the server does not accept the credentials.
    #[error("{request} was refused: credentials are not accepted (status 401){}", quoted(detail))]
    Unauthorized { request: String, detail: String },
    /// 403: the credentials are valid but lack the permission. `country` is the value of the request's filter, if it
    /// has one.
    #[error("{request} was refused: {} (status 403){}", forbidden(country.as_deref()), quoted(detail))]
    Forbidden { request: String, country: Option<String>, detail: String },
    /// The host has not answered once in this run.
    #[error("{origin} cannot be reached for {request}{}: {reason} ({})", through(proxy.as_deref()), effort(*attempts, *elapsed))]
    Unreachable {
        origin: String,
        request: String,
        proxy: Option<String>,
        reason: String,
        attempts: u32,
        elapsed: Duration,
    },
    /// The proxy refuses the connection. Not retried.
    #[error("{request} is not let through by the proxy {proxy}: {reason}")]
    ProxyRefused { request: String, proxy: String, reason: String },
    /// The server's certificate or TLS is not acceptable. Not retried.
    #[error("{origin} is not trusted for {request}{}: {reason}", through(proxy.as_deref()))]
    Untrusted { origin: String, request: String, proxy: Option<String>, reason: String },
    /// Every attempt failed. `status` is that of the last attempt, `None` when it had no answer.
    #[error("{request} failed after {}: {reason}{}{}", effort(*attempts, *elapsed), status_note(*status), quoted(detail))]
    Unavailable {
        request: String,
        status: Option<u16>,
        reason: String,
        detail: String,
        attempts: u32,
        elapsed: Duration,
    },
    /// The retry budget of the run is spent: the server must be failing.
    #[error("{request} is given up: {retries} of this run's {requests} requests were repeats, the last because of: {reason}{}", status_note(*status))]
    TooManyRetries { request: String, status: Option<u16>, reason: String, retries: u64, requests: u64 },
    /// Every attempt was answered with a body that is not JSON. `excerpt` is its beginning.
    #[error("{request} was not answered with JSON (status {status}, {content_type}, {}): `{excerpt}`", effort(*attempts, *elapsed))]
    NotJson {
        request: String,
        status: u16,
        content_type: String,
        excerpt: String,
        attempts: u32,
        elapsed: Duration,
    },
    /// The answer has a compression that was not requested, or its text is not UTF-8.
    #[error("{request} was answered in an encoding that is not understood: `{encoding}` (status {status})")]
    Encoding { request: String, status: u16, encoding: String },
    /// The answer is larger than `limit` bytes after decompression.
    #[error("{request} was answered with more than {limit} bytes (status {status})")]
    BodyTooLarge { request: String, status: u16, limit: usize },
    /// Another refusal. A retry would not help.
    #[error("{request} was refused (status {status}){}", quoted(detail))]
    Refused { request: String, status: u16, detail: String },
    /// The run's budget of HTTP requests is spent.
    #[error("budget of {limit} requests is spent; {request} has no answer")]
    BudgetReached { request: String, limit: u64 },
    /// The run's deadline has passed, or would pass before the next attempt.
    #[error("the run's time is up; {request} has no answer{}", status_note(*status))]
    DeadlineReached { request: String, status: Option<u16> },
    /// The client was told to start no more requests.
    #[error("interrupted; {request} has no answer")]
    Interrupted { request: String },
}

fn status_note(status: Option<u16>) -> String {
    status.map(|code| format!(" (status {code})")).unwrap_or_default()
}

fn quoted(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(": `{detail}`") }
}

fn through(proxy: Option<&str>) -> String {
    proxy.map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default()
}

fn effort(attempts: u32, elapsed: Duration) -> String {
    let plural = if attempts == 1 { "" } else { "s" };
    format!("{attempts} attempt{plural} in {:.1} s", elapsed.as_secs_f64())
}

/// The text for status 403. The API's document, section Status codes, has the first meaning only; its endpoints also
/// name permissions by country.
fn forbidden(country: Option<&str>) -> String {
    match country {
        None => "the API is not enabled for this account".to_owned(),
        Some(country) => format!(
            "the API is not enabled for this account, or the account has no permission for country {}",
            super::request::visible(country)
        ),
    }
}
