//! Escape codes go to a terminal that understands them, and nowhere else.

use std::path::Path;
use std::process::{Command, Output};

use vainu_etl::simulator::DEMO_API_KEY;

use super::{Server, is_installed, with_key};
use crate::support::{stderr, stdout};

const ESCAPE: char = '\u{1b}';

/// Commands that log, show tables, report progress, and fail.
const COMMANDS: &[&[&str]] = &[
    &["-vvv", "sync", "prospects"],
    &["-v", "plan", "prospects"],
    &["query", "SELECT 1 AS one, NULL AS none"],
    &["-vv", "query", "segment_by_region", "--format", "markdown"],
    &["status"],
    &["rejects"],
    &["doctor"],
    &["erase", "--contact", "nobody@example.com", "--dry-run"],
    &["sync", "--filter", "contry=FI"],
    &["snyc"],
    &["export"],
    &["--help"],
    &["sync", "--help"],
];

/// The key of a simulator whose answers make the log speak: failures, damage, text with escape codes.
fn server(dir: &Path) -> Server {
    Server::start(dir, &["--companies", "200", "--switch", "fault=500@2,html@4"])
}

#[test]
fn what_is_no_terminal_gets_no_escape_codes_whatever_the_environment_says() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    for environment in
        [&[][..], &[("TERM", "xterm-256color")], &[("TERM", "dumb")], &[("COLORTERM", "truecolor")]]
    {
        for arguments in COMMANDS {
            let mut command = with_key(dir.path(), &["--base-url", &server.url]);
            let output = command.args(*arguments).envs(environment.iter().copied()).output().unwrap();
            let both = format!("{}{}", stdout(&output), stderr(&output));
            assert!(!both.contains(ESCAPE), "{environment:?} {arguments:?}: {both}");
            assert!(!both.is_empty(), "{arguments:?}");
        }
    }
    let logged = with_key(dir.path(), &["--base-url", &server.url, "-vvv", "sync"]).output().unwrap();
    assert!(stderr(&logged).contains("DEBUG"), "{}", stderr(&logged));
}

/// The same command on a terminal of its own, which takes stdout and stderr.
fn on_terminal(dir: &Path, url: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let quoted: Vec<String> = arguments.iter().map(|word| format!("'{word}'")).collect();
    let line = format!("{} --base-url {url} {}", env!("CARGO_BIN_EXE_vainu-etl"), quoted.join(" "));
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).current_dir(dir).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("VAINU_API_KEY", DEMO_API_KEY);
    command.env("SHELL", "/bin/sh").envs(environment.iter().copied()).output().unwrap()
}

#[test]
fn a_dumb_terminal_gets_none_either_and_no_color_turns_colours_off() {
    if !is_installed("script", "A terminal") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    for arguments in COMMANDS {
        let output = on_terminal(dir.path(), &server.url, arguments, &[("TERM", "dumb")]);
        assert!(!stdout(&output).contains(ESCAPE), "{arguments:?}: {:?}", stdout(&output));
    }
    // Colours are `ESC [ … m`; moving the cursor for a progress bar is none.
    let coloured = |text: &str| {
        text.split(ESCAPE).skip(1).any(|code| {
            code.strip_prefix('[').is_some_and(|code| {
                code.trim_start_matches(|c: char| "0123456789;".contains(c)).starts_with('m')
            })
        })
    };
    for arguments in COMMANDS {
        let environment = [("TERM", "xterm-256color"), ("NO_COLOR", "1")];
        let output = on_terminal(dir.path(), &server.url, arguments, &environment);
        assert!(!coloured(&stdout(&output)), "{arguments:?}: {:?}", stdout(&output));
    }
    let shown = on_terminal(dir.path(), &server.url, COMMANDS[0], &[("TERM", "xterm-256color")]);
    assert!(coloured(&stdout(&shown)), "a terminal that can shows colours: {:?}", stdout(&shown));
    // JSON on a terminal is one object on a line, too.
    let json = [&["--log-format", "json"][..], COMMANDS[0]].concat();
    let output = on_terminal(dir.path(), &server.url, &json, &[("TERM", "xterm-256color")]);
    for line in stdout(&output).lines() {
        assert!(
            serde_json::from_str::<serde_json::Value>(line).is_ok_and(|line| line.is_object()),
            "{line:?}"
        );
    }
}
