//! [`Secret`]: a text that cannot be printed.

use std::fmt;

/// A password or key. It has no `Display`; `Debug` prints `[redacted]`.
///
/// Only this crate can read the text, to put it into a request header.
#[derive(Clone)]
pub struct Secret(String);

/// Text shown in place of a secret.
pub(crate) const REDACTED: &str = "[redacted]";

impl Secret {
    /// Wraps `text` unchanged and unchecked.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text. Review every call when a secret has leaked.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Replaces every occurrence of the secret in `text`. For text that a server sent.
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
