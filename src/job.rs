//! State of an import of customer data that runs on the server, with one result for each finished row.

use serde_json::Value;

use crate::api::{ApiError, ApiRequest, Client};
use crate::record::reading::value_of;

/// The state of an import. Optional fields are `None` when the answer does not have them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Job {
    /// Id in the answer, or the requested id when the answer has none.
    pub id: String,
    /// `process` (running), `completed`, `stopped` (by its owner), `failure`, or a word that is not in the API's
    /// document.
    pub state: String,
    /// Per cent of rows with a result.
    pub progress: Option<String>,
    /// Time of the start, as received; without a time zone.
    pub created: Option<String>,
    /// Duration so far, as received; the API's document gives no unit. `None` also for a stopped job.
    pub duration: Option<String>,
    /// Results of the finished rows, in the order of the answer.
    pub results: Vec<JobResult>,
    /// The whole answer.
    pub answer: Value,
}

/// Result of one row. Optional fields are `None` when the answer does not have them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct JobResult {
    /// The match parameters of the row, for example `exact_name=Vainu Finland Oy`; the whole result when it is not a
    /// JSON object.
    pub asked: String,
    /// Whether a company was found and stored.
    pub success: Option<bool>,
    /// Reason of the failure, for example `INVALID_BUSINESSID`. `None` on success.
    pub error: Option<String>,
    /// Id of the customer data: new, or of the existing object.
    pub customer_data_id: Option<String>,
    /// The matched company. `None` when there is no match or more than one.
    pub company: Option<Company>,
    /// Number of possible matches, when there is more than one.
    pub number_of_matches: Option<String>,
    /// The possible matches that the answer names.
    pub possible: Vec<Company>,
}

/// A company in a result. Every field is as received, `None` when the answer does not have it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Company {
    /// Country code.
    pub country: Option<String>,
    /// Business id.
    pub business_id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Domain of its web site.
    pub domain: Option<String>,
    /// Vainu's numeric id.
    pub vid: Option<String>,
}

/// Why the state of a job cannot be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// The request failed.
    #[error("cannot ask for job `{id}`")]
    Api {
        /// The id.
        id: String,
        /// The error of the request.
        source: ApiError,
    },
    /// Status 404: there is no job with this id.
    #[error("there is no job `{id}`: the server answered 404 Not Found to {request}")]
    NoSuchJob {
        /// The id.
        id: String,
        /// Method and path.
        request: String,
    },
    /// The answer is not the state of a job.
    #[error("the answer to {request} is no state of a job: `{start}`")]
    Answer {
        /// Method and path.
        request: String,
        /// The beginning of the answer.
        start: String,
    },
}

/// Requests the state of a job: one request, plus retries after temporary failures.
///
/// # Errors
/// [`JobError`].
pub async fn show(client: &Client, id: &str) -> Result<Job, JobError> {
    let request = ApiRequest::get(format!("async_result/batch-import/{}/", ApiRequest::path_segment(id)));
    let answer = client.send(&request).await;
    let answer = answer.map_err(|source| JobError::Api { id: id.to_owned(), source })?;
    if answer.status == 404 {
        return Err(JobError::NoSuchJob { id: id.to_owned(), request: request.to_string() });
    }
    let no_job = || JobError::Answer { request: request.to_string(), start: client.quote(&answer.body) };
    let value = value_of(&answer.body).ok_or_else(no_job)?;
    Job::read(id, value).ok_or_else(no_job)
}

impl Job {
    /// `None` when the value has no field `state`, and therefore is not a job.
    fn read(id: &str, answer: Value) -> Option<Self> {
        let field = |name: &str| answer.get(name).and_then(text);
        Some(Self {
            id: field("job_id").unwrap_or_else(|| id.to_owned()),
            state: field("state")?,
            progress: field("progress"),
            created: field("created"),
            duration: field("duration"),
            results: list(answer.get("results")).iter().map(JobResult::read).collect(),
            answer,
        })
    }
}

impl JobResult {
    fn read(value: &Value) -> Self {
        let Some(object) = value.as_object() else {
            return Self { asked: value.to_string(), ..Self::default() };
        };
        let field = |name: &str| object.get(name).and_then(text);
        Self {
            asked: object.get("match_parameters").map(parameters).unwrap_or_default(),
            success: object.get("success").and_then(Value::as_bool),
            error: field("error"),
            customer_data_id: field("id").or_else(|| field("existing_id")),
            company: object.get("matched_prospect").and_then(Company::read),
            number_of_matches: field("number_of_matches"),
            possible: list(object.get("possible_matches")).iter().filter_map(Company::read).collect(),
        }
    }
}

impl Company {
    fn read(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let field = |name: &str| object.get(name).and_then(text);
        Some(Self {
            country: field("country"),
            business_id: field("business_id"),
            name: field("company_name"),
            domain: field("domain"),
            vid: field("vid"),
        })
    }
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The content of a string, or a number or boolean as text. The API writes numbers both as JSON numbers and as strings.
/// `None` for null.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The parameters as text: `exact_name=Vainu Finland Oy`, separated by commas.
fn parameters(value: &Value) -> String {
    let Some(object) = value.as_object() else { return text(value).unwrap_or_default() };
    let pairs = object.iter().map(|(name, value)| format!("{name}={}", text(value).unwrap_or_default()));
    pairs.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn duration_and_progress_may_be_text_number_or_missing() {
        for (answer, progress, duration) in [
            (json!({"state": "completed", "progress": 100, "duration": "7.14"}), Some("100"), Some("7.14")),
            (json!({"state": "process", "progress": "35", "duration": 12.5}), Some("35"), Some("12.5")),
            (json!({"state": "stopped", "progress": null}), None, None),
        ] {
            let job = Job::read("an id", answer).unwrap();
            assert_eq!((job.progress.as_deref(), job.duration.as_deref()), (progress, duration));
            assert_eq!((job.id.as_str(), job.results.len()), ("an id", 0));
        }
    }

    #[test]
    fn what_has_no_state_is_no_job() {
        for answer in [json!([]), json!(7), json!({"detail": "Not found"}), json!({"state": null})] {
            assert_eq!(Job::read("an id", answer), None);
        }
    }

    #[test]
    fn no_result_disappears_whatever_its_shape() {
        let job =
            Job::read("x", json!({"state": "process", "results": ["odd", {}, {"match_parameters": 3}]}));
        let asked: Vec<String> = job.unwrap().results.into_iter().map(|result| result.asked).collect();
        assert_eq!(asked, ["\"odd\"", "", "3"]);
    }
}
