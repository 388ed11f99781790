//! `--log-format json`: every line on stderr is one JSON object, whatever it says.

use std::path::Path;
use std::process::Output;

use serde_json::{Map, Value};

use super::{Server, with_key};
use crate::support::{stderr, vainu_etl};

type Line = Map<String, Value>;

/// The lines of a command's stderr; each has to be an object with a level and a message.
fn lines(output: &Output) -> Vec<Line> {
    let text = stderr(output);
    let parse = |line: &str| -> Line {
        let object: Line =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{text}"));
        let level = object["level"].as_str().unwrap();
        assert!(["TRACE", "DEBUG", "INFO", "WARN", "ERROR"].contains(&level), "{line}");
        assert!(object["message"].as_str().is_some_and(|message| !message.is_empty()), "{line}");
        assert!(object["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
        object
    };
    text.lines().map(parse).collect()
}

fn of_kind<'a>(lines: &'a [Line], kind: &str) -> Vec<&'a Line> {
    lines.iter().filter(|line| line.get("kind").is_some_and(|found| found == kind)).collect()
}

/// Asserts that the last line is the error, with its exit code, and has one hint; gives it.
fn assert_error(output: &Output, code: i32) -> Line {
    assert_eq!(output.status.code(), Some(code), "{}", stderr(output));
    let lines = lines(output);
    let error = of_kind(&lines, "error");
    assert_eq!(error.len(), 1, "{}", stderr(output));
    assert_eq!(error[0]["code"], code, "{}", stderr(output));
    assert_eq!(error[0]["level"], "ERROR");
    assert!(error[0]["causes"].is_array() && error[0]["hint"].is_string(), "{}", stderr(output));
    error[0].clone()
}

const JSON: [&str; 2] = ["--log-format", "json"];

#[test]
fn a_run_tells_its_progress_results_and_summary_as_objects() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "300", "--switch", "fault=500@2"]);
    let url = ["--base-url", &server.url];
    let run = |more: &[&str]| {
        let arguments: Vec<&str> = JSON.iter().chain(&url).chain(more).copied().collect();
        let output = with_key(dir.path(), &arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{more:?}: {}", stderr(&output));
        lines(&output)
    };
    let synced = run(&["-vvv", "sync"]);
    let lists = of_kind(&synced, "progress");
    let prospects = lists.iter().find(|line| line.get("stream").is_some_and(|name| name == "prospects"));
    let prospects = prospects.expect("a line about the list");
    assert_eq!((&prospects["rows"], &prospects["complete"]), (&Value::from(300), &Value::from(true)));
    let summary = of_kind(&synced, "summary");
    assert_eq!(summary.len(), 1);
    assert_eq!(summary[0]["report"]["generation"], 1);
    assert_eq!(summary[0]["report"]["exit_code"], 0);
    assert!(summary[0]["message"].as_str().unwrap().starts_with("Published generation 1 of "));
    assert!(!of_kind(&synced, "result").is_empty());
    // Log lines have their own fields beside the message.
    assert!(synced.iter().any(|line| line.contains_key("target") && line["level"] == "DEBUG"));
    for more in [
        &["plan"][..],
        &["export", "--to", "out"],
        &["query", "companies", "-o", "companies.csv"],
        &["status"],
        &["doctor"],
        &["erase", "--contact", "nobody@example.com"],
        &["rebuild"],
        &["rollback"],
        &["man", "--dir", "man"],
        &["demo", "--companies", "100"],
    ] {
        run(more);
    }
    assert!(run(&["-q", "sync"]).is_empty());
}

#[test]
fn a_list_that_is_not_proven_complete_is_a_warning_with_its_hint() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "300", "--switch", "total-late=3:5"]);
    let output = with_key(
        dir.path(),
        &["--log-format=json", "--base-url", &server.url, "sync", "prospects", "--page-size", "50"],
    )
    .output()
    .unwrap();
    let lines = lines(&output);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let warnings = of_kind(&lines, "warning");
    assert!(!warnings.is_empty(), "{}", stderr(&output));
    assert!(warnings[0]["hint"].as_str().unwrap().contains("vainu-etl status"));
    assert_eq!(of_kind(&lines, "summary")[0]["report"]["exit_code"], 4);
}

#[test]
fn errors_have_code_causes_and_hint_as_fields() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "300"]);
    let run = |arguments: &[&str]| {
        let arguments: Vec<&str> = JSON.iter().chain(arguments).copied().collect();
        with_key(dir.path(), &arguments).output().unwrap()
    };
    let error = assert_error(&run(&["sync", "--filter", "contry=FI"]), 2);
    assert_eq!(error["message"], "the selection is not valid");
    assert_eq!(error["causes"], Value::from(vec!["unknown filter `contry`"]));
    assert_eq!(error["hint"], "did you mean `country`?");
    let spent = run(&["--base-url", &server.url, "sync", "--max-requests", "1"]);
    let error = assert_error(&spent, 8);
    assert!(
        error["causes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|cause| cause.as_str().unwrap().contains("budget of 1"))
    );
    fs_err::write(dir.path().join("bad.toml"), "warehouse = 7\nnonsense = [\n").unwrap();
    let error = assert_error(&run(&["--config", "bad.toml", "status"]), 2);
    assert!(error["message"].as_str().unwrap().contains("bad.toml"));
    assert_error(&run(&["--warehouse", "missing.duckdb", "query", "SELECT 1"]), 6);
    assert_error(&run(&["--base-url", "http://127.0.0.1:1/api/v1", "sync"]), 4);
}

#[test]
fn what_clap_refuses_is_an_object_too_wherever_the_flag_stands() {
    let dir = tempfile::tempdir().unwrap();
    let cases: &[(&[&str], &str, &str)] = &[
        (&["--log-format", "json", "snyc"], "unrecognized subcommand 'snyc'", "'sync'"),
        (&["sync", "--nonsense", "--log-format=json"], "unexpected argument '--nonsense'", "--help"),
        (&["export", "--log-format", "json"], "required arguments were not provided: --to <DIR>", "export"),
        (&["--log-format", "json"], "requires a subcommand", "--help"),
        (&["job", "--log-format", "json"], "requires a subcommand", "--help"),
        (&["--log-format", "json", "sync", "prospect"], "invalid value 'prospect'", "prospects"),
        (&["--log-format", "json", "status", "--format", "xml"], "invalid value 'xml'", "--help"),
        (&["sync", "--log-format", "json", "--page-size", "0"], "invalid value '0'", "--help"),
        (&["-q", "-v", "--log-format", "json", "status"], "cannot be used with", "--help"),
    ];
    for (arguments, message, hint) in cases {
        let output = vainu_etl(dir.path()).args(*arguments).output().unwrap();
        let error = assert_error(&output, 2);
        assert!(error["message"].as_str().unwrap().contains(message), "{arguments:?}: {error:?}");
        assert!(error["hint"].as_str().unwrap().contains(hint), "{arguments:?}: {error:?}");
        assert!(output.stdout.is_empty());
    }
    // Without the flag, as before.
    let output = vainu_etl(dir.path()).arg("snyc").output().unwrap();
    assert!(stderr(&output).starts_with("error: unrecognized subcommand"), "{}", stderr(&output));
    // Help is data, whatever the form of the rest.
    let output = vainu_etl(dir.path()).args(["--log-format", "json", "--help"]).output().unwrap();
    assert!(output.stderr.is_empty() && output.status.success());
}

#[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has points to fail at")]
#[test]
fn a_panic_is_an_object_and_its_backtrace_another() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "100"]);
    let run = |dir: &Path, backtrace: &str| {
        let mut command = with_key(dir, &["--log-format", "json", "--base-url", &server.url, "sync"]);
        command.env("VAINU_ETL_CRASH", "page-written:panic:1").env("RUST_BACKTRACE", backtrace);
        command.output().unwrap()
    };
    let error = assert_error(&run(dir.path(), "0"), 1);
    assert!(error["message"].as_str().unwrap().starts_with("internal error: "), "{error:?}");
    let with_trace = run(dir.path(), "1");
    assert!(lines(&with_trace).iter().any(|line| line.contains_key("backtrace")), "{}", stderr(&with_trace));
}
