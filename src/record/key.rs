//! The key of a company: country and business id in one canonical form.

use std::borrow::Cow;

use jiff::Timestamp;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::cell::{self, Cell};
use super::json_text::Raw;
use super::time;
use crate::schema::Kind;

/// Maximum number of characters in a business id. Ids of registers have 6 to 20; a longer text fits no URL.
const LONGEST_ID: usize = 200;

/// A country code in upper case; `None` unless the text is two ASCII letters.
pub(crate) fn country(text: &str) -> Option<Cow<'_, str>> {
    let text = if text.len() == 2 { text } else { text.trim_matches(is_blank) };
    if text.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    if text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Some(Cow::Borrowed(text));
    }
    Some(Cow::Owned(text.to_ascii_uppercase()))
}

/// A business id in the form of the tables: without the country prefix, and reduced to its digits if it consists of
/// digits, dashes and blanks. An id with any other character, such as `HRB-12345` or `US_DE6240535`, is kept as
/// received, without surrounding blanks and with every dash and blank in its ASCII form.
///
/// The country is a prefix only if a digit follows it, directly or after separators: `FI-0970409-8`.
///
/// # Errors
/// The reason, when nothing is left, when the id has control characters, or when it is too long to be an id.
pub(crate) fn business_id<'a>(text: &'a str, country: Option<&str>) -> Result<Cow<'a, str>, &'static str> {
    if !text.is_empty() && text.len() <= LONGEST_ID && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Cow::Borrowed(text));
    }
    let text = text.trim_matches(is_blank);
    let id = country.and_then(|country| without_country(text, country)).unwrap_or(text);
    let mut is_number = true;
    for (position, c) in id.chars().enumerate() {
        is_number &= c.is_ascii_digit() || is_dash(c) || is_blank(c);
        if position >= LONGEST_ID {
            return Err("longer than 200 characters");
        }
        if c.is_control() && !c.is_whitespace() {
            return Err("a text with control characters");
        }
    }
    let written = if is_number && !id.bytes().all(|byte| byte.is_ascii_digit()) {
        Cow::Owned(id.chars().filter(char::is_ascii_digit).collect())
    } else if id.contains(|c: char| c.is_control() || (!c.is_ascii() && (is_blank(c) || is_dash(c)))) {
        // A line feed would also end the line that names the company in a bundle of answers.
        Cow::Owned(id.chars().filter_map(plain).collect())
    } else {
        Cow::Borrowed(id)
    };
    if written.is_empty() { Err("not a business id") } else { Ok(written) }
}

/// The ASCII form of a dash or blank; `None` for an invisible character.
fn plain(c: char) -> Option<char> {
    match c {
        _ if is_dash(c) => Some('-'),
        _ if c.is_whitespace() => Some(' '),
        _ if is_blank(c) => None,
        _ => Some(c),
    }
}

/// The text after the country; `None` unless it begins with a digit, directly or after separators.
fn without_country<'a>(id: &'a str, country: &str) -> Option<&'a str> {
    let (start, rest) = id.split_at_checked(country.len())?;
    let rest = rest.trim_start_matches(separates);
    (start.eq_ignore_ascii_case(country) && rest.starts_with(|first: char| first.is_ascii_digit()))
        .then_some(rest)
}

/// Whether a character only separates the country from the id, or groups of digits from each other.
pub(crate) fn separates(c: char) -> bool {
    is_dash(c) || is_blank(c) || matches!(c, '_' | ':' | '.' | '/')
}

/// Whether a character is blank or invisible: spaces of all kinds, zero-width characters, direction marks, soft
/// hyphens.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Whether a character is a hyphen, dash or minus sign.
fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

/// A key in the form of `etl.rejects`: `FI/09704098`.
pub(crate) fn written(parts: impl Iterator<Item = impl AsRef<str>>) -> String {
    let mut key = String::with_capacity(24);
    for part in parts {
        if !key.is_empty() {
            key.push('/');
        }
        key.push_str(part.as_ref());
    }
    key
}

/// The text of a cell within a key, the same for equal values; `None` for NULL.
pub(crate) fn part<'c>(cell: &'c Cell<'_>) -> Option<Cow<'c, str>> {
    let text = match cell {
        Cell::Null => return None,
        Cell::Text(text) => return Some(Cow::Borrowed(text)),
        Cell::Boolean(value) => value.to_string(),
        Cell::Integer(value) => value.to_string(),
        Cell::Double(value) => value.to_string(),
        Cell::Decimal(hundredths) => {
            let sign = if *hundredths < 0 { "-" } else { "" };
            let size = hundredths.unsigned_abs();
            format!("{sign}{}.{:02}", size / 100, size % 100)
        }
        Cell::Date(days) => time::date(*days).to_string(),
        Cell::Timestamp(micros) => Timestamp::from_microsecond(*micros).unwrap_or_default().to_string(),
    };
    Some(Cow::Owned(text))
}

/// Hash of a sequence of texts. Texts cannot run together, and `None` differs from an empty text.
pub(crate) fn hash_of(parts: impl Iterator<Item = Option<impl AsRef<str>>>) -> u64 {
    let mut hash = Xxh3::new();
    for part in parts {
        let Some(part) = part else {
            hash.update(&u64::MAX.to_le_bytes());
            continue;
        };
        let text = part.as_ref().as_bytes();
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hash.digest()
}

/// 64-bit fingerprint of a key such as `FI/09704098`. The probability that two of ten million companies share one is
/// three in a million.
pub fn fingerprint(written: &str) -> u64 {
    xxh3_64(written.as_bytes())
}

/// The key of a record from the raw values of its two fields, in the form of [`written`]; `None` when either is
/// missing or does not fit.
pub(crate) fn of_record(country: Option<Raw<'_>>, business_id: Option<Raw<'_>>) -> Option<String> {
    let Cell::Text(country) = cell::parse_raw(Kind::Country, country?, None).cell else { return None };
    let Cell::Text(id) = cell::parse_raw(Kind::BusinessId, business_id?, Some(&country)).cell else {
        return None;
    };
    Some(written([country.as_ref(), id.as_ref()].into_iter()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An id in the form of the tables, or the reason why it is not an id.
    fn id(text: &str, country: &str) -> String {
        business_id(text, Some(country)).map_or_else(|reason| format!("! {reason}"), Cow::into_owned)
    }

    #[test]
    fn every_spelling_of_an_id_is_one_company() {
        for spelling in [
            "09704098",
            "0970409-8",
            "FI09704098",
            "FI0970409-8",
            "fi0970409-8",
            "Fi0970409-8",
            "FI-0970409-8",
            "FI 0970409-8",
            "FI\u{a0}0970409-8",
            "FI_09704098",
            "FI:0970409-8",
            "FI.0970409-8",
            "FI/0970409-8",
            "FI - 0970409-8",
            " 0970409-8 ",
            "\u{a0}0970409-8\u{a0}",
            "\u{feff}0970409-8",
            "\u{202f}0970409\u{2011}8",
            "0970409\u{2010}8",
            "0970409\u{2013}8",
            "0970409\u{2014}8",
            "0970409\u{2212}8",
            "0970409\u{ad}8",
            "0970409 8",
            "0970409 - 8",
            "0970409\t8",
            "0970409\u{200b}8",
            "09 70 40 98",
            "-09704098-",
        ] {
            assert_eq!(id(spelling, "FI"), "09704098", "{spelling:?}");
        }
        for (spelling, country, written) in [
            ("918 443 525", "NO", "918443525"),
            ("NO 918 443 525", "NO", "918443525"),
            ("556012-5790", "SE", "5560125790"),
            ("SE556012-5790", "SE", "5560125790"),
            ("DK-12 34 56 78", "DK", "12345678"),
        ] {
            assert_eq!(id(spelling, country), written);
        }
    }

    #[test]
    fn an_id_of_another_kind_is_kept_as_received() {
        for (received, country, written) in [
            ("HRB-12345", "DE", "HRB-12345"),
            (" HRB 12345 B\u{a0}", "DE", "HRB 12345 B"),
            ("HRB-12345", "HR", "HRB-12345"),
            ("DE-HRB-12345", "DE", "DE-HRB-12345"),
            ("US_DE6240535", "US", "US_DE6240535"),
            ("FI-0970409-8", "SE", "FI-0970409-8"),
            ("CHE-123.456.789", "CH", "CHE-123.456.789"),
            ("918 443 525 MVA", "NO", "918 443 525 MVA"),
            ("NO918443525MVA", "NO", "918443525MVA"),
            ("\u{1f3e2}", "FI", "\u{1f3e2}"),
            ("FI", "FI", "FI"),
            ("\u{ff10}\u{ff19}", "FI", "\u{ff10}\u{ff19}"),
            ("HRB\n12345", "DE", "HRB 12345"),
            ("HRB\u{a0}123\u{2013}45", "DE", "HRB 123-45"),
            ("HRB\u{200b}-12345", "DE", "HRB-12345"),
        ] {
            assert_eq!(id(received, country), written, "{received:?}");
        }
        assert_eq!(business_id("FI09704098", None), Ok(Cow::Borrowed("FI09704098")));
    }

    #[test]
    fn what_is_no_id_says_why() {
        for none in ["-", "--", " ", "\u{a0}", "\u{2013}", " - ", "\u{feff}", "\u{200b}", "- \u{2212} -"] {
            assert_eq!(id(none, "FI"), "! not a business id", "{none:?}");
        }
        for control in ["a\0", "0970409\08", "\u{1b}[31m1", "1\u{7f}", "1\u{9b}2"] {
            assert_eq!(id(control, "FI"), "! a text with control characters", "{control:?}");
        }
        assert_eq!(id(&"a".repeat(200), "FI"), "a".repeat(200));
        for long in ["a", "1", "ä", "- 1"] {
            assert_eq!(id(&long.repeat(10_000), "FI"), "! longer than 200 characters");
        }
    }

    #[test]
    fn what_is_written_is_written_the_same_again() {
        let parts =
            ["FI", "fi", "-", "_", " ", "\u{a0}", "0970", "8", "HRB", "\n", "\u{2013}", "\u{200b}", "."];
        for a in parts {
            for b in parts {
                for c in parts {
                    for d in parts {
                        let received = [a, b, c, d].concat();
                        let Ok(once) = business_id(&received, Some("FI")) else { continue };
                        assert_eq!(id(&once, "FI"), once, "{received:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_country_is_two_letters_whatever_is_around_them() {
        for fi in ["FI", "fi", "Fi", " fi", "\u{feff}FI", "FI\u{a0}", "\tFI\n"] {
            assert_eq!(country(fi).as_deref(), Some("FI"), "{fi:?}");
        }
        for none in ["", " ", "fin", "Finland", "F", "U1", "12", "\u{1f1eb}\u{1f1ee}", "F\0", "ÄÖ", "ä"] {
            assert_eq!(country(none), None, "{none:?}");
        }
        assert_eq!(country("XX").as_deref(), Some("XX"));
    }
}
