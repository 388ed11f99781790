//! A hint is true where it is printed.

use std::process::Output;

use super::{Server, with_key};
use crate::support::{stderr, vainu_etl, value};

fn hint(output: &Output) -> String {
    let text = stderr(output);
    let hint = text.lines().rev().find_map(|line| line.strip_prefix("hint: "));
    hint.unwrap_or_else(|| panic!("no hint: {text}")).to_owned()
}

#[test]
fn a_run_that_was_stopped_says_how_it_goes_on_and_does() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "900"]);
    let sync = |more: &[&str]| {
        let fixed = ["--base-url", &server.url, "sync", "prospects", "--page-size", "100"];
        with_key(dir.path(), &[&fixed[..], more].concat()).output().unwrap()
    };
    let stopped = sync(&["--max-requests", "3"]);
    assert_eq!(stopped.status.code(), Some(8));
    let says = hint(&stopped);
    assert!(
        says.contains("--max-requests") && says.contains("the same command goes on where this run stopped"),
        "{says}"
    );
    // With --restart the same command would begin anew.
    let restarted = sync(&["--max-requests", "4", "--restart"]);
    assert_eq!(restarted.status.code(), Some(8));
    let says = hint(&restarted);
    assert!(says.contains("the same command without --restart goes on"), "{says}");
    let finished = sync(&[]);
    assert_eq!(finished.status.code(), Some(0));
    assert!(stderr(&finished).contains("Resuming the unfinished run"), "{}", stderr(&finished));
}

#[test]
fn what_loads_nothing_promises_no_going_on() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "300"]);
    let never = ["goes on", "resume", "landed"];
    for arguments in
        [&["plan", "--max-requests", "1"][..], &["plan", "--max-duration", "0s"], &["job", "show", "5b0e5b"]]
    {
        let mut command = with_key(dir.path(), &["--base-url", &server.url]);
        let output = command.args(arguments).output().unwrap();
        assert_ne!(output.status.code(), Some(0), "{arguments:?}");
        let says = hint(&output);
        assert!(never.iter().all(|word| !says.contains(word)), "{arguments:?}: {says}");
    }
    // A filter that is wrong has to be changed: the same command would do the same.
    let output = with_key(dir.path(), &["sync", "--filter", "contry=FI"]).output().unwrap();
    assert!(never.iter().all(|word| !hint(&output).contains(word)), "{}", hint(&output));
}

#[test]
fn the_hints_about_operators_and_several_values_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "60"]);
    let plan = |filters: &[&str]| {
        let filters: Vec<&str> = filters.iter().flat_map(|filter| ["--filter", filter]).collect();
        let fixed = ["--base-url", &server.url, "plan", "prospects"];
        with_key(dir.path(), &[&fixed[..], &filters].concat()).output().unwrap()
    };
    // What is refused, what the hint says, and what the user then types.
    let cases: &[(&[&str], &str, &str)] = &[
        (&["country__gt=FI"], "it takes the operators __exact, __in, __ne", "country__in=FI"),
        (&["nstatus__in=active"], "it takes the operators __exact, __ne", "nstatus__exact=active"),
        (&["turn_over__startswith=1"], "__exact, __gt, __gte, __in, __lt, __lte, __ne", "turn_over__gte=1"),
        (&["business_ids__in=1"], "write `business_ids=` without an operator", "business_ids=FI01032880"),
        (&["country=FI", "country=SE"], "`country__in=A,B`", "country__in=FI,SE"),
        (&["city=Oslo", "city=Turku"], "`city__in=A,B`", "city__in=Oslo,Turku"),
        (&["business_ids=1", "business_ids=2"], "`business_ids=A,B`", "business_ids=FI01032880,FI01032881"),
        (&["turn_over__gte=1", "turn_over__gte=2"], "give it once", "turn_over__gte=2"),
        (&["nstatus=active", "nstatus=inactive"], "give it once", "nstatus=active"),
        (&["business_ids=@no-such-file.txt"], "check the path behind `@`", "country=FI"),
    ];
    for (refused, says, accepted) in cases {
        let output = plan(refused);
        assert_eq!(output.status.code(), Some(2), "{refused:?}: {}", stderr(&output));
        assert!(hint(&output).contains(says), "{refused:?}: {}", hint(&output));
        let output = plan(&[accepted]);
        assert_eq!(output.status.code(), Some(0), "{accepted}: {}", stderr(&output));
    }
}

#[test]
fn a_damaged_file_that_is_moved_away_is_followed_by_the_generation_before() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--companies", "60"]);
    for _ in 0..2 {
        let output =
            with_key(dir.path(), &["--base-url", &server.url, "sync", "prospects"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    let warehouse = dir.path().join("vainu.duckdb");
    // The header says DuckDB, the rest is noise.
    let mut bytes = fs_err::read(&warehouse).unwrap();
    bytes[64..4096].fill(0xa5);
    fs_err::write(&warehouse, bytes).unwrap();
    let run = |arguments: &[&str]| vainu_etl(dir.path()).args(arguments).output().unwrap();
    let damaged = run(&["status"]);
    assert_eq!(damaged.status.code(), Some(6), "{}", stderr(&damaged));
    let says = hint(&damaged);
    assert!(says.contains("move it away") && says.contains("`vainu-etl rollback`"), "{says}");
    fs_err::rename(&warehouse, dir.path().join("damaged.duckdb")).unwrap();
    let rolled = run(&["rollback"]);
    assert_eq!(rolled.status.code(), Some(0), "{}", stderr(&rolled));
    assert_eq!(value::<i64>(&warehouse, "SELECT generation FROM etl.warehouse"), 1);
}

#[test]
fn what_is_no_warehouse_is_not_to_be_rolled_back() {
    let dir = tempfile::tempdir().unwrap();
    fs_err::write(
        dir.path().join("notes.txt"),
        "no database, but a text that is long enough to be looked at",
    )
    .unwrap();
    fs_err::write(dir.path().join("file"), "").unwrap();
    let run = |warehouse: &str, verb: &[&str]| {
        let fixed = ["--warehouse", warehouse];
        vainu_etl(dir.path()).args([&fixed[..], verb].concat()).output().unwrap()
    };
    for verb in [&["status"][..], &["rebuild"], &["rollback"]] {
        let output = run("notes.txt", verb);
        assert_eq!(output.status.code(), Some(6), "{verb:?}: {}", stderr(&output));
        let says = hint(&output);
        assert!(says.contains("--warehouse") && !says.contains("rollback"), "{verb:?}: {says}");
    }
    let below_a_file = run("file/vainu.duckdb", &["rebuild"]);
    assert!(!hint(&below_a_file).contains("create the folder"), "{}", hint(&below_a_file));
    let missing = run("no/such/vainu.duckdb", &["rebuild"]);
    assert!(hint(&missing).contains("create the folder `no/such`"), "{}", hint(&missing));
    let rollback = run("vainu.duckdb", &["rollback"]);
    assert_eq!(
        (rollback.status.code(), hint(&rollback).as_str()),
        (Some(2), "no earlier generation is kept")
    );
}
