//! Companies and target groups that a server refuses to answer about.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use vainu_etl::catalog::{FINANCIAL_STATEMENTS, PROSPECTS, TARGET_GROUP_MEMBERS, TARGET_GROUPS};
use vainu_etl::rebuild::{RebuildSettings, rebuild};
use wiremock::ResponseTemplate;

use super::{Job, json, list, load, rows, server};

fn companies(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| format!(r#"{{"country":"FI","business_id":{}}}"#, super::quoted(id))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_cannot_be_asked_for_is_a_reject_of_its_stream_and_the_others_are_loaded() {
    for status in [400, 410, 414, 422, 431] {
        let refuses = Arc::new(AtomicBool::new(true));
        let still = Arc::clone(&refuses);
        let server = server(move |request| {
            let path = request.url.path().trim_start_matches("/api/v1/");
            match path {
                "prospects/filter/" => {
                    list(&companies(&["00000001", "HRB-12345", "00000002", "gone"]), request)
                }
                "prospect/FIHRB-12345/financial_statements/" if still.load(Ordering::SeqCst) => {
                    ResponseTemplate::new(status)
                        .set_body_raw(r#"{"detail":"no such form of id"}"#, "application/json")
                }
                "prospect/FIgone/financial_statements/" => ResponseTemplate::new(404),
                _ => json(r#"[{"year":2024,"turn_over_eur":"1.0"}]"#),
            }
        })
        .await;
        let job = Job { streams: vec![&PROSPECTS, &FINANCIAL_STATEMENTS], ..Job::new() };
        let report = load(&job, &server).await.unwrap_or_else(|error| panic!("{status}: {error:?}"));
        assert_eq!((report.exit_code, report.rejects), (0, 1), "{status}: {:?}", report.lists);
        let statements = "SELECT business_id FROM financial_statements ORDER BY business_id";
        assert_eq!(rows(&job, statements), ["00000001", "00000002"]);
        let rejects = "SELECT stream, table_name, key, field, raw, reason FROM etl.rejects";
        let found = rows(&job, rejects);
        let start = "financial_statements|financial_statements|FI/HRB-12345|business_id|\"HRB-12345\"|GET prospect/FIHRB-12345/";
        assert!(found.len() == 1 && found[0].starts_with(start), "{found:?}");
        assert!(
            found[0].ends_with(&format!("was refused (status {status}): `no such form of id`")),
            "{found:?}"
        );
        let list = report.lists.iter().find(|list| list.stream == "financial_statements").unwrap();
        assert_eq!((list.complete, list.distinct_keys, list.not_found, list.rejected), (true, 2, 1, 1));

        rebuild(&job.warehouse(), &RebuildSettings::default()).unwrap();
        assert_eq!(rows(&job, statements), ["00000001", "00000002"]);
        assert!(rows(&job, rejects).contains(&found[0]));

        // Once the server answers, it is loaded like any other.
        refuses.store(false, Ordering::SeqCst);
        let report = load(&job, &server).await.unwrap();
        assert_eq!((report.exit_code, report.rejects), (0, 0));
        assert_eq!(rows(&job, statements), ["00000001", "00000002", "HRB-12345"]);
    }
}

/// A server that refuses everything is not asked about each company.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_all_ends_the_run_as_before() {
    let ids: Vec<String> = (0..500).map(|n| format!("{n:08}")).collect();
    let ids: Vec<String> = companies(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    let server = server(move |request| match request.url.path() {
        "/api/v1/prospects/filter/" => list(&ids, request),
        _ => ResponseTemplate::new(400),
    })
    .await;
    let job = Job { streams: vec![&PROSPECTS, &FINANCIAL_STATEMENTS], ..Job::new() };
    let error = load(&job, &server).await.unwrap_err();
    assert_eq!(error.exit_code(), 2, "{error:?}");
    assert!(!job.warehouse().exists());
    let asked = server.received_requests().await.unwrap();
    let asked = asked.iter().filter(|request| request.url.path().contains("/prospect/")).count();
    assert!((21..100).contains(&asked), "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_group_that_cannot_be_asked_for_is_said_to_be_incomplete_and_the_others_are_loaded() {
    let long = "x".repeat(10_000);
    let groups = format!(r#"[{{"id":"g1","name":"One"}},{{"id":"{long}","name":"Long"}}]"#);
    let server = server(move |request| match request.url.path() {
        "/api/v1/target_groups/" => json(groups.clone()),
        path if path.len() > 8_000 => ResponseTemplate::new(414),
        path if path.starts_with("/api/v1/target_group/") => list(&companies(&["00000001"]), request),
        _ => list(&[], request),
    })
    .await;
    let job = Job { streams: vec![&TARGET_GROUPS, &TARGET_GROUP_MEMBERS], ..Job::new() };
    let report = load(&job, &server).await.unwrap();
    assert_eq!(report.exit_code, 4);
    assert_eq!(rows(&job, "SELECT target_group_id, business_id FROM target_group_members"), ["g1|00000001"]);
    let incomplete = report.lists.iter().find(|list| list.list.len() == 10_000).unwrap();
    assert!(
        !incomplete.complete && incomplete.reasons[0].contains("was refused (status 414)"),
        "{:?}",
        incomplete.reasons
    );
}
