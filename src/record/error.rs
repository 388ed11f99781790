//! Errors of a body that is not a page.

use super::salvage::offset_of;

/// Number of bytes of a body that a message shows on either side of a place; twice as many at its start.
const SHOWN: usize = 100;

/// A body that is not one of the known envelopes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The bytes are not text.
    #[error("the body is not UTF-8 at byte {at}, around which it says `{around}`")]
    NotText {
        /// Number of bytes before the first invalid one.
        at: usize,
        /// Up to 100 bytes on either side, without control characters.
        around: String,
    },
    /// The text is not JSON, or more than one JSON value.
    #[error("the body is not JSON at byte {at}, around which it says `{around}`")]
    NotJson {
        /// Number of bytes before the one at which the parser stopped.
        at: usize,
        /// Up to 100 bytes on either side, without control characters.
        around: String,
        /// The parser's message, with line and column.
        #[source]
        source: serde_json::Error,
    },
    /// JSON of another shape.
    #[error("the body is neither a list of records nor a count; it starts with `{start}`")]
    OtherShape {
        /// First 200 bytes, without control characters.
        start: String,
    },
}

impl EnvelopeError {
    pub(crate) fn not_text(body: &[u8], at: usize) -> Self {
        Self::NotText { at, around: excerpt(body, at) }
    }

    pub(crate) fn not_json(body: &[u8], source: serde_json::Error) -> Self {
        let at = offset_of(body, &source);
        Self::NotJson { at, around: excerpt(body, at), source }
    }

    pub(crate) fn other_shape(body: &[u8]) -> Self {
        Self::OtherShape { start: shown(body.get(..2 * SHOWN).unwrap_or(body)) }
    }

    /// The same error for another text, the body as received. `place` maps an offset to the offset in `body`.
    pub(crate) fn moved(mut self, body: &[u8], place: impl FnOnce(usize) -> usize) -> Self {
        match &mut self {
            Self::NotText { at, around: shown } | Self::NotJson { at, around: shown, .. } => {
                *at = place(*at).min(body.len());
                *shown = excerpt(body, *at);
            }
            Self::OtherShape { .. } => {}
        }
        self
    }

    /// Offset in bytes at which the body is no longer JSON; `None` when it is JSON of another shape.
    pub fn place(&self) -> Option<usize> {
        match self {
            Self::NotText { at, .. } | Self::NotJson { at, .. } => Some(*at),
            Self::OtherShape { .. } => None,
        }
    }

    /// The same error with another quotation of the body: one without credentials that the server may have echoed.
    #[must_use]
    pub(crate) fn quoting(mut self, quotation: String) -> Self {
        match &mut self {
            Self::NotText { around, .. } | Self::NotJson { around, .. } => *around = quotation,
            Self::OtherShape { start } => *start = quotation,
        }
        self
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotText { .. } | Self::NotJson { .. } => {
                "the server's answer cannot be read, however often it is asked for; run again later, and if it stays so, \
                 show the place to Vainu Support"
            }
            Self::OtherShape { .. } => "check that the base URL points at the API, and what the message says",
        }
    }
}

/// The bytes of a body on either side of an offset, as text for a message.
fn excerpt(body: &[u8], at: usize) -> String {
    shown(body.get(at.saturating_sub(SHOWN)..at.saturating_add(SHOWN).min(body.len())).unwrap_or_default())
}

/// Bytes as text for a message. Invalid UTF-8, control characters and characters that change the direction of text are
/// replaced.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let turns =
        |char| matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.replace(|char: char| char.is_control() || turns(char), " ")
}
