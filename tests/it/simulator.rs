//! The simulator over HTTP, as a client sees it: behaviour common to all endpoints, and the filter endpoint. Every
//! other endpoint has its own module.

mod async_result;
mod changes;
mod customer_data;
mod data;
mod every_endpoint;
mod leads;
mod prospect;
mod target_groups;

use std::collections::{BTreeSet, HashSet};

use reqwest::header::LOCATION;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use vainu_etl::simulator::{Config, DEMO_API_KEY, Error, Simulator, SwitchError, Switches};

use crate::support::with;

/// A running simulator, and a client that neither follows redirects nor reuses connections.
struct Api {
    simulator: Simulator,
    client: Client,
}

impl Api {
    async fn start(companies: u32, switches: &[&str]) -> Self {
        Self::with(with(Config::new(companies), |config| config.switches = parsed(switches))).await
    }

    async fn with(config: Config) -> Self {
        // Fails if another test has installed the provider already, which is just as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).pool_max_idle_per_host(0);
        let simulator = Simulator::start(config).await.expect("starts");
        Self { simulator, client: client.build().expect("builds") }
    }

    fn url(&self, query: &str) -> String {
        format!("{}/prospects/filter/?{query}", self.simulator.base_url())
    }

    async fn send(&self, query: &str) -> reqwest::Result<Response> {
        self.client.get(self.url(query)).header("API-Key", DEMO_API_KEY).send().await
    }

    async fn get(&self, query: &str) -> (u16, Value) {
        let response = self.send(query).await.expect("answers");
        (response.status().as_u16(), response.json().await.expect("is JSON"))
    }

    /// Requests any endpoint. `path` is the path after `/api/v1`, with the query. Returns status and body.
    async fn at(&self, path: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.simulator.base_url());
        let response = self.client.get(url).header("API-Key", DEMO_API_KEY).send().await.expect("answers");
        (response.status().as_u16(), response.json().await.expect("is JSON"))
    }

    /// As [`at`](Self::at), for an answer with status 200. Returns the body.
    async fn found(&self, path: &str) -> Value {
        let (status, body) = self.at(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// As [`found`](Self::found), for an answer that is a list.
    async fn list(&self, path: &str) -> Vec<Value> {
        let body = self.found(path).await;
        body.as_array().cloned().unwrap_or_else(|| panic!("{path}: no list: {body}"))
    }

    /// The id of the target group with this name.
    fn group(&self, name: &str) -> String {
        let groups = self.simulator.target_groups();
        text(groups.iter().find(|group| group["name"] == name).expect("is a target group"), "id").to_owned()
    }

    async fn post(&self, query: &str, body: impl Into<String>) -> (u16, Value) {
        let request = self.client.post(self.url(query)).header("API-Key", DEMO_API_KEY).body(body.into());
        let response = request.send().await.expect("answers");
        (response.status().as_u16(), response.json().await.expect("is JSON"))
    }

    /// The rows of a page without a total.
    async fn rows(&self, query: &str) -> Vec<Value> {
        let (status, body) = self.get(query).await;
        assert_eq!(status, 200, "{query}: {body}");
        body.as_array().cloned().unwrap_or_else(|| panic!("{query}: no list: {body}"))
    }

    async fn count(&self, query: &str) -> u64 {
        let (status, body) = self.get(&format!("{query}&count=true")).await;
        assert_eq!(status, 200, "{query}: {body}");
        body.get("count").and_then(Value::as_u64).expect("is a count")
    }

    fn all(&self) -> Vec<Value> {
        self.simulator.companies().collect()
    }

    /// Asserts that the query finds exactly the companies for which `wanted` is true, in any order, and at least one.
    async fn finds(&self, query: &str, wanted: impl Fn(&Value) -> bool) {
        let expected: BTreeSet<String> =
            self.all().iter().filter(|company| wanted(company)).map(key).collect();
        let found: BTreeSet<String> =
            self.rows(&format!("{query}&limit=1000")).await.iter().map(key).collect();
        assert!(!expected.is_empty(), "{query}: the test has no company to find");
        assert_eq!(found, expected, "{query}");
        assert_eq!(self.count(query).await, expected.len() as u64, "{query}");
    }
}

fn parsed(arguments: &[&str]) -> Switches {
    let mut switches = Switches::default();
    for argument in arguments {
        switches.set(argument).expect("is a switch");
    }
    switches
}

fn key(company: &Value) -> String {
    format!("{}{}", text(company, "country"), text(company, "business_id"))
}

/// The names of an object's fields.
fn fields(object: &Value) -> BTreeSet<&str> {
    object.as_object().expect("is an object").keys().map(String::as_str).collect()
}

/// Asserts that the objects have exactly the fields of the document's example, that each value is null or of the
/// example's type, and that only the fields of `never_null` are never null.
fn assert_like(rows: &[Value], example: &Value, never_null: &[&str]) {
    assert!(!rows.is_empty());
    let example = example.as_object().expect("is an object");
    for (name, shown) in example {
        let mut nulls = 0;
        for row in rows {
            assert_eq!(fields(row), example.keys().map(String::as_str).collect(), "{row}");
            let value = &row[name];
            nulls += usize::from(value.is_null());
            assert!(
                value.is_null()
                    || shown.is_null()
                    || std::mem::discriminant(value) == std::mem::discriminant(shown),
                "{name}: {value}"
            );
        }
        assert!(nulls < rows.len() || shown.is_null(), "{name} is always null");
        assert_eq!(
            nulls == 0,
            never_null.contains(&name.as_str()),
            "{name}: {nulls} of {} are null",
            rows.len()
        );
    }
}

fn keys(rows: &[Value]) -> Vec<String> {
    rows.iter().map(key).collect()
}

/// The text of a field; empty for null.
fn text<'a>(company: &'a Value, field: &str) -> &'a str {
    company.get(field).unwrap_or_else(|| panic!("no {field}")).as_str().unwrap_or_default()
}

fn ratio(
    part: impl TryInto<u32, Error: std::fmt::Debug>,
    whole: impl TryInto<u32, Error: std::fmt::Debug>,
) -> f64 {
    f64::from(part.try_into().expect("fits")) / f64::from(whole.try_into().expect("fits"))
}

/// The number in a field that is a text. `None` for null.
fn number(company: &Value, field: &str) -> Option<f64> {
    company
        .get(field)
        .unwrap_or_else(|| panic!("no {field}"))
        .as_str()
        .map(|text| text.parse().expect("is a number"))
}

// Credentials, paths and methods

#[tokio::test]
async fn asks_for_right_credentials() {
    let api = Api::start(10, &[]).await;
    let ask = |headers: Vec<(&'static str, &'static str)>| {
        let request = headers
            .into_iter()
            .fold(api.client.get(api.url("")), |request, (name, value)| request.header(name, value));
        async { request.send().await.expect("answers").status().as_u16() }
    };
    assert_eq!(ask(vec![]).await, 401);
    assert_eq!(ask(vec![("API-Key", DEMO_API_KEY)]).await, 200);
    assert_eq!(ask(vec![("aPI-kEY", DEMO_API_KEY)]).await, 200);
    assert_eq!(ask(vec![("API-Key", "c031d56b")]).await, 401);
    assert_eq!(ask(vec![("api_key", DEMO_API_KEY)]).await, 401);
    let right = "Basic ZGVtb0BleGFtcGxlLmNvbTpkZW1vLXBhc3N3b3Jk"; // demo@example.com:demo-password
    assert_eq!(ask(vec![("Authorization", right)]).await, 200);
    assert_eq!(ask(vec![("Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")]).await, 401);
    assert_eq!(ask(vec![("Authorization", right), ("API-Key", "wrong")]).await, 401);

    let refused = api.client.get(api.url("")).send().await.unwrap().json::<Value>().await.unwrap();
    assert_eq!(
        refused,
        json!({"detail": "Username and password doesn't match. Check your password or username."})
    );
    let known: Vec<bool> = api.simulator.requests().iter().map(|request| request.authenticated).collect();
    assert_eq!(known, [false, true, true, false, false, true, false, false, false]);
}

#[tokio::test]
async fn refuses_accounts_without_the_api() {
    let api = Api::with(with(Config::default(), |config| config.api_enabled = false)).await;
    let (status, body) = api.get("").await;
    assert_eq!(status, 403);
    assert!(text(&body, "detail").starts_with("API is not enabled for your account"), "{body}");
}

#[tokio::test]
async fn refuses_forbidden_countries_by_name_and_leaves_them_out_otherwise() {
    let forbidden_countries = vec!["se".to_owned(), "DK".to_owned()];
    let api =
        Api::with(with(Config::new(500), |config| config.forbidden_countries = forbidden_countries)).await;
    for query in ["country=SE", "country__exact=DK", "country__in=FI,SE", "country=se"] {
        let (status, body) = api.get(query).await;
        assert_eq!((status, text(&body, "detail")), (403, "Insufficient country permissions"), "{query}");
    }
    assert_eq!(api.post("", json!({"country__in": ["FI", "DK"]}).to_string()).await.0, 403);
    assert_eq!(api.get("country=FI").await.0, 200);
    let rows = api.rows("limit=1000").await;
    let seen: BTreeSet<&str> = rows.iter().map(|row| text(row, "country")).collect();
    assert_eq!(seen, BTreeSet::from(["FI", "NO"]));
    assert_eq!(api.count("").await, rows.len() as u64);
}

#[tokio::test]
async fn knows_its_paths_and_methods() {
    let api = Api::start(10, &[]).await;
    let base = api.simulator.base_url();
    let send = |method: Method, path: &str| {
        let request = api.client.request(method, format!("{base}{path}")).header("API-Key", DEMO_API_KEY);
        async { request.send().await.expect("answers") }
    };
    let redirect = send(Method::GET, "/prospects/filter?country=FI").await;
    assert_eq!(redirect.status(), 301);
    assert_eq!(redirect.headers()[LOCATION], "/api/v1/prospects/filter/?country=FI");
    let missing = send(Method::GET, "/prospects/").await;
    assert_eq!(missing.status(), 404);
    assert_eq!(missing.json::<Value>().await.unwrap(), json!({"detail": "Not found"}));
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let refused = send(method, "/prospects/filter/").await;
        assert_eq!(
            (refused.status().as_u16(), refused.headers()["allow"].to_str().unwrap()),
            (405, "GET, POST")
        );
    }
}

// Companies

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

// Filters

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

// Order and pages

#[tokio::test]
async fn orders_with_nulls_first_in_ascending_and_ties_in_generation_order() {
    let api = Api::start(1000, &[]).await;
    let all = api.all();
    let mut expected: Vec<&Value> = all.iter().collect();
    expected.sort_by(|one, other| number(one, "turn_over").partial_cmp(&number(other, "turn_over")).unwrap());
    let ascending = api.rows("order=-turn_over&limit=1000").await;
    assert!(ascending[0]["turn_over"].is_null());
    assert_eq!(keys(&ascending), expected.iter().map(|row| key(row)).collect::<Vec<_>>());
    expected = all.iter().collect();
    expected.sort_by(|one, other| number(other, "turn_over").partial_cmp(&number(one, "turn_over")).unwrap());
    let descending = api.rows("order=turn_over&limit=1000").await;
    assert_eq!(keys(&descending), expected.iter().map(|row| key(row)).collect::<Vec<_>>());

    for field in ["business_id", "company_name", "visiting_city", "visiting_postal", "phone"] {
        let mut expected: Vec<&Value> = all.iter().collect();
        expected.sort_by_key(|row| row[field].as_str());
        let rows = api.rows(&format!("order=-{field}&limit=1000")).await;
        assert_eq!(keys(&rows), expected.iter().map(|row| key(row)).collect::<Vec<_>>(), "{field}");
        expected = all.iter().collect();
        expected.sort_by_key(|row| std::cmp::Reverse(row[field].as_str()));
        let rows = api.rows(&format!("order={field}&limit=1000")).await;
        assert_eq!(keys(&rows), expected.iter().map(|row| key(row)).collect::<Vec<_>>(), "{field}");
    }
}

#[tokio::test]
async fn the_switch_order_turns_or_drops_the_order() {
    let conventional = Api::start(300, &["order=conventional"]).await;
    assert!(keys_by_id(&conventional.rows("order=business_id&limit=300").await).is_sorted());
    assert!(
        keys_by_id(&conventional.rows("order=-business_id&limit=300").await)
            .is_sorted_by(|one, next| one >= next)
    );
    let ignored = Api::start(300, &["order=ignored"]).await;
    assert_eq!(ignored.rows("order=business_id&limit=300").await, ignored.all());
    let shuffled = Api::start(300, &["order=shuffled"]).await;
    let (one, other) = (
        shuffled.rows("order=business_id&limit=300").await,
        shuffled.rows("order=business_id&limit=300").await,
    );
    assert_ne!(keys(&one), keys(&other));
    assert_eq!(keys(&one).into_iter().collect::<BTreeSet<_>>(), keys(&other).into_iter().collect());
}

fn keys_by_id(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| text(row, "business_id")).collect()
}

#[tokio::test]
async fn pages_cover_every_company_once() {
    let api = Api::start(1234, &[]).await;
    let mut seen = Vec::new();
    loop {
        let rows = api.rows(&format!("order=-business_id&limit=100&offset={}", seen.len())).await;
        if rows.is_empty() {
            break;
        }
        seen.extend(keys(&rows));
    }
    let distinct: BTreeSet<String> = seen.iter().cloned().collect();
    assert_eq!((seen.len(), distinct), (1234, keys(&api.all()).into_iter().collect()));
    assert_eq!(api.rows("").await.len(), 20, "the default limit");
    assert_eq!(api.rows("limit=5000").await.len(), 1000, "the most");
    assert_eq!(api.rows("limit=none").await.len(), 1000);
    assert_eq!(api.rows("limit=0").await.len(), 0);
    assert_eq!(api.rows("offset=1230").await.len(), 4);
}

#[tokio::test]
async fn the_switches_for_limits_clamp_or_ignore_them() {
    let clamped = Api::start(300, &["limit-max=50"]).await;
    assert_eq!(clamped.rows("limit=200").await.len(), 50);
    let unbounded = Api::start(1200, &["limit-max=none"]).await;
    assert_eq!(unbounded.rows("limit=1100").await.len(), 1100);
    assert_eq!(unbounded.rows("limit=none").await.len(), 1200);
    let ignored = Api::start(300, &["limit-ignored=true"]).await;
    assert_eq!(ignored.rows("limit=10&offset=100").await, ignored.all());
    let late = Api::start(300, &["clamp-late=2:30"]).await;
    let mut lengths = Vec::new();
    for _ in 0..4 {
        lengths.push(late.rows("limit=100").await.len());
    }
    assert_eq!(lengths, [100, 100, 30, 30]);
}

#[tokio::test]
async fn the_switches_for_shapes_change_them() {
    let usual = Api::start(50, &[]).await;
    assert_eq!(usual.get("count=true").await.1, json!({"count": 50}));
    let (_, included) = usual.get("count=include&limit=2").await;
    assert_eq!((included["count"].as_u64(), included["results"].as_array().unwrap().len()), (Some(50), 2));
    assert!(usual.get("count=false").await.1.is_array());

    let results = Api::start(50, &["envelope=results"]).await;
    let (_, body) = results.get("limit=3").await;
    assert_eq!((body.as_object().unwrap().len(), body["results"].as_array().unwrap().len()), (1, 3));
    assert_eq!(Api::start(50, &["count=number"]).await.get("count=true").await.1, json!(50));
    let missing = Api::start(50, &["count=missing"]).await;
    assert_eq!(missing.rows("count=true").await.len(), 20);
    assert_eq!(missing.rows("count=include").await.len(), 20);

    let (more, fewer) =
        (Api::start(50, &["total-offset=7"]).await, Api::start(50, &["total-offset=-60"]).await);
    assert_eq!((more.count("").await, fewer.count("").await), (57, 0));
    assert_eq!(more.get("count=include").await.1["count"], 57);

    let placeholder = Api::start(50, &["placeholder=true"]).await.rows("limit=2").await;
    assert_eq!((placeholder.len(), &placeholder[2]), (3, &json!("...")));

    let numbers = Api::start(200, &["numbers=number"]).await.all();
    for field in ["turn_over", "turn_over_local", "profit", "development_of_turnover", "staff_number"] {
        assert!(numbers.iter().any(|row| row[field].is_number()), "{field}");
        assert!(!numbers.iter().any(|row| row[field].is_string()), "{field}");
    }
    let prefixed = Api::start(200, &["id-prefix=true"]).await;
    let rows = prefixed.rows("order=-business_id&limit=200").await;
    assert!(rows.iter().all(|row| text(row, "business_id").starts_with(text(row, "country"))));
    assert!(keys_by_id(&rows).is_sorted());
    let id = text(&rows[0], "business_id");
    assert_eq!(prefixed.rows(&format!("business_id__exact={id}")).await, rows[..1]);
    assert_eq!(
        prefixed.rows(&format!("business_ids={}", &id[2..])).await.len(),
        2 - usize::from(!id.starts_with("DK3"))
    );
}

#[tokio::test]
async fn the_switch_past_end_answers_404() {
    assert_eq!(Api::start(30, &[]).await.get("offset=30").await, (200, json!([])));
    let api = Api::start(30, &["past-end=404"]).await;
    assert_eq!(api.get("offset=29").await.0, 200);
    assert_eq!(api.get("offset=30").await, (404, json!({"detail": "Not found"})));
}

#[tokio::test]
async fn short_and_repeated_pages_come_when_switched() {
    let short = Api::start(300, &["short-page=2"]).await;
    let first = short.rows("limit=10").await;
    let second = short.rows("limit=10&offset=10").await;
    assert_eq!((first.len(), second.len(), short.rows("limit=10&offset=20").await.len()), (10, 9, 10));
    assert_eq!(second, short.all()[10..19]);

    let repeat = Api::start(300, &["repeat-page=3"]).await;
    let mut pages = Vec::new();
    for page in 0..4 {
        pages.push(repeat.rows(&format!("limit=10&offset={}", page * 10)).await);
    }
    assert_eq!(pages[2], pages[1]);
    assert_eq!(pages[3], repeat.all()[30..40]);
}

#[tokio::test]
async fn business_id_slices_do_not_add_up_when_switched() {
    let api = Api::start(300, &["startswith-business-id=broken"]).await;
    assert_eq!(api.count("business_id__startswith=01").await, 300);
    assert!(api.count("business_id__exact=01").await < 300);
}

#[tokio::test]
async fn the_list_drifts_under_the_pages_when_switched() {
    let api = Api::start(500, &["drift=1"]).await;
    let (before, total) = (api.all(), api.count("country=FI").await);
    let mut seen = Vec::new();
    loop {
        let rows = api.rows(&format!("country=FI&order=-business_id&limit=20&offset={}", seen.len())).await;
        if rows.is_empty() {
            break;
        }
        seen.extend(keys(&rows));
    }
    assert_eq!(api.count("country=FI").await, total, "the total does not show it");
    let now: BTreeSet<String> =
        api.all().iter().filter(|row| text(row, "country") == "FI").map(key).collect();
    let seen: BTreeSet<String> = seen.into_iter().collect();
    assert!(now.difference(&seen).count() > 0, "some company that is there was missed");
    assert!(seen.difference(&now).count() > 0, "some company that was seen is gone");
    assert_eq!(api.all().len(), before.len());
}

#[tokio::test]
async fn latency_holds_answers_back() {
    let api = Api::start(10, &["latency=30"]).await;
    assert_eq!(api.rows("limit=1").await.len(), 1);
    assert_eq!(parsed(&["latency=30"]).latency, std::time::Duration::from_millis(30));
}

// Faults

#[tokio::test]
async fn each_fault_fires_on_its_request() {
    let list = "fault=429@2,429:7@3,503:date60@4,500@5,502@6,504@7,html@8,redirect@9,404@10";
    let api = Api::start(10, &[list, "redirect-to=http://other.invalid"]).await;
    let mut seen = Vec::new();
    for _ in 1..=11 {
        let response = api.send("limit=1").await.unwrap();
        let header =
            |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        seen.push((
            response.status().as_u16(),
            header("content-type").unwrap(),
            header("retry-after"),
            header("location"),
        ));
    }
    let (json, html) = ("application/json", "text/html; charset=utf-8");
    let kinds: Vec<(u16, &str)> = seen.iter().map(|(status, kind, _, _)| (*status, kind.as_str())).collect();
    assert_eq!(
        kinds,
        [
            (200, json),
            (429, json),
            (429, json),
            (503, html),
            (500, html),
            (502, html),
            (504, html),
            (200, html),
            (302, html),
            (404, json),
            (200, json),
        ]
    );
    let waits: Vec<Option<&str>> = seen.iter().map(|(_, _, wait, _)| wait.as_deref()).collect();
    assert_eq!((waits[1], waits[2], waits[4]), (Some("0"), Some("7"), None));
    assert!(httpdate::parse_http_date(waits[3].unwrap()).unwrap() > std::time::SystemTime::now());
    assert_eq!(seen[8].3.as_deref(), Some("http://other.invalid/api/v1/prospects/filter/?limit=1"));
    let labels: Vec<Option<String>> =
        api.simulator.requests().into_iter().map(|request| request.fault).collect();
    assert_eq!(labels[7].as_deref(), Some("html"));
    assert_eq!((labels[0].as_deref(), labels[10].as_deref()), (None, None));
}

#[tokio::test]
async fn connections_end_without_an_answer_or_in_the_middle_of_one() {
    let api = Api::start(100, &["fault=reset@1,truncated@2"]).await;
    let error = api.send("").await.unwrap_err();
    assert!(error.is_request(), "{error:?}");
    let response = api.send("limit=100").await.unwrap();
    assert_eq!(response.status(), 200);
    let announced = response.content_length().unwrap();
    let error = response.bytes().await.unwrap_err();
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    let whole = api.send("limit=100").await.unwrap().bytes().await.unwrap();
    assert_eq!(announced, whole.len() as u64);
    let outcome: Vec<_> =
        api.simulator.requests().iter().map(|request| (request.status, request.rows)).collect();
    assert_eq!(outcome, [(0, None), (200, Some(100)), (200, Some(100))]);
}

#[tokio::test]
async fn the_rate_of_faults_is_drawn_from_the_seed() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let api = Api::start(10, &["fault-rate=50"]).await;
        for _ in 0..60 {
            let _ = api.send("limit=1").await;
        }
        runs.push(api.simulator.requests().into_iter().map(|request| request.fault).collect::<Vec<_>>());
    }
    assert_eq!(runs[0], runs[1]);
    let kinds: BTreeSet<&str> = runs[0].iter().flatten().map(String::as_str).collect();
    assert!(kinds.len() >= 8, "{kinds:?}");
    let slow = ["trickle", "stall", "hang", "bomb", "huge", "redirect"];
    assert!(kinds.iter().all(|kind| !slow.contains(kind)), "only what another attempt repairs: {kinds:?}");
    let faults = runs[0].iter().flatten().count();
    assert!((15..45).contains(&faults), "{faults} of 60");
}

// Records and changes

#[tokio::test]
async fn records_what_was_asked_without_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("requests.jsonl");
    let api = Api::with(with(Config::new(50), |config| config.request_log = Some(path.clone()))).await;
    api.rows("country=FI&company_name=%C3%84&limit=5").await;
    api.rows(&format!("api_key={DEMO_API_KEY}")).await;
    api.post("", json!({"api_key": DEMO_API_KEY, "password": "demo-password"}).to_string()).await;
    let requests = api.simulator.requests();
    let first = &requests[0];
    assert_eq!(
        (first.sequence, first.method.as_str(), first.path.as_str()),
        (1, "GET", "/api/v1/prospects/filter/")
    );
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(first.query, [pair("country", "FI"), pair("company_name", "Ä"), pair("limit", "5")]);
    assert_eq!(
        (first.param("limit"), first.param("offset"), first.status, first.authenticated),
        (Some("5"), None, 200, true)
    );
    assert_eq!(requests[1].param("api_key"), Some("***"));

    let log = fs_err::read_to_string(&path).unwrap();
    assert!(!log.contains(DEMO_API_KEY) && !log.contains("demo-password"), "{log}");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(
        (&lines[0]["sequence"], &lines[0]["status"], &lines[1]["rows"]),
        (&json!(1), &json!(200), &json!(20))
    );
    assert_eq!(lines[0]["query"][0], json!(["country", "FI"]));

    api.simulator.clear_requests();
    assert!(api.simulator.requests().is_empty());
    api.rows("").await;
    assert_eq!(api.simulator.requests()[0].sequence, 4, "numbers go on");
}

#[tokio::test]
async fn companies_can_be_changed_and_deleted() {
    let api = Api::start(100, &[]).await;
    let all = api.all();
    let (country, id) = (text(&all[0], "country"), text(&all[0], "business_id"));
    let since = "basic_modified__gt=2026-09-01T00:00:00";
    assert_eq!(api.count(since).await, 0);
    let set = |field: &str, value: Value| api.simulator.set_field(country, id, field, &value);
    set("company_name", json!("Uusi \"Nimi\" Oy")).unwrap();
    set("turn_over", json!(1234)).unwrap();
    set("staff_number", Value::Null).unwrap();
    set("nstatus", json!("inactive")).unwrap();
    let changed = api.rows("company_name__exact=Uusi \"Nimi\" Oy&nstatus=inactive").await;
    assert_eq!(keys(&changed), [key(&all[0])]);
    assert_eq!((&changed[0]["turn_over"], &changed[0]["staff_number"]), (&json!("1234.0"), &Value::Null));
    set("basic_modified", json!("2026-09-02T00:00:00Z")).unwrap();
    assert_eq!(api.count(since).await, 1);
    assert!(matches!(set("phone", json!("1")), Err(Error::Field { .. })));
    assert!(matches!(set("turn_over", json!([])), Err(Error::Value { .. })));

    api.simulator.delete_company(country, id).unwrap();
    assert_eq!((api.count("").await, api.all().len()), (99, 99));
    assert_eq!(api.count(&format!("business_id={country}{id}")).await, 0);
    assert!(matches!(api.simulator.delete_company(country, id), Err(Error::Company { .. })));
}

#[tokio::test]
async fn stops_when_told_and_says_what_it_cannot_do() {
    let api = Api::start(10, &[]).await;
    let (client, url) = (api.client.clone(), api.url(""));
    let port = url.split([':', '/']).find_map(|part| part.parse().ok()).unwrap();
    let busy = Simulator::start(with(Config::default(), |config| config.port = port)).await.unwrap_err();
    assert!(matches!(busy, Error::Listen { .. }), "{busy}");
    api.simulator.shutdown().await;
    assert!(client.get(url).send().await.unwrap_err().is_connect());
    let many = Simulator::start(Config::new(5_000_001)).await.unwrap_err();
    assert_eq!(many.to_string(), "the simulator makes at most 5000000 companies, not 5000001");
}

#[test]
fn switches_say_what_they_take() {
    let mut switches = Switches::default();
    let unknown = switches.set("limitmax=5").unwrap_err();
    assert!(matches!(unknown, SwitchError::Name { .. }));
    for switch in Switches::ALL {
        assert!(unknown.to_string().contains(switch.name), "{unknown}");
        let wrong = switches.set(&format!("{}=never right", switch.name)).unwrap_err();
        assert!(wrong.to_string().contains(switch.values), "{wrong}");
    }
    assert!(matches!(switches.set("drift"), Err(SwitchError::Form { .. })));
    assert_eq!(switches, Switches::default(), "a refused switch changes nothing");
}
