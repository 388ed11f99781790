//! Staged files read back through DuckDB.

use serde_json::json;
use vainu_etl::normalise::{LandedPage, StageError};
use vainu_etl::record::EnvelopeError;
use vainu_etl::staging::DriftKind;

use super::support::{
    Staging, answer, company, page, some, staged, staged_of, staged_page, try_stage, try_stage_of,
};

const FIXTURE: &str = include_str!("../fixtures/prospects_filter.json");

/// The example's companies, one text for each declared column; `-` is NULL.
const VAINU: [&str; 37] = [
    "FI",
    "25578642",
    "Vainu. io Software Oy",
    "active",
    "2013-08-07",
    "vainu.io",
    "+358 40 8341005",
    "62010",
    "62",
    "Arkadiankatu 6 D",
    "00100",
    "HELSINKI",
    "HELSINKI",
    "Arkadiankatu 6 D",
    "00100",
    "HELSINKI",
    "HELSINKI",
    "SEK",
    "604000.00",
    "-",
    "false",
    "-",
    "3.20",
    "2007.00",
    "12",
    "false",
    "https://app.vainu.io/vainu/prospect/708216/",
    "3803996",
    "https://twitter.com/vainuio",
    "https://www.facebook.com/vainuio/",
    "-",
    "-",
    "-",
    "-",
    "-",
    "-",
    "-",
];
const EXAMPLY: [&str; 37] = [
    "FI",
    "1231234",
    "Examply Oy",
    "active",
    "2013-12-10",
    "www.example.com",
    "-",
    "96090",
    "96",
    "Street 3",
    "12345",
    "HELSINKI",
    "HELSINKI",
    "Street 3",
    "12345",
    "HELSINKI",
    "HELSINKI",
    "SEK",
    "-",
    "-",
    "false",
    "-",
    "-",
    "-",
    "-",
    "false",
    "https://app.vainu.io/vainu/prospect/702931/",
    "-",
    "-",
    "https://www.facebook.com/...",
    "-",
    "-",
    "-",
    "-",
    "-",
    "-",
    "-",
];

#[test]
fn every_field_of_the_documents_example_lands() {
    let staging = staged_page(FIXTURE);
    let rows = staging.query("FROM rows ORDER BY business_id DESC");
    // 30 documented fields feed columns 0 to 20 and 22 to 29; no record has one of the others.
    let present = (0..=29).filter(|bit| *bit != 21).map(|bit| 1_u64 << bit).sum::<u64>().to_string();
    let row_fields = ["-", &present, "2026-01-01 00:00:00", "0", "true"];
    for (row, declared) in rows.iter().zip([VAINU, EXAMPLY]) {
        let expected: Vec<_> = declared.into_iter().chain(row_fields).collect();
        let row: Vec<_> = row.iter().map(|value| value.as_deref().unwrap_or("-")).collect();
        assert_eq!(row, expected);
    }
    assert_eq!(rows.len(), 2);
    assert_eq!(staging.staged.rejects.len(), 0);
    assert_eq!(staging.staged.drift, []);
}

#[test]
fn the_files_have_the_types_of_the_warehouse() {
    let staging = staged_page(FIXTURE);
    let types = staging.query("SELECT column_name, column_type FROM (DESCRIBE FROM rows)");
    let type_of = |column: &str| types.iter().find(|row| row[0] == some(column)).unwrap()[1].clone().unwrap();
    for (column, expected) in [
        ("business_id", "VARCHAR"),
        ("registration_date", "DATE"),
        ("turn_over_eur", "DECIMAL(18,2)"),
        ("turn_over_is_estimate", "BOOLEAN"),
        ("staff_number", "BIGINT"),
        ("digitality", "DOUBLE"),
        ("mother", "VARCHAR"),
        ("_present", "UBIGINT"),
        ("_seen_at", "TIMESTAMP"),
        ("_list", "UINTEGER"),
        ("_newest", "BOOLEAN"),
    ] {
        assert_eq!(type_of(column), expected, "{column}");
    }
}

#[test]
fn values_come_back_from_parquet_as_they_were() {
    let staging = staged_page(
        json!([
            company(
                "1",
                json!({
                    "company_name": "nul\0 in\u{7}side", "phone": "", "turn_over": "-9999999999999999.99",
                    "profit": 0.07, "registration_date": "0001-1-1", "staff_number": i64::MIN,
                    "alexa_rank_global": "9223372036854775807", "digitality": 1e-300, "mother": {"vid": 5},
                })
            ),
            company(
                "2",
                json!({"registration_date": "9999-12-31", "turn_over": "9999999999999999.99",
                "company_name": "😀\u{10ffff}"})
            ),
        ])
        .to_string(),
    );
    assert_eq!(
        staging.query(
            "SELECT replace(company_name, chr(0), '<NUL>'), phone, turn_over_eur, profit_percent,
                registration_date, staff_number, alexa_rank_global, digitality, mother::JSON ->> 'vid',
                length(company_name)
            FROM rows ORDER BY business_id"
        ),
        [
            vec![
                some("nul<NUL> in\u{7}side"),
                some(""),
                some("-9999999999999999.99"),
                some("0.07"),
                some("0001-01-01"),
                some("-9223372036854775808"),
                some("9223372036854775807"),
                some("1e-300"),
                some("5"),
                some("12"),
            ],
            vec![
                some("😀\u{10ffff}"),
                None,
                some("9999999999999999.99"),
                None,
                some("9999-12-31"),
                None,
                None,
                None,
                None,
                some("2"),
            ],
        ]
    );
    assert_eq!(staging.rejects(), [[""; 4]; 0]);
}

#[test]
fn the_first_row_of_a_company_is_its_newest_however_many_workers_there_are() {
    // Page p holds companies p to p + 4, so that most companies are on five pages.
    let pages = |workers| {
        let body = |number: u64| {
            let rows: Vec<_> = (number..number + 5)
                .map(|id| company(&id.to_string(), json!({"company_name": format!("page {number}")})))
                .collect();
            serde_json::to_vec(&rows).unwrap()
        };
        let landed = |number| LandedPage {
            number,
            list: u32::try_from(number % 2).unwrap(),
            fetched_at_us: i64::try_from(number).unwrap(),
            parent: Vec::new(),
            body: body(number),
        };
        try_stage((0..60).rev().map(landed).collect(), workers).unwrap()
    };
    let sql = "SELECT business_id, company_name, epoch_us(_seen_at), _list, _newest FROM rows ORDER BY ALL";
    let expected = pages(1).query(sql);
    assert_eq!(expected.len(), 300);
    for workers in [2, 3, 8] {
        assert_eq!(pages(workers).query(sql), expected, "{workers} workers");
    }
    let newest: Vec<_> = expected.iter().filter(|row| row[4] == some("true")).collect();
    assert_eq!(newest.len(), 64);
    for row in newest {
        let id: u64 = row[0].as_deref().unwrap().parse().unwrap();
        assert_eq!(row[1], some(&format!("page {}", id.min(59))));
    }
}

#[test]
fn within_a_page_the_first_row_is_the_newest() {
    let staging = staged_page(
        r#"[{"country":"FI","business_id":"1","city":"A"},{"country":"fi","business_id":"FI1","city":"B"},
            {"country":"SE","business_id":"1","city":"C"}]"#,
    );
    assert_eq!(
        staging.query("SELECT country, city, _newest FROM rows ORDER BY city"),
        [
            [some("FI"), some("A"), some("true")],
            [some("FI"), some("B"), some("false")],
            [some("SE"), some("C"), some("true")],
        ]
    );
}

#[test]
fn fields_without_a_column_are_kept_and_reported() {
    let staging = staged(vec![page(
        4,
        r#"[{"country":"FI","business_id":"1","vid": 12 ,"tags":["a", {"b":1.50}],"ne\"w":null},
            {"country":"FI","business_id":"2","vid":"12"},
            {"country":"FI","business_id":"3"}]"#,
    )]);
    assert_eq!(
        staging.query("SELECT _extra FROM rows ORDER BY business_id"),
        [[some(r#"{"vid":12,"tags":["a", {"b":1.50}],"ne\"w":null}"#)], [some(r#"{"vid":"12"}"#)], [None]]
    );
    assert_eq!(
        staging.drift(DriftKind::Unknown),
        [("ne\"w", 1, Some("null")), ("tags", 1, Some(r#"["a", {"b":1.50}]"#)), ("vid", 2, Some("12"))]
    );
    let missing = staging.drift(DriftKind::Missing);
    assert_eq!(missing.len(), 28);
    assert!(missing.contains(&("company_name", 3, None)));
    assert!(!missing.iter().any(|(field, ..)| *field == "country"));
}

#[test]
fn a_field_that_says_something_else_than_the_column_is_kept() {
    let staging = staged_page(
        r#"[{"country":"FI","business_id":"1","industry_code":"01110","industry_code_5":1110},
            {"country":"FI","business_id":"2","industry_code_5":62010,"industry_code":"62020","a":1},
            {"country":"FI","business_id":"3","industry_code":null,"isic_industry_code":"","industry_code_5":70},
            {"country":"FI","business_id":"4","industry_code":[5],"isic_industry_code":"85593"}]"#,
    );
    assert_eq!(
        staging.query("SELECT industry_code, _extra FROM rows ORDER BY business_id"),
        [
            [some("01110"), None],
            [some("62020"), some(r#"{"a":1,"industry_code_5":62010}"#)],
            [some("00070"), None],
            [some("85593"), None],
        ]
    );
    assert_eq!(staging.rejects(), [["FI/4", "industry_code", "[5]", "a list"]]);
    assert_eq!(staging.drift(DriftKind::Type), [("industry_code", 1, Some("[5]"))]);
}

#[test]
fn what_does_not_fit_is_rejected_with_its_place() {
    let staging = staged(vec![
        LandedPage {
            list: 3,
            ..page(17, r#"["....", {"country":"FI","business_id":"1","turn_over":"1,005"}]"#)
        },
        page(18, r#"[{"country":"Finland","business_id":"1"}, {"country":"FI","business_id":null}, 5, []]"#),
    ]);
    assert_eq!(
        staging.rejects(),
        [
            ["-", "-", "\"....\"", "not a JSON object"],
            ["-", "-", "5", "not a JSON object"],
            ["-", "-", "[]", "not a JSON object"],
            [
                "-",
                "business_id",
                r#"{"country":"FI","business_id":null}"#,
                "no usable key: business_id is missing or empty",
            ],
            [
                "-",
                "country",
                r#"{"country":"Finland","business_id":"1"}"#,
                "no usable key: country is not a country code of two letters",
            ],
            ["FI/1", "turn_over", "\"1,005\"", "not a number"],
        ]
        .map(|reject| reject.map(str::to_owned))
    );
    let counts = &staging.staged;
    assert_eq!((counts.records, counts.rows_staged()), (6, 1));
    assert_eq!((counts.records_rejected, counts.cells_rejected), (5, 1));
    assert_eq!(
        staging.query("SELECT list, table_name, page FROM rejects WHERE field = 'turn_over'"),
        [[some("3"), some("prospects"), some("17")]]
    );
    assert_eq!(staging.value("SELECT count(*) FROM rejects"), some("6"));
}

#[test]
fn rounded_values_are_in_their_columns_and_noted_once_for_each_field() {
    let records = (0..50).map(|number| {
        company(
            &format!("{number:08}"),
            json!({"turn_over": 33.333_333_333_333_336, "staff_number": "399.4"}),
        )
    });
    let exact = company("99", json!({"turn_over": "1.50", "staff_number": 7}));
    let body = json!(records.chain([exact]).collect::<Vec<_>>()).to_string();
    let staging = staged(vec![page(2, "[]"), page(1, body)]);
    assert_eq!(staging.rejects(), [[""; 4]; 0]);
    assert_eq!(
        staging.lines("SELECT turn_over_eur, staff_number, count(*) FROM rows GROUP BY ALL ORDER BY ALL"),
        ["1.50 | 7 | 1", "33.33 | 399 | 50"]
    );
    assert_eq!(
        staging.drift(DriftKind::Precision),
        [("staff_number", 50, Some("\"399.4\"")), ("turn_over", 50, Some("33.333333333333336"))]
    );
}

#[test]
fn a_key_is_never_rounded() {
    use vainu_etl::catalog::FINANCIAL_STATEMENTS;
    let body = r#"[{"year":2015.5,"turn_over_eur":"1.239"},{"year":"2016.0","turn_over_eur":"1.239"}]"#;
    let staging = staged_of(&FINANCIAL_STATEMENTS, vec![answer(1, "7", body)]);
    assert_eq!(staging.lines("SELECT year, turn_over_eur FROM financial_statements"), ["2016 | 1.24"]);
    assert_eq!(
        staging.reject_lines(),
        [
            r#"financial_statements | FI/7 | year | {"year":2015.5,"turn_over_eur":"1.239"} | no usable key: year is not a whole number"#
        ]
    );
}

#[test]
fn what_was_rejected_of_an_older_page_is_told_apart_from_what_is_wrong_now() {
    use vainu_etl::catalog::{DETAILS, FINANCIAL_STATEMENTS};
    let bad = json!([company("1", json!({"staff_number": "many"}))]).to_string();
    let good = json!([company("1", json!({"staff_number": 5}))]).to_string();
    let newest = |staging: &Staging| staging.lines("SELECT page, newest FROM rejects ORDER BY ALL");
    for workers in [1, 3] {
        let staging = try_stage(vec![page(2, good.clone()), page(1, bad.clone())], workers).unwrap();
        assert_eq!(newest(&staging), ["1 | false"], "a newer page holds the company");
        let staging = try_stage(vec![page(2, bad.clone()), page(1, bad.clone())], workers).unwrap();
        assert_eq!(newest(&staging), ["1 | false", "2 | true"]);
        let statements = |pages: [&str; 2]| {
            let [newer, older] = pages;
            let pages = vec![answer(2, "1", newer), answer(1, "1", older)];
            newest(&try_stage_of(&FINANCIAL_STATEMENTS, None, pages, workers).unwrap())
        };
        assert_eq!(statements(["[]", r#"["..."]"#]), ["1 | false"], "a newer answer about the company");
        assert_eq!(statements([r#"["..."]"#, "[]"]), ["2 | true"]);
        // Of an answer without use, an older one is better, and what is wrong with both is shown.
        let pages = vec![
            answer(2, "1", r#"{"detail":"Not found"}"#),
            answer(1, "1", r#"{"country":"FI","business_id":"1","financial_statements":["..."]}"#),
        ];
        assert_eq!(newest(&try_stage_of(&DETAILS, None, pages, workers).unwrap()), ["1 | true", "2 | true"]);
    }
}

#[test]
fn nothing_gives_no_files() {
    let staging = staged(vec![page(1, "[]"), page(2, "12"), page(3, r#"{"results":[],"count":0}"#)]);
    assert_eq!((staging.staged.tables[0].rows.len(), staging.staged.rejects.len()), (0, 0));
    assert_eq!(staging.staged.records, 0);
    assert_eq!(staged(Vec::new()).staged.records, 0);
}

#[test]
fn a_landed_page_that_is_no_page_stops_every_worker() {
    let pages = (0..50).map(|number| page(number, if number == 20 { "[{}" } else { "[]" })).collect();
    let error = try_stage(pages, 4).unwrap_err();
    assert!(
        matches!(error, StageError::Page { page: 20, source: EnvelopeError::NotJson { .. } }),
        "{error:?}"
    );
    assert!(error.hint().is_some());
}

#[test]
fn an_unreadable_landing_is_an_error_of_staging() {
    let dir = tempfile::tempdir().unwrap();
    let pages = [Ok(page(1, "[]")), Err(std::io::Error::other("checksum differs"))];
    let options = vainu_etl::normalise::StageOptions::new(dir.path());
    let error =
        vainu_etl::normalise::stage(&vainu_etl::catalog::PROSPECTS, pages.into_iter(), &options).unwrap_err();
    let StageError::Read(source) = error else { panic!("{error:?}") };
    assert_eq!(source.to_string(), "checksum differs");
}
