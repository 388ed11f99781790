//! What the commands say of selections: every count with what it counts.

use std::process::Output;

use serde_json::Value;
use vainu_etl::simulator::{DEMO_API_KEY, Simulator};

use super::rig::{matching, members};
use crate::support::{simulator, stderr, stdout, vainu_etl};

/// A command with credentials, in a folder.
fn run(dir: &std::path::Path, simulator: &Simulator, arguments: &[&str]) -> Output {
    let mut command = vainu_etl(dir);
    command.env("VAINU_API_KEY", DEMO_API_KEY).args(["--base-url", &simulator.base_url()]).args(arguments);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    output
}

#[tokio::test(flavor = "multi_thread")]
async fn the_members_outside_and_their_cost_are_in_plan_in_the_closing_lines_and_in_the_report() {
    let simulator = simulator(400, &[]).await;
    let wanted = matching(&simulator, &[&["country=FI"]]).await;
    let members = members(&simulator);
    let outside = members.difference(&wanted).count();
    let dir = tempfile::tempdir().unwrap();
    let options = ["--filter", "country=FI"];
    let plan = run(dir.path(), &simulator, &[&["plan"][..], &options].concat());
    let line = format!(
        "{outside} members of target groups are outside of the selection: they are loaded, but not asked about by \
         themselves. `--details-for members` asks about them too, for {outside} requests more."
    );
    assert!(stderr(&plan).contains(&line), "{}", stderr(&plan));
    assert!(stdout(&plan).contains(&format!("{} companies", wanted.len())), "{}", stdout(&plan));
    let json = run(dir.path(), &simulator, &[&["plan", "--format", "json"][..], &options].concat());
    let json: Value = serde_json::from_str(&stdout(&json)).unwrap();
    assert_eq!(json["members_outside"]["members"], outside);
    assert_eq!(json["members_outside"]["requests"], outside);
    let sync = run(dir.path(), &simulator, &[&["sync", "--report", "report.json"][..], &options].concat());
    let said = stderr(&sync);
    assert!(said.contains(&line.replace("but not asked", "but were not asked")), "{said}");
    assert!(said.contains(&format!("{outside} companies of the warehouse are in no selection")), "{said}");
    let report: Value =
        serde_json::from_str(&fs_err::read_to_string(dir.path().join("report.json")).unwrap()).unwrap();
    assert_eq!(report["members_outside"]["members"], outside);
    assert_eq!(report["companies_outside"], outside);
    let status = stdout(&run(dir.path(), &simulator, &["status"]));
    let all = wanted.union(&members).count();
    assert!(status.contains(&format!("selected: {} of {all} live companies", wanted.len())), "{status}");
    // The settings file says the same as the flag.
    fs_err::write(
        dir.path().join("vainu-etl.toml"),
        "details_for = \"members\"\n[[select]]\ncountry = \"FI\"\n",
    )
    .unwrap();
    let plan = run(dir.path(), &simulator, &["plan"]);
    assert!(stderr(&plan).contains("are asked about too"), "{}", stderr(&plan));
    let narrowed = run(dir.path(), &simulator, &["plan", "--details-for", "selection"]);
    assert!(stderr(&narrowed).contains(&line), "a flag beats the file: {}", stderr(&narrowed));
    let help = stdout(&run(dir.path(), &simulator, &["sync", "--help"]));
    for words in
        ["--details-for <WHICH>", "--forget-selections", "Members of target groups are loaded whether"]
    {
        assert!(help.contains(words), "{help}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_companies_and_rows_are_counted_apart() {
    let simulator = simulator(300, &[]).await;
    let dir = tempfile::tempdir().unwrap();
    // Both streams are made of one answer for each company.
    let options = ["prospects", "financial_statements", "details", "--report", "report.json"];
    let said = stderr(&run(dir.path(), &simulator, &[&["sync"][..], &options].concat()));
    let statements: i64 =
        crate::support::value(&dir.path().join("vainu.duckdb"), "SELECT count(*) FROM financial_statements");
    assert!(statements > 300);
    let line = format!("300 answers about 300 companies, {} statements", group(statements));
    assert!(said.contains(&line), "no `{line}` in {said}");
    assert!(said.contains("300 answers about 300 companies, 300 companies"), "{said}");
    assert!(said.contains("details companies: 300 of 300 companies answered with 300 records"), "{said}");
    assert!(said.contains("prospects all: 300 rows, 300 different companies, total 300"), "{said}");
    let status = stdout(&run(dir.path(), &simulator, &["status"]));
    assert!(status.contains("list prospects all: complete, 300 rows, 300 companies"), "{status}");
    assert!(status.contains("300 of 300 companies answered with 300 records"), "{status}");
    let plan = stdout(&run(dir.path(), &simulator, &[&["plan"][..], &options[..3]].concat()));
    assert!(plan.contains("300 rows") && plan.contains("300 companies"), "{plan}");
    let report: Value =
        serde_json::from_str(&fs_err::read_to_string(dir.path().join("report.json")).unwrap()).unwrap();
    let list =
        report["lists"].as_array().unwrap().iter().find(|list| list["stream"] == "financial_statements");
    assert_eq!(list.unwrap()["distinct_keys"], 300);
    assert_eq!(list.unwrap()["inserted"], statements);
}

/// A number with its thousands apart.
fn group(number: i64) -> String {
    indicatif::HumanCount(number.unsigned_abs()).to_string()
}
