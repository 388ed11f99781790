//! Finds a subject within a longer text.

use super::{ERASED, Subject};

impl Subject {
    /// The text with every occurrence of the person's address replaced by [`ERASED`]. `None` if there is none. An
    /// occurrence within a longer address does not count: that is another person. Always `None` for a company: digits
    /// within a text may mean anything.
    pub(in crate::erase) fn replaced_in(&self, text: &str) -> Option<String> {
        let Self::Person { email } = self else { return None };
        let mut out = String::new();
        let (mut rest, mut before) = (text, None);
        let mut found = false;
        while let Some(next) = rest.chars().next() {
            match begins_with(rest, email) {
                Some(length)
                    if can_start_after(before) && can_end_before(rest.get(length..).unwrap_or_default()) =>
                {
                    out.push_str(ERASED);
                    found = true;
                    before = rest.get(..length).and_then(|part| part.chars().next_back());
                    rest = rest.get(length..).unwrap_or_default();
                }
                _ => {
                    out.push(next);
                    before = Some(next);
                    rest = rest.get(next.len_utf8()..).unwrap_or_default();
                }
            }
        }
        found.then_some(out)
    }

    /// False if the JSON text cannot name the subject in any spelling. True means that it has to be parsed to know.
    /// Cheap.
    pub(in crate::erase) fn may_be_in(&self, json: &str) -> bool {
        // An escape such as `\u0040` can stand for any ASCII character. Others, such as `\u00e4`, cannot.
        let escapes = json.match_indices("\\u").any(|(at, _)| {
            let ascii = json.get(at + 2..at + 5).is_some_and(|start| {
                start.starts_with("00") && start.ends_with(|digit: char| ('0'..='7').contains(&digit))
            });
            ascii || !self.is_ascii()
        });
        escapes
            || match self {
                Self::Person { email } => json
                    .char_indices()
                    .any(|(at, _)| begins_with(json.get(at..).unwrap_or_default(), email).is_some()),
                Self::Company { business_id, .. } => holds_id(json, business_id),
            }
    }

    fn is_ascii(&self) -> bool {
        match self {
            Self::Person { email } => email.is_ascii(),
            Self::Company { business_id, .. } => business_id.is_ascii(),
        }
    }
}

/// Length in bytes of the prefix of `text` that equals `lower`, ignoring case. `lower` is in lower case. `None` if
/// `text` does not start with it.
fn begins_with(text: &str, lower: &str) -> Option<usize> {
    let mut wanted = lower.chars();
    for (at, found) in text.char_indices() {
        for found in found.to_lowercase() {
            if wanted.next() != Some(found) {
                return None;
            }
        }
        if wanted.as_str().is_empty() {
            return Some(at + found.len_utf8());
        }
    }
    None
}

/// Whether an address can start after this character.
fn can_start_after(before: Option<char>) -> bool {
    before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '.' | '_' | '%' | '+' | '-'))
}

/// Whether an address can end before this text. A full stop at the end of a sentence does not continue the domain.
fn can_end_before(after: &str) -> bool {
    let rest = after.trim_start_matches(['.', '-']);
    let goes_on = rest.starts_with(char::is_alphanumeric);
    !goes_on
}

/// Whether the JSON text may hold the id, whatever separates its letters and digits.
fn holds_id(json: &str, id: &str) -> bool {
    let id = letters(id);
    id.is_empty() || letters(json).windows(id.len()).any(|part| part == id)
}

/// The ASCII letters and digits of a JSON text, in lower case. Escapes are skipped: [`Subject::may_be_in`] looks for
/// those of ASCII characters itself, and the others can only stand for separators.
fn letters(json: &str) -> Vec<u8> {
    let mut letters = Vec::new();
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if bytes.next() == Some(b'u') => bytes.by_ref().take(4).for_each(drop),
            _ if byte.is_ascii_alphanumeric() => letters.push(byte.to_ascii_lowercase()),
            _ => {}
        }
    }
    letters
}
