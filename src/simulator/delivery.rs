//! The ways in which an answer gets onto a connection, or does not.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use futures::StreamExt as _;
use futures::stream;

use super::answer::Answer;
use super::gate::Line;
use super::gzip;

/// Bytes that `Endless` and `Bomb` come to.
const GIBIBYTE: usize = 1 << 30;
/// What is on its way gets onto the wire before the connection ends.
const ON_THE_WIRE: Duration = Duration::from_millis(30);

/// How an answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Whole,
    /// Nothing; the connection ends in order.
    Closed,
    /// Nothing; the connection ends with a TCP reset.
    Reset,
    /// Nothing at all, and the connection stays.
    Never,
    /// All headers and half of the body, then the connection ends in order.
    Half,
    /// All headers and half of the body, then a TCP reset.
    HalfThenReset,
    /// All headers and half of the body, then silence.
    HalfThenSilence,
    /// Part of the body under a head that does not say how long it is, so that the end of the connection looks like
    /// the end of the body. The part ends behind a record where there is one.
    HalfUnannounced,
    /// The body, a byte a second.
    Trickle,
    /// Compressed, with one wrong bit.
    GzipDamaged,
    /// Half of the body compressed.
    GzipHalf,
    /// Seven megabytes that become a gibibyte.
    Bomb,
    /// A gibibyte.
    Huge,
}

impl Delivery {
    /// Sends the answer this way; where the HTTP server cannot be made to, over `line`.
    pub(super) async fn respond(self, answer: Answer, line: &Line) -> Response {
        let length = answer.body.len();
        let body = match self {
            Self::Whole => Body::from(answer.body),
            Self::Never => std::future::pending().await,
            Self::Closed => {
                line.close();
                Body::empty()
            }
            Self::Reset => {
                line.reset();
                Body::empty()
            }
            Self::Half | Self::HalfThenReset | Self::HalfThenSilence => self.half(answer.body, line),
            Self::HalfUnannounced => {
                line.say_instead(unannounced(&answer));
                Body::empty()
            }
            Self::Trickle => trickle(answer.body),
            Self::GzipDamaged => {
                let mut bytes = gzip::stored(answer.body.as_bytes());
                let middle = bytes.len() / 2;
                if let Some(byte) = bytes.get_mut(middle) {
                    *byte ^= 1;
                }
                Body::from(bytes)
            }
            Self::GzipHalf => {
                let mut bytes = gzip::stored(answer.body.as_bytes());
                bytes.truncate(bytes.len() / 2);
                Body::from(bytes)
            }
            Self::Bomb => bomb(),
            Self::Huge => repeated(b"[".to_vec(), b"[".repeat(1 << 16), GIBIBYTE >> 16),
        };
        headed(body, self, length, answer.status, answer.content_type, answer.headers)
    }

    /// Half of the body, and the end that belongs to it.
    fn half(self, body: String, line: &Line) -> Body {
        let mut start = Bytes::from(body);
        start.truncate(start.len() / 2);
        let line = line.clone();
        let end = stream::once(async move {
            match self {
                Self::HalfThenSilence => std::future::pending().await,
                // The pause lets the server put the first half on the wire before the failure ends the connection.
                _ => tokio::time::sleep(ON_THE_WIRE).await,
            }
            if self == Self::HalfThenReset {
                line.reset();
            }
            Err(io::Error::from(io::ErrorKind::ConnectionReset))
        });
        Body::from_stream(stream::iter([Ok(start)]).chain(end))
    }
}

fn headed(
    body: Body,
    delivery: Delivery,
    length: usize,
    status: u16,
    content_type: &'static str,
    more: Vec<(&'static str, String)>,
) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    match delivery {
        Delivery::Half | Delivery::HalfThenReset | Delivery::HalfThenSilence | Delivery::Trickle => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        Delivery::GzipDamaged | Delivery::GzipHalf | Delivery::Bomb => {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        _ => {}
    }
    for (name, value) in more {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// A whole answer as bytes, whose body ends early and only with the connection.
fn unannounced(answer: &Answer) -> Bytes {
    let half: String = answer.body.chars().take(answer.body.chars().count() / 2).collect();
    let end = half.rfind('}').map_or(half.len(), |brace| brace + 1);
    let part = half.get(..end).unwrap_or_default();
    format!(
        "HTTP/1.1 {} OK\r\nContent-Type: {}\r\nConnection: close\r\n\r\n{part}",
        answer.status, answer.content_type
    )
    .into()
}

fn trickle(body: String) -> Body {
    let bytes = stream::iter(body.into_bytes()).then(|byte| async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok::<_, Infallible>(Bytes::from(vec![byte]))
    });
    Body::from_stream(bytes)
}

fn bomb() -> Body {
    let rounds = 4096;
    repeated(gzip::bomb_head(), gzip::bomb_round().repeat(rounds), GIBIBYTE / gzip::BOMB_ROUND_BYTES / rounds)
}

/// `head`, and `part` so many times, without holding all of it.
fn repeated(head: Vec<u8>, part: Vec<u8>, times: usize) -> Body {
    let part = Bytes::from(part);
    let parts = stream::iter([Bytes::from(head)]).chain(stream::iter(0..times).map(move |_| part.clone()));
    Body::from_stream(parts.map(Ok::<_, Infallible>))
}
