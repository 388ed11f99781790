//! Filters: every type, every field of the document, its example URLs, and POST.

use super::*;

#[tokio::test]
async fn every_filter_type_filters() {
    let api = Api::start(1000, &[]).await;
    let some =
        api.all().into_iter().find(|row| !row["turn_over"].is_null() && !row["city"].is_null()).unwrap();
    let (id, city, amount) =
        (text(&some, "business_id"), text(&some, "city"), number(&some, "turn_over").unwrap());
    let turn_over = |holds: fn(f64, f64) -> bool| {
        move |row: &Value| number(row, "turn_over").is_some_and(|n| holds(n, amount))
    };
    api.finds(&format!("turn_over__gte={amount}"), turn_over(|n, bound| n >= bound)).await;
    api.finds(&format!("turn_over__gt={amount}"), turn_over(|n, bound| n > bound)).await;
    api.finds(&format!("turn_over__lte={amount}"), turn_over(|n, bound| n <= bound)).await;
    api.finds(&format!("turn_over__lt={amount}"), turn_over(|n, bound| n < bound)).await;
    api.finds(&format!("turn_over={amount}"), turn_over(|n, bound| (n - bound).abs() < 0.01)).await;
    api.finds(&format!("turn_over__ne={amount}"), |row| number(row, "turn_over") != Some(amount)).await;
    api.finds("turn_over__ne=null", |row| !row["turn_over"].is_null()).await;
    api.finds("phone__ne=null", |row| !row["phone"].is_null()).await;
    api.finds("staff_number__in=1,2,3", |row| ["1", "2", "3"].contains(&text(row, "staff_number"))).await;
    api.finds("turn_over_is_estimate=true", |row| row["turn_over_is_estimate"] == true).await;

    api.finds(&format!("city__exact={city}"), |row| text(row, "city") == city).await;
    assert_eq!(api.count(&format!("city__exact={}", city.to_lowercase())).await, 0, "exact is exact");
    api.finds("city=hel", |row| text(row, "city").contains("HEL")).await;
    api.finds(&format!("city__ne={city}"), |row| text(row, "city") != city).await;
    api.finds("city__in=OULU,TURKU", |row| ["OULU", "TURKU"].contains(&text(row, "city"))).await;
    api.finds("company_name=ÄRVI", |row| text(row, "company_name").to_lowercase().contains("ärvi")).await;
    api.finds("company_name__startswith=No", |row| text(row, "company_name").starts_with("No")).await;
    api.finds("company_name__gte=S&company_name__lt=T", |row| text(row, "company_name").starts_with('S'))
        .await;

    api.finds(&format!("business_id__exact={id}"), |row| text(row, "business_id") == id).await;
    api.finds(&format!("business_id={}", &id[2..6]), |row| text(row, "business_id").contains(&id[2..6]))
        .await;
    api.finds("business_id__startswith=01", |row| text(row, "business_id").starts_with("01")).await;
    api.finds("business_id__gte=8", |row| text(row, "business_id") >= "8").await;
    api.finds(&format!("business_id__ne={id}"), |row| text(row, "business_id") != id).await;
    let prefixed = key(&some);
    api.finds(&format!("business_id={prefixed}"), |row| key(row) == prefixed).await;
    api.finds(&format!("business_ids={prefixed},unknown"), |row| key(row) == prefixed).await;
}

#[tokio::test]
async fn every_field_of_the_document_filters() {
    let api = Api::start(1000, &[]).await;
    // Fields that answers contain are compared with the answers.
    let shown = [
        "business_id",
        "registration_date",
        "company_name",
        "link",
        "phone",
        "industry_code",
        "address",
        "postal",
        "city",
        "country",
        "municipality",
        "visiting_address",
        "visiting_city",
        "visiting_postal",
        "visiting_municipality",
        "turn_over",
        "profit",
        "development_of_turnover",
        "staff_number",
    ];
    let all = api.all();
    for field in shown {
        let value =
            all.iter().map(|row| text(row, field)).find(|value| !value.is_empty()).expect("has a value");
        let body = json!({ format!("{field}__exact"): value, "limit": 1000 });
        let (status, found) = api.post("", body.to_string()).await;
        let expected: Vec<String> = all.iter().filter(|row| text(row, field) == value).map(key).collect();
        assert_eq!((status, keys(found.as_array().unwrap())), (200, expected), "{field}={value}");
    }
    api.finds("industry_code_2=62", |row| row["industry_code_2"] == 62).await;
    api.finds("industry_code_5=1110", |row| row["industry_code"] == "01110").await;
    api.finds("isic_industry_code=01110", |row| row["industry_code"] == "01110").await;
    api.finds("registration_date__gte=2013-8-7", |row| {
        let parts: Vec<u32> =
            text(row, "registration_date").split('-').filter_map(|part| part.parse().ok()).collect();
        parts >= vec![2013, 8, 7]
    })
    .await;
    // For the others, answers contain a related field or nothing.
    let host =
        all.iter().map(|row| text(row, "link")).find(|link| link.starts_with("www.")).expect("there is one");
    let domain = host.trim_start_matches("www.");
    api.finds(&format!("domain__exact={domain}"), |row| {
        text(row, "link").rsplit('/').next().unwrap().trim_start_matches("www.") == domain
    })
    .await;
    let halves = [
        ("vainu_score__gte=50", "vainu_score__lt=50", "vainu_score__ne=null"),
        ("alexa_rank_global__gte=5000000", "alexa_rank_global__lt=5000000", "alexa_rank_global__ne=null"),
        (
            "basic_modified__gt=2026-06-01T16:00:00",
            "basic_modified__lte=2026-06-01T16:00:00",
            "basic_modified__ne=null",
        ),
        ("nstatus=active", "nstatus=inactive", "nstatus__ne=null"),
        ("region__exact=FI-18", "region__ne=FI-18", ""),
    ];
    for (one, other, both) in halves {
        let (one, other, both) = (api.count(one).await, api.count(other).await, api.count(both).await);
        assert!(one > 0 && other > 0 && one + other == both, "{one} + {other} is not {both}");
    }
    let (primary, any) =
        (api.count("industry_code__startswith=68").await, api.count("industry_codes__startswith=68").await);
    assert!(0 < primary && primary < any, "a secondary code counts: {primary}, {any}");
}

#[tokio::test]
async fn the_documents_example_urls_work() {
    let api = Api::start(1000, &["limit-max=none"]).await;
    let all = api.all();
    let ids: Vec<String> = all[..3].iter().map(|row| text(row, "business_id").to_owned()).collect();
    for (place, name) in [(0, "Vainu. io Software Oy"), (1, "Nokia Oyj")] {
        api.simulator
            .set_field(text(&all[place], "country"), &ids[place], "company_name", &json!(name))
            .unwrap();
    }
    let (vainu, nokia) = (text(&all[0], "country"), text(&all[1], "country"));
    let in_range = |row: &Value| {
        text(row, "visiting_postal").parse().is_ok_and(|code: u32| (50000..=51019).contains(&code))
    };
    let is = |country: &'static str| move |row: &Value| text(row, "country") == country;

    api.finds("country=FI&industry_code=62010&order=-turn_over", |r| {
        is("FI")(r) && r["industry_code"] == "62010"
    })
    .await;
    api.finds("country=FI&industry_code=62010&order=turn_over", |r| {
        is("FI")(r) && r["industry_code"] == "62010"
    })
    .await;
    api.finds("country=FI&industry_code=87301&staff_number__ne=null&order=staff_number", |r| {
        is("FI")(r) && r["industry_code"] == "87301" && !r["staff_number"].is_null()
    })
    .await;
    assert_eq!(api.rows("industry_codes__ne=null&limit=30&offset=20").await.len(), 30);
    let (status, body) = api.get("country=FI&region__exact=FI-18&count=include").await;
    assert_eq!((status, body["results"].as_array().unwrap().len()), (200, 20));
    assert_eq!(body["count"], api.count("country=FI&region__exact=FI-18").await);
    api.finds("visiting_postal=50000-51019&country=SE", |r| is("SE")(r) && in_range(r)).await;
    let whole = api.count("visiting_postal=50000-51019&country=SE").await;
    let active = api.count("visiting_postal=50000-51019&limit=20&country=SE&nstatus=active").await;
    let inactive = api.count("visiting_postal=50000-51019&limit=20&country=SE&nstatus=inactive").await;
    assert_eq!(active + inactive, whole);
    let postal =
        all.iter().filter(|r| is("FI")(r)).map(|r| text(r, "visiting_postal")).find(|p| p.starts_with("90"));
    let postal = postal.expect("someone is in Oulu");
    api.finds(&format!("visiting_postal__exact={postal}&country=FI"), |r| {
        text(r, "visiting_postal") == postal
    })
    .await;
    api.finds("visiting_postal__startswith=90&country=FI", |r| {
        is("FI")(r) && text(r, "visiting_postal").starts_with("90")
    })
    .await;
    api.finds(&format!("visiting_postal__in={postal},90510&country=FI"), |r| {
        is("FI")(r) && [postal, "90510"].contains(&text(r, "visiting_postal"))
    })
    .await;
    for code in ["60", "60201"] {
        let rows = api.rows(&format!("industry_codes__startswith={code}&limit=20&order=turn_over")).await;
        assert!(!rows.is_empty());
        let amounts: Vec<_> = rows.iter().map(|row| number(row, "turn_over")).collect();
        assert!(amounts.is_sorted_by(|one, next| one >= next), "biggest first: {amounts:?}");
    }
    let list = ids.join(",");
    api.finds(&format!("business_ids={list}"), |r| ids.iter().any(|id| id == text(r, "business_id"))).await;
    api.finds(&format!("company_name=Vainu&country={vainu}"), |r| text(r, "company_name").contains("Vainu"))
        .await;
    api.finds(&format!("company_name__exact=Nokia Oyj&country={nokia}"), |r| {
        text(r, "company_name") == "Nokia Oyj"
    })
    .await;
    api.finds("turn_over__gte=50000&turn_over__lte=60000", |r| {
        number(r, "turn_over").is_some_and(|n| (50_000.0..=60_000.0).contains(&n))
    })
    .await;
    api.finds(&format!("basic_modified__gt=2016-04-20T16:00:00&business_ids={list}"), |r| {
        ids.iter().any(|id| id == text(r, "business_id"))
    })
    .await;
}

#[tokio::test]
async fn post_finds_what_get_finds() {
    let api = Api::start(1000, &[]).await;
    let ids: Vec<String> = api.all()[..200].iter().map(|row| text(row, "business_id").to_owned()).collect();
    let body = json!({"business_ids": ids, "order": "-business_id", "limit": 50, "turn_over__ne": null, "count": "include"});
    let query = format!(
        "business_ids={}&order=-business_id&limit=50&turn_over__ne=null&count=include",
        ids.join(",")
    );
    let (one, other) = (api.get(&query).await, api.post("", body.to_string()).await);
    assert_eq!(one.0, 200);
    assert_eq!(one.1["results"].as_array().unwrap().len(), 50);
    assert_eq!(one, other);
    assert_eq!(
        api.post("limit=7", json!({"turn_over__gte": 1_000_000}).to_string())
            .await
            .1
            .as_array()
            .unwrap()
            .len(),
        7
    );
    // A JSON list keeps values with commas apart.
    let name = "Yhtiö, jolla on pilkku";
    let first = &api.all()[0];
    let (country, id) = (text(first, "country"), text(first, "business_id"));
    api.simulator.set_field(country, id, "company_name", &json!(name)).unwrap();
    assert_eq!(
        api.post("", json!({"company_name__in": [name]}).to_string()).await.1.as_array().unwrap().len(),
        1
    );
    assert_eq!(api.post("", "[]").await.0, 400);
    assert_eq!(api.post("", "country=FI").await.0, 400);
    let request = api.simulator.requests().remove(1);
    assert_eq!((request.method.as_str(), request.body.as_str()), ("POST", body.to_string().as_str()));
}

#[tokio::test]
async fn unknown_filters_are_ignored_unless_switched() {
    let api = Api::start(100, &[]).await;
    for query in ["companyname=x", "turn_over__between=1", "fields=all", "order=-nonsense"] {
        assert_eq!(api.count(query).await, 100, "{query}");
    }
    for query in ["turn_over__gte=much", "registration_date__gt=2013", "limit=-1", "offset=x", "count=maybe"]
    {
        assert_eq!(api.get(query).await.0, 400, "{query}");
    }
    let strict = Api::start(100, &["unknown_filter=error"]).await;
    assert_eq!(strict.get("companyname=x").await, (400, json!({"detail": "Unknown filter: companyname"})));
    assert_eq!(strict.get("order=-nonsense").await.0, 400);
    assert_eq!(strict.get("country=FI&order=-turn_over&limit=5&offset=1&count=true").await.0, 200);
}
