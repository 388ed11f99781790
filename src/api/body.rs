//! Checks a body without parsing it: whether it looks like JSON and whether it is complete.

use super::classify::{Outcome, TransportKind};
use super::request::visible;
use crate::secret::Secret;

/// Number of bytes of a body that an error quotes.
const QUOTED: usize = 200;

/// Removes the credentials from text that the server sent. A debug page may echo the request's headers.
#[derive(Debug, Clone)]
pub(super) struct Redactor(Vec<Secret>);

impl Redactor {
    /// `forms` are all texts in which the secret is sent.
    pub(super) fn new(forms: Vec<Secret>) -> Self {
        Self(forms)
    }

    pub(super) fn redact(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, form| form.redact(&text))
    }
}

/// The outcome of an answer with a success status, judged by its body.
///
/// A body that starts like JSON and does not end like JSON was truncated without an error from the connection. The
/// content type is ignored unless it names a format that is not JSON.
pub(super) fn judge(code: u16, content_type: Option<&str>, body: &[u8]) -> Outcome {
    if wide_encoding(body).is_some() {
        return Outcome::Encoding;
    }
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body).trim_ascii();
    let (Some(first), Some(last)) = (body.first(), body.last()) else {
        return Outcome::Empty;
    };
    let fits = match first {
        b'[' => *last == b']',
        b'{' => *last == b'}',
        b'0'..=b'9' => last.is_ascii_digit(),
        _ => return Outcome::NotJson,
    };
    if content_type.is_some_and(is_of_another_format) {
        return Outcome::NotJson;
    }
    if fits {
        Outcome::Status { code, retry_after: None }
    } else {
        Outcome::Transport(TransportKind::Truncated)
    }
}

/// UTF-8's byte order mark.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Parts of content types that are certainly not JSON.
const OTHER_FORMATS: [&str; 10] =
    ["html", "xml", "csv", "tab-separated", "image/", "audio/", "video/", "font/", "pdf", "multipart/"];

fn is_of_another_format(content_type: &str) -> bool {
    let name = content_type.to_ascii_lowercase();
    !name.contains("json") && OTHER_FORMATS.iter().any(|format| name.contains(format))
}

/// The content type, if it does not name JSON: `None` when it does, the text `none` when the header is missing or
/// empty.
pub(super) fn unusual_type(redactor: &Redactor, content_type: Option<&str>) -> Option<String> {
    match content_type.map(str::trim) {
        None | Some("") => Some("none".to_owned()),
        Some(name) if name.to_ascii_lowercase().contains("json") => None,
        Some(name) => Some(quote(redactor, name.as_bytes())),
    }
}

/// The encoding of a body that is UTF-16 or UTF-32, else `None`. It shows in the first four bytes: a byte order mark,
/// or NUL next to an ASCII character. JSON begins with two ASCII characters, and neither is NUL.
pub(super) fn wide_encoding(body: &[u8]) -> Option<&'static str> {
    match body {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, _, ..] | [_, 0, 0, 0, ..] => {
            Some("UTF-32")
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, b'[' | b'{', ..] | [b'[' | b'{', 0, ..] => Some("UTF-16"),
        _ => None,
    }
}

/// The server's explanation of a refusal: the field `detail`, `error` or `message` of a JSON body, else the beginning
/// of the body. Empty when the body is empty.
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

/// The text on both sides of byte `at`, formatted as by [`quote`]. After a secret was removed the position is
/// approximate.
pub(super) fn quote_around(redactor: &Redactor, text: &[u8], at: usize) -> String {
    const SIDE: usize = QUOTED / 2;
    // Redacts far more than is shown, so that a secret at the edge is found whole.
    let (from, to) = (at.saturating_sub(QUOTED * 20), at.saturating_add(QUOTED * 20).min(text.len()));
    let near = redactor.redact(&String::from_utf8_lossy(text.get(from..to).unwrap_or_default()));
    let boundary = |mut place: usize| {
        place = place.min(near.len());
        while !near.is_char_boundary(place) {
            place -= 1;
        }
        place
    };
    let place = at - from;
    let shown = near.get(boundary(place.saturating_sub(SIDE))..boundary(place + SIDE)).unwrap_or_default();
    visible(&shown.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The beginning of `text`, safe to print: on one line, without control characters and without the credentials.
pub(super) fn quote(redactor: &Redactor, text: &[u8]) -> String {
    // Redacted before it is cut, so that no part of a secret remains at the cut.
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
    fn json_is_json_whatever_it_is_said_to_be_unless_that_is_another_format() {
        let good = Outcome::Status { code: 200, retry_after: None };
        for name in ["text/plain", "application/octet-stream", "text/javascript", "binary/octet-stream", ""] {
            assert_eq!(judge(200, Some(name), b"[]"), good, "{name}");
            assert_eq!(judge(200, Some(name), b"<html>"), Outcome::NotJson, "{name}");
        }
        assert_eq!(judge(200, None, b"\xef\xbb\xbf [] "), good);
        for (name, unusual) in [
            (Some("application/json; charset=utf-8"), None),
            (Some("application/problem+json"), None),
            (Some("text/plain"), Some("text/plain")),
            (None, Some("none")),
        ] {
            assert_eq!(unusual_type(&planted(), name).as_deref(), unusual);
        }
    }

    #[test]
    fn text_in_two_bytes_a_character_is_known_as_such() {
        for body in [&b"\xff\xfe[\0]\0"[..], b"\xfe\xff\0[\0]", b"[\0]\0", b"\0[\0]"] {
            assert_eq!(wide_encoding(body), Some("UTF-16"));
            assert_eq!(judge(200, None, body), Outcome::Encoding);
        }
        assert_eq!(wide_encoding(b"[\0\0\0]\0\0\0"), Some("UTF-32"));
        assert_eq!(wide_encoding(b"[]"), None);
    }

    #[test]
    fn a_quote_around_a_place_shows_no_part_of_a_secret() {
        let body = format!("{}key planted here{}", "a".repeat(500), "b".repeat(500));
        for at in 0..body.len() {
            let shown = quote_around(&planted(), body.as_bytes(), at);
            assert!(!["plan", "lant", "nted"].iter().any(|part| shown.contains(part)), "{at}: {shown}");
        }
        let body = format!("{}HERE{}", "a".repeat(500), "b".repeat(500));
        assert_eq!(
            quote_around(&planted(), body.as_bytes(), 502),
            format!("{}HERE{}", "a".repeat(98), "b".repeat(98))
        );
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
