//! `job show`: imports in every state, and every kind of result.

use std::collections::BTreeMap;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use vainu_etl::simulator::{DEMO_API_KEY, Simulator};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{simulator, stderr, stdout, vainu_etl};

/// A simulator, and the command asked about its jobs.
struct Rig {
    simulator: Simulator,
    dir: tempfile::TempDir,
    _runtime: Runtime,
}

impl Rig {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let simulator = runtime.block_on(simulator(5000, &[]));
        Self { simulator, dir: tempfile::tempdir().unwrap(), _runtime: runtime }
    }

    fn show(&self, options: &[&str]) -> Output {
        show(self.dir.path(), &self.simulator.base_url()).args(options).output().unwrap()
    }

    /// The rows of a job, as objects.
    fn rows(&self, id: &str) -> Vec<BTreeMap<String, Value>> {
        let output = self.show(&[id, "--format", "jsonl"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn show(dir: &std::path::Path, base_url: &str) -> Command {
    let mut command = vainu_etl(dir);
    command.env("VAINU_API_KEY", DEMO_API_KEY).args(["--base-url", base_url, "job", "show"]);
    command
}

#[test]
fn a_job_in_any_state_is_shown_with_a_row_for_each_result() {
    let rig = Rig::new();
    let mut seen = Vec::new();
    for job in rig.simulator.jobs() {
        let (id, state) = (job["job_id"].as_str().unwrap(), job["state"].as_str().unwrap());
        let output = rig.show(&[id]);
        assert_eq!(output.status.code(), Some(0), "{state}: {}", stderr(&output));
        let duration = job["duration"].as_str().map(|text| format!(", duration {text}")).unwrap_or_default();
        let begin = format!(
            "Job {id}: {state}, {} %, created {}{duration}. {} results: ",
            job["progress"],
            job["created"].as_str().unwrap(),
            job["results"].as_array().unwrap().len()
        );
        let text = stdout(&output);
        assert!(text.starts_with(&begin), "{text}\nis not {begin}");
        assert_eq!(rig.rows(id).len(), job["results"].as_array().unwrap().len());
        seen.push(state.to_owned());
    }
    assert_eq!(seen, ["completed", "process", "failure", "stopped", "completed"]);
}

#[test]
fn each_result_names_its_match_or_its_error() {
    let rig = Rig::new();
    let jobs = rig.simulator.jobs();
    let (mut matched, mut errors) = (0, BTreeMap::new());
    for job in &jobs {
        let rows = rig.rows(job["job_id"].as_str().unwrap());
        for (row, result) in rows.iter().zip(job["results"].as_array().unwrap()) {
            let (name, value) = result["match_parameters"].as_object().unwrap().iter().next().unwrap();
            assert_eq!(row["asked"], format!("{name}={}", value.as_str().unwrap()));
            assert_eq!((&row["success"], &row["error"]), (&result["success"], &result["error"]));
            let id = if result["id"].is_null() { &result["existing_id"] } else { &result["id"] };
            assert_eq!(&row["customer_data_id"], id);
            match result["error"].as_str() {
                None => {
                    matched += 1;
                    for name in ["country", "business_id", "company_name", "domain"] {
                        assert_eq!(row[name], result["matched_prospect"][name], "{name}");
                    }
                    assert_eq!(row["vid"], result["matched_prospect"]["vid"].to_string());
                }
                Some(error) => {
                    *errors.entry(error.to_owned()).or_insert(0) += 1;
                    assert_eq!(row["business_id"], Value::Null);
                }
            }
            if result["error"] == "MULTIPLE_POSSIBLE_MATCHES" {
                let named = |company: &Value| {
                    let part = |name: &str| company[name].as_str().unwrap_or("?").to_owned();
                    format!("{}/{} {}", part("country"), part("business_id"), part("company_name"))
                };
                let all: Vec<String> =
                    result["possible_matches"].as_array().unwrap().iter().map(named).collect();
                assert_eq!(row["possible_matches"], all.join("; "));
                assert_eq!(row["number_of_matches"], "2");
            }
        }
    }
    assert!(matched > 5, "{matched}");
    let names: Vec<&str> = errors.keys().map(String::as_str).collect();
    assert_eq!(names, ["INVALID_BUSINESSID", "MATCH_ALREADY_EXISTS", "MULTIPLE_POSSIBLE_MATCHES"]);
}

#[test]
fn json_is_the_answer_and_other_formats_keep_the_headline_off_stdout() {
    let rig = Rig::new();
    let job = &rig.simulator.jobs()[0];
    let id = job["job_id"].as_str().unwrap();
    let json = rig.show(&[id, "--format", "json"]);
    assert_eq!(&serde_json::from_str::<Value>(&stdout(&json)).unwrap(), job);
    let csv = rig.show(&[id, "--format", "csv"]);
    assert!(stdout(&csv).starts_with("result,asked,success,error,"), "{}", stdout(&csv));
    assert!(stderr(&csv).contains(&format!("Job {id}: completed, 100 %")), "{}", stderr(&csv));
}

#[test]
fn an_unknown_id_is_usage_and_cannot_break_out_of_the_path() {
    let rig = Rig::new();
    for id in ["2096be0a-817d-40b6-b743-cff45f777c21", "../../customer_data", ".."] {
        rig.simulator.clear_requests();
        let output = rig.show(&[id]);
        assert_eq!(output.status.code(), Some(2), "{id}: {}", stderr(&output));
        assert_eq!(stdout(&output), "");
        let text = stderr(&output);
        assert!(text.contains(&format!("there is no job `{id}`")) && text.contains("hint: "), "{text}");
        let asked = rig.simulator.requests();
        assert_eq!(asked.len(), 1);
        assert!(asked[0].path.contains("/async_result/batch-import/"), "{}", asked[0].path);
    }
    assert_eq!(rig.show(&[""]).status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn duration_may_be_text_a_number_or_missing_and_other_answers_are_no_job() {
    let server = MockServer::start().await;
    let dir = tempfile::tempdir().unwrap();
    for (id, body, code, wanted) in [
        (
            "text",
            json!({"state": "completed", "progress": 100, "duration": "7.14"}),
            0,
            "100 %, duration 7.14.",
        ),
        (
            "number",
            json!({"state": "process", "progress": "35", "duration": 12.5}),
            0,
            "35 %, duration 12.5.",
        ),
        ("missing", json!({"state": "stopped", "progress": 67}), 0, "stopped, 67 %. 0 results"),
        ("other", json!([{"business_id": "1"}]), 4, "is no state of a job: `[{\"business_id\":\"1\"}]`"),
    ] {
        let mock = Mock::given(method("GET")).and(path(format!("/api/v1/async_result/batch-import/{id}/")));
        mock.respond_with(ResponseTemplate::new(200).set_body_json(body)).mount(&server).await;
        let mut command = show(dir.path(), &format!("{}/api/v1", server.uri()));
        command.arg(id);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = stdout(&output) + &stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{id}: {text}");
        assert!(text.contains(wanted), "{id}: {text}");
    }
}
