//! Behaviour common to all endpoints: methods, credentials, faults, request log, placeholders.

use reqwest::header::LOCATION;

use super::*;

/// A path of every endpoint except the filter endpoint, each with the number of rows if its answer is a list.
fn paths(api: &Api) -> Vec<(String, Option<usize>)> {
    let company = api.simulator.customer_data()[0].clone();
    let country = text(&company["prospect_info"], "country").to_owned();
    let id = text(&company["prospect_info"], "business_id").replace('-', "");
    let (group, job) = (api.group("Portfolio"), text(&api.simulator.jobs()[0], "job_id").to_owned());
    let from = api.simulator.now() - jiff::SignedDuration::from_hours(1000);
    let leads = api.simulator.target_group_leads(&group, from).unwrap().len();
    let (statements, contacts) =
        (api.simulator.statements(&country, &id), api.simulator.contacts(&country, &id));
    vec![
        ("/target_groups/".to_owned(), Some(8)),
        (format!("/target_groups/{group}"), None),
        (format!("/target_group/{group}/?limit=5"), Some(5)),
        (format!("/target_group/{group}/leads/?from_datetime={from}"), Some(leads)),
        (format!("/prospect/{country}{id}/"), None),
        (format!("/prospect/{country}{id}/all/"), None),
        (format!("/prospect/{country}{id}/financial_statements/"), Some(statements.unwrap().len())),
        (format!("/prospect/{country}{id}/contacts/"), Some(contacts.unwrap().len())),
        (format!("/prospect/{country}{id}/leads/"), Some(api.simulator.leads(&country, &id).unwrap().len())),
        ("/customer_data/?page_size=3".to_owned(), Some(3)),
        (format!("/customer_data/{}/", text(&company, "id")), None),
        (format!("/async_result/batch-import/{job}/"), None),
    ]
}

async fn ask(api: &Api, method: Method, path: &str, key: &str) -> Response {
    let url = format!("{}{path}", api.simulator.base_url());
    api.client.request(method, url).header("API-Key", key).send().await.expect("answers")
}

#[tokio::test]
async fn other_methods_change_nothing_and_are_not_allowed() {
    let api = Api::start(2000, &[]).await;
    for (path, _) in paths(&api) {
        let before = api.found(&path).await;
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let refused = ask(&api, method.clone(), &path, DEMO_API_KEY).await;
            assert_eq!(refused.status(), 405, "{method} {path}");
            assert_eq!(refused.headers()["allow"], "GET");
            let detail = json!({"detail": format!("Method \"{method}\" not allowed.")});
            assert_eq!(refused.json::<Value>().await.unwrap(), detail);
        }
        assert_eq!(api.found(&path).await, before);
    }
}

#[tokio::test]
async fn every_endpoint_asks_for_credentials_and_permission() {
    let api = Api::start(2000, &[]).await;
    for (path, _) in paths(&api) {
        assert_eq!(ask(&api, Method::GET, &path, "wrong").await.status(), 401, "{path}");
        assert_eq!(ask(&api, Method::GET, &path, DEMO_API_KEY).await.status(), 200, "{path}");
    }
    api.simulator.reconfigure(|config| config.api_enabled = false);
    for (path, _) in paths(&api) {
        assert_eq!(ask(&api, Method::GET, &path, DEMO_API_KEY).await.status(), 403, "{path}");
    }
}

#[tokio::test]
async fn paths_without_their_slash_are_redirected_but_for_one() {
    let api = Api::start(2000, &[]).await;
    for (path, _) in paths(&api) {
        let (path, query) = path
            .split_once('?')
            .map_or((path.as_str(), String::new()), |(path, query)| (path, format!("?{query}")));
        let bare = path.trim_end_matches('/');
        let answer = ask(&api, Method::GET, &format!("{bare}{query}"), DEMO_API_KEY).await;
        if bare.starts_with("/target_groups/") {
            assert_eq!(answer.status(), 200, "{path}");
        } else {
            assert_eq!(answer.status(), 301, "{path}");
            assert_eq!(answer.headers()[LOCATION], format!("/api/v1{bare}/{query}"));
        }
    }
}

#[tokio::test]
async fn every_request_is_recorded_with_its_rows_and_faults() {
    let api = Api::start(2000, &[]).await;
    let paths = paths(&api);
    for (path, _) in &paths {
        api.found(path).await;
    }
    let requests = api.simulator.requests();
    for (request, (path, rows)) in requests.iter().zip(&paths) {
        assert_eq!(request.path, format!("/api/v1{}", path.split('?').next().unwrap()));
        assert_eq!((request.status, request.rows, request.authenticated), (200, *rows, true), "{path}");
    }
    api.simulator.reconfigure(|config| config.switches = parsed(&["fault=503@2+"]));
    for (number, (path, _)) in paths.iter().enumerate() {
        let status = ask(&api, Method::GET, path, DEMO_API_KEY).await.status();
        assert_eq!(status, if number == 0 { 200 } else { 503 }, "{path}");
    }
    assert_eq!(api.simulator.requests()[3].fault.as_deref(), Some("503"));
}

#[tokio::test]
async fn lists_end_as_in_the_document_when_switched() {
    let api = Api::start(2000, &["placeholders=on"]).await;
    let [finland, uudet] = ["Suomi ja Ruotsi", "Uudet"].map(|name| api.group(name));
    let last = |list: &Value| list.as_array().unwrap().last().cloned();
    let dots = |text: &str| Some(json!(text));
    let member = api.simulator.members(&finland).unwrap()[0].clone();
    let prospect = format!("/prospect/{}", key(&member));
    for list in ["financial_statements", "contacts", "leads"] {
        assert_eq!(last(&api.found(&format!("{prospect}/{list}/")).await), dots("..."), "{list}");
    }
    let all = api.found(&format!("{prospect}/all/")).await;
    assert_eq!(last(&all["financial_statements"]), dots("..."));
    assert_eq!(last(&all["prospect_addresses"]), dots(".."));
    assert!(all["contacts"].as_array().unwrap().iter().all(Value::is_object));
    assert_eq!(last(&api.found(&format!("/target_group/{finland}/")).await["results"]), dots("..."));
    assert_eq!(api.found(&format!("/target_group/{uudet}/?count=false")).await, json!(["..."]));
    assert_eq!(last(&api.found(&format!("/target_group/{finland}/leads/")).await), dots("..."));
    assert_eq!(last(&json!(api.rows("limit=2").await)), dots("...."));
    let expected = api.simulator.statements(text(&member, "country"), text(&member, "business_id")).unwrap();
    assert!(expected.iter().all(Value::is_object), "what is expected has no such text");
}
