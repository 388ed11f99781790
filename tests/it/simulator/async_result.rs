//! Imports of customer data and their state.

use super::*;

#[tokio::test]
async fn jobs_are_in_every_state_with_a_result_for_each_row_done() {
    let api = Api::start(5000, &[]).await;
    let jobs = api.simulator.jobs();
    let states: BTreeSet<&str> = jobs.iter().map(|job| text(job, "state")).collect();
    assert_eq!(states, BTreeSet::from(["process", "failure", "stopped", "completed"]));
    let mut results = Vec::new();
    for job in &jobs {
        let path = format!("/async_result/batch-import/{}/", text(job, "job_id"));
        assert_eq!(&api.found(&path).await, job);
        assert_eq!(job["link"], format!("{}{path}", api.simulator.base_url()));
        let mut names = BTreeSet::from(["job_id", "created", "results", "state", "link", "progress"]);
        if job["state"] != "stopped" {
            names.insert("duration");
            assert!(text(job, "duration").parse::<f64>().is_ok());
        }
        assert_eq!(fields(job), names);
        assert_eq!(text(job, "created").len(), "2018-06-15T11:47:39.479000".len());
        assert_eq!(job["progress"] == 100, job["state"] == "completed");
        assert_eq!(text(job, "job_id").len(), 36);
        results.extend(job["results"].as_array().unwrap().clone());
    }
    let of = |error: Value| -> Vec<Value> {
        results.iter().filter(|result| result["error"] == error).cloned().collect()
    };
    let names = |rows: &[Value]| {
        rows.iter().map(|row| fields(row).into_iter().collect::<Vec<_>>().join(" ")).collect::<BTreeSet<_>>()
    };
    let one = |names: &str| BTreeSet::from([names.to_owned()]);
    let matched = of(Value::Null);
    assert_eq!(names(&matched), one("error id match_parameters matched_prospect success"));
    let customers = api.simulator.customer_data();
    for row in &matched {
        assert_eq!(row["success"], true);
        let prospect = &row["matched_prospect"];
        assert_eq!(
            fields(prospect),
            BTreeSet::from(["country", "domain", "company_name", "vid", "business_id"])
        );
        let customer =
            customers.iter().find(|customer| customer["id"] == row["id"]).expect("is customer data");
        let dashed = text(&customer["prospect_info"], "business_id");
        assert_eq!(dashed.replace('-', ""), text(prospect, "business_id"), "without a dash here");
    }
    let existing = of(json!("MATCH_ALREADY_EXISTS"));
    assert_eq!(names(&existing), one("error existing_id id match_parameters matched_prospect success"));
    assert_eq!(
        names(&of(json!("INVALID_BUSINESSID"))),
        one("error id match_parameters matched_prospect success")
    );
    let several = of(json!("MULTIPLE_POSSIBLE_MATCHES"));
    assert_eq!(
        names(&several),
        one(
            "error id match_parameters matched_prospect max_number_of_matches_shown number_of_matches possible_matches success"
        )
    );
    for row in &several {
        let possible = row["possible_matches"].as_array().unwrap();
        assert_eq!((possible.len(), &row["number_of_matches"]), (2, &json!(2)));
        assert_eq!(possible[0]["business_id"], possible[1]["business_id"]);
        assert_eq!((&possible[0]["country"], &possible[1]["country"]), (&json!("FI"), &json!("DK")));
    }
    assert_eq!(
        api.at("/async_result/batch-import/2096be0a-817d-40b6-b743-cff45f777c21/").await,
        (404, json!({"detail": "Not found"}))
    );
}

#[tokio::test]
async fn a_simulator_without_companies_has_jobs_too() {
    let api = Api::start(0, &[]).await;
    for job in api.simulator.jobs() {
        assert!(
            job["results"].as_array().unwrap().iter().all(|result| result["error"] == "INVALID_BUSINESSID")
        );
    }
    assert_eq!(api.found("/customer_data/").await["total_results"], 0);
    assert_eq!(api.simulator.target_groups().len(), 8);
}
