//! Changes that switches make to the bytes of an answer: damaged records, byte order mark, compression, `Content-Type`.

use crate::simulator::http::answer::Answer;
use crate::simulator::http::brotli;
use crate::simulator::http::gzip;
use crate::simulator::http::zstd;
use crate::simulator::settings::switches::Switches;

/// Compression of answers without a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// `gzip`.
    Gzip,
    /// `br`.
    Brotli,
    /// `zstd`.
    Zstd,
}

impl Compression {
    pub(in crate::simulator) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "gzip" => Self::Gzip,
            "br" => Self::Brotli,
            "zstd" => Self::Zstd,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    fn apply(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Gzip => gzip::stored(bytes),
            Self::Brotli => brotli::stored(bytes),
            Self::Zstd => zstd::stored(bytes),
        }
    }
}

/// Changes an answer with status 200 as the switches say. Returns the changes made, for the request log; `None` for
/// none.
pub(in crate::simulator) fn dress(switches: &Switches, answer: &mut Answer) -> Option<String> {
    if answer.status != 200 {
        return None;
    }
    let mut done = Vec::new();
    let mut bytes = None;
    if switches.spoil.iter().any(|spoil| answer.body.contains(&spoil.text)) {
        let mut spoiled = answer.body.clone().into_bytes();
        let applied = switches.spoil.iter().filter(|spoil| spoil.apply(&mut spoiled)).count();
        if applied > 0 {
            done.push("spoil");
            bytes = Some(spoiled);
        }
    }
    let body = |bytes: Option<Vec<u8>>| bytes.unwrap_or_else(|| answer.body.clone().into_bytes());
    if switches.byte_order_mark {
        done.push("byte-order-mark");
        bytes = Some([&b"\xef\xbb\xbf"[..], body(bytes).as_slice()].concat());
    }
    if let Some(compression) = switches.compression {
        done.push("compression");
        bytes = Some(compression.apply(&body(bytes)));
        answer.headers.push(("content-encoding", compression.name().to_owned()));
    }
    if let Some(content_type) = &switches.content_type {
        done.push("content-type");
        answer.content_type = content_type.clone().into();
    }
    answer.bytes = bytes.or(answer.bytes.take());
    (!done.is_empty()).then(|| done.join("+"))
}
