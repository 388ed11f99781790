//! How an answer is sent over a connection, or fails to be.

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

/// Bytes of the body for [`Delivery::Huge`], and of the decompressed body for the bombs.
const GIBIBYTE: usize = 1 << 30;
/// Time for written bytes to reach the wire before the connection ends.
const ON_THE_WIRE: Duration = Duration::from_millis(30);

/// The ways in which sending an answer fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// Nothing is sent; the connection is closed normally.
    Closed,
    /// Nothing is sent; the connection ends with a TCP reset.
    Reset,
    /// Nothing is sent; the connection stays open.
    Never,
    /// All headers, with `Content-Length`, and half of the body, then the connection is closed normally.
    Half,
    /// All headers and half of the body, then a TCP reset.
    HalfThenReset,
    /// All headers and half of the body, then nothing more; the connection stays open.
    HalfThenSilence,
    /// Headers without a length, and part of the body, so that the end of the connection looks like the end of the
    /// body. The part ends after a record if there is one.
    HalfUnannounced,
    /// The body, one byte a second.
    Trickle,
    /// The body as gzip, with one bit flipped.
    GzipDamaged,
    /// The first half of the body as gzip.
    GzipHalf,
    /// 7 MB of gzip that decompress to 1 GiB.
    Bomb,
    /// A body of 1 GiB.
    Huge,
    /// Half of the body as Brotli (`br`), then invalid data.
    BrotliDamaged,
    /// 1 kB of Brotli (`br`) that decompresses to 1 GiB.
    BrotliBomb,
    /// Half of the body as Zstandard (`zstd`), then invalid data.
    ZstdDamaged,
    /// Some kilobytes of Zstandard (`zstd`) that decompress to 1 GiB.
    ZstdBomb,
    /// The body with `Content-Encoding: compress`, which the client did not ask for.
    Compress,
    /// The body as UTF-16 (little endian).
    Utf16,
}

/// Sends the answer whole.
pub(in crate::simulator) fn respond(answer: Answer) -> Response {
    let body = answer.bytes.map_or_else(|| Body::from(answer.body), Body::from);
    headed(body, answer.status, &answer.content_type, answer.headers)
}

impl Delivery {
    /// The answer that is sent instead of the regular one, for a delivery that makes the body itself or sends none.
    /// `None` if the regular answer is needed.
    pub(in crate::simulator) fn replacement(self) -> Option<Answer> {
        match self {
            Self::Bomb | Self::Huge | Self::BrotliBomb | Self::ZstdBomb => Some(Answer::json(String::new())),
            Self::Closed | Self::Reset | Self::Never => Some(Answer::empty(0)),
            Self::Half
            | Self::HalfThenReset
            | Self::HalfThenSilence
            | Self::HalfUnannounced
            | Self::Trickle
            | Self::GzipDamaged
            | Self::GzipHalf
            | Self::BrotliDamaged
            | Self::ZstdDamaged
            | Self::Compress
            | Self::Utf16 => None,
        }
    }

    /// Sends the answer this way. Uses `line` for what the HTTP server cannot be made to do.
    pub(in crate::simulator) async fn respond(self, answer: Answer, line: &Line) -> Response {
        let framing = self.framing(answer.body.len());
        let body = match self {
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
            // The magic number and flags of a file by `compress`.
            Self::Compress => Body::from([&[0x1f, 0x9d, 0x90][..], answer.body.as_bytes()].concat()),
            Self::Utf16 => {
                Body::from(answer.body.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
            }
            Self::Huge => repeated(b"[".to_vec(), b"[".repeat(1 << 16), GIBIBYTE >> 16),
        };
        let mut response = headed(body, answer.status, &answer.content_type, Vec::new());
        response.headers_mut().extend(framing);
        add(&mut response, answer.headers);
        response
    }

    /// The header that says how the body is sent; `length` is that of the whole body in bytes.
    fn framing(self, length: usize) -> Option<(HeaderName, HeaderValue)> {
        let encoding = |name: &'static str| Some((CONTENT_ENCODING, HeaderValue::from_static(name)));
        match self {
            Self::Half | Self::HalfThenReset | Self::HalfThenSilence | Self::Trickle => {
                Some((CONTENT_LENGTH, HeaderValue::from(length)))
            }
            Self::GzipDamaged | Self::GzipHalf | Self::Bomb => encoding("gzip"),
            Self::BrotliDamaged | Self::BrotliBomb => encoding("br"),
            Self::ZstdDamaged | Self::ZstdBomb => encoding("zstd"),
            Self::Compress => encoding("compress"),
            Self::Closed | Self::Reset | Self::Never | Self::HalfUnannounced | Self::Huge | Self::Utf16 => {
                None
            }
        }
    }

    /// Half of the body, followed by the failure that `self` stands for.
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

fn headed(body: Body, status: u16, content_type: &str, more: Vec<(&'static str, String)>) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    if let Some(value) = HeaderValue::from_str(content_type).ok().filter(|value| !value.is_empty()) {
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    add(&mut response, more);
    response
}

fn add(response: &mut Response, headers: Vec<(&'static str, String)>) {
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
}

/// A complete answer as bytes. Its body is cut, has no length and ends with the connection.
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

/// `head`, then `part` this many times, as a stream, so that the whole body is never in memory.
fn repeated(head: Vec<u8>, part: Vec<u8>, times: usize) -> Body {
    let part = Bytes::from(part);
    let parts = stream::iter([Bytes::from(head)]).chain(stream::iter(0..times).map(move |_| part.clone()));
    Body::from_stream(parts.map(Ok::<_, Infallible>))
}
