//! A planted secret must not come out anywhere but in the request's header.

use std::io;
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing_subscriber::filter::LevelFilter;
use vainu_etl::api::{ApiError, Client, Credentials};
use vainu_etl::secret::Secret;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{KEY, request, settings};
use crate::support::with;

/// What `aino` and the planted password become in the header.
const ENCODED: &str = "YWlubzpwbGFudGVkLTAxMjM0NTY3ODk=";

/// Collects every line of the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn assert_clean(what: &str, text: &str) {
    for secret in [KEY, ENCODED, &KEY[..12]] {
        assert!(!text.contains(secret), "{what} shows `{secret}`: {text}");
    }
}

/// Servers that send back what they were sent, each in another way.
fn echoes(header: &str) -> Vec<ResponseTemplate> {
    let echo = format!("{KEY} came as {header}");
    let body = |status: u16| ResponseTemplate::new(status).set_body_json(json!({"detail": echo}));
    vec![
        body(400),
        body(401),
        body(403),
        body(429),
        body(500),
        ResponseTemplate::new(200).set_body_raw(format!("<html>{echo}"), "text/html"),
        ResponseTemplate::new(200).set_body_raw("[]", KEY),
        ResponseTemplate::new(302).insert_header("Location", format!("/login?key={KEY}")),
        ResponseTemplate::new(302)
            .insert_header("Location", format!("http://aino:{KEY}@elsewhere.example/?{KEY}")),
    ]
}

/// In a process of its own: tracing decides once per process whether a line of code logs at all, and asks only the
/// thread that comes there first.
#[test]
fn a_planted_secret_never_appears_in_logs_or_errors() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--test-threads=1", "client::secrets::planted_secret_alone"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
#[ignore = "run by a_planted_secret_never_appears_in_logs_or_errors"]
async fn planted_secret_alone() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let mut errors: Vec<ApiError> = Vec::new();
    let mut answers = Vec::new();
    for (header, credentials) in [
        (format!("API-Key: {KEY}"), Credentials::ApiKey(Secret::new(KEY))),
        (
            format!("Authorization: Basic {ENCODED}"),
            Credentials::Basic { username: "aino".into(), password: Secret::new(KEY) },
        ),
    ] {
        for echo in echoes(&header) {
            let server = MockServer::start().await;
            Mock::given(any()).respond_with(echo).mount(&server).await;
            let settings =
                with(settings(&server.uri()), |settings| settings.credentials = credentials.clone());
            assert_clean("settings", &format!("{settings:?}"));
            let client = Client::new(settings).unwrap();
            match client.send(&request()).await {
                Ok(answer) => answers.push(answer),
                Err(error) => errors.push(error),
            }
            assert_clean("client", &format!("{client:?} {:?}", client.stats()));
        }
        assert_clean("credentials", &format!("{credentials:?} {credentials:#?}"));
    }
    drop(guard);
    // JSON is taken whatever type the server gives it; what it said is noted without the secret.
    assert_eq!((errors.len(), answers.len()), (16, 2));
    for answer in &answers {
        assert_eq!(answer.unusual_type.as_deref(), Some("[redacted]"));
        assert_clean("answer", &format!("{answer:?}"));
    }
    for error in &errors {
        assert_clean("error", &format!("{error} {error:?} {:?}", error.hint()));
    }
    assert!(
        errors.iter().filter(|error| error.to_string().contains("[redacted]")).count() >= 12,
        "{errors:#?}"
    );
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("Request answered.") && log.contains("TRACE"), "the log was captured");
    assert_clean("log", &log);
}
