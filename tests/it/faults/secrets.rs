//! A server quotes the API key in its errors. The key must not be in anything that a run leaves behind.

use std::path::Path;
use std::process::Output;

use vainu_etl::simulator::{Config, Simulator, Switches};

use crate::support::{open, stderr, vainu_etl, with};

const KEY: &str = "planted0123456789abcdef0123456789abcdef0123456789abcdefplanted01";
const USER: &str = "aino";
/// Start of `aino:` and the key in base64, as in Basic authentication: twelve bytes, so that it does not depend on the
/// bytes after them.
const ENCODED: &str = "YWlubzpwbGFudGVk";

/// Faults whose body quotes the request's headers, the stream to load (`None` for all default ones) and the exit code
/// of the run.
const QUOTING: &[(&str, Option<&str>, i32)] = &[
    ("500:json@2,500:html@3,429@4,html@5,json-error@6,404@9", Some("prospects"), 0),
    ("500:json@2,500:html@3,429@4,html@5,json-error@6", Some("leads"), 0),
    ("500:json@20,500:html@30,429@40,html@50,json-error@60,json-error@90,json-error@120", None, 0),
    ("401@3+", Some("prospects"), 3),
    ("403:html@3+", Some("prospects"), 3),
    ("400@3", Some("prospects"), 2),
    ("400:html@3", Some("prospects"), 2),
    ("redirect@3", Some("prospects"), 2),
    ("json-error@3+", Some("prospects"), 4),
    ("json-error@60+", None, 4),
    ("html@3+", Some("prospects"), 8),
    ("500:json@3+", Some("prospects"), 8),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_key_is_in_nothing_that_a_run_under_faults_leaves_behind() {
    let config = with(Config::new(300), |config| {
        config.api_key = KEY.into();
        config.username = USER.into();
        config.password = KEY.into();
    });
    let simulator = Simulator::start(config).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut quoted = 0;
    for (number, (faults, stream, code)) in QUOTING.iter().enumerate() {
        let mut switches = Switches::default();
        switches.set(&format!("fault={faults}")).unwrap();
        switches.set("echo=true").unwrap();
        simulator.reconfigure(|config| config.switches = switches);
        let output = run(dir.path(), &simulator.base_url(), number, *stream, *code).await;
        assert_eq!(output.status.code(), Some(*code), "{faults}: {}", stderr(&output));
        assert!(simulator.requests().iter().any(|request| request.fault.is_some()), "{faults}");
        quoted += usize::from(stderr(&output).contains("[redacted]"));
        assert_clean(&format!("stdout under {faults}"), &output.stdout);
        assert_clean(&format!("stderr under {faults}"), &output.stderr);
    }
    assert!(quoted >= 5, "the server's words were shown, without the key, in {quoted} runs");
    let mut seen = Vec::new();
    scan(dir.path(), &mut seen);
    for part in ["report.json", "vainu.duckdb", "ledger", ".zst"] {
        assert!(seen.iter().any(|path| path.contains(part)), "{part} was scanned: {seen:?}");
    }
    scan_tables(&dir.path().join("vainu.duckdb"));
}

/// Runs `sync`. Every second run uses a password and a JSON log. A run against a server that stays broken ends after 5
/// s.
async fn run(dir: &Path, url: &str, number: usize, stream: Option<&str>, code: i32) -> Output {
    let mut command = vainu_etl(dir);
    let format = if number.is_multiple_of(2) {
        command.env("VAINU_API_KEY", KEY);
        "text"
    } else {
        command.env("VAINU_USERNAME", USER).env("VAINU_PASSWORD", KEY);
        "json"
    };
    command.args(["-vvv", "--log-format", format, "--base-url", url, "sync"]);
    command.args(stream).arg("--restart");
    command.args([
        "--page-size",
        "50",
        "--report",
        "report.json",
        "--max-duration",
        if code == 8 { "5s" } else { "100s" },
    ]);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn assert_clean(what: &str, bytes: &[u8]) {
    for secret in [KEY, ENCODED, &KEY[..20], &KEY[40..]] {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "`{secret}` is in {what}");
    }
}

/// Checks every file, its name, and the decompressed pages of landing.
fn scan(dir: &Path, seen: &mut Vec<String>) {
    for entry in fs_err::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        assert_clean("a file's name", name.as_bytes());
        if path.is_dir() {
            scan(&path, seen);
            continue;
        }
        let bytes = fs_err::read(&path).unwrap();
        assert_clean(&name, &bytes);
        if path.extension().is_some_and(|extension| extension == "zst") {
            let pages = zstd::decode_all(bytes.as_slice()).unwrap();
            assert!(!pages.is_empty());
            assert_clean(&format!("the pages of {name}"), &pages);
        }
        seen.push(name);
    }
}

/// Checks every value of every table: the database file may store them compressed.
fn scan_tables(warehouse: &Path) {
    let connection = open(warehouse);
    let mut statement = connection
        .prepare("SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal")
        .unwrap();
    let tables: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    assert!(tables.len() > 5, "{tables:?}");
    for table in tables {
        let sql = format!("SELECT coalesce(string_agg(to_json(t)::VARCHAR, ' '), '') FROM {table} AS t");
        let text: String = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert_clean(&table, text.as_bytes());
    }
}
