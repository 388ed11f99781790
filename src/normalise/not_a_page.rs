//! What is wrong with a body that is no page.

/// A body that is none of the known envelopes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The bytes are not text.
    #[error("the body is not UTF-8 from byte {at} on; it starts with `{start}`")]
    NotText {
        /// Number of bytes before the first bad one.
        at: usize,
        /// First 200 bytes, without control characters.
        start: String,
    },
    /// The text is not JSON, or not one JSON value alone.
    #[error("the body is not JSON; it starts with `{start}`")]
    NotJson {
        /// First 200 bytes, without control characters.
        start: String,
        /// What the parser says, with line and column.
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
    /// The same error with another quotation of the body: one without the credentials that a server may echo.
    #[must_use]
    pub(crate) fn quoting(mut self, quotation: String) -> Self {
        match &mut self {
            Self::NotText { start, .. } | Self::NotJson { start, .. } | Self::OtherShape { start } => {
                *start = quotation;
            }
        }
        self
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotText { .. } | Self::NotJson { .. } => {
                "a proxy's page or a cut-off answer; request the page again"
            }
            Self::OtherShape { .. } => "check that the base URL points at the API, and what the message says",
        }
    }
}

/// The first 200 bytes for a message: invalid parts, control characters and characters that turn the direction
/// of text are replaced.
pub(super) fn start_of(body: &[u8]) -> String {
    let start = String::from_utf8_lossy(body.get(..200).unwrap_or(body)).into_owned();
    let turns =
        |char| matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    start.replace(|char: char| char.is_control() || turns(char), " ")
}
