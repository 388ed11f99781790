//! The envelopes that a page can come in, and what the pager learns from them.

use vainu_etl::record::{Envelope, EnvelopeError, fingerprints, parse_page};

#[test]
fn every_known_envelope_is_accepted() {
    for (body, envelope, records, count) in [
        ("[]", Envelope::Array, 0, None),
        (" \n[{}, 1, \"...\"]\n", Envelope::Array, 3, None),
        (r#"{"results": [{}], "count": 68520}"#, Envelope::Object, 1, Some(68_520)),
        (r#"{"total_results": "7", "next_page": "x", "results": []}"#, Envelope::Object, 0, Some(7)),
        (r#"{"results": [], "count": null, "total_results": 3}"#, Envelope::Object, 0, Some(3)),
        (r#"{"results": [{}]}"#, Envelope::Object, 1, None),
        (r#"{"count": 12}"#, Envelope::CountOnly, 0, Some(12)),
        (" 42 ", Envelope::Number, 0, Some(42)),
        ("42.0", Envelope::Number, 0, Some(42)),
    ] {
        let page = parse_page(body.as_bytes()).unwrap();
        assert_eq!((page.envelope, page.records.len(), page.count), (envelope, records, count), "{body}");
    }
}

#[test]
fn a_body_of_another_shape_is_an_error_that_shows_its_start() {
    for body in [
        "{}",
        r#"{"detail": "Not found"}"#,
        r#"{"results": {}}"#,
        r#"{"results": null}"#,
        r#"{"results": [], "count": "many"}"#,
        r#"{"count": -1}"#,
        "-1",
        "1.5",
        "null",
        "true",
        "\"text\"",
    ] {
        let error = parse_page(body.as_bytes()).unwrap_err();
        assert!(matches!(error, EnvelopeError::OtherShape { .. }), "{body}: {error:?}");
        assert!(error.to_string().contains(body), "{body}: {error}");
    }
    for body in ["", "[{}", "[{}] x", "[1,]", "{\"results\": [", "12 13", "<html>", "[\"\\x\"]", "\u{feff}[]"]
    {
        let error = parse_page(body.as_bytes()).unwrap_err();
        assert!(matches!(error, EnvelopeError::NotJson { .. }), "{body}: {error:?}");
    }
    let error = parse_page(b"[\"a\xff\"]").unwrap_err();
    assert!(matches!(error, EnvelopeError::NotText { at: 3, .. }), "{error:?}");
}

#[test]
fn the_start_shown_is_short_and_harmless_on_a_terminal() {
    let body = format!("<h1>\x1b[31m\r\n\u{202e}{}", "ä".repeat(500));
    let message = parse_page(body.as_bytes()).unwrap_err().to_string();
    assert!(message.len() < 400, "{message}");
    assert!(!message.contains(['\x1b', '\r', '\n', '\u{202e}']), "{message:?}");
    assert!(message.contains("<h1>") && message.contains('ä'));
}

#[test]
fn one_company_has_one_fingerprint_however_it_is_written() {
    let body = r#"{"count": 9, "results": [
        {"country": "FI", "business_id": "09704098", "x": {"country": "SE"}},
        {"business_id": " FI0970409-8", "country": " fi "},
        {"country": "DK", "business_id": "09704098"},
        {"country": "SE", "country": "FI", "\u0062usiness_id": "09704098"},
        "...", 7, null, [],
        {"country": "FI", "business_id": ""},
        {"country": "FI"},
        {"country": "FI"}
    ]}"#;
    let facts = fingerprints(body.as_bytes()).unwrap();
    assert_eq!((facts.envelope, facts.count), (Envelope::Object, Some(9)));
    assert_eq!((facts.rows.len(), facts.keyless, facts.not_objects), (7, 3, 4));
    assert_eq!(facts.rows[0], facts.rows[1]);
    assert_eq!(facts.rows[0], facts.rows[3]);
    assert_ne!(facts.rows[0], facts.rows[2]);
    assert_ne!(facts.rows[4], facts.rows[5]);
    assert_eq!(facts.rows[5], facts.rows[6]);
}

#[test]
fn nesting_does_not_use_the_stack() {
    for depth in [1000, 100_000, 1_000_000] {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let body = format!(r#"[{{"country": "FI", "business_id": "1", "x": {nested}}}, {nested}]"#);
        let facts = fingerprints(body.as_bytes()).unwrap();
        assert_eq!((facts.rows.len(), facts.keyless, facts.not_objects), (1, 0, 1));
        assert_eq!(parse_page(nested.as_bytes()).unwrap().records.len(), 1);
        let unclosed = "{\"results\":".repeat(depth);
        assert!(parse_page(unclosed.as_bytes()).is_err());
    }
}
