//! What keeps a load from being published can be overruled, by the flag that the message names.

use duckdb::Connection;
use vainu_etl::simulator::{DEMO_API_KEY, Simulator};

use crate::support::{Job, simulator, stderr, vainu_etl, value};

fn run(job: &Job, simulator: &Simulator, verb: &str, options: &[&str]) -> (i32, String) {
    let mut command = vainu_etl(job.dir.path());
    command.env("VAINU_API_KEY", DEMO_API_KEY);
    command.args(["--base-url", &simulator.base_url(), verb]).args(options);
    let output = command.output().unwrap();
    (output.status.code().unwrap(), stderr(&output))
}

/// The flag with its value in a message: what stands between the backquotes.
fn flag(message: &str) -> Vec<&str> {
    let start = message.find("`--").unwrap_or_else(|| panic!("no flag in {message}")) + 1;
    let end = start + message[start..].find('`').unwrap();
    message[start..end].split(' ').collect()
}

fn change(job: &Job, sql: &str) {
    Connection::open(job.warehouse()).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_refuses_is_accepted_with_the_flag_that_its_message_names() {
    let simulator = simulator(300, &[]).await;
    for (check, sql) in [
        (
            "prospects_run_known",
            "UPDATE prospects SET _run_id = 'nobody' WHERE business_id = (SELECT min(business_id) FROM prospects)",
        ),
        (
            "unique_key_of_target_groups",
            "INSERT INTO target_groups BY NAME SELECT 'twice' AS id, 'x' AS _run_id FROM range(2)",
        ),
        (
            "prospects_run_known,unique_key_of_target_groups",
            "UPDATE prospects SET _run_id = 'nobody'; INSERT INTO target_groups BY NAME SELECT 'twice' AS id, 'x' AS _run_id FROM range(2)",
        ),
    ] {
        let job = Job::new();
        assert_eq!(run(&job, &simulator, "sync", &["prospects"]).0, 0);
        change(&job, sql);
        let before = fs_err::read(job.warehouse()).unwrap();
        let (code, refused) = run(&job, &simulator, "sync", &["prospects"]);
        assert_eq!(code, 5, "{refused}");
        assert_eq!(fs_err::read(job.warehouse()).unwrap(), before);
        let given = flag(&refused);
        let mut named: Vec<&str> = given[1].split(',').collect();
        named.sort_unstable();
        assert_eq!((given[0], named.join(",").as_str()), ("--accept-checks", check), "{refused}");
        // One of two is not enough.
        if let Some((one, _)) = check.split_once(',') {
            assert_eq!(run(&job, &simulator, "sync", &["prospects", "--accept-checks", one]).0, 5);
        }
        let options = [&["prospects"][..], &given[..]].concat();
        let (code, accepted) = run(&job, &simulator, "sync", &options);
        assert_eq!(code, 0, "{accepted}");
        assert!(accepted.contains("it is accepted as asked") && accepted.contains(named[0]), "{accepted}");
        let generation: i64 = value(&job.warehouse(), "SELECT generation FROM etl.warehouse");
        assert_eq!(generation, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_loses_too_many_is_published_with_the_flag_that_the_message_names() {
    let simulator = simulator(300, &[]).await;
    let job = Job::new();
    assert_eq!(run(&job, &simulator, "sync", &["prospects"]).0, 0);
    for company in simulator.companies().take(200).collect::<Vec<_>>() {
        let text = |field: &str| company[field].as_str().unwrap().to_owned();
        simulator.delete_company(&text("country"), &text("business_id")).unwrap();
    }
    let (code, refused) = run(&job, &simulator, "sync", &["prospects"]);
    assert_eq!(code, 5, "{refused}");
    let given = flag(&refused);
    assert_eq!(given, ["--max-deleted-percent", "67"], "{refused}");
    let (code, done) = run(&job, &simulator, "sync", &[&["prospects"][..], &given[..]].concat());
    assert_eq!(code, 0, "{done}");
    let live: i64 = value(&job.warehouse(), "SELECT count(*) FROM companies");
    assert_eq!(live, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_does_not_exist_cannot_be_accepted() {
    let simulator = simulator(10, &[]).await;
    let job = Job::new();
    for verb in ["sync", "rebuild"] {
        let (code, message) = run(&job, &simulator, verb, &["--accept-checks", "segments_add_up,nonsense"]);
        assert_eq!(code, 2, "{message}");
        assert!(
            message.contains("there is no check `nonsense`") && message.contains("prospects_run_known"),
            "{message}"
        );
    }
    assert_eq!(simulator.requests().len(), 0);
}
