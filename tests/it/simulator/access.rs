//! Who may ask: credentials, accounts and countries; paths and methods.

use reqwest::header::LOCATION;

use super::*;

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
