//! The binary as a user runs it: exit codes, messages, interruption.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use vainu_etl::simulator::DEMO_API_KEY;

use crate::support::{
    assert_equal_rows, expected, flip, prospects, simulator, stderr, stdout, vainu_etl, value,
};

/// A simulator in a process of its own; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(dir: &Path, options: &[&str]) -> Self {
        let mut command = vainu_etl(dir);
        command.args(["-q", "simulate", "--port", "0"]).args(options).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sync(dir: &Path, url: &str, options: &[&str]) -> Command {
    let mut command = vainu_etl(dir);
    command.env("VAINU_API_KEY", DEMO_API_KEY).args(["--base-url", url, "sync"]).args(options);
    command
}

fn requests(log: &Path) -> Vec<Value> {
    let text = fs_err::read_to_string(log).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Method, parameters and body of a logged request: what it asked for.
fn asked(request: &Value) -> String {
    format!("{} {} {} {}", request["method"], request["path"], request["query"], request["body"])
}

fn pages(log: &Path) -> Vec<String> {
    let all = requests(log);
    let answered = all.iter().filter(|request| request["status"] == 200);
    answered.map(asked).filter(|text| text.contains("offset")).collect()
}

#[test]
fn after_kill_9_no_landed_page_is_asked_for_again_and_the_result_is_equal() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("requests.jsonl");
    let log_text = log.to_str().unwrap();
    let server = Server::start(
        dir.path(),
        &["--companies", "6000", "--switch", "latency=40", "--request-log", log_text],
    );
    let options = ["prospects", "--page-size", "100", "--concurrency", "2"];
    let mut first = sync(dir.path(), &server.url, &options).stderr(Stdio::null()).spawn().unwrap();
    while pages(&log).len() < 20 {
        assert!(first.try_wait().unwrap().is_none(), "the run ended before it could be killed");
        std::thread::sleep(Duration::from_millis(10));
    }
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(!dir.path().join("vainu.duckdb").exists());
    let before = pages(&log);
    let output = sync(dir.path(), &server.url, &options).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("Resuming the unfinished run"), "{}", stderr(&output));
    let after = &pages(&log)[before.len()..];
    let repeated: Vec<&String> = after.iter().filter(|page| before.contains(page)).collect();
    // Only what was in flight when the process died: at most two requests.
    assert!(repeated.len() <= 2, "{} of {} pages again: {repeated:?}", repeated.len(), before.len());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let twin = runtime.block_on(simulator(6000, &[]));
    assert_equal_rows(&prospects(&dir.path().join("vainu.duckdb")), &expected(twin.companies()));
}

#[cfg(unix)]
#[test]
fn ctrl_c_finishes_the_page_keeps_the_ledger_and_ends_with_130() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("requests.jsonl");
    let log_text = log.to_str().unwrap();
    let server = Server::start(
        dir.path(),
        &["--companies", "3000", "--switch", "latency=60", "--request-log", log_text],
    );
    let options = ["prospects", "--page-size", "100", "--concurrency", "2"];
    let run = sync(dir.path(), &server.url, &options).stderr(Stdio::piped()).spawn().unwrap();
    while pages(&log).len() < 5 {
        std::thread::sleep(Duration::from_millis(10));
    }
    Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap();
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stderr(&output).contains("Interrupted"), "{}", stderr(&output));
    assert!(stderr(&output).contains("hint:"), "{}", stderr(&output));
    let before = pages(&log);
    let output = sync(dir.path(), &server.url, &options).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let after = &pages(&log)[before.len()..];
    assert_eq!(after.iter().filter(|page| before.contains(page)).count(), 0);
    assert_eq!(value::<i64>(&dir.path().join("vainu.duckdb"), "SELECT count(*) FROM prospects"), 3000);
}

#[test]
fn a_spent_budget_ends_with_8_and_the_same_command_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "2000"]);
    let budget = ["prospects", "--page-size", "200", "--max-requests", "6"];
    let mut codes = Vec::new();
    for _ in 0..5 {
        let output = sync(dir.path(), &server.url, &budget).output().unwrap();
        codes.push(output.status.code().unwrap());
        if codes.last() == Some(&0) {
            break;
        }
        assert!(stderr(&output).contains("budget of 6 requests"), "{}", stderr(&output));
    }
    // A count, eleven overlapping pages, an empty one and a count.
    assert_eq!(codes, [8, 8, 0]);
    assert_eq!(value::<i64>(&dir.path().join("vainu.duckdb"), "SELECT count(*) FROM prospects"), 2000);
}

#[test]
fn a_damaged_landed_page_is_noticed_fetched_again_and_said_so() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "1500"]);
    let options = ["--page-size", "200"];
    let stopped =
        sync(dir.path(), &server.url, &["--page-size", "200", "--max-requests", "6"]).output().unwrap();
    assert_eq!(stopped.status.code(), Some(8));
    let landing = dir.path().join("vainu.duckdb.etl/landing");
    let run = fs_err::read_dir(&landing).unwrap().next().unwrap().unwrap().path();
    let segment = run.join("pages-00001.zst");
    let middle = fs_err::metadata(&segment).unwrap().len() / 2;
    flip(&segment, usize::try_from(middle).unwrap());
    let resumed = sync(dir.path(), &server.url, &options).output().unwrap();
    assert_eq!(resumed.status.code(), Some(0), "{}", stderr(&resumed));
    assert!(
        stderr(&resumed).contains("A landed page is damaged and is fetched again"),
        "{}",
        stderr(&resumed)
    );
    assert_eq!(value::<i64>(&dir.path().join("vainu.duckdb"), "SELECT count(*) FROM prospects"), 1500);
}

/// What a failed command says, by exit code.
fn failure(output: &Output, code: i32, parts: &[&str]) {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.starts_with("error: ") || text.contains("\nerror: "), "{text}");
    assert!(text.contains("hint: "), "no hint: {text}");
    for part in parts {
        assert!(text.contains(part), "no `{part}` in: {text}");
    }
    assert!(!text.contains("panicked") && !text.contains("RUST_BACKTRACE"), "{text}");
}

#[test]
fn wrong_input_gets_its_exit_code_and_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "50", "--forbid-country", "NO"]);
    let run = |options: &[&str]| sync(dir.path(), &server.url, options).output().unwrap();
    let mut without = vainu_etl(dir.path());
    failure(
        &without.args(["--base-url", &server.url, "sync"]).output().unwrap(),
        2,
        &["no credentials", "VAINU_API_KEY"],
    );
    let mut half = vainu_etl(dir.path());
    half.env("VAINU_USERNAME", "aino").args(["--base-url", &server.url, "sync"]);
    failure(&half.output().unwrap(), 2, &["`VAINU_USERNAME` is set but `VAINU_PASSWORD` is not"]);
    let mut wrong_key = sync(dir.path(), &server.url, &[]);
    failure(&wrong_key.env("VAINU_API_KEY", "f".repeat(64)).output().unwrap(), 3, &["status 401"]);
    failure(&run(&["--filter", "country=NO"]), 3, &["status 403", "country NO"]);
    failure(&run(&["--filter", "contry=FI"]), 2, &["unknown filter `contry`", "did you mean `country`"]);
    failure(&run(&["--filter", "turn_over__gt3=1"]), 2, &["unknown operator", "did you mean `__gt`"]);
    failure(&run(&["--filter", "registration_date__gte=2020-02-30"]), 2, &["is not a date"]);
    let unreachable = sync(dir.path(), "http://127.0.0.1:1/api/v1", &[]).output().unwrap();
    failure(&unreachable, 4, &["127.0.0.1:1", "cannot be reached"]);
    let plain_http = sync(dir.path(), "http://api.example.com/api/v1", &[]).output().unwrap();
    failure(&plain_http, 2, &["base URL"]);
    assert!(!dir.path().join("vainu.duckdb").exists());
}

/// Waits as long as a user would.
#[test]
fn a_server_that_answers_with_pages_for_people_is_named_after_every_attempt() {
    let dir = tempfile::tempdir().unwrap();
    let html = Server::start(
        dir.path(),
        &["--companies", "50", "--switch", "fault=html@1,html@2,html@3,html@4,html@5,html@6,html@7,html@8"],
    );
    failure(
        &sync(dir.path(), &html.url, &["prospects", "--max-duration", "60s"]).output().unwrap(),
        4,
        &["GET prospects/filter/"],
    );
    assert!(!dir.path().join("vainu.duckdb").exists());
}

#[test]
fn a_path_that_is_not_ours_is_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "50"]);
    let run = |warehouse: &Path| {
        sync(dir.path(), &server.url, &["--warehouse", warehouse.to_str().unwrap()]).output().unwrap()
    };
    let folder = dir.path().join("folder");
    fs_err::create_dir(&folder).unwrap();
    failure(&run(&folder), 6, &["is a folder"]);
    let text = dir.path().join("notes.txt");
    fs_err::write(&text, "not a database").unwrap();
    failure(&run(&text), 6, &["notes.txt"]);
    assert_eq!(fs_err::read(&text).unwrap(), b"not a database");
    let foreign = dir.path().join("foreign.duckdb");
    duckdb::Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE mine AS SELECT 42 AS answer")
        .unwrap();
    let before = fs_err::read(&foreign).unwrap();
    failure(&run(&foreign), 6, &["foreign.duckdb"]);
    assert_eq!(fs_err::read(&foreign).unwrap(), before);
    failure(&run(&dir.path().join("no/such/folder/vainu.duckdb")), 6, &["no/such/folder"]);
    // Refused to everybody, root included.
    failure(&run(Path::new("/sys/vainu.duckdb")), 6, &["/sys"]);
}

#[test]
fn two_runs_at_once_are_refused_with_the_owner() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "500", "--switch", "latency=500"]);
    let mut first =
        sync(dir.path(), &server.url, &["--page-size", "50"]).stderr(Stdio::null()).spawn().unwrap();
    let lock = dir.path().join("vainu.duckdb.etl/lock");
    while fs_err::read_to_string(&lock).unwrap_or_default().is_empty() {
        std::thread::sleep(Duration::from_millis(10));
    }
    let second = sync(dir.path(), &server.url, &[]).output().unwrap();
    failure(&second, 7, &[&first.id().to_string()]);
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn the_key_appears_nowhere_with_everything_at_its_most_verbose() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "300", "--switch", "fault=500@2,429@3,html@4"]);
    let mut texts = Vec::new();
    for format in ["text", "json"] {
        let output =
            sync(dir.path(), &server.url, &["-vvv", "--log-format", format, "--report", "report.json"])
                .output()
                .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        texts.push(output.stdout);
        texts.push(output.stderr);
    }
    let refused = sync(dir.path(), &server.url, &["-vvv", "--filter", "country=XX", "--max-requests", "1"])
        .output()
        .unwrap();
    texts.push(refused.stderr);
    let doctor = vainu_etl(dir.path())
        .env("VAINU_API_KEY", DEMO_API_KEY)
        .args(["-vvv", "--base-url", &server.url, "doctor"])
        .output()
        .unwrap();
    texts.push(doctor.stdout);
    texts.push(doctor.stderr);
    texts.extend(files(dir.path()));
    assert!(texts.len() > 10);
    for text in texts {
        let found = text.windows(DEMO_API_KEY.len()).any(|window| window == DEMO_API_KEY.as_bytes());
        assert!(!found, "the key is in {}", String::from_utf8_lossy(&text[..text.len().min(200)]));
    }
}

fn files(dir: &Path) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(fs_err::read(&path).unwrap()) }
    }
    found
}

#[test]
fn the_published_file_is_queried_exported_and_rolled_back() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "400"]);
    for _ in 0..2 {
        assert_eq!(sync(dir.path(), &server.url, &[]).output().unwrap().status.code(), Some(0));
    }
    let run = |arguments: &[&str]| vainu_etl(dir.path()).args(arguments).output().unwrap();
    let counted = run(&["query", "SELECT count(*) AS companies FROM companies", "--format", "csv"]);
    assert_eq!(stdout(&counted), "companies\r\n400\r\n");
    failure(&run(&["query", "SELEC 1"]), 2, &["SELEC"]);
    failure(&run(&["query", "DELETE FROM prospects"]), 2, &["only reads"]);
    failure(&run(&["query", "COPY prospects TO 'stolen.csv'"]), 2, &["only reads"]);
    failure(&run(&["--warehouse", "missing.duckdb", "query", "SELECT 1"]), 6, &["missing.duckdb"]);
    let status: Value = serde_json::from_str(&stdout(&run(&["status", "--format", "json"]))).unwrap();
    assert_eq!(status["generation"], 2);
    assert_eq!(status["runs"].as_array().unwrap().len(), 2);
    let exported = run(&["export", "--to", "out", "--partition-by", "country"]);
    assert_eq!(exported.status.code(), Some(0), "{}", stderr(&exported));
    let manifest: Value =
        serde_json::from_str(&fs_err::read_to_string(dir.path().join("out/manifest.json")).unwrap()).unwrap();
    let rows: u64 = manifest["tables"]
        .as_array()
        .unwrap()
        .iter()
        .find(|table| table["name"] == "prospects")
        .unwrap()["rows"]
        .as_u64()
        .unwrap();
    assert_eq!(rows, 400);
    let rolled = run(&["rollback"]);
    assert_eq!(rolled.status.code(), Some(0), "{}", stderr(&rolled));
    let generation: i64 = value(&dir.path().join("vainu.duckdb"), "SELECT generation FROM etl.warehouse");
    assert_eq!(generation, 1);
}

#[test]
fn rebuild_makes_an_equal_warehouse_without_one_request() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "400"]);
    assert_eq!(sync(dir.path(), &server.url, &[]).output().unwrap().status.code(), Some(0));
    drop(server);
    let warehouse = dir.path().join("vainu.duckdb");
    let before = prospects(&warehouse);
    fs_err::remove_file(&warehouse).unwrap();
    let output = vainu_etl(dir.path()).args(["rebuild"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_equal_rows(&prospects(&warehouse), &before);
}

#[test]
fn every_command_has_help_and_the_reference_is_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    for verb in [
        "demo",
        "sync",
        "status",
        "query",
        "views",
        "export",
        "schema",
        "rejects",
        "rebuild",
        "rollback",
        "doctor",
        "simulate",
        "completions",
        "man",
    ] {
        let output = vainu_etl(dir.path()).args([verb, "--help"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{verb}");
        assert!(stdout(&output).contains(&format!("Usage: vainu-etl {verb}")), "{}", stdout(&output));
    }
    let bash = vainu_etl(dir.path()).args(["completions", "bash"]).output().unwrap();
    assert!(stdout(&bash).contains("complete -F"));
    let man = vainu_etl(dir.path()).arg("man").output().unwrap();
    assert!(stdout(&man).contains(".TH vainu-etl 1"));
    let usage = vainu_etl(dir.path()).arg("snyc").output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
    assert!(stderr(&usage).contains("sync"), "{}", stderr(&usage));
}
