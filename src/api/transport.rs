//! [`Transport`]: one HTTP exchange. The only module that sends requests with `reqwest`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderName, HeaderValue, LOCATION,
    RETRY_AFTER,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use super::base::BaseUrl;
use super::body::Redactor;
use super::classify::TransportKind;
use super::proxy::{self, Proxy};
use super::{ApiError, ClientSettings, Credentials, Method};
use crate::secret::Secret;

/// Number of bytes read of an answer without a success status. Only its `detail` matters.
const REFUSAL_BYTES: usize = 64 << 10;
/// Only one answer above this size is held at a time. A page of 1000 rows has about 1 MB.
const LARGE_BYTES: usize = 4 << 20;
const API_KEY: HeaderName = HeaderName::from_static("api-key");

/// An HTTP client that follows no redirects, keeps no cookies and sends the credentials with each request.
#[derive(Debug)]
pub(super) struct Transport {
    http: reqwest::Client,
    credential: (HeaderName, HeaderValue),
    redactor: Redactor,
    max_body_bytes: usize,
    /// The single place for a large answer.
    large: Arc<Semaphore>,
    connect_timeout: Duration,
    proxy: Option<Proxy>,
}

/// The right to hold a large answer. Released when the last clone is dropped.
#[derive(Debug, Clone)]
pub(super) struct Slot(#[expect(dead_code, reason = "held, not read")] Arc<OwnedSemaphorePermit>);

/// All slots are equal, so that answers are compared by their content only.
impl PartialEq for Slot {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Slot {}

/// A complete answer with any status.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) content_type: Option<String>,
    /// The encoding that the body still has, from `Content-Encoding`. `None` when it is decoded.
    pub(super) encoding: Option<String>,
    pub(super) retry_after: Option<String>,
    pub(super) date: Option<String>,
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
    pub(super) place: Option<Slot>,
}

/// Why there is no complete answer, in plain words.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: TransportKind,
    pub(super) status: Option<u16>,
    pub(super) reason: String,
}

impl Transport {
    pub(super) fn new(
        settings: &ClientSettings,
        credentials: &Credentials,
        base: &BaseUrl,
    ) -> Result<Self, ApiError> {
        // Fails when this program or the one that embeds it has installed a provider before. Either provider works.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("vainu-etl/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .gzip(true)
            .brotli(true)
            .zstd(true)
            .connect_timeout(settings.connect_timeout)
            .read_timeout(settings.read_timeout)
            .pool_max_idle_per_host(usize::try_from(settings.concurrency.get()).unwrap_or(usize::MAX));
        let setup = |error: reqwest::Error| ApiError::Setup { reason: root_cause(&error.without_url()) };
        let proxy = Proxy::find(base, proxy::environment)?;
        // Without this `reqwest` looks for a proxy itself, and ignores one with an invalid address.
        builder = builder.no_proxy();
        if let Some(proxy) = &proxy {
            tracing::info!(%proxy, "Requests go through a proxy.");
            builder = builder.proxy(proxy.for_client().map_err(setup)?);
        }
        if base.is_plain() {
            // `http` is for this computer only and needs no certificates.
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().map_err(setup)?;
        let credential = credential(&http, base, credentials)?;
        // The texts in which an answer could contain the secret.
        let forms = match credentials {
            Credentials::ApiKey(key) => vec![key.clone()],
            Credentials::Basic { password, .. } => {
                let header = credential.1.to_str().unwrap_or_default();
                vec![Secret::new(header.trim_start_matches("Basic ")), password.clone()]
            }
        };
        Ok(Self {
            http,
            credential,
            redactor: Redactor::new(forms),
            max_body_bytes: settings.max_body_bytes,
            large: Arc::new(Semaphore::new(1)),
            connect_timeout: settings.connect_timeout,
            proxy,
        })
    }

    /// The proxy that requests use. `None` when they are sent directly.
    pub(super) fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    pub(super) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Sends one request to `url` and reads the whole answer. The caller has checked the origin.
    pub(super) async fn exchange(
        &self,
        url: &Url,
        method: &Method,
        timeout: Duration,
    ) -> Result<Response, Failure> {
        let request = match method {
            Method::Get => self.http.get(url.clone()),
            Method::PostJson(body) => self.http.post(url.clone()).json(body),
        };
        let (name, value) = &self.credential;
        let request = request.header(ACCEPT, "application/json").header(name, value).timeout(timeout);
        let mut answer = request.send().await.map_err(|error| self.failure(error, None))?;
        let status = answer.status().as_u16();
        let header =
            |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut response = Response {
            status,
            content_type: header(CONTENT_TYPE),
            // The header is absent after decompression.
            encoding: header(CONTENT_ENCODING)
                .filter(|name| !["", "identity"].contains(&name.trim().to_ascii_lowercase().as_str())),
            retry_after: header(RETRY_AFTER),
            date: header(DATE),
            location: header(LOCATION),
            body: Vec::new(),
            place: None,
        };
        let success = answer.status().is_success();
        let limit = if success { self.max_body_bytes } else { REFUSAL_BYTES };
        loop {
            let chunk = match answer.chunk().await {
                Ok(chunk) => chunk,
                Err(error) if success => return Err(self.failure(error, Some(status))),
                // The status is sufficient; the body is only an explanation.
                Err(_) => None,
            };
            let Some(chunk) = chunk else {
                return Ok(response);
            };
            if response.body.len() + chunk.len() <= limit {
                if response.place.is_none() && response.body.len() + chunk.len() > LARGE_BYTES {
                    response.place = Some(self.place(timeout, status).await?);
                }
                response.body.extend_from_slice(&chunk);
            } else if success {
                let reason = format!("more than {limit} bytes");
                return Err(Failure { kind: TransportKind::TooLarge, status: Some(status), reason });
            } else {
                return Ok(response);
            }
        }
    }

    /// Waits until no other large answer is held.
    async fn place(&self, timeout: Duration, status: u16) -> Result<Slot, Failure> {
        let failure = |reason: &str| Failure {
            kind: TransportKind::Timeout,
            status: Some(status),
            reason: reason.to_owned(),
        };
        let permit = tokio::time::timeout(timeout, Arc::clone(&self.large).acquire_owned()).await;
        match permit {
            Ok(Ok(permit)) => Ok(Slot(Arc::new(permit))),
            _ => Err(failure("another large answer was not done with in time")),
        }
    }

    fn failure(&self, error: reqwest::Error, status: Option<u16>) -> Failure {
        let error = error.without_url();
        let cause = root_cause(&error);
        let (kind, reason) = if self.proxy.is_some() && cause.contains(PROXY_AUTHORIZATION) {
            (TransportKind::Proxy, "it asks for a user name and password (407)".to_owned())
        } else if let Some(tls) = find::<rustls::Error>(&error) {
            (TransportKind::Tls, format!("TLS failed: {tls}"))
        } else if error.is_dns() {
            (TransportKind::Resolve, format!("the host name cannot be resolved: {cause}"))
        } else if error.is_connect() && error.is_timeout() {
            (TransportKind::Connect, format!("no connection within {} s", self.connect_timeout.as_secs_f32()))
        } else if error.is_connect() {
            (TransportKind::Connect, format!("no connection: {}", plainly(&cause)))
        } else if error.is_timeout() {
            (TransportKind::Timeout, "no answer in time".to_owned())
        } else if status.is_none() {
            (TransportKind::Reset, format!("connection lost before an answer: {cause}"))
        } else if find::<std::io::Error>(&error).is_some_and(is_damage) {
            (TransportKind::Damaged, format!("answer damaged on its way: {cause}"))
        } else {
            (TransportKind::Truncated, format!("answer broke off: {cause}"))
        };
        Failure { kind, status, reason: self.redactor.redact(&reason) }
    }
}

/// The error text of `hyper-util` when a proxy answers 407. Its error type is private.
const PROXY_AUTHORIZATION: &str = "proxy authorization required";

/// The cause in words that a user knows.
fn plainly(cause: &str) -> &str {
    match cause {
        "tunnel error: unsuccessful" => "the proxy refuses to connect to the host",
        "tunnel error: unexpected end of file" => "the proxy closed the connection",
        cause => cause,
    }
}

/// The header with the credentials, marked as sensitive: it is not printed, and HTTP/2 does not index it.
fn credential(
    http: &reqwest::Client,
    base: &BaseUrl,
    credentials: &Credentials,
) -> Result<(HeaderName, HeaderValue), ApiError> {
    let unusable = ApiError::InvalidCredentials { reason: "they do not fit into an HTTP header" };
    let (name, value) = match credentials {
        Credentials::ApiKey(key) => (API_KEY, HeaderValue::from_str(key.expose()).ok()),
        Credentials::Basic { username, password } => {
            // Never sent. `reqwest` offers no other way to encode a login.
            let request =
                http.get(base.url().clone()).basic_auth(username, Some(password.expose())).build().ok();
            (AUTHORIZATION, request.and_then(|request| request.headers().get(AUTHORIZATION).cloned()))
        }
    };
    let mut value = value.ok_or(unusable)?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// Whether decompression failed because of damaged bytes, not missing ones.
fn is_damage(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput)
}

/// The first error of type `E` among `error` and its causes. The cause of an `io::Error` is one level deeper.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        next = inner(error);
    }
    None
}

fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(cause) = inner(last) {
        last = cause;
    }
    last.to_string()
}

fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    wrapped.map(|wrapped| wrapped as &(dyn Error + 'static)).or_else(|| error.source())
}
