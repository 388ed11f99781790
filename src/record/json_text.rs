//! Text of JSON values: their type, the content of strings, and the form in which they are stored.
//!
//! All functions take the text of one valid JSON value as [`RawValue`] holds it: without surrounding blanks, and
//! checked for syntax when the page was read.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// Maximum depth of nesting that is stored as JSON.
///
/// `serde_json` reads back 128 levels. `DuckDB` 1.5.6 stores any depth, but `json_structure` on a value nested 100000
/// deep ends the process that queries the warehouse.
pub(crate) const MAX_DEPTH: usize = 128;

/// The type of a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonType {
    Null,
    Boolean,
    Number,
    String,
    /// Array or object.
    Nested,
}

/// The type of a value, from its first byte.
pub(crate) fn type_of(raw: &str) -> JsonType {
    match raw.as_bytes().first() {
        Some(b'"') => JsonType::String,
        Some(b'{' | b'[') => JsonType::Nested,
        Some(b't' | b'f') => JsonType::Boolean,
        Some(b'-' | b'0'..=b'9') => JsonType::Number,
        _ => JsonType::Null,
    }
}

/// The JSON text of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Raw<'a> {
    pub(crate) text: &'a str,
    /// Number of escapes in the text.
    ///
    /// This is a number, not a flag: a flag leaves padding, and copies of this struct then read across bytes that were
    /// just written in smaller pieces. That stalls the processor and stood out in the profile.
    pub(crate) escapes: usize,
}

impl<'a> Raw<'a> {
    /// A value whose escapes are counted now.
    pub(crate) fn of(text: &'a str) -> Self {
        Self { text, escapes: Pieces(text).filter(|piece| matches!(piece, Piece::Escape { .. })).count() }
    }
}

impl<'a> From<&'a RawValue> for Raw<'a> {
    fn from(value: &'a RawValue) -> Self {
        Self::of(value.get())
    }
}

/// The content of a JSON string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content<'a> {
    pub(crate) text: Cow<'a, str>,
    /// Whether half of a surrogate pair was replaced with U+FFFD.
    pub(crate) lossy: bool,
}

/// The content of a JSON string given with its quotes.
pub(crate) fn content(raw: Raw<'_>) -> Content<'_> {
    let inner = raw.text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw.text);
    if raw.escapes == 0 {
        return Content { text: Cow::Borrowed(inner), lossy: false };
    }
    let mut text = String::with_capacity(inner.len());
    let mut lossy = false;
    for piece in Pieces(inner) {
        match piece {
            Piece::Plain(plain) => text.push_str(plain),
            Piece::Escape { meaning, .. } => {
                lossy |= meaning.is_none();
                text.push(meaning.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
    }
    Content { text: Cow::Owned(text), lossy }
}

/// The same JSON with every lone surrogate replaced with `\ufffd`, and whether there was one. `DuckDB` refuses JSON
/// with lone surrogates.
pub(crate) fn mended(raw: Raw<'_>) -> (Cow<'_, str>, bool) {
    let half = |piece| matches!(piece, Piece::Escape { meaning: None, .. });
    if raw.escapes == 0 || !Pieces(raw.text).any(half) {
        return (Cow::Borrowed(raw.text), false);
    }
    let text = Pieces(raw.text).map(|piece| match piece {
        Piece::Plain(plain) => plain,
        Piece::Escape { raw, meaning: Some(_) } => raw,
        Piece::Escape { meaning: None, .. } => "\\ufffd",
    });
    (Cow::Owned(text.collect()), true)
}

/// Whether arrays and objects are nested deeper than [`MAX_DEPTH`].
pub(crate) fn too_deep(raw: &str) -> bool {
    if raw.len() <= 2 * MAX_DEPTH || type_of(raw) != JsonType::Nested {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in raw.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// The first `chars` characters of a text.
pub(crate) fn shortened(text: &str, chars: usize) -> &str {
    match text.char_indices().nth(chars) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

/// A part of JSON text: an escape, or the text between escapes.
#[derive(Debug, Clone, Copy)]
enum Piece<'a> {
    Plain(&'a str),
    /// `meaning` is `None` for a surrogate without its other half.
    Escape {
        raw: &'a str,
        meaning: Option<char>,
    },
}

/// Splits JSON text at its escapes.
struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let text = self.0;
        if text.is_empty() {
            return None;
        }
        let Some(after) = text.strip_prefix('\\') else {
            let (plain, rest) = text.split_at(text.find('\\').unwrap_or(text.len()));
            self.0 = rest;
            return Some(Piece::Plain(plain));
        };
        let (length, meaning) = escape(after);
        let (raw, rest) = text.split_at_checked(length).unwrap_or((text, ""));
        self.0 = rest;
        Some(Piece::Escape { raw, meaning })
    }
}

/// Length of an escape including its backslash, and the character that it stands for. `after` follows the backslash.
fn escape(after: &str) -> (usize, Option<char>) {
    let meaning = match after.as_bytes().first() {
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'u') => return unicode_escape(after),
        Some(other) => char::from(*other),
        None => return (1, None),
    };
    (2, Some(meaning))
}

fn unicode_escape(after: &str) -> (usize, Option<char>) {
    let unit =
        |start: usize| after.get(start..start + 4).and_then(|digits| u16::from_str_radix(digits, 16).ok());
    let Some(first) = unit(1) else { return (2, None) };
    let second = if after.get(5..7) == Some("\\u") { unit(7) } else { None };
    let mut decoded = char::decode_utf16([first].into_iter().chain(second));
    match decoded.next() {
        Some(Ok(char)) if (0xd800..0xdc00).contains(&first) => (12, Some(char)),
        Some(Ok(char)) => (6, Some(char)),
        _ => (6, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Raw<'_> {
        Raw::from(serde_json::from_str::<&RawValue>(json).unwrap())
    }

    #[test]
    fn a_string_says_what_its_escapes_mean() {
        for (json, text, lossy) in [
            (r#""""#, "", false),
            (r#""plain ä""#, "plain ä", false),
            (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t", false),
            (r#""\u00e5\u00E5""#, "åå", false),
            (r#""\ud83d\ude00!""#, "😀!", false),
            (r#""a\u0000b""#, "a\0b", false),
            (r#""\ud800""#, "\u{fffd}", true),
            (r#""\ud800\ud83d\ude00""#, "\u{fffd}😀", true),
            (r#""\ude00x""#, "\u{fffd}x", true),
            (r#""\ud800\n""#, "\u{fffd}\n", true),
            (r#""\ud800A""#, "\u{fffd}A", true),
            (r#""\\ud800""#, "\\ud800", false),
        ] {
            assert_eq!(content(raw(json)), Content { text: text.into(), lossy }, "{json}");
        }
    }

    #[test]
    fn lone_surrogates_are_mended_inside_json() {
        assert_eq!(
            mended(raw(r#"{"a":"\ud800x","b":"\ud83d\ude00\\ud800"}"#)),
            (r#"{"a":"\ufffdx","b":"\ud83d\ude00\\ud800"}"#.into(), true)
        );
        assert_eq!(mended(raw(r#"["\n"]"#)), (r#"["\n"]"#.into(), false));
    }

    #[test]
    fn depth_counts_brackets_outside_strings_only() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(!too_deep(&nested(MAX_DEPTH)));
        assert!(too_deep(&nested(MAX_DEPTH + 1)));
        assert!(too_deep(&nested(1_000_000)));
        assert!(!too_deep(&format!(r#"["\"{}"]"#, "[".repeat(1000))));
        assert!(!too_deep(&format!("[{}]", "[],".repeat(1000) + "1")));
    }

    #[test]
    fn shortening_counts_characters() {
        assert_eq!(shortened("äöå", 2), "äö");
        assert_eq!(shortened("äöå", 3), "äöå");
        assert_eq!(shortened("", 3), "");
    }
}
