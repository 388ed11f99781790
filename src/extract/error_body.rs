//! Recognises errors that a server sends with status 200 in place of an answer that holds everything at once.
//!
//! The envelope of a page shows that it belongs to a list. In an answer about one thing, the object may be the record
//! itself, and `{"detail": "Internal error"}` is an object too. Taken for a record, it would replace everything that
//! is known about a company.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::catalog::Stream;
use crate::record::Envelope;

/// Whether a body in that envelope is not an answer of the stream: a number where everything comes at once, or an
/// object without any documented field.
pub(super) fn is_no_answer(stream: &Stream, envelope: Envelope, body: &[u8]) -> bool {
    match envelope {
        Envelope::Array | Envelope::Object => false,
        Envelope::CountOnly | Envelope::Number => stream.endpoint.shape().single,
        Envelope::Lone => {
            !serde_json::Deserializer::from_slice(body).deserialize_map(Documented(stream)).unwrap_or(false)
        }
    }
}

/// Checks whether an object has a documented field.
struct Documented<'s>(&'s Stream);

impl<'de> Visitor<'de> for Documented<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut is_known = false;
        // Names are compared as JSON text: half of a surrogate pair in a name must not end the search.
        while let Some(name) = map.next_key::<&RawValue>()? {
            is_known = is_known || self.0.documents(name.get().trim_matches('"'));
            map.next_value::<IgnoredAny>()?;
        }
        Ok(is_known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{DETAILS, FINANCIAL_STATEMENTS, PROSPECTS};
    use crate::record::parse_single;

    fn is_answer(stream: &Stream, body: &str) -> bool {
        let envelope = parse_single(body.as_bytes()).unwrap().envelope;
        !is_no_answer(stream, envelope, body.as_bytes())
    }

    #[test]
    fn an_error_sent_as_200_is_no_record() {
        for stream in [DETAILS, FINANCIAL_STATEMENTS] {
            assert!(!is_answer(&stream, r#"{"detail": "Internal error"}"#));
            assert!(!is_answer(&stream, "{}"));
            assert!(!is_answer(&stream, "7"));
            assert!(!is_answer(&stream, r#"{"count": 7}"#));
        }
    }

    #[test]
    fn what_has_a_documented_field_is_an_answer_and_so_is_every_list() {
        assert!(is_answer(&DETAILS, r#"{"\ud800": 1, "business_id": null}"#));
        assert!(is_answer(&FINANCIAL_STATEMENTS, r#"{"year": 2024}"#));
        for body in ["[]", r#"[{"detail": "x"}]"#, r#"{"results": []}"#] {
            assert!(is_answer(&FINANCIAL_STATEMENTS, body));
        }
        assert!(!is_no_answer(&PROSPECTS, Envelope::Number, b"7"));
    }
}
