//! The README can be followed from top to bottom: its commands, its settings, its messages.

use std::path::Path;
use std::process::Command;

use vainu_etl::simulator::DEMO_API_KEY;

use super::{Server, with_key};
use crate::support::{stderr, stdout, value};

fn text(file: &str) -> String {
    fs_err::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// The blocks of a language in the README, in their order.
fn blocks(language: &str) -> Vec<String> {
    let readme = text("README.md");
    let opening = format!("\n```{language}\n");
    let bodies = readme.split(&opening).skip(1);
    bodies.map(|body| body.split("\n```").next().unwrap().to_owned()).collect()
}

/// A command line as the shell takes it apart; quotes and a comment at the end are all that the README uses.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, '#') if words.last().is_some_and(String::is_empty) => break,
            (None, ' ') => words.push(String::new()),
            (_, c) => words.last_mut().unwrap().push(c),
        }
    }
    words.into_iter().filter(|word| !word.is_empty()).collect()
}

/// Every command of the program that the README names, in blocks and between backticks.
fn commands() -> Vec<Vec<String>> {
    let readme = text("README.md");
    let in_blocks = readme.lines().map(|line| line.trim().trim_start_matches("$ ").to_owned());
    let in_text = readme.split('`').map(|part| part.replace('\n', " "));
    let named = in_blocks.chain(in_text).filter(|line| line.starts_with("vainu-etl "));
    named.map(|line| words(&line)).collect()
}

#[test]
fn every_command_of_the_readme_is_one() {
    let commands = commands();
    assert!(commands.len() >= 8, "{commands:?}");
    for words in commands {
        let parsed = vainu_etl::cli::command().try_get_matches_from(&words);
        // Help is an error to clap, too, but not one of usage.
        let refused = parsed.err().filter(clap::Error::use_stderr);
        assert!(refused.is_none(), "{words:?}: {}", refused.unwrap());
    }
}

#[test]
fn every_target_of_the_readme_is_one_and_the_program_is_installed_before_it_is_called() {
    let (readme, makefile) = (text("README.md"), text("Makefile"));
    let targets = readme
        .split("make ")
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect::<String>());
    let after_backtick = |target: &String| {
        readme.contains(&format!("`make {target}")) || readme.contains(&format!("\nmake {target} "))
    };
    let mut named = 0;
    for target in targets.filter(after_backtick) {
        assert!(makefile.contains(&format!("\n{target}: ")), "there is no target {target}");
        named += 1;
    }
    assert!(named >= 4, "{named} targets are named");
    let installed = readme.find("\nmake install ").expect("a block installs the program");
    let called = readme.find("\nvainu-etl ").expect("a block calls the program");
    assert!(installed < called);
}

#[test]
fn the_commands_for_the_real_api_work_as_they_stand() {
    let block = blocks("sh").into_iter().find(|block| block.contains("vainu-etl doctor")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "300"]);
    #[cfg(unix)]
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_vainu-etl"), dir.path().join("vainu-etl")).unwrap();
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    // The reader's own key, and the API of this test.
    let script = block.replace("VAINU_API_KEY=…", &format!("VAINU_API_KEY={DEMO_API_KEY}"));
    assert_ne!(script, block);
    let mut command = Command::new("bash");
    command.args(["--norc", "-euc", &script]).current_dir(dir.path()).env_clear();
    let output = command.env("PATH", path).env("VAINU_BASE_URL", &server.url).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let companies: i64 = value(&dir.path().join("vainu.duckdb"), "SELECT count(*) FROM companies");
    assert!(companies > 0);
    assert!(dir.path().join("parquet/manifest.json").exists());
}

#[test]
fn the_settings_of_the_readme_run_as_they_stand() {
    let settings = blocks("toml").remove(0);
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "600"]);
    fs_err::write(dir.path().join("vainu-etl.toml"), &settings).unwrap();
    for verb in ["plan", "sync", "status"] {
        let output = with_key(dir.path(), &["--base-url", &server.url, verb]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{verb}: {}", stderr(&output));
    }
    assert!(dir.path().join("vainu.duckdb").exists());
    // A line that is commented out is a setting too, once the mark is taken away.
    let uncomment = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if rest.contains(" = ") => rest.to_owned(),
        _ => line.to_owned(),
    };
    let all: Vec<String> = settings.lines().map(uncomment).collect();
    assert_ne!(all.join("\n"), settings);
    fs_err::write(dir.path().join("vainu-etl.toml"), all.join("\n")).unwrap();
    let output = with_key(dir.path(), &["status"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn the_messages_of_the_readme_are_those_of_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let mut shown = 0;
    for block in blocks("text").iter().filter(|block| block.starts_with("$ vainu-etl ")) {
        let (line, message) = block.split_once('\n').unwrap();
        let arguments = words(line.trim_start_matches("$ "));
        let arguments: Vec<&str> = arguments[1..].iter().map(String::as_str).collect();
        let output = with_key(dir.path(), &arguments).output().unwrap();
        assert_eq!(stderr(&output).trim_end(), message, "{line}");
        shown += 1;
    }
    assert!(shown > 0);
}
