//! A company.

use serde_json::{Value, json};

use super::rig::{ALFA, Rig, dump, lines, texts};
use crate::support::{Job, assert_equal_rows, expected, open, prospects, simulator};

#[test]
fn a_company_goes_and_the_one_with_the_same_digits_stays() {
    let rig = Rig::new();
    let outcome = rig.erase(&[ALFA]);
    assert_eq!(outcome.problems, Vec::<String>::new());
    let touched = lines(&outcome);
    for line in [
        "generation 1 prospects 1 removed",
        "generation 1 etl.list_members 1 removed",
        "generation 1 etl.rejects 1 removed",
        "published file contacts 1 removed",
        "published file etl.changes 1 removed",
        "published file customer_data 1 left",
        "published file prospects 1 changed",
        "landing 20260101T000000Z-0000 prospects 2 removed",
    ] {
        assert!(touched.contains(&line.to_owned()), "{line} is not among {touched:#?}");
    }
    let connection = open(&rig.warehouse());
    let keys = "SELECT country || business_id FROM prospects ORDER BY ALL";
    assert_eq!(texts(&connection, keys), ["DK00000001", "FI00000002", "FI00000003"]);
    assert_eq!(texts(&connection, "SELECT mother FROM prospects WHERE business_id = '00000003'"), ["NULL"]);
    assert_eq!(
        texts(&connection, "SELECT _extra FROM prospects WHERE business_id = '00000003'"),
        [r#"{"subsidiaries":["FI00000009"]}"#]
    );
    assert_eq!(
        texts(&connection, "SELECT id FROM customer_data"),
        ["a", "b"],
        "without a country it is left"
    );
    // The ledger's header says which selection the run was given, and so do the tables.
    assert_eq!(rig.files_that_say("Alfa Oy"), Vec::<String>::new());
    rig.rebuild();
    assert_eq!(texts(&open(&rig.warehouse()), keys), ["DK00000001", "FI00000002", "FI00000003"]);
    assert!(!format!("{:?}", dump(&rig.warehouse())).contains("Alfa Oy"));
}

#[test]
fn a_selection_that_names_the_company_is_left_and_said() {
    let rig = Rig::new();
    let connection = duckdb::Connection::open(rig.warehouse()).unwrap();
    connection
        .execute_batch("UPDATE etl.runs SET arguments = '--filter business_ids=FI00000001,FI2'; CHECKPOINT")
        .unwrap();
    connection.close().unwrap();
    let outcome = rig.erase(&[ALFA]);
    let count = texts(&open(&rig.warehouse()), "SELECT CAST(count(*) AS VARCHAR) FROM etl.runs");
    let line = format!("published file etl.runs {} left", count[0]);
    assert!(lines(&outcome).contains(&line), "{line}: {:#?}", lines(&outcome));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_of_real_runs_is_gone_from_all_generations_and_comes_back_with_the_next_sync() {
    let simulator = simulator(600, &[]).await;
    let job = Job { page_size: 100, ..Job::new() };
    job.sync(&simulator).await.unwrap();
    let company: Value = simulator.companies().nth(7).unwrap();
    let [country, id] = ["country", "business_id"].map(|name| company[name].as_str().unwrap().to_owned());
    for name in ["Quercus Unica Oy", "Quercus Secunda Oy"] {
        simulator.set_field(&country, &id, "company_name", &json!(name)).unwrap();
        job.sync(&simulator).await.unwrap();
    }
    let rig = Rig { dir: job.dir };
    assert!(rig.files_that_say("Quercus").len() >= 4, "{:?}", rig.files_that_say("Quercus"));
    let (files, before): (Vec<_>, Vec<_>) =
        rig.files().into_iter().map(|path| (path.clone(), prospects(&path))).unzip();
    let outcome = rig.erase(&[&format!("{country}{id}")]);
    assert_eq!(outcome.problems, Vec::<String>::new());
    assert_eq!(rig.files_that_say("Quercus"), Vec::<String>::new());
    for (path, before) in files.iter().zip(before) {
        let is_theirs = |row: &crate::support::Row| {
            row["country"].as_deref() == Some(&country) && row["business_id"].as_deref() == Some(&id)
        };
        let wanted: Vec<_> = before.into_iter().filter(|row| !is_theirs(row)).collect();
        assert_equal_rows(&prospects(path), &wanted);
        let sql = format!(
            "SELECT concat_ws(' ', (SELECT count(*) FROM etl.list_members WHERE country = '{country}' AND business_id = '{id}'), \
             (SELECT count(*) FROM etl.changes WHERE country = '{country}' AND business_id = '{id}'))"
        );
        assert_eq!(texts(&open(path), &sql), ["0 0"]);
    }
    rig.rebuild();
    let others =
        simulator.companies().filter(|other| other["business_id"] != id || other["country"] != country);
    assert_equal_rows(&prospects(&rig.warehouse()), &expected(others));
    let job = Job { dir: rig.dir, page_size: 100, ..Job::new() };
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!((report.exit_code, report.lists[0].inserted), (0, 1));
    assert_equal_rows(&job.rows(), &expected(simulator.companies()));
}
