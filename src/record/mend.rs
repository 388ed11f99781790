//! Repairs text that is nearly JSON, where its meaning is not in doubt.
//!
//! Some encoders violate RFC 8259 in three ways: `NaN` and infinities as numbers, unescaped control characters inside
//! strings, and strings in an encoding other than UTF-8. Each is repaired in place and recorded. A strict parser
//! checks the repaired text afterwards; this module only replaces and does not validate.

use super::repairs::{Fault, Repairs};

/// Maximum number of repairs in one body. Repairs are recorded one by one, and a body with more of them is broken.
const MOST_REPAIRS: usize = 1_000_000;

/// The byte order mark of UTF-8. JSON has none, but some servers send it.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Names of values that JSON numbers cannot express.
const NO_NUMBERS: [&[u8]; 2] = [b"NaN", b"Infinity"];

/// A text and the repairs in it.
#[derive(Debug, Default)]
pub(crate) struct Mended {
    pub(crate) text: String,
    pub(crate) repairs: Repairs,
}

impl Mended {
    /// Appends a part of the body unchanged; `None` when it is not UTF-8.
    pub(crate) fn copy(&mut self, part: &[u8]) -> Option<()> {
        self.text.push_str(std::str::from_utf8(part).ok()?);
        Some(())
    }

    /// Appends `new` in place of `received`, which is at offset `from` of the body; `None` when there are too many
    /// repairs.
    pub(crate) fn replace(&mut self, new: &str, from: usize, received: &[u8], fault: Fault) -> Option<()> {
        let start = self.text.len();
        self.text.push_str(new);
        self.repairs.push(start..self.text.len(), from..from + received.len(), received, fault);
        (self.repairs.len() <= MOST_REPAIRS).then_some(())
    }

    /// Appends the repaired text of a part of the body that begins at offset `from`; `None` when there are too many
    /// repairs.
    pub(crate) fn append(&mut self, other: &Self, from: usize) -> Option<()> {
        self.repairs.append(&other.repairs, self.text.len(), from);
        self.text.push_str(&other.text);
        (self.repairs.len() <= MOST_REPAIRS).then_some(())
    }
}

/// The body without its byte order mark.
pub(crate) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body)
}

/// Repairs a text. Positions are offsets in `json`. `None` when something cannot be repaired here. The result need not
/// be JSON.
pub(crate) fn mend(json: &[u8]) -> Option<Mended> {
    let mut mended = Mended { text: String::with_capacity(json.len()), ..Mended::default() };
    let (mut at, mut copied) = (0, 0);
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => {
                let end = string_end(json, at)?;
                mended.copy(json.get(copied..=at)?)?;
                string(json, at + 1..end, &mut mended)?;
                copied = end;
                at = end + 1;
            }
            b'N' | b'I' | b'-' | b'+' => match no_number(json.get(at..)?) {
                Some(length) => {
                    mended.copy(json.get(copied..at)?)?;
                    mended.replace("null", at, json.get(at..at + length)?, Fault::NotANumber)?;
                    at += length;
                    copied = at;
                }
                None => at += 1,
            },
            _ => at += 1,
        }
    }
    mended.copy(json.get(copied..)?)?;
    Some(mended)
}

/// Position of the quote that ends the string that begins at `at`.
pub(crate) fn string_end(json: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        match json.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Length of a `NaN` or infinity with its sign at the start of the text; `None` for anything else.
fn no_number(json: &[u8]) -> Option<usize> {
    let sign = usize::from(matches!(json.first(), Some(b'-' | b'+')));
    let rest = json.get(sign..)?;
    let word = NO_NUMBERS.iter().find(|word| rest.starts_with(word))?;
    let ends = rest.get(word.len()).is_none_or(|next| !(next.is_ascii_alphanumeric() || *next == b'_'));
    ends.then_some(sign + word.len())
}

/// Repairs the inside of a string.
fn string(json: &[u8], range: std::ops::Range<usize>, mended: &mut Mended) -> Option<()> {
    let mut at = range.start;
    for chunk in json.get(range)?.utf8_chunks() {
        let valid = chunk.valid();
        let mut copied = 0;
        for (offset, byte) in valid.bytes().enumerate().filter(|(_, byte)| *byte < b' ') {
            let plain = valid.get(copied..offset)?;
            // A backslash before it would escape the backslash of its escape.
            if is_escaping(plain) {
                return None;
            }
            mended.text.push_str(plain);
            mended.replace(&escape(byte), at + offset, &[byte], Fault::ControlCharacter)?;
            copied = offset + 1;
        }
        let plain = valid.get(copied..)?;
        mended.text.push_str(plain);
        at += valid.len();
        if let Some(first) = chunk.invalid().first() {
            if is_escaping(plain) {
                return None;
            }
            mended.replace(&no_text(*first, &mended.text), at, chunk.invalid(), Fault::NotText)?;
            at += chunk.invalid().len();
        }
    }
    Some(())
}

/// Whether the text ends inside an escape.
fn is_escaping(text: &str) -> bool {
    text.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

fn escape(byte: u8) -> String {
    match byte {
        b'\n' => "\\n".to_owned(),
        b'\r' => "\\r".to_owned(),
        b'\t' => "\\t".to_owned(),
        other => format!("\\u{other:04x}"),
    }
}

/// The replacement of a byte that is not UTF-8: half of a surrogate pair, as Python's `surrogateescape` writes it.
/// U+FFFD after the other half of a pair, with which it would form a character.
fn no_text(byte: u8, before: &str) -> String {
    let last = before.len().checked_sub(6).and_then(|start| before.get(start..)).unwrap_or_default();
    let digits = last.strip_prefix("\\u").and_then(|digits| u16::from_str_radix(digits, 16).ok());
    if digits.is_some_and(|unit| (0xd800..0xdc00).contains(&unit)) {
        return "\\ufffd".to_owned();
    }
    format!("\\udc{byte:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(json: &[u8]) -> Option<String> {
        mend(json).map(|mended| mended.text)
    }

    #[test]
    fn what_is_no_number_becomes_null_wherever_a_number_may_stand() {
        for (json, expected) in [
            ("NaN", "null"),
            (r#"{"a":NaN,"b":[Infinity,-Infinity , 1]}"#, r#"{"a":null,"b":[null,null , 1]}"#),
            (r#"{"a":+Infinity,"b":-NaN}"#, r#"{"a":null,"b":null}"#),
            (r#"["NaN","-Infinity"]"#, r#"["NaN","-Infinity"]"#),
            ("[NaNs,Infinity1,-1,1e+5]", "[NaNs,Infinity1,-1,1e+5]"),
        ] {
            assert_eq!(mended(json.as_bytes()).unwrap(), expected, "{json}");
        }
    }

    #[test]
    fn control_characters_inside_strings_are_escaped_and_those_between_values_stay() {
        assert_eq!(
            mended(b"[\n\"a\tb\r\nc\x00\x1f\x7f\"\t]").unwrap(),
            "[\n\"a\\tb\\r\\nc\\u0000\\u001f\x7f\"\t]"
        );
        assert_eq!(mended(b"[\"a\\\\\n\"]").unwrap(), "[\"a\\\\\\n\"]");
        assert_eq!(mended(b"[\"a\\\n\"]"), None);
    }

    #[test]
    fn bytes_that_are_not_utf8_become_half_of_a_surrogate_pair_in_names_and_in_values() {
        assert_eq!(
            mended(b"{\"n\xe4me\":\"K\xe4rkk\xe4inen \xc3\xa4\"}").unwrap(),
            "{\"n\\udce4me\":\"K\\udce4rkk\\udce4inen ä\"}"
        );
        assert_eq!(mended(b"[\"\\ud83d\xff\"]").unwrap(), "[\"\\ud83d\\ufffd\"]");
        assert_eq!(mended(b"[\"cut \xe2\x82\"]").unwrap(), "[\"cut \\udce2\"]");
        assert_eq!(mended(b"[\"\\\xe4\"]"), None);
        assert_eq!(mended(b"[\xe4]"), None);
    }

    #[test]
    fn a_part_of_the_text_is_known_as_it_was_received() {
        let body: &[u8] = b"[{\"a\":NaN,\"b\":\"x\xe4\ty\",\"c\":1}]";
        let Mended { text, repairs } = mend(body).unwrap();
        let repairs = repairs.of_text(&text);
        let part = |from: &str, to: &str| &text[text.find(from).unwrap()..text.find(to).unwrap()];
        assert_eq!(repairs.as_received(&text), String::from_utf8_lossy(body));
        assert_eq!(repairs.as_received(part("\"b\"", ",\"c\"")), "\"b\":\"x\u{fffd}\ty\"");
        assert!(repairs.has(part("null", ",\"b\""), Fault::NotANumber));
        assert!(!repairs.has(part("\"b\"", "}"), Fault::NotANumber));
        assert!(repairs.has(part("\"b\"", "}"), Fault::NotText));
        for wanted in ["\"c\"", "}]"] {
            let of_body = body.windows(wanted.len()).position(|part| part == wanted.as_bytes()).unwrap();
            assert_eq!(repairs.position(text.find(wanted).unwrap()), of_body);
        }
        let elsewhere = "null".to_owned();
        assert_eq!(repairs.as_received(&elsewhere), "null");
    }
}
