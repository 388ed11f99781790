//! The key of a company: country and business id, written in one way.

use std::borrow::Cow;

use jiff::Timestamp;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::cell::{self, Cell};
use super::json_text::Raw;
use super::time;
use crate::schema::Kind;

/// A country code in upper case; none unless it is two ASCII letters.
pub(super) fn country(text: &str) -> Option<Cow<'_, str>> {
    if text.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    if text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Some(Cow::Borrowed(text));
    }
    Some(Cow::Owned(text.to_ascii_uppercase()))
}

/// A business id without the country's prefix, where a digit follows it, and without dashes, where it is digits
/// and dashes only. None when nothing is left.
pub(super) fn business_id<'a>(text: &'a str, country: Option<&str>) -> Option<Cow<'a, str>> {
    let prefix = country.and_then(|country| {
        text.split_at_checked(country.len()).filter(|(start, rest)| {
            start.eq_ignore_ascii_case(country) && rest.starts_with(|first: char| first.is_ascii_digit())
        })
    });
    let id = prefix.map_or(text, |(_, rest)| rest);
    if id.is_empty() {
        return None;
    }
    if !id.contains('-') || !id.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return Some(Cow::Borrowed(id));
    }
    let digits = id.replace('-', "");
    (!digits.is_empty()).then_some(Cow::Owned(digits))
}

/// A key as `etl.rejects` writes it: `FI/09704098`.
pub(super) fn written(parts: impl Iterator<Item = impl AsRef<str>>) -> String {
    let mut key = String::with_capacity(24);
    for part in parts {
        if !key.is_empty() {
            key.push('/');
        }
        key.push_str(part.as_ref());
    }
    key
}

/// What a cell is in a key: the same text for the same value; none for NULL.
pub(super) fn part<'c>(cell: &'c Cell<'_>) -> Option<Cow<'c, str>> {
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

/// A hash of texts that cannot run together, and in which no text is another thing than an empty one.
pub(super) fn hash_of(parts: impl Iterator<Item = Option<impl AsRef<str>>>) -> u64 {
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

/// The 64-bit fingerprint of a key as `FI/09704098`. Two of ten million companies share one with a probability of
/// three in a million.
pub fn fingerprint(written: &str) -> u64 {
    xxh3_64(written.as_bytes())
}

/// The key of a record from the raw values of its two fields, as [`written`]. None when either is missing or
/// does not fit.
pub(super) fn of_record(country: Option<Raw<'_>>, business_id: Option<Raw<'_>>) -> Option<String> {
    let Cell::Text(country) = cell::parse_raw(Kind::Country, country?, None).cell else { return None };
    let Cell::Text(id) = cell::parse_raw(Kind::BusinessId, business_id?, Some(&country)).cell else {
        return None;
    };
    Some(written([country.as_ref(), id.as_ref()].into_iter()))
}
