//! Faults: what they do to an answer, and on which request.

use super::*;

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
