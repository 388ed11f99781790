use std::collections::BTreeSet;

use super::*;

fn cut_of(json: &str, subject: &str) -> (Cut, Tally) {
    let subject = Subject::company(subject).or_else(|_| Subject::person(subject)).unwrap();
    let mut tally = Tally::default();
    let cut = cut(json, &[subject], None, &mut tally).unwrap();
    (cut, tally)
}

fn text(json: &str) -> Cut {
    Cut::Text(json.to_owned())
}

#[test]
fn a_person_goes_with_all_that_is_said_of_them_and_nothing_else_changes() {
    let jane = "jane@b.example";
    for (json, wanted) in [
        // An element of a record's array: first, in the middle, last, alone.
        (
            r#"[ {"contacts" : [{"email":"Jane@B.example","phone":"1"}, {"email":"x@b.example"} ] } ]"#,
            r#"[ {"contacts" : [{"email":"x@b.example"} ] } ]"#,
        ),
        (r#"[1, {"email":"jane@b.example"} ,2]"#, "[1, 2]"),
        (r#"[1 , {"email":"jane@b.example"} ]"#, "[1 ]"),
        (r#"[ {"email":"jane@b.example"} ]"#, "[  ]"),
        (r#"[0,{"email":"jane@b.example"},{"email":"JANE@b.example"}]"#, "[0]"),
        (r#"[{"email":"jane@b.example"},{"email":"jane@b.example"},3,{"email":"jane@b.example"}]"#, "[3]"),
        // An address in another field does not make the object the person.
        (r#"{"owner_email":"jane@b.example","won":1e0}"#, r#"{"owner_email":null,"won":1e0}"#),
        (
            r#"{"notes":"ask\nJane@b.example!","n":01e1}"#.replace("01e1", "1e1").as_str(),
            r#"{"notes":"ask\n[erased]!","n":1e1}"#,
        ),
        (r#"{"who":["jane@b.example","x"],"of":{"email":"jane@b.example"}}"#, r#"{"who":["x"],"of":null}"#),
        (r#"{"jane@b.example":1, "x":2}"#, r#"{"x":2}"#),
        // A company with that address stays; escapes are decoded.
        (r#"{"business_id":"1","email":"jane@b.example"}"#, r#"{"business_id":"1","email":null}"#),
        (r#"[{"\u0065mail":"jane\u0040b.example"}]"#, "[]"),
    ] {
        assert_eq!(cut_of(json, jane).0, text(wanted), "{json}");
    }
    assert_eq!(cut_of(r#"{"email":"jane@b.example"}"#, jane).0, Cut::Gone);
    for other in
        [r#"[{"email":"mary.jane@b.example"}]"#, r#"["jane@b.example.com"]"#, "no json, and nobody in it"]
    {
        assert_eq!(cut_of(other, jane), (Cut::Same, Tally::default()), "{other}");
    }
}

#[test]
fn a_company_goes_where_its_country_is_said_in_whatever_form_the_id_has() {
    let company = "FI01120389";
    for (json, wanted) in [
        (
            r#"[{"country":"FI","business_id":"01120389"},{"country":"DK","business_id":"01120389"}]"#,
            r#"[{"country":"DK","business_id":"01120389"}]"#,
        ),
        (r#"[{"business_id":"0112038-9","country":"fi"},2]"#, "[2]"),
        (r#"[{"business_id":"FI01120389"},2]"#, "[2]"),
        // Customer data are about the company that `prospect_info` names.
        (
            r#"{"results":[{"id":"a","prospect_info":{"business_id":"0112038-9","country":"FI"}}],"total_results":1}"#,
            r#"{"results":[],"total_results":1}"#,
        ),
        // A nested object inherits the country of the object around it.
        (
            r#"{"country":"FI","business_id":"2","mother":{"business_id":"01120389"}}"#,
            r#"{"country":"FI","business_id":"2","mother":null}"#,
        ),
        (
            r#"{"business_ids":["FI0112038-9","FI2"],"first":"FI01120389"}"#,
            r#"{"business_ids":["FI2"],"first":null}"#,
        ),
    ] {
        assert_eq!(cut_of(json, company).0, text(wanted), "{json}");
    }
    let lead = r#"[{"prospects":[{"business_id":"01120389","company_name":"x"}]}]"#;
    let left = Tally { left: 1, found: BTreeSet::from([0]), ..Tally::default() };
    assert_eq!(cut_of(lead, company), (Cut::Same, left));
    for other in
        [r#"{"phone":"01120389"}"#, r#"{"country":"DK","mother":{"business_id":"01120389"}}"#, "[1120389]"]
    {
        assert_eq!(cut_of(other, company), (Cut::Same, Tally::default()), "{other}");
    }
}

#[test]
fn a_nesting_that_nobody_reads_goes_as_a_whole_when_it_may_name_a_subject() {
    let deep = format!("[1,{}\"jane@b.example\"{}]", "[".repeat(5000), "]".repeat(5000));
    let (cut, tally) = cut_of(&deep, "jane@b.example");
    let Cut::Text(left) = cut else { panic!("{cut:?}") };
    assert!(!left.contains("jane") && left.starts_with("[1,[["), "{left}");
    assert_eq!(tally.removed, 1);
}

#[test]
fn what_may_name_a_subject_and_is_no_json_is_an_error() {
    let subject = Subject::person("jane@b.example").unwrap();
    assert!(cut("{jane@b.example", &[subject], None, &mut Tally::default()).is_err());
}
