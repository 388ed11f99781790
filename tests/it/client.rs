//! The HTTP client against servers that behave, misbehave and attack.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers are tests too")]

mod raw;
mod secrets;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::sync::Semaphore;
use url::Url;
use vainu_etl::api::{Answer, ApiError, ApiRequest, Client, ClientSettings, Credentials, ErrorKind, Jitter};
use vainu_etl::clock::{Clock, SkippingClock};
use vainu_etl::secret::Secret;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::with;

use raw::Raw;

const KEY: &str = "planted-0123456789";

/// Settings with a clock that skips every wait, no backoff and few attempts.
fn settings(url: &str) -> ClientSettings {
    with(ClientSettings::new(Url::parse(url).unwrap(), Credentials::ApiKey(Secret::new(KEY))), |settings| {
        settings.max_attempts = 3;
        settings.jitter = Jitter::Fixed(0.0);
        settings.clock = clock();
    })
}

fn clock() -> Arc<SkippingClock> {
    let noon = httpdate::parse_http_date("Tue, 01 Jul 2025 12:00:00 GMT").unwrap();
    Arc::new(SkippingClock::new(noon))
}

fn client(url: &str) -> Client {
    Client::new(settings(url)).unwrap()
}

fn request() -> ApiRequest {
    ApiRequest::get("prospects/filter/").query("business_id__in", "1,2")
}

fn ok() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!([{"business_id": "01032880"}]))
}

/// A server that gives `replies` in this order and then `[{…}]` for ever.
async fn server(replies: Vec<ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    for reply in replies {
        Mock::given(any()).respond_with(reply).up_to_n_times(1).mount(&server).await;
    }
    Mock::given(any()).respond_with(ok()).mount(&server).await;
    server
}

async fn requests(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

fn assert_good(answer: &Answer, attempts: u32) {
    assert_eq!((answer.status, answer.attempts), (200, attempts));
    assert_eq!(answer.body, br#"[{"business_id":"01032880"}]"#);
}

#[tokio::test]
async fn a_request_carries_the_key_and_what_is_accepted() {
    let server = server(vec![]).await;
    let request = request().query("company_name__exact", "Nokia Oyj");
    assert_good(&client(&format!("{}/api/v1", server.uri())).send(&request).await.unwrap(), 1);
    let received = &server.received_requests().await.unwrap()[0];
    assert_eq!(received.url.path(), "/api/v1/prospects/filter/");
    assert_eq!(received.url.query(), Some("business_id__in=1,2&company_name__exact=Nokia%20Oyj"));
    let header = |name: &str| received.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header("API-Key").as_deref(), Some(KEY));
    assert_eq!(header("Authorization"), None);
    assert_eq!(header("Accept").as_deref(), Some("application/json"));
    assert_eq!(header("User-Agent"), Some(format!("vainu-etl/{}", env!("CARGO_PKG_VERSION"))));
    assert!(header("Accept-Encoding").unwrap().contains("gzip"));
}

#[tokio::test]
async fn a_login_travels_as_basic_authentication_and_a_filter_as_json() {
    let server = server(vec![]).await;
    let mut settings = settings(&server.uri());
    settings.credentials = Credentials::Basic { username: "aino".into(), password: Secret::new(KEY) };
    let request = ApiRequest::post_json("prospects/filter/", json!({"country": "FI"}));
    assert_good(&Client::new(settings).unwrap().send(&request).await.unwrap(), 1);
    let received = &server.received_requests().await.unwrap()[0];
    assert_eq!(received.headers["Authorization"], "Basic YWlubzpwbGFudGVkLTAxMjM0NTY3ODk=");
    assert!(!received.headers.contains_key("API-Key"));
    assert_eq!(received.headers["Content-Type"], "application/json");
    assert_eq!(received.body_json::<serde_json::Value>().unwrap(), json!({"country": "FI"}));
}

#[tokio::test]
async fn a_redirect_to_another_origin_is_refused_and_the_origin_hears_nothing() {
    let elsewhere = server(vec![]).await;
    for status in [301, 302, 307, 308] {
        let target = format!("{}/stolen?x=1", elsewhere.uri());
        let server = server(vec![ResponseTemplate::new(status).insert_header("Location", target)]).await;
        let error = client(&server.uri()).send(&request()).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Usage, Some(status)));
        assert!(error.to_string().contains(&format!("points to {}, but", elsewhere.uri())), "{error}");
        assert!(error.to_string().contains(&format!("for {} only", server.uri())), "{error}");
        assert_eq!(requests(&server).await, 1);
    }
    assert_eq!(requests(&elsewhere).await, 0);
}

#[tokio::test]
async fn one_permanent_redirect_of_a_get_within_the_origin_is_taken() {
    let moved = || ResponseTemplate::new(301).insert_header("Location", "/moved/?a=1");
    let once = server(vec![moved()]).await;
    assert_good(&client(&once.uri()).send(&request()).await.unwrap(), 2);
    let received = once.received_requests().await.unwrap();
    assert_eq!(received[1].url.path(), "/moved/");
    assert_eq!(received[1].headers["API-Key"], KEY);

    let twice = server(vec![moved(), moved()]).await;
    let post = server(vec![moved()]).await;
    let login = server(vec![ResponseTemplate::new(302).insert_header("Location", "/moved/?a=1")]).await;
    let filter = ApiRequest::post_json("prospects/filter/", json!({}));
    for (server, request, made) in [(&twice, request(), 2), (&post, filter, 1), (&login, request(), 1)] {
        let error = client(&server.uri()).send(&request).await.unwrap_err();
        assert!(
            matches!(&error, ApiError::Redirected { target, .. } if target == "/moved/?a=1"),
            "{error:?}"
        );
        assert_eq!(requests(server).await, made);
    }
}

#[tokio::test]
async fn refused_credentials_stop_the_client_after_one_request() {
    let refusal = |status| ResponseTemplate::new(status).set_body_json(json!({"detail": "No."}));
    for status in [401, 403] {
        let server = server(vec![refusal(status)]).await;
        let client = client(&server.uri());
        for _ in 0..2 {
            let error = client.send(&request()).await.unwrap_err();
            assert_eq!((error.kind(), error.status()), (ErrorKind::Credentials, Some(status)));
            assert!(error.to_string().ends_with(&format!("(status {status}): `No.`")), "{error}");
            assert!(error.hint().is_some());
        }
        assert_eq!(requests(&server).await, 1);
    }
}

#[tokio::test]
async fn a_403_that_may_be_about_one_country_ends_that_request_only() {
    let server = server(vec![ResponseTemplate::new(403)]).await;
    let client = client(&server.uri());
    let error = client.send(&request().query("country", "SE")).await.unwrap_err();
    assert!(error.to_string().contains("no permission for country SE"), "{error}");
    assert_good(&client.send(&request().query("country", "FI")).await.unwrap(), 1);
}

#[tokio::test]
async fn a_404_is_a_value_and_other_refusals_are_not_repeated() {
    let refusal = ResponseTemplate::new(400).set_body_json(json!({"detail": "Invalid business id"}));
    let server = server(vec![ResponseTemplate::new(404).set_body_string("Not found"), refusal]).await;
    let client = client(&server.uri());
    let answer = client.send(&request()).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice(), answer.attempts), (404, &b""[..], 1));
    let error = client.send(&request()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET prospects/filter/?business_id__in=1,2 was refused (status 400): `Invalid business id`"
    );
    assert_eq!(requests(&server).await, 2);
}

#[tokio::test]
async fn retry_after_is_waited_out_in_both_forms_and_cut_when_absurd() {
    for (value, seconds) in [("7", 7), ("Tue, 01 Jul 2025 12:00:30 GMT", 20), ("86400", 120)] {
        for status in [429, 503] {
            let reply = ResponseTemplate::new(status)
                .insert_header("Retry-After", value)
                .insert_header("Date", "Tue, 01 Jul 2025 12:00:10 GMT");
            let server = server(vec![reply]).await;
            let clock = clock();
            let client =
                Client::new(with(settings(&server.uri()), |settings| settings.clock = clock.clone()))
                    .unwrap();
            assert_good(&client.send(&request()).await.unwrap(), 2);
            assert_eq!(clock.sleeps(), [Duration::from_secs(seconds)], "{value}");
            assert_eq!(client.stats().throttled, u64::from(status == 429));
        }
    }
}

#[tokio::test]
async fn server_errors_are_retried_with_backoff_and_counted() {
    for status in [408, 500, 502, 503, 504] {
        let server = server(vec![ResponseTemplate::new(status), ResponseTemplate::new(status)]).await;
        let clock = clock();
        let settings = with(settings(&server.uri()), |settings| {
            settings.clock = clock.clone();
            settings.jitter = Jitter::Fixed(0.5);
        });
        let client = Client::new(settings).unwrap();
        assert_good(&client.send(&request()).await.unwrap(), 3);
        assert_eq!(clock.sleeps(), [Duration::from_millis(250), Duration::from_millis(500)]);
        let stats = client.stats();
        assert_eq!((stats.requests, stats.retries, stats.in_flight), (3, 2, 0));
    }
}

#[tokio::test]
async fn a_server_that_stays_broken_is_given_up() {
    let broken = || ResponseTemplate::new(502).set_body_string("<h1>Bad gateway</h1>");
    let server = server(vec![broken(), broken(), broken()]).await;
    let error = client(&server.uri()).send(&request()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET prospects/filter/?business_id__in=1,2 failed after 3 attempts in 0.0 s: server error (status 502): \
         `<h1>Bad gateway</h1>`"
    );
    assert_eq!((error.kind(), requests(&server).await), (ErrorKind::Unavailable, 3));
}

#[tokio::test]
async fn damage_on_the_way_is_repaired_by_another_attempt() {
    let good = r#"[{"business_id":"01032880"}]"#;
    let mut damaged = raw::gzip(good);
    damaged[20] ^= 1;
    let cut_gzip = raw::gzip(good)[..25].to_vec();
    for (case, bad) in [
        ("cut before the announced end", raw::json_of_length(&good[..10], 500)),
        ("cut without an announced end", raw::json(&good[..10])),
        ("closed before an answer", Vec::new()),
        ("closed within the head", b"HTTP/1.1 200 OK\r\nContent-Ty".to_vec()),
        ("damaged gzip", raw::gzipped(&damaged)),
        ("cut gzip", raw::gzipped(&cut_gzip)),
        ("not gzip at all", raw::gzipped(good.as_bytes())),
        ("empty", raw::json("")),
        ("blank", raw::json(" \n")),
        ("no content", b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_vec()),
        ("page for people", raw::json("<!DOCTYPE html>")),
    ] {
        let server = Raw::replying(vec![bad.clone(), raw::gzipped(&raw::gzip(good))]).await;
        let answer = client(&server.url).send(&request()).await.expect(case);
        assert_good(&answer, 2);
        assert_eq!(server.connections(), 2, "{case}");

        let server = Raw::replying(vec![bad]).await;
        let error = client(&server.url).send(&request()).await.expect_err(case);
        assert_eq!((error.kind(), server.connections()), (ErrorKind::Unavailable, 3), "{case}: {error}");
    }
}

#[tokio::test]
async fn a_page_for_people_is_quoted_without_control_characters() {
    let page = format!("<html>\u{1b}[31m\r\nPlease log in{}", " now".repeat(100));
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_raw(page, "text/html"))
        .mount(&server)
        .await;
    let error = client(&server.uri()).send(&request()).await.unwrap_err();
    let ApiError::NotJson { excerpt, content_type, attempts: 3, status: 200, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(content_type, "text/html");
    assert!(excerpt.starts_with("<html>\u{fffd}[31m Please log in now") && excerpt.len() < 210, "{excerpt}");
    assert!(error.hint().unwrap().contains("proxy or a login page"));
}

#[tokio::test]
async fn a_gzip_bomb_stops_at_the_limit() {
    let server = Raw::replying(vec![raw::gzipped(&raw::bomb(30_000))]).await;
    let settings = with(settings(&server.url), |settings| settings.max_body_bytes = 1 << 20);
    let client = Client::new(settings).unwrap();
    let error = client.send(&request()).await.unwrap_err();
    assert!(matches!(error, ApiError::BodyTooLarge { limit: 1_048_576, status: 200, .. }), "{error:?}");
    assert_eq!((server.connections(), client.stats().bytes), (1, 0));
}

#[tokio::test]
async fn the_budget_of_requests_counts_repeats() {
    let server = server(vec![ResponseTemplate::new(500)]).await;
    let client =
        Client::new(with(settings(&server.uri()), |settings| settings.max_requests = Some(3))).unwrap();
    assert_good(&client.send(&request()).await.unwrap(), 2);
    assert_good(&client.send(&request()).await.unwrap(), 1);
    let error = client.send(&request()).await.unwrap_err();
    assert!(matches!(error, ApiError::BudgetReached { limit: 3, .. }), "{error:?}");
    assert_eq!((error.kind().exit_code(), requests(&server).await, client.stats().in_flight), (8, 3, 0));
}

#[tokio::test]
async fn a_dying_server_uses_up_the_runs_retries() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(500)).mount(&server).await;
    let settings = with(settings(&server.uri()), |settings| {
        settings.max_attempts = 2;
        settings.retry_floor = 3;
        settings.retry_share = 0.0;
    });
    let client = Client::new(settings).unwrap();
    for _ in 0..3 {
        assert!(matches!(client.send(&request()).await, Err(ApiError::Unavailable { attempts: 2, .. })));
    }
    let error = client.send(&request()).await.unwrap_err();
    assert!(matches!(error, ApiError::TooManyRetries { retries: 3, requests: 7, .. }), "{error:?}");
}

#[tokio::test]
async fn a_pause_beyond_the_deadline_is_not_begun() {
    let server = server(vec![ResponseTemplate::new(429).insert_header("Retry-After", "60")]).await;
    let clock = clock();
    let deadline = Some(clock.now() + Duration::from_secs(30));
    let client = Client::new(with(settings(&server.uri()), |settings| {
        settings.deadline = deadline;
        settings.clock = clock.clone();
    }))
    .unwrap();
    let error = client.send(&request()).await.unwrap_err();
    assert!(matches!(error, ApiError::DeadlineReached { status: Some(429), .. }), "{error:?}");
    assert_eq!((clock.sleeps().len(), requests(&server).await), (0, 1));
}

#[tokio::test]
async fn interruption_lets_requests_in_flight_finish_and_starts_no_other() {
    let (arrived, places) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let server = Raw::holding(arrived.clone(), places.clone()).await;
    let client =
        Client::new(with(settings(&server.url), |settings| settings.concurrency = NonZeroU32::MIN)).unwrap();
    let send = |client: Client| tokio::spawn(async move { client.send(&request()).await });
    let flying = send(client.clone());
    arrived.acquire().await.unwrap().forget();
    let queued = send(client.clone());
    tokio::task::yield_now().await;
    client.stop_starting();
    for error in [queued.await.unwrap().unwrap_err(), client.send(&request()).await.unwrap_err()] {
        assert!(matches!(error, ApiError::Interrupted { .. }), "{error:?}");
        assert_eq!(error.kind().exit_code(), 130);
    }
    places.add_permits(1);
    assert_eq!(flying.await.unwrap().unwrap().body, b"[]");
    assert_eq!((client.stats().requests, arrived.available_permits()), (1, 0));
}

#[tokio::test]
async fn a_dropped_request_gives_its_place_back() {
    let (arrived, places) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let server = Raw::holding(arrived.clone(), places.clone()).await;
    let client =
        Client::new(with(settings(&server.url), |settings| settings.concurrency = NonZeroU32::MIN)).unwrap();
    let request = request();
    tokio::select! {
        _ = client.send(&request) => panic!("the server holds the answer back"),
        _ = arrived.acquire() => {}
    }
    assert_eq!(client.stats().in_flight, 0);
    places.add_permits(2);
    assert_eq!(client.send(&request).await.unwrap().body, b"[]");
}

#[tokio::test]
async fn concurrency_grows_to_its_limit_and_never_beyond() {
    let most = Arc::new(AtomicUsize::new(0));
    let server = Raw::counting(Arc::clone(&most)).await;
    let client = Client::new(with(settings(&server.url), |settings| {
        settings.concurrency = NonZeroU32::new(5).unwrap();
    }))
    .unwrap();
    let request = request();
    let answers = futures::future::join_all((0..60).map(|_| client.send(&request))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert!((2..=5).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    assert_eq!(client.stats().in_flight_limit, 5);
}

#[tokio::test]
async fn a_host_that_never_answers_is_given_up_soon_and_one_that_did_is_not() {
    let server = Raw::replying(vec![raw::json("[]")]).await;
    let url = server.url.clone();
    let settings = with(settings(&url), |settings| settings.max_attempts = 8);
    let reached = Client::new(settings.clone()).unwrap();
    assert_eq!(reached.send(&request()).await.unwrap().body, b"[]");
    server.stop().await;

    let error = Client::new(settings).unwrap().send(&request()).await.unwrap_err();
    assert!(matches!(error, ApiError::Unreachable { attempts: 4, .. }), "{error:?}");
    let origin = url.trim_end_matches("/api/v1/");
    assert!(
        error.to_string().starts_with(&format!("{origin} cannot be reached for GET prospects/")),
        "{error}"
    );
    assert!(error.to_string().contains("Connection refused"), "{error}");

    let error = reached.send(&request()).await.unwrap_err();
    assert!(matches!(error, ApiError::Unavailable { attempts: 8, .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_without_proper_tls_is_not_asked_twice() {
    let garbage = Raw::speaking_first("this is not TLS\r\n").await;
    let error = client(&garbage.url.replace("http://", "https://")).send(&request()).await.unwrap_err();
    assert!(matches!(error, ApiError::Untrusted { .. }), "{error:?}");
    assert_eq!(garbage.connections(), 1);
}

#[test]
fn a_client_is_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    fn sendable<T: Send>(_: &T) {}
    let client = client("http://127.0.0.1:1/");
    shared(&client);
    sendable(&client.send(&request()));
}
