//! [`Secret`]: a text that cannot be printed.

use std::fmt;

/// A password or key. Has no `Display`; `Debug` prints `[redacted]`.
///
/// Only this crate can read the text back, so that it ends in a request header and nowhere else.
#[derive(Clone)]
pub struct Secret(String);

/// What stands where a secret was.
pub(crate) const REDACTED: &str = "[redacted]";

impl Secret {
    /// Wraps `text` as it is; nothing is trimmed or checked here.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Every call is a place to look at when a secret has leaked.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Replaces every occurrence of the secret in `text`, for text that a server sent back.
    pub(crate) fn redact(&self, text: &str) -> String {
        if self.0.is_empty() {
            return text.to_owned();
        }
        text.replace(&self.0, REDACTED)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_the_text_nor_its_length() {
        assert_eq!(format!("{:?}", Secret::new("planted")), "[redacted]");
        assert_eq!(format!("{:#?}", Some(Secret::new(""))), "Some(\n    [redacted],\n)");
    }

    #[test]
    fn redacts_an_echo() {
        let secret = Secret::new("planted");
        assert_eq!(secret.redact("key planted, planted"), "key [redacted], [redacted]");
        assert_eq!(Secret::new("").redact("as it was"), "as it was");
    }
}
