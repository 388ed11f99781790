//! Judges a body without parsing it: is it JSON at all, and did it arrive whole?

use super::classify::{Outcome, TransportKind};
use super::request::visible;
use crate::secret::Secret;

/// Bytes of a wrong body that an error quotes.
const QUOTED: usize = 200;

/// Takes the credentials out of text that the server sent: a debug page may well echo the request's headers.
#[derive(Debug, Clone)]
pub(super) struct Redactor(Vec<Secret>);

impl Redactor {
    /// `forms` are the texts under which the secret travels.
    pub(super) fn new(forms: Vec<Secret>) -> Self {
        Self(forms)
    }

    pub(super) fn redact(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, form| form.redact(&text))
    }
}

/// What a complete answer with a success status amounts to. A body that begins like JSON but does not end so has
/// been cut where the connection gave no sign of it.
pub(super) fn judge(code: u16, content_type: Option<&str>, body: &[u8]) -> Outcome {
    let body = body.trim_ascii();
    let (Some(first), Some(last)) = (body.first(), body.last()) else {
        return Outcome::Empty;
    };
    let fits = match first {
        b'[' => *last == b']',
        b'{' => *last == b'}',
        b'0'..=b'9' => last.is_ascii_digit(),
        _ => return Outcome::NotJson,
    };
    if content_type.is_some_and(|name| !name.to_ascii_lowercase().contains("json")) {
        return Outcome::NotJson;
    }
    if fits {
        Outcome::Status { code, retry_after: None }
    } else {
        Outcome::Transport(TransportKind::Truncated)
    }
}

/// What the server says about a refusal: the field `detail` (or `error`, `message`) of a JSON body, else the body's
/// beginning. Empty when there is nothing to quote.
pub(super) fn detail(redactor: &Redactor, body: &[u8]) -> String {
    let value: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let field =
        ["detail", "error", "message"].into_iter().find_map(|name| match value.as_ref()?.get(name)? {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Null => None,
            other => Some(other.to_string()),
        });
    quote(redactor, field.as_ref().map_or(body, |text| text.as_bytes()))
}

/// The beginning of `text`, safe to print: on one line, without control characters, without the secret.
pub(super) fn quote(redactor: &Redactor, text: &[u8]) -> String {
    // Redacted before it is cut, so that no part of a secret is left at the cut.
    let near = text.get(..QUOTED * 20).unwrap_or(text);
    let text = redactor.redact(&String::from_utf8_lossy(near));
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut end = one_line.len().min(QUOTED);
    while !one_line.is_char_boundary(end) {
        end -= 1;
    }
    let (shown, rest) = one_line.split_at(end);
    let cut = if rest.is_empty() { "" } else { "…" };
    format!("{}{cut}", visible(shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(body: &str) -> Outcome {
        judge(200, Some("application/json; charset=utf-8"), body.as_bytes())
    }

    fn planted() -> Redactor {
        Redactor::new(vec![Secret::new("planted")])
    }

    #[test]
    fn arrays_objects_and_numbers_are_json() {
        for body in ["[]", " {\"count\": 3}\n", "68520", "[{\"a\":\"]\"}]"] {
            assert_eq!(json(body), Outcome::Status { code: 200, retry_after: None }, "{body}");
        }
        assert_eq!(judge(200, None, b"[]"), Outcome::Status { code: 200, retry_after: None });
    }

    #[test]
    fn pages_for_people_and_other_formats_are_not() {
        for body in ["<!DOCTYPE html>", "business_id;name", "null", "\"text\""] {
            assert_eq!(json(body), Outcome::NotJson, "{body}");
        }
        assert_eq!(judge(200, Some("text/csv"), b"1,2\n3,4"), Outcome::NotJson);
        assert_eq!(judge(200, Some("text/html"), b"[]"), Outcome::NotJson);
    }

    #[test]
    fn nothing_and_half_of_something() {
        assert_eq!(json(" \r\n"), Outcome::Empty);
        for body in ["[{\"a\": 1}, {\"b\"", "{\"a\": [1, 2]", "12,"] {
            assert_eq!(json(body), Outcome::Transport(TransportKind::Truncated), "{body}");
        }
    }

    #[test]
    fn the_servers_words_are_found_in_json() {
        assert_eq!(detail(&planted(), br#"{"detail": "Not found"}"#), "Not found");
        assert_eq!(detail(&planted(), br#"{"error": {"code": 7}}"#), r#"{"code":7}"#);
        assert_eq!(detail(&planted(), b"  plain\n words "), "plain words");
        assert_eq!(detail(&planted(), b""), "");
    }

    #[test]
    fn a_quote_is_short_and_harmless() {
        assert_eq!(
            quote(&planted(), b"<p>your key planted\x1b[31m\r\n is wrong"),
            "<p>your key [redacted]\u{fffd}[31m is wrong"
        );
        let long = quote(&planted(), "ä".repeat(500).as_bytes());
        assert_eq!(long, format!("{}…", "ä".repeat(100)));
        let at_the_cut = quote(&planted(), format!("{}planted", "x".repeat(QUOTED - 3)).as_bytes());
        assert!(!at_the_cut.contains("pla"), "{at_the_cut}");
    }
}
