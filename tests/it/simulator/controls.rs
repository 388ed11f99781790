//! What a test can do to the simulator: read its log, change companies, stop it, set switches.

use vainu_etl::simulator::SwitchError;

use super::*;

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
