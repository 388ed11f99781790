use super::*;

#[test]
fn ids_are_accepted_as_filters_accept_them() {
    let nokia = Subject::Company { country: "FI".into(), business_id: "01120389".into() };
    for text in ["FI01120389", "FI0112038-9", "fi01120389", " FI01120389 "] {
        assert_eq!(Subject::company(text), Ok(nokia.clone()), "{text}");
    }
    let american = Subject::Company { country: "US".into(), business_id: "US_DE6240535".into() };
    assert_eq!(Subject::company("US_DE6240535"), Ok(american));
    let german = Subject::Company { country: "DE".into(), business_id: "HRB 12345-ä".into() };
    assert_eq!(Subject::company(" de/HRB\u{a0}12345\u{2013}ä "), Ok(german.clone()));
    assert_eq!(Subject::company("FI/0112038-9"), Ok(nokia.clone()));
    assert_eq!(Subject::company(&german.to_string()), Ok(german.clone()));
    assert!(german.is("DE HRB 12345-ä") && german.is("DE-HRB 12345-ä") && german.is("DEHRB 12345-ä"));
    assert!(!german.is("HRB 12345-ä") && !german.is("FI HRB 12345-ä") && nokia.is("FI 0112038-9"));
    for text in [
        "01120389",
        "0112038-9",
        "FI",
        "F",
        "FI 01120389",
        "FI-",
        "",
        "ÄI1",
        "FI/",
        "FI/ - ",
        "/1",
        "FIN/1",
        "F1/1",
    ] {
        assert!(Subject::company(text).is_err(), "{text}");
    }
}

#[test]
fn an_address_is_one_whatever_its_capitals_and_never_a_part_of_another() {
    let jane = Subject::person(" Jane@Example.com ").unwrap();
    assert!(jane.is("JANE@EXAMPLE.COM\n") && !jane.is("jane@example.com.au"));
    for (text, wanted) in [
        ("write to Jane@example.com.", Some("write to [erased].")),
        ("<jane@example.com>, jane@example.com", Some("<[erased]>, [erased]")),
        ("mailto:JANE@EXAMPLE.COM?x", Some("mailto:[erased]?x")),
        ("mary.jane@example.com", None),
        ("maryjane@example.com", None),
        ("jane@example.com.au", None),
        ("jane@example.community", None),
        ("", None),
    ] {
        assert_eq!(jane.replaced_in(text).as_deref(), wanted, "{text}");
    }
    for text in ["", "jane", "@", "jane@", "@example.com", "a b@c", "a@b@c", "a\"@b"] {
        assert!(Subject::person(text).is_err(), "{text}");
    }
}

#[test]
fn the_quick_look_never_misses_what_is_there() {
    let jane = Subject::person("jane@example.com").unwrap();
    let nokia = Subject::company("FI01120389").unwrap();
    for (subject, json, may) in [
        (&jane, r#"{"email":"JANE@example.com"}"#, true),
        (&jane, r#"{"email":"jane\u0040example.com"}"#, true),
        (&jane, r#"{"email":"joan@example.com","name":"\u00e4"}"#, false),
        (&nokia, r#"{"business_id":"0112038-9"}"#, true),
        (&nokia, r#"{"business_id":"\u00301120389"}"#, true),
        (&nokia, r#"{"business_id":"0112038-8"}"#, false),
        (&nokia, r#"{"business_id":"FI 011 20389"}"#, true),
        (&nokia, "{\"business_id\":\"0112038\u{2013}9\"}", true),
        (&nokia, r#"{"business_id":"0112038\u20139"}"#, true),
        (&nokia, r#"{"business_id":"0112038\t9"}"#, true),
        (&nokia, r#"{"business_id":"\u00a00112038-9"}"#, true),
        (&nokia, r#"{"name":"\u00e4","business_id":"0112038-8"}"#, false),
    ] {
        assert_eq!(subject.may_be_in(json), may, "{json}");
    }
    assert!(Subject::person("jäne@example.com").unwrap().may_be_in(r#""j\u00e4ne@example.com""#));
}
