//! What did not fit, from the API to the command that shows it.

use std::path::Path;

use vainu_etl::catalog::{DETAILS, PROSPECTS, Stream};
use vainu_etl::simulator::DEMO_API_KEY;

use crate::support::{Job, simulator, stderr, stdout, vainu_etl, value};

const STREAMS: &[&Stream] = &[&PROSPECTS, &DETAILS];

/// What `rejects` prints with those options, line by line, and what it says.
fn rejects(dir: &Path, options: &[&str]) -> (Vec<String>, String) {
    let output = vainu_etl(dir).arg("rejects").args(options).args(["--format", "csv"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    (stdout(&output).lines().map(str::to_owned).collect(), stderr(&output))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_shows_what_is_wrong_with_whom_in_the_last_run_and_counts_it_by_reason() {
    let bad = simulator(60, &["placeholders=on"]).await;
    let job = Job { streams: STREAMS.to_vec(), ..Job::new() };
    let first = job.sync(&bad).await.unwrap();
    let second = job.sync(&bad).await.unwrap();
    // One at the end of the list, and for each company one among its statements and one among its addresses.
    assert_eq!((first.rejects, second.rejects), (121, 121));
    let count = "SELECT count(*) FROM etl.rejects";
    assert_eq!(value::<i64>(&job.warehouse(), count), 121);
    let unknown =
        "SELECT count(*) FROM etl.rejects WHERE (key IS NULL OR field IS NULL) AND stream = 'details'";
    assert_eq!(
        value::<i64>(&job.warehouse(), unknown),
        0,
        "the company and the list in its answer are known"
    );

    let (lines, said) = rejects(job.dir.path(), &[]);
    assert_eq!(lines[0], "reason,key,field,raw,table_name,stream,count,first_run,last_run,page,list");
    assert_eq!((lines.len(), said.as_str()), (122, ""));
    let runs = format!(",2,{},{},", first.run_id, second.run_id);
    assert!(lines[1..].iter().all(|line| line.starts_with("not a JSON object,") && line.contains(&runs)));
    let (lines, _) = rejects(job.dir.path(), &["--by-reason"]);
    assert_eq!(lines[0], "reason,table_name,field,rejects,example_key,example_raw");
    let counts = [
        "financial_statements,financial_statements,60,",
        "prospect_addresses,prospect_addresses,60,",
        "prospects,,1,,",
    ];
    assert_eq!(lines.len(), 4);
    for (line, count) in lines[1..].iter().zip(counts) {
        assert!(line.starts_with(&format!("not a JSON object,{count}")), "{line}");
    }
    assert_eq!(rejects(job.dir.path(), &["--run", &first.run_id]).0.len(), 122);

    // The companies are right again, and are read again.
    let good = simulator(60, &[]).await;
    let only_list = Job { streams: vec![&PROSPECTS], dir: job.dir, ..Job::new() };
    let third = only_list.sync(&good).await.unwrap();
    assert_eq!(third.rejects, 0);
    let dir = only_list.dir.path();
    let (lines, said) = rejects(dir, &[]);
    assert_eq!(lines.len(), 1);
    assert_eq!(
        said,
        format!(
            "Everything fitted in run {}. What did not fit before and was not read again: vainu-etl rejects --run all\n",
            third.run_id
        )
    );
    assert_eq!(rejects(dir, &["--run", "all"]).0.len(), 121, "those of the companies' answers");
    let both = Job { streams: STREAMS.to_vec(), dir: only_list.dir, ..Job::new() };
    let last = both.sync(&good).await.unwrap();
    assert_eq!(value::<i64>(&both.warehouse(), count), 0);
    let (lines, said) = rejects(both.dir.path(), &["--by-reason"]);
    assert_eq!((lines.len(), said), (1, format!("Everything fitted in run {}.\n", last.run_id)));

    let output =
        vainu_etl(both.dir.path()).args(["rejects", "--run", "20200101T000000Z-0000"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(said.contains("the warehouse holds no run `20200101T000000Z-0000`"), "{said}");
    assert!(said.contains(&last.run_id) && said.contains("`--run all`"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_ends_with_the_command_that_shows_what_did_not_fit() {
    let sync = |dir: &Path, url: &str, options: &[&str]| {
        let mut command = vainu_etl(dir);
        command.env("VAINU_API_KEY", DEMO_API_KEY).args(["--base-url", url, "sync", "prospects"]);
        let output = command.args(options).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stderr(&output).lines().last().unwrap().to_owned()
    };
    let dir = tempfile::tempdir().unwrap();
    let bad = simulator(20, &["placeholders=on"]).await;
    let last = sync(dir.path(), &bad.base_url(), &[]);
    assert_eq!(last, "What did not fit, and why: vainu-etl rejects");
    let last = sync(dir.path(), &bad.base_url(), &["--warehouse", "it's here.duckdb"]);
    let command = r"vainu-etl --warehouse 'it'\''s here.duckdb' rejects";
    assert_eq!(last, format!("What did not fit, and why: {command}"));
    // As printed, a shell runs it.
    let shown = command.replacen("vainu-etl", env!("CARGO_BIN_EXE_vainu-etl"), 1);
    let shell =
        std::process::Command::new("sh").args(["-c", &shown]).current_dir(dir.path()).output().unwrap();
    assert!(stdout(&shell).contains("not a JSON object"), "{}", stderr(&shell));
    let good = simulator(20, &[]).await;
    let last = sync(dir.path(), &good.base_url(), &[]);
    assert!(!last.contains("What did not fit"), "{last}");
}
