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

use crate::simulator::http::answer::Answer;
use crate::simulator::http::brotli;
use crate::simulator::http::gzip;
use crate::simulator::http::listener::Line;
use crate::simulator::http::zstd;

/// Bytes that `Endless` and `Bomb` come to.
const GIBIBYTE: usize = 1 << 30;
/// What is on its way gets onto the wire before the connection ends.
const ON_THE_WIRE: Duration = Duration::from_millis(30);

/// How an answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Delivery {
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
    /// Half of the body in Brotli's form, then nonsense.
    BrotliDamaged,
    /// A kilobyte of Brotli that becomes a gibibyte.
    BrotliBomb,
    /// Half of the body in Zstandard's form, then nonsense.
    ZstdDamaged,
    /// Some kilobytes of Zstandard that become a gibibyte.
    ZstdBomb,
    /// In an encoding that nobody has asked for.
    Compress,
    /// In two bytes a character.
    Utf16,
}

impl Delivery {
    /// Sends the answer this way; where the HTTP server cannot be made to, over `line`.
    pub(in crate::simulator) async fn respond(self, answer: Answer, line: &Line) -> Response {
        let length = answer.body.len();
        let body = match self {
            Self::Whole => match answer.bytes {
                Some(bytes) => Body::from(bytes),
                None => Body::from(answer.body),
            },
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
            Self::BrotliDamaged => Body::from(brotli::damaged(answer.body.as_bytes())),
            Self::BrotliBomb => Body::from(brotli::bomb(GIBIBYTE >> 24)),
            Self::ZstdDamaged => Body::from(zstd::damaged(answer.body.as_bytes())),
            Self::ZstdBomb => {
                let rounds = GIBIBYTE / zstd::BOMB_ROUND_BYTES;
                repeated(zstd::bomb_head(), zstd::bomb_round().repeat(rounds), 1)
            }
            // As `compress` begins.
            Self::Compress => Body::from([&[0x1f, 0x9d, 0x90][..], answer.body.as_bytes()].concat()),
            Self::Utf16 => {
                Body::from(answer.body.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
            }
            Self::Huge => repeated(b"[".to_vec(), b"[".repeat(1 << 16), GIBIBYTE >> 16),
        };
        headed(body, self, length, answer.status, &answer.content_type, answer.headers)
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
    content_type: &str,
    more: Vec<(&'static str, String)>,
) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    if let Some(value) = HeaderValue::from_str(content_type).ok().filter(|value| !value.is_empty()) {
        headers.insert(CONTENT_TYPE, value);
    }
    match delivery {
        Delivery::Half | Delivery::HalfThenReset | Delivery::HalfThenSilence | Delivery::Trickle => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        Delivery::GzipDamaged | Delivery::GzipHalf | Delivery::Bomb => {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Delivery::BrotliDamaged | Delivery::BrotliBomb => {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
        Delivery::ZstdDamaged | Delivery::ZstdBomb => {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("zstd"));
        }
        Delivery::Compress => {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("compress"));
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
