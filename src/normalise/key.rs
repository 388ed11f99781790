//! The key of a company: country and business id, written in one way.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use super::cell::{self, Cell};
use super::json_text::Raw;
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
pub(super) fn written<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut key = String::with_capacity(24);
    for part in parts {
        if !key.is_empty() {
            key.push('/');
        }
        key.push_str(part);
    }
    key
}

/// The 64-bit fingerprint of a key as [`written`]. Two of ten million companies share one with a probability of
/// three in a million.
pub(super) fn fingerprint(written: &str) -> u64 {
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
