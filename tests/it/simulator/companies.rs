//! The companies of the filter endpoint: fields, types, and how often values occur.

use std::collections::HashSet;

use super::*;

#[tokio::test]
async fn answers_the_fields_and_types_of_the_documents_example() {
    let example = json!({
        "business_id": "", "status": "", "registration_date": "", "company_name": "", "link": "", "phone": "",
        "industry_code_2": 1, "industry_code_5": 1, "industry_code": "", "address": "", "postal": "", "city": "",
        "municipality": "", "visiting_address": "", "visiting_postal": "", "visiting_city": "",
        "visiting_municipality": "", "country": "", "currency_code": "", "turn_over": "", "turn_over_local": "",
        "turn_over_is_estimate": true, "profit": "", "development_of_turnover": "", "staff_number": "",
        "staff_number_is_estimate": true, "vainu_link": "", "linkedin_id": "", "twitter_link": "", "facebook_link": "",
    });
    let example = example.as_object().expect("is an object");
    assert_eq!(example.len(), 30);
    let never_null = ["business_id", "company_name", "country", "currency_code", "vainu_link"];
    let api = Api::start(1000, &[]).await;
    let rows = api.rows("limit=1000").await;
    assert_eq!(rows.len(), 1000);
    let (mut seen, mut missing) = (HashSet::new(), HashSet::new());
    for row in &rows {
        let row = row.as_object().expect("is an object");
        assert_eq!(row.keys().collect::<BTreeSet<_>>(), example.keys().collect::<BTreeSet<_>>());
        for (name, value) in row {
            if value.is_null() {
                missing.insert(name.as_str());
                continue;
            }
            seen.insert(name.as_str());
            assert_eq!(
                std::mem::discriminant(value),
                std::mem::discriminant(&example[name]),
                "{name}: {value}"
            );
        }
    }
    assert_eq!(seen.len(), 30, "every field has a value somewhere");
    let booleans = ["turn_over_is_estimate", "staff_number_is_estimate"];
    assert_eq!(missing.len(), 30 - never_null.len() - booleans.len(), "every other field is null somewhere");
    assert_eq!(rows, api.all(), "companies() is what the endpoint answers, in generation order");
}

#[tokio::test]
async fn companies_look_like_companies() {
    let api = Api::start(20_000, &[]).await;
    let all = api.all();
    let share =
        |wanted: &dyn Fn(&Value) -> bool| ratio(all.iter().filter(|row| wanted(row)).count(), all.len());
    let digits = |country| match country {
        "SE" => 10,
        "NO" => 9,
        _ => 8,
    };
    for row in &all {
        let id = text(row, "business_id");
        assert!(
            id.len() == digits(text(row, "country")) && id.bytes().all(|byte| byte.is_ascii_digit()),
            "{row}"
        );
        assert_eq!(
            text(row, "currency_code"),
            match text(row, "country") {
                "FI" => "EUR",
                "SE" => "SEK",
                "NO" => "NOK",
                _ => "DKK",
            }
        );
        let has_local = !row["turn_over"].is_null() && text(row, "country") != "FI";
        assert_eq!(!row["turn_over_local"].is_null(), has_local, "{row}");
        if let Some(code) = row["industry_code"].as_str() {
            assert_eq!(code.len(), 5);
            assert_eq!(row["industry_code_5"], code.parse::<u32>().unwrap());
            assert_eq!(row["industry_code_2"], code[..2].parse::<u32>().unwrap());
        }
        let city = text(row, "city");
        assert_eq!(city, city.to_uppercase());
        if let Some(amount) = row["turn_over"].as_str() {
            assert!(amount.ends_with(".0"), "{amount}");
        }
    }
    assert_eq!(
        keys(&all).into_iter().collect::<HashSet<_>>().len(),
        all.len(),
        "(country, business_id) is unique"
    );
    let near = |found: f64, wanted: f64| {
        assert!((found - wanted).abs() < wanted * 0.2, "{found} is far from {wanted}");
    };
    near(share(&|row| row["turn_over"].is_null()), 0.25);
    near(share(&|row| text(row, "country") == "FI"), 0.40);
    near(share(&|row| text(row, "country") == "FI" && text(row, "business_id").starts_with('0')), 0.18);
    near(share(&|row| row["industry_code"] == "01110"), 0.0097);
    near(ratio(api.count("nstatus=inactive").await, 20_000), 0.08);
    for odd in [
        "'",
        "\"",
        "&",
        ",",
        ";",
        "\\",
        "<b>",
        "DROP TABLE",
        "\u{1f680}",
        "\n",
        "\u{1b}",
        "å",
        "ä",
        "ö",
        "ø",
        "æ",
    ] {
        assert!(share(&|row| text(row, "company_name").contains(odd)) > 0.0, "no name has {odd:?}");
    }
    assert!(share(&|row| text(row, "company_name").starts_with('=')) > 0.0);
    assert!(share(&|row| text(row, "company_name").ends_with(' ')) > 0.0);
    assert!(
        share(&|row| text(row, "registration_date").split('-').any(|part| part.len() == 1)) > 0.5,
        "dates are unpadded"
    );
    assert!(share(&|row| number(row, "profit").is_some_and(|percent| percent < 0.0)) > 0.1);
}

#[tokio::test]
async fn some_finnish_and_danish_companies_share_an_id() {
    let api = Api::start(1000, &[]).await;
    let all = api.all();
    let of = |country| -> HashSet<String> {
        let rows = all.iter().filter(|row| text(row, "country") == country);
        rows.map(|row| text(row, "business_id").to_owned()).collect()
    };
    let (finnish, danish) = (of("FI"), of("DK"));
    let shared: Vec<&String> = finnish.intersection(&danish).collect();
    assert_eq!(shared.len(), 10);
    let id = shared[0];
    let rows = api.rows(&format!("business_id__exact={id}")).await;
    let countries: BTreeSet<&str> = rows.iter().map(|row| text(row, "country")).collect();
    assert_eq!(countries, BTreeSet::from(["DK", "FI"]));
    assert_eq!(keys(&api.rows(&format!("business_ids=DK{id}")).await), [format!("DK{id}")]);
}

#[tokio::test]
async fn a_company_does_not_depend_on_how_many_there_are() {
    let (few, many) = (Api::start(150, &[]).await.all(), Api::start(1000, &[]).await.all());
    assert_eq!(few, many[..150]);
    let other = Api::with(with(Config::new(150), |config| config.seed = 2)).await.all();
    assert_ne!(few, other);
}
