//! Filters on the wire: whatever text a filter has arrives as exactly that text, and never as anything else.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use vainu_etl::api::{Client, ClientSettings, Credentials};
use vainu_etl::catalog::PROSPECTS;
use vainu_etl::extract::{ExtractSettings, Plan, PlannedStream, Unobserved, extract};
use vainu_etl::landing::Landing;
use vainu_etl::landing::ledger::{Header, LEDGER_VERSION};
use vainu_etl::normalise::page_summary;
use vainu_etl::pipeline::sync;
use vainu_etl::secret::Secret;
use vainu_etl::selection::{Selection, SelectionUse, lists_of};

use crate::support::{Job, cases, simulator, with};
use crate::wire::{Received, Wire};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
/// One server for all cases; a test that uses it holds it. Its lists are empty.
static WIRE: LazyLock<Mutex<Wire>> =
    LazyLock::new(|| Mutex::new(RUNTIME.block_on(Wire::start(|_| r#"{"count":0,"results":[]}"#.to_owned()))));

/// What the server receives when the list of the selection is read.
fn requests_for(selection: &Selection) -> Vec<Received> {
    // A case that fails lets go of it in panic; the next case shrinks it.
    let wire = WIRE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    RUNTIME.block_on(asked(&wire, selection))
}

/// Reads the list of a selection from the server; returns the requests that it received.
async fn asked(wire: &Wire, selection: &Selection) -> Vec<Received> {
    let dir = tempfile::tempdir().unwrap();
    let client = Client::new(ClientSettings::new(wire.url(), Credentials::ApiKey(Secret::new("k")))).unwrap();
    let lists = lists_of(std::slice::from_ref(selection)).unwrap();
    let plan = Plan { streams: vec![PlannedStream::new(&PROSPECTS, lists, page_summary)], ..Plan::default() };
    let header = Header {
        version: LEDGER_VERSION,
        run_id: "run".to_owned(),
        started_at_us: 0,
        lists: plan.known_lists(),
        arguments: String::new(),
        fingerprint: String::new(),
        selection: SelectionUse::default(),
    };
    let landing = Landing::create(&dir.path().join("run"), &header).unwrap();
    let settings = with(ExtractSettings::default(), |settings| {
        settings.page_size = 10;
        settings.slice_rows = 1000;
        settings.requests_at_once = 4;
    });
    let read = extract(&plan, &client, &landing, Vec::new(), settings, &Unobserved).await.unwrap();
    assert!(read.verdicts.iter().all(|verdict| verdict.complete));
    wire.take()
}

/// What a server makes of a request that asks for one list filter: the parameters, the list of the filter split as
/// the API documents it.
fn understood(received: &Received, filter: &str) -> BTreeMap<String, Value> {
    let mut parameters = BTreeMap::new();
    match received.method.as_str() {
        "GET" => {
            assert_eq!(received.body, b"");
            for (name, value) in received.query() {
                let is_list = name == filter && name.ends_with("__in");
                let value = if is_list { value.split(',').collect::<Value>() } else { Value::from(value) };
                assert_eq!(parameters.insert(name, value), None, "a parameter comes once");
            }
        }
        "POST" => {
            assert_eq!(received.query(), []);
            let body: Value = serde_json::from_slice(&received.body).unwrap();
            for (name, value) in body.as_object().unwrap() {
                let value = if value.is_number() { value.to_string().into() } else { value.clone() };
                parameters.insert(name.clone(), value);
            }
        }
        other => panic!("{other}"),
    }
    parameters
}

/// Asserts that the filter arrives with every request, as that value, and with nothing else but what paging adds.
fn assert_arrives(requests: &[Received], filter: &str, value: &Value) -> Result<(), TestCaseError> {
    prop_assert_eq!(requests.len(), 3, "count, page, count");
    for (number, request) in requests.iter().enumerate() {
        prop_assert_eq!(request.path(), "/api/v1/prospects/filter/");
        let mut expected = BTreeMap::from([(filter.to_owned(), value.clone())]);
        if number == 1 {
            expected.extend([("order".into(), "business_id".into()), ("limit".into(), "10".into())]);
            expected.insert("offset".into(), "0".into());
        } else {
            expected.insert("count".into(), "true".into());
        }
        prop_assert_eq!(understood(request, filter), expected);
    }
    Ok(())
}

/// Text with what means something to URLs, JSON, lists and paths more often than by chance.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => any::<String>(),
        2 => proptest::sample::select(vec![
            "&", "=", "&limit=1", "?", "#", "%", "%26", "%00", "+", " ", "/", "../", "\\", "\"", "'", ",", ";", "[]",
            "null", "\0", "\r\n", "\u{202e}", "{\"a\":1}", "@/etc/passwd", "ä", "\u{1f600}", "&count=true",
        ]).prop_map(str::to_owned),
        1 => "[a-z,& ]{1800,2600}",
    ];
    vec(piece, 1..4).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases(100)) })]

    #[test]
    fn a_text_arrives_as_it_is(text in any_text(), key in proptest::sample::select(vec!["company_name__exact", "city", "link__startswith"])) {
        let text = text.trim();
        prop_assume!(!text.is_empty() && text != "null");
        let selection = Selection::from_pairs(&[format!("{key}={text}")]).unwrap();
        let requests = requests_for(&selection);
        assert_arrives(&requests, key, &json!(text))?;
    }

    #[test]
    fn a_list_arrives_with_the_same_elements(texts in vec(any_text(), 1..5)) {
        prop_assume!(texts.iter().all(|text| !text.is_empty() && text != "null"));
        let table = toml::Table::from_iter([("company_name__in".to_owned(), texts.clone().into())]);
        let selection = Selection::from_table(&table).unwrap();
        let requests = requests_for(&selection);
        assert_arrives(&requests, "company_name__in", &json!(texts))?;
    }
}

#[test]
fn one_element_with_a_comma_stays_one_element() {
    let table = toml::Table::from_iter([("company_name__in".to_owned(), vec!["Nokia, Oyj"].into())]);
    let selection = Selection::from_table(&table).unwrap();
    let requests = requests_for(&selection);
    assert!(requests.iter().all(|request| request.method == "POST"));
    assert_arrives(&requests, "company_name__in", &json!(["Nokia, Oyj"])).unwrap();
}

/// The same against a server that filters: each odd name finds its company and no other.
#[tokio::test(flavor = "multi_thread")]
async fn odd_names_find_their_companies() {
    const ODD: [&str; 9] = [
        "A&country=DK",
        "A=B?limit=1#x",
        "100%25 + 1",
        "\"; DROP TABLE prospects; --",
        "..//../x",
        "tab\tand\u{202e}turn",
        "null,",
        "ÅÄÖ 株式会社 \u{1f600}",
        "\u{1b}[31m",
    ];
    let simulator = simulator(300, &[]).await;
    let companies: Vec<Value> = simulator.companies().take(ODD.len()).collect();
    for (name, company) in ODD.iter().zip(&companies) {
        let text = |field: &str| company[field].as_str().unwrap();
        simulator.set_field(text("country"), text("business_id"), "company_name", &json!(name)).unwrap();
    }
    let exactly = |name: &&str| json!({"company_name__exact": name});
    let by_get: Vec<Value> = ODD.iter().map(exactly).collect();
    // With a name of two thousand letters in the list, the same goes by POST.
    let long = "x".repeat(2000);
    let and_a_long_one = [&ODD[..], &[&long]].concat();
    let by_post = vec![json!({"company_name__in": and_a_long_one})];
    for (filters, method) in [(by_get, "GET"), (by_post, "POST")] {
        simulator.clear_requests();
        let selections = filters.into_iter().map(|filter| {
            let table: toml::Table = serde_json::from_value(filter).unwrap();
            Selection::from_table(&table).unwrap()
        });
        let job = Job::new();
        let mut settings = job.settings(&simulator);
        settings.lists = lists_of(&selections.collect::<Vec<_>>()).unwrap();
        let report = sync(&settings, &Unobserved, std::future::pending()).await.unwrap();
        assert_eq!((report.exit_code, report.rows), (0, ODD.len() as u64), "by {method}");
        assert!(simulator.requests().iter().all(|request| request.method == method));
        let mut found: Vec<_> =
            job.rows().into_iter().map(|row| row["company_name"].clone().unwrap()).collect();
        found.sort_unstable();
        let mut names = ODD.to_vec();
        names.sort_unstable();
        assert_eq!(found, names, "by {method}");
    }
}
