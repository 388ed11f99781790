//! The demo gives the same each time, and prints commands that work as they stand.

use std::path::Path;
use std::process::{Command, Output};

use super::{Server, with_key};
use crate::support::{open, stderr, stdout, vainu_etl};

/// Rows of every table and view, by name.
fn counts(warehouse: &Path) -> Vec<(String, i64)> {
    let connection = open(warehouse);
    let names = "SELECT schema_name || '.' || table_name FROM duckdb_tables() \
                 UNION ALL SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1";
    let mut statement = connection.prepare(names).unwrap();
    let names: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let count = |name: &String| {
        connection.query_row(&format!("SELECT count(*) FROM {name}"), [], |row| row.get(0)).unwrap()
    };
    names.iter().map(|name| (name.clone(), count(name))).collect()
}

/// What a demo said, without what differs: times, sizes, and which list came to its end first.
fn said(output: &Output) -> Vec<String> {
    let text = format!("{}{}", stderr(output), stdout(output));
    let differs = |word: &str| word.ends_with("iB") || word.ends_with("iB)") || word == "B";
    let kept = |line: &str| -> String {
        let words: Vec<&str> = line.split(' ').collect();
        let sizes: Vec<usize> = (0..words.len())
            .filter(|&index| differs(words[index].trim_end_matches([',', ':', '.'])))
            .collect();
        let word = |index: usize| {
            if sizes.contains(&index) || sizes.contains(&(index + 1)) { "_" } else { words[index] }
        };
        (0..words.len()).map(word).collect::<Vec<_>>().join(" ")
    };
    let mut lines: Vec<String> =
        text.lines().filter(|line| !line.contains(" requests (")).map(kept).collect();
    lines.sort();
    lines
}

#[test]
fn a_demo_gives_the_same_counts_each_time() {
    let dir = tempfile::tempdir().unwrap();
    let run = |companies: &str| {
        let output = vainu_etl(dir.path()).args(["demo", "--companies", companies]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        (counts(&dir.path().join("demo/vainu.duckdb")), said(&output))
    };
    let first = run("400");
    assert!(first.0.iter().any(|(name, rows)| name == "main.leads" && *rows > 0), "{:?}", first.0);
    assert!(first.1.iter().any(|line| line.starts_with("Published generation 1 of ")), "{:?}", first.1);
    assert_eq!(run("400"), first);
    // What another demo left in between is of no matter.
    assert_ne!(run("150"), first);
    assert_eq!(run("400"), first);
}

#[test]
fn a_demo_never_touches_what_a_sync_has_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "100"]);
    fs_err::create_dir(dir.path().join("demo")).unwrap();
    let synced = |options: &[&str]| {
        let fixed = ["--base-url", &server.url, "--warehouse", "demo/vainu.duckdb", "sync", "prospects"];
        with_key(dir.path(), &[&fixed[..], options].concat()).output().unwrap()
    };
    // Nothing is published yet, but pages have landed.
    assert_eq!(synced(&["--max-requests", "1"]).status.code(), Some(8));
    let demo = || vainu_etl(dir.path()).args(["demo", "--companies", "100"]).output().unwrap();
    let refused = |output: Output| {
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains("holds more than a demo"), "{}", stderr(&output));
        assert!(stderr(&output).contains("hint: name another folder with --dir"), "{}", stderr(&output));
    };
    refused(demo());
    assert_eq!(synced(&[]).status.code(), Some(0));
    let before = fs_err::read(dir.path().join("demo/vainu.duckdb")).unwrap();
    refused(demo());
    assert_eq!(fs_err::read(dir.path().join("demo/vainu.duckdb")).unwrap(), before);
    // The history is in a kept generation alone.
    assert_eq!(synced(&[]).status.code(), Some(0));
    let state = dir.path().join("demo/vainu.duckdb.etl");
    fs_err::remove_file(dir.path().join("demo/vainu.duckdb")).unwrap();
    fs_err::remove_dir_all(state.join("landing")).unwrap();
    refused(demo());
    assert!(state.join("generations/000001.duckdb").exists());
}

/// The commands below "Try next:".
fn printed_commands(output: &Output) -> Vec<String> {
    let text = stdout(output);
    let commands = text.split("Try next:\n").nth(1).expect(&text).lines();
    commands.take_while(|line| line.starts_with("  ")).map(|line| line.trim().to_owned()).collect()
}

/// Runs a printed line in a shell as the user would, in the folder of the demo.
fn in_shell(dir: &Path, path: &str, line: &str) -> Output {
    let mut command = Command::new("bash");
    command.args(["--norc", "-c", line]).current_dir(dir).env_clear().env("PATH", path).output().unwrap()
}

#[test]
fn the_commands_that_a_demo_prints_work_as_printed_wherever_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_vainu-etl"));
    let system_path = std::env::var("PATH").unwrap();
    let beside = dir.path().join("bin");
    fs_err::create_dir(&beside).unwrap();
    // As `make install` would: the name leads to this very program.
    #[cfg(unix)]
    std::os::unix::fs::symlink(binary, beside.join("vainu-etl")).unwrap();
    let on_path = format!("{}:{system_path}", beside.display());
    let elsewhere = dir.path().join("else where");
    let elsewhere = elsewhere.to_str().unwrap();
    for folder in ["demo", "a b/it's $HOME", "-x", "deep/er/ä;&", elsewhere] {
        let option = format!("--dir={folder}");
        for (path, called) in [(&system_path, binary.to_str().unwrap()), (&on_path, "vainu-etl")] {
            let mut command = vainu_etl(dir.path());
            let output =
                command.env("PATH", path).args(["demo", "--companies", "60", &option]).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{folder}: {}", stderr(&output));
            let commands = printed_commands(&output);
            assert_eq!(commands.len(), 3, "{commands:?}");
            for line in commands {
                assert!(
                    line.trim_start_matches('\'').starts_with(called),
                    "{line} is not called as {called}"
                );
                let output = in_shell(dir.path(), path, &line);
                assert_eq!(output.status.code(), Some(0), "{line}: {}", stderr(&output));
                assert!(!output.stdout.is_empty(), "{line}");
            }
        }
    }
}

#[test]
fn another_program_of_that_name_on_the_path_is_not_what_is_printed() {
    let dir = tempfile::tempdir().unwrap();
    let other = dir.path().join("vainu-etl");
    fs_err::write(&other, "#!/bin/sh\nexit 42\n").unwrap();
    #[cfg(unix)]
    fs_err::set_permissions(&other, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    let mut command = vainu_etl(dir.path());
    let output = command.env("PATH", &path).args(["demo", "--companies", "60"]).output().unwrap();
    for line in printed_commands(&output) {
        assert_eq!(in_shell(dir.path(), &path, &line).status.code(), Some(0), "{line}");
    }
}
