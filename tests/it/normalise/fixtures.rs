//! Every field of every example of the document lands in its column, with its value.

mod examples;

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use vainu_etl::catalog::{COMPANY_LEADS, LEADS};
use vainu_etl::normalise::{LandedPage, fingerprints_by};

use super::support::{Staging, page, staged_of};
use examples::{EXAMPLES, Example, Row};

fn example(name: &str) -> &'static Example {
    EXAMPLES.iter().find(|example| example.name == name).unwrap()
}

fn landed(example: &Example, body: &str) -> LandedPage {
    let parent = example.asked.iter().map(|(column, value)| (*column, (*value).to_owned())).collect();
    let body = if example.lone { format!("[{body}]") } else { body.to_owned() };
    LandedPage { parent, ..page(1, body) }
}

fn staging(example: &Example) -> Staging {
    staged_of(example.stream, vec![landed(example, example.body)])
}

/// Pointers to all values that are neither objects nor arrays, and to empty ones of these.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(name, value)| leaves(value, &format!("{at}/{name}"), found));
        }
        Value::Array(elements) if !elements.is_empty() => {
            let elements = elements.iter().enumerate();
            elements.for_each(|(position, value)| leaves(value, &format!("{at}/{position}"), found));
        }
        _ => found.push(at.to_owned()),
    }
}

/// Compares the row with the staged one, and the types of its columns with the table's.
fn assert_row(example: &Example, staging: &Staging, row: &Row) {
    let place = format!("{}{} in {}", example.name, row.at, row.table);
    let columns: Vec<_> = row.cells.iter().map(|(_, column, _)| *column).collect();
    let casts: Vec<_> = columns.iter().map(|column| format!("{column}::VARCHAR")).collect();
    let sql = format!("SELECT [{}] FROM {} WHERE {}", casts.join(", "), row.table, row.condition);
    let sql = format!("SELECT unnest(values) FROM ({sql}) AS row(values)");
    let found = staging.lines(&sql);
    let expected: Vec<_> = row.cells.iter().map(|(_, _, value)| *value).collect();
    assert_eq!(found.len(), expected.len(), "{place}: not one row");
    for ((field, column, value), found) in row.cells.iter().zip(&found) {
        assert_eq!(found, value, "{place}: field `{field}`, column {column}");
    }
}

fn assert_nothing_is_left_over(example: &Example, staging: &Staging) {
    assert_eq!(staging.reject_lines(), [""; 0], "{}", example.name);
    assert_eq!(staging.staged.drift, [], "{}", example.name);
    for table in &staging.staged.tables {
        let name = table.table.name;
        let sql = format!("SELECT count(_extra) FROM {name}");
        assert_eq!(staging.lines(&sql), ["0"], "{}: {name}", example.name);
    }
}

#[test]
fn every_field_of_every_example_has_an_expectation_and_no_expectation_is_without_a_field() {
    for example in EXAMPLES.iter() {
        let body: Value = serde_json::from_str(example.body).unwrap();
        let mut found = Vec::new();
        leaves(&body, "", &mut found);
        let rows = example.rows.iter();
        let of_rows = rows.flat_map(|row| row.cells.iter().map(move |(field, ..)| (row.at, *field)));
        let mut expected: HashSet<String> = of_rows
            .filter(|(_, field)| !field.is_empty())
            .map(|(at, field)| format!("{at}/{field}"))
            .collect();
        expected.extend(example.envelope.iter().map(|pointer| (*pointer).to_owned()));
        for leaf in &found {
            assert!(expected.contains(leaf), "{}: nothing is expected of {leaf}", example.name);
        }
        for leaf in &expected {
            assert!(found.contains(leaf), "{}: there is no {leaf}", example.name);
        }
    }
}

#[test]
fn every_field_of_every_example_lands() {
    for example in EXAMPLES.iter() {
        let staging = staging(example);
        for row in &example.rows {
            assert_row(example, &staging, row);
        }
        let mut rows: HashMap<&str, HashSet<&str>> = HashMap::new();
        for row in &example.rows {
            rows.entry(row.table).or_default().insert(row.condition);
        }
        for table in &staging.staged.tables {
            let expected = rows.get(table.table.name).map_or(0, HashSet::len);
            assert_eq!(table.rows_staged, expected as u64, "{}: {}", example.name, table.table.name);
        }
        assert_nothing_is_left_over(example, &staging);
    }
}

#[test]
fn the_columns_of_every_table_have_the_types_of_the_warehouse() {
    for example in EXAMPLES.iter() {
        let staging = staging(example);
        for table in &staging.staged.tables {
            let name = table.table.name;
            let sql = format!("SELECT column_name, column_type FROM (DESCRIBE FROM {name})");
            let found = staging.lines(&sql);
            for column in table.table.columns {
                // JSON is text until it is loaded.
                let kind = column.kind.sql_type().replace("JSON", "VARCHAR");
                let expected = format!("{} | {kind}", column.name);
                assert!(found.contains(&expected), "{}: {name}: {expected}", example.name);
            }
        }
    }
}

#[test]
fn the_pager_reads_what_is_around_the_records() {
    for (name, count, next_page, rows) in [
        ("target_group", Some(68520), None, 2),
        ("customer_data", Some(1), Some("https://api.vainu.io/api/v1/customer_data/?page=2"), 1),
        ("target_groups", None, None, 2),
        ("prospect_leads", None, None, 3),
        ("prospect_all", None, None, 1),
    ] {
        let facts = fingerprints_by(example(name).stream, example(name).body.as_bytes()).unwrap();
        assert_eq!((facts.count, facts.next_page.as_deref()), (count, next_page), "{name}");
        assert_eq!((facts.rows.len(), facts.keyless, facts.not_objects), (rows, 0, 0), "{name}");
    }
}

/// Appends a placeholder to every list of objects; gives their number.
fn add_placeholders(value: &mut Value) -> usize {
    match value {
        Value::Object(fields) => fields.values_mut().map(add_placeholders).sum(),
        Value::Array(elements) if elements.iter().all(Value::is_object) => {
            let inside: usize = elements.iter_mut().map(add_placeholders).sum();
            elements.push("...".into());
            inside + 1
        }
        _ => 0,
    }
}

#[test]
fn a_placeholder_is_a_reject_and_the_rest_of_the_page_loads() {
    let mut all = 0;
    for example in EXAMPLES.iter() {
        let mut body: Value = serde_json::from_str(example.body).unwrap();
        let placeholders = add_placeholders(&mut body);
        let staging = staged_of(example.stream, vec![landed(example, &body.to_string())]);
        for row in &example.rows {
            assert_row(example, &staging, row);
        }
        assert_eq!(staging.staged.records_rejected, placeholders as u64, "{}", example.name);
        // Of a list nothing is known; else the company or group that was asked for, and of an element the record around it.
        let of_list = landed(example, "").parent.is_empty();
        for reject in staging.reject_lines() {
            let parts: Vec<&str> = reject.split(" | ").collect();
            assert_eq!(parts[3..], [r#""...""#, "not a JSON object"], "{}: {reject}", example.name);
            let is_record = parts[0] == example.stream.table().name;
            assert_eq!(parts[1] == "-", of_list && is_record, "{}: {reject}", example.name);
            assert_eq!(parts[2] == "-", is_record, "{}: {reject}", example.name);
        }
        all += placeholders;
    }
    assert_eq!(all, 16, "lists of objects in the examples");
}

#[test]
fn contacts_are_not_kept_unless_they_are_asked_for() {
    let example = example("prospect_all");
    let tables = vec!["prospects", "prospect_addresses", "financial_statements"];
    let pages = vec![landed(example, example.body)];
    let staging = super::support::try_stage_of(example.stream, Some(tables), pages, 1).unwrap();
    let names: Vec<_> = staging.staged.tables.iter().map(|table| table.table.name).collect();
    assert_eq!(names, ["prospects", "prospect_addresses", "financial_statements"]);
    assert_nothing_is_left_over(example, &staging);
}

#[test]
fn a_lead_has_the_same_hash_from_a_target_group_and_from_a_company() {
    let of_group = r#"[{"id": 7, "title": "T", "link": "http://l", "datetime": "2015-12-04T13:18:43.611"}]"#;
    let of_company = r#"[{"title": "T", "link": "http://l", "added": "2015-12-04T13:18:43"}]"#;
    let company = vec![("country", "FI".to_owned()), ("business_id", "1".to_owned())];
    let group = staged_of(&LEADS, vec![page(1, of_group)]);
    let company = staged_of(&COMPANY_LEADS, vec![LandedPage { parent: company, ..page(1, of_company) }]);
    let hash = company.lines("SELECT content_hash FROM leads");
    assert_eq!(group.lines("SELECT lead_id, content_hash FROM leads"), [format!("7 | {}", hash[0])]);
    assert_eq!(company.lines("SELECT lead_id FROM leads"), hash);
}

#[test]
fn two_companies_of_a_lead_can_share_an_id() {
    let about = r#"[{"business_id": "12345678", "company_name": "Suomi Oy"}, {"business_id": "12345678", "company_name": "Danmark A/S"}]"#;
    let parent = vec![("target_group_id", "a".to_owned())];
    let body = format!(r#"[{{"id": 7, "prospects": {about}}}]"#);
    let staging = staged_of(&LEADS, vec![LandedPage { parent, ..page(1, body) }]);
    assert_eq!(
        staging.lines("SELECT business_id, company_name FROM lead_prospects ORDER BY ALL"),
        ["12345678 | Danmark A/S", "12345678 | Suomi Oy"]
    );
    assert_eq!(staging.reject_lines(), [""; 0]);
}

#[test]
fn leads_that_differ_in_time_alone_are_two() {
    let lead =
        |time: &str| format!(r#"{{"title": "T", "link": "http://l", "added": "2015-12-04T13:18:4{time}"}}"#);
    let body = format!("[{},{}]", lead("3"), lead("4"));
    let parent = vec![("country", "FI".to_owned()), ("business_id", "1".to_owned())];
    let staging = staged_of(&COMPANY_LEADS, vec![LandedPage { parent, ..page(1, body) }]);
    assert_eq!(staging.lines("SELECT count(DISTINCT lead_id) FROM leads"), ["2"]);
}

#[test]
fn the_company_of_customer_data_lands() {
    for name in ["customer_data", "customer_data_object"] {
        let (example, staging) = (example(name), staging(example(name)));
        example.rows.iter().for_each(|row| assert_row(example, &staging, row));
        assert_nothing_is_left_over(example, &staging);
    }
}

#[test]
fn a_member_of_a_target_group_has_nothing_left_over() {
    let example = example("target_group");
    assert_nothing_is_left_over(example, &staging(example));
}

#[test]
fn a_company_of_a_lead_has_its_country_when_it_was_asked_for() {
    let staging = staging(example("prospect_leads"));
    assert_eq!(
        staging.lines("SELECT DISTINCT business_id, country FROM lead_prospects ORDER BY ALL"),
        ["01011385 | FI", "25578642 | -"]
    );
}

#[test]
fn of_two_companies_with_the_same_digits_nobody_knows_which_was_asked_for() {
    let about = [
        r#"{"business_id": "01011385", "company_name": "Finnish Oy"}"#,
        r#"{"business_id": "01011385", "company_name": "Danish ApS"}"#,
        r#"{"business_id": "01011385", "country": "DK", "company_name": "said to be Danish ApS"}"#,
    ];
    let body = |about: &[&str]| format!(r#"[{{"title": "T", "prospects": [{}]}}]"#, about.join(","));
    let countries = |about: &[&str]| {
        let parent = vec![("country", "FI".to_owned()), ("business_id", "01011385".to_owned())];
        let page = LandedPage { parent, ..page(1, body(about)) };
        staged_of(&COMPANY_LEADS, vec![page])
            .lines("SELECT company_name, country FROM lead_prospects ORDER BY ALL")
    };
    assert_eq!(countries(&about[..2]), ["Danish ApS | -", "Finnish Oy | -"]);
    assert_eq!(countries(&[about[0], about[2]]), ["Finnish Oy | FI", "said to be Danish ApS | DK"]);
    assert_eq!(countries(&[about[0], about[0]]), ["Finnish Oy | FI"], "the same one twice is one");
}

#[test]
fn a_company_of_a_lead_is_the_one_asked_for_when_its_id_is_the_same_and_it_says_no_other_country() {
    let about = [
        r#"{"business_id": "FI0101138-5", "company_name": "prefix and dash"}"#,
        r#"{"business_id": 1011385, "company_name": "without its zero"}"#,
        r#"{"business_id": "01011385", "country": "SE", "company_name": "of another country"}"#,
        r#"{"business_id": "01011385", "country": "", "company_name": "of an empty country"}"#,
        r#"{"business_id": "25578642", "country": "fi", "company_name": "not asked for"}"#,
    ];
    let lead = |about: &&str| format!(r#"{{"title": {about:?}, "prospects": [{about}]}}"#);
    let body = format!("[{}]", about.iter().map(lead).collect::<Vec<_>>().join(","));
    let sql = "SELECT company_name, business_id, country FROM lead_prospects ORDER BY ALL";
    let parent = vec![("country", " fi".to_owned()), ("business_id", "0101138-5 ".to_owned())];
    let staging = staged_of(&COMPANY_LEADS, vec![LandedPage { parent, ..page(1, body.clone()) }]);
    assert_eq!(
        staging.lines(sql),
        [
            "not asked for | 25578642 | FI",
            "of an empty country | 01011385 | FI",
            "of another country | 01011385 | SE",
            "prefix and dash | 01011385 | FI",
            "without its zero | 1011385 | -",
        ]
    );
    // A target group has companies of many countries.
    let parent = vec![("target_group_id", "01011385".to_owned())];
    let staging = staged_of(&LEADS, vec![LandedPage { parent, ..page(1, body) }]);
    assert_eq!(
        staging.lines("SELECT company_name, country FROM lead_prospects ORDER BY ALL"),
        [
            "not asked for | FI",
            "of an empty country | -",
            "of another country | SE",
            "prefix and dash | -",
            "without its zero | -",
        ]
    );
}
