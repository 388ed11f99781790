use super::*;

const GOOD: [&str; 3] = [
    r#"{"id":"1","name":"a","of":[{"x":1},{"x":2}],"z":{"y":1}}"#,
    r#"{"id":"2","name":"b, {\"","of":[],"z":{}}"#,
    r#"{"id":"3","name":"c]}","of":[{"x":3}],"z":null}"#,
];

const BAD: [&str; 14] = [
    r#"{"id":"9","name":"n",}"#,
    r#"{"id":"9","name":"cut,"of":[],"z":1}"#,
    r#"{"id":"9","name":"n","of":[{"x":1},{"x":2}],"z":"cut}"#,
    r#"{"id":"9","name":"n","of":[{"x":1},{"x":2},],"z":{"y":1}}"#,
    r#"{"id":"9","name":bare,"of":[{"x":1},{"x":2}],"z":{"y":1}}"#,
    r"{'id':'9','name':'n','of':[]}",
    r#"{"id":"9","name":"n","of":[{"x":1,"z":{"y":1}}"#,
    r#"{"id":"9","name" "n","of":[{"x":1}],"z":{"y":1}}"#,
    r#"{"id":"9","name":"n","of":[{"x":1}]],"z":{"y":1}}"#,
    r#"{"id":"9","name":"\x","of":[{"x":1}],"z":{"y":1}}"#,
    r#"{"id":"9","name":01,"of":[{"x":1}],"z":{"y":1}}"#,
    r#"{"id":"9","name":"n"}}"#,
    "bare",
    r#"{id:9,"of":[{"x":1},{"x":2}],"z":{"y":1}}"#,
];

/// Texts of the records that can be read, and of those that cannot.
fn found(json: &str) -> Option<(Vec<String>, Vec<String>)> {
    let Salvaged { mended, .. } = salvage(json.as_bytes(), Shape::LIST)?;
    let whole: serde_json::Value =
        serde_json::from_str(&mended.text).unwrap_or_else(|error| panic!("{}: {error}", mended.text));
    let records = whole.get("results").unwrap_or(&whole).as_array().unwrap().clone();
    let bad = mended.repairs.unreadable_ranges();
    assert_eq!(bad.len(), mended.repairs.unreadable_records());
    assert_eq!(records.iter().filter(|record| record.is_null()).count(), bad.len(), "{}", mended.text);
    let good = records.iter().filter(|record| !record.is_null()).map(ToString::to_string);
    let bad = bad.into_iter().map(|(range, received)| {
        assert_eq!(&json.as_bytes()[range], received);
        String::from_utf8_lossy(received).into_owned()
    });
    Some((good.collect(), bad.collect()))
}

fn good(which: &[usize]) -> Vec<String> {
    which.iter().map(|at| serde_json::from_str::<serde_json::Value>(GOOD[*at]).unwrap().to_string()).collect()
}

#[test]
fn one_bad_record_among_others_is_found_wherever_it_stands_and_the_others_are_whole() {
    for bad in BAD {
        for place in 0..=3 {
            let mut records = GOOD.to_vec();
            records.insert(place, bad);
            for separator in [",", " ,\n "] {
                let list = format!("[{}]", records.join(separator));
                for body in [list.clone(), format!("{{\"count\":4,\"results\":{list},\"next_page\":null}}\n")]
                {
                    assert_eq!(found(&body), Some((good(&[0, 1, 2]), vec![bad.to_owned()])), "{body}");
                }
            }
        }
    }
}

#[test]
fn several_bad_records_are_each_found() {
    for bad in BAD {
        let body = format!("[{bad},{},{bad},{}]", GOOD[0], GOOD[1]);
        let (records, unreadable) = found(&body).unwrap();
        assert_eq!((records, unreadable), (good(&[0, 1]), vec![bad.to_owned(); 2]), "{body}");
    }
}

#[test]
fn a_bad_record_alone_is_one_whatever_is_inside_it() {
    for bad in BAD {
        assert_eq!(found(&format!("[{bad}]")), Some((vec![], vec![bad.to_owned()])));
        assert_eq!(found(&format!("{{\"results\":[{bad}]}}")), Some((vec![], vec![bad.to_owned()])));
    }
}

#[test]
fn commas_that_are_too_many_or_too_few_cost_no_record() {
    let [a, b, _] = GOOD;
    for (body, raw) in [
        (format!("[{a},{b},]"), ""),
        (format!("[{a},,{b}]"), ","),
        (format!("[,{a},{b}]"), ","),
        (format!("[{a}{b}]"), ""),
        (format!("[{a} x,{b}]"), "x"),
    ] {
        let Some((records, unreadable)) = found(&body) else { panic!("{body}") };
        if raw == "x" {
            // It may belong to the record before it.
            assert_eq!((records, unreadable), (good(&[1]), vec![format!("{a} x")]), "{body}");
        } else {
            assert_eq!((records, unreadable), (good(&[0, 1]), vec![raw.to_owned()]), "{body}");
        }
    }
}

#[test]
fn what_can_be_mended_is_no_damage() {
    let body = b"[{\"id\":NaN,\"name\":\"K\xe4\t\"},{\"id\":1,},{\"id\":2,\"name\":\"b\"}]";
    let Salvaged { mended, .. } = salvage(body, Shape::LIST).unwrap();
    assert_eq!(mended.text, "[{\"id\":null,\"name\":\"K\\udce4\\t\"},null,{\"id\":2,\"name\":\"b\"}]");
    let repairs = mended.repairs.of_text(&mended.text);
    assert_eq!(repairs.as_received(&mended.text), String::from_utf8_lossy(body));
}

#[test]
fn a_body_that_does_not_end_is_no_list_or_may_be_cut() {
    let [a, b, c] = GOOD;
    for body in [format!("[{a},{b},{{\"id\":\"3\""), format!("{{\"results\":[{a},{b}}}"), "<html>".to_owned()]
    {
        assert!(salvage(body.as_bytes(), Shape::LIST).is_none(), "{body}");
    }
    let cut = format!("{{\"results\":[{a},{{\"id\":\"2\",\"of\":[{{\"x\":1}}]}}");
    assert!(salvage(cut.as_bytes(), Shape::LIST).is_none_or(|salvaged| salvaged.may_be_cut));
    let whole = format!("[{a},{{\"id\":\"2\",}},{c}]");
    assert!(!salvage(whole.as_bytes(), Shape::LIST).unwrap().may_be_cut);
}

#[test]
fn an_object_alone_is_a_record_only_where_it_may_be() {
    let body = br#" {"id":"1","of":[1,]} "#;
    assert!(salvage(body, Shape::LIST).is_none());
    let Salvaged { mended, may_be_cut } = salvage(body, Shape::SINGLE).unwrap();
    assert_eq!((mended.text.as_str(), may_be_cut), ("[null]", false));
    assert!(salvage(br#"{"id":"1","of":[{"a":1}"#, Shape::SINGLE).unwrap().may_be_cut);
}

#[test]
fn the_work_is_bounded() {
    let body = format!("[{}]", r#"{"a":"#.repeat(200_000));
    assert!(salvage(body.as_bytes(), Shape::LIST).is_some());
}
