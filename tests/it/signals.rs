//! Signals that end the process, also as process 1 of a container.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use vainu_etl::simulator::{DEMO_API_KEY, Simulator};

use crate::support::{stderr, vainu_etl, value};

/// A simulator that is slow enough to be interrupted.
fn slow(runtime: &tokio::runtime::Runtime) -> Simulator {
    runtime.block_on(crate::support::simulator(3000, &["latency=60"]))
}

fn sync(dir: &Path, simulator: &Simulator) -> Command {
    let mut command = vainu_etl(dir);
    command.env("VAINU_API_KEY", DEMO_API_KEY).args([
        "--base-url",
        &simulator.base_url(),
        "sync",
        "prospects",
    ]);
    command.args(["--page-size", "100", "--concurrency", "2"]);
    command
}

fn kill(signal: &str, pid: u32) {
    assert!(Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).status().unwrap().success());
}

/// Waits until so many requests have come.
fn wait_for(simulator: &Simulator, requests: usize) {
    while simulator.requests().len() < requests {
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn each_signal_ends_a_sync_in_order_with_its_own_exit_code_and_the_same_command_goes_on() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let simulator = slow(&runtime);
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let dir = tempfile::tempdir().unwrap();
        simulator.clear_requests();
        let run = sync(dir.path(), &simulator).stderr(Stdio::piped()).spawn().unwrap();
        wait_for(&simulator, 6);
        kill(signal, run.id());
        let output = run.wait_with_output().unwrap();
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{signal}: {text}");
        assert!(text.contains("Interrupted (") && text.contains("hint: "), "{signal}: {text}");
        let answered = simulator.requests().len();
        assert!(answered < 30, "{signal}: the run was not stopped");
        let again = sync(dir.path(), &simulator).output().unwrap();
        assert_eq!(again.status.code(), Some(0), "{signal}: {}", stderr(&again));
        assert!(stderr(&again).contains("Resuming the unfinished run"), "{signal}: {}", stderr(&again));
        assert_eq!(value::<i64>(&dir.path().join("vainu.duckdb"), "SELECT count(*) FROM prospects"), 3000);
    }
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // What is in flight when the first signal comes takes longer than the test.
    let simulator = runtime.block_on(crate::support::simulator(200, &["fault=hang@3+"]));
    let dir = tempfile::tempdir().unwrap();
    let mut run = sync(dir.path(), &simulator).stderr(Stdio::piped()).spawn().unwrap();
    wait_for(&simulator, 3);
    kill("TERM", run.id());
    let said = BufReader::new(run.stderr.take().unwrap()).lines().map(Result::unwrap);
    let said = said.into_iter().find(|line| line.contains("Interrupted (SIGTERM)"));
    assert!(
        said.is_some() && run.try_wait().unwrap().is_none(),
        "the first signal waits for what is in flight"
    );
    kill("INT", run.id());
    assert_eq!(run.wait().unwrap().code(), Some(130));
}

#[test]
fn what_nohup_has_switched_off_stays_off() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let simulator = slow(&runtime);
    let dir = tempfile::tempdir().unwrap();
    let run = sync(dir.path(), &simulator);
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(run.get_program()).args(run.get_args());
    shell.current_dir(dir.path()).env("VAINU_API_KEY", DEMO_API_KEY).stderr(Stdio::piped());
    let run = shell.spawn().unwrap();
    wait_for(&simulator, 6);
    kill("HUP", run.id());
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

/// Process 1 of a namespace of its own; none where the system lets nobody have one.
#[expect(clippy::print_stdout, reason = "a test that is skipped says why")]
fn as_process_1(command: &Command) -> Option<Child> {
    let unshare = |command: &mut Command| {
        command.args(["-r", "--fork", "--pid"]);
    };
    let mut probe = Command::new("unshare");
    unshare(&mut probe);
    if !probe.arg("true").output().is_ok_and(|probe| probe.status.success()) {
        println!("skipped: this system lets nobody have a process namespace (`unshare -r --fork --pid`)");
        return None;
    }
    let mut own = Command::new("unshare");
    unshare(&mut own);
    own.arg(command.get_program()).args(command.get_args());
    own.current_dir(command.get_current_dir().unwrap());
    own.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Some(own.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

/// The child of a process, as the namespace outside numbers it.
fn child_of(pid: u32) -> u32 {
    let parent = format!("PPid:\t{pid}");
    loop {
        for entry in fs_err::read_dir("/proc").unwrap().map(Result::unwrap) {
            let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
            if status.lines().any(|line| line == parent) {
                return entry.file_name().to_str().unwrap().parse().unwrap();
            }
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn process_1_of_a_container_ends_like_any_other() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let simulator = slow(&runtime);
    let dir = tempfile::tempdir().unwrap();
    let Some(run) = as_process_1(&sync(dir.path(), &simulator)) else { return };
    wait_for(&simulator, 6);
    kill("TERM", child_of(run.id()));
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143), "{}", stderr(&output));
    assert!(stderr(&output).contains("Interrupted (SIGTERM)"), "{}", stderr(&output));

    // What cannot end in order ends at once: a command that waits for a server that does not answer.
    let mut plan = vainu_etl(dir.path());
    let hanging = runtime.block_on(crate::support::simulator(50, &["fault=hang@1+"]));
    plan.env("VAINU_API_KEY", DEMO_API_KEY).args(["--base-url", &hanging.base_url(), "plan"]);
    let run = as_process_1(&plan).unwrap();
    let child = child_of(run.id());
    // By then it is the program itself, with its handlers.
    wait_for(&hanging, 1);
    kill("TERM", child);
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143), "{}", stderr(&output));
}
