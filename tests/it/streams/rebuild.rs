//! `rebuild` makes the same tables of the landed pages, of every stream, without one request.

use std::time::Duration;

use serde_json::json;
use vainu_etl::rebuild::{RebuildSettings, rebuild};

use super::changes::edit;
use super::run::{ALL, DEFAULT, job, run};
use super::tables::{Tables, assert_same, found};
use super::wanted::key_of;
use crate::support::{Job, simulator, value, with};

/// The tables of the published file, after the same tables came out of a rebuild.
fn rebuilt(job: &Job, place: &str) -> Tables {
    let published = found(&job.warehouse());
    let done =
        rebuild(&job.warehouse(), &with(RebuildSettings::default(), |settings| settings.keep = 1)).unwrap();
    assert!(done.rows > 0);
    assert_same(&found(&job.warehouse()), &published, place);
    published
}

#[tokio::test(flavor = "multi_thread")]
async fn all_streams_come_out_of_their_landed_pages_as_they_were() {
    for names in [ALL, DEFAULT] {
        let simulator = simulator(300, &["placeholders=on", "details=some-missing"]).await;
        let job = job(names);
        job.sync(&simulator).await.unwrap();
        let rejects = "SELECT count(*) FROM etl.rejects";
        let before: i64 = value(&job.warehouse(), rejects);
        simulator.clear_requests();
        rebuilt(&job, "one run");
        assert_eq!(value::<i64>(&job.warehouse(), rejects), before);
        assert_eq!(simulator.requests().len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn details_that_lie_in_several_runs_come_out_of_all_of_them_the_newest_first() {
    let simulator = simulator(300, &[]).await;
    let names = ["prospects", "details", "technologies"];
    let day = |settings: &mut vainu_etl::pipeline::SyncSettings| {
        settings.details_max_age = Some(Duration::from_hours(24));
    };
    let finnish = job(&names).select(&[&["country=FI"]]);
    run(&finnish, &simulator, day).await.unwrap();
    let all = Job { dir: finnish.dir, ..job(&names) };
    run(&all, &simulator, day).await.unwrap();
    let key = simulator.companies().map(|company| key_of(&company));
    let key = key
        .into_iter()
        .find(|(country, id)| country == "FI" && !simulator.statements(country, id).unwrap().is_empty());
    let (country, id) = key.unwrap();
    let newest = simulator.statements(&country, &id).unwrap().remove(0);
    let year = i16::try_from(newest["year"].as_i64().unwrap()).unwrap();
    simulator.set_statement(&country, &id, year, "staff_number", &json!(4321)).unwrap();
    run(&all, &simulator, day).await.unwrap();
    rebuilt(&all, "two runs, and a third that asked about nobody");
    let finnish = Job { dir: all.dir, ..job(&names).select(&[&["country=FI"]]) };
    finnish.sync(&simulator).await.unwrap();
    let tables = rebuilt(&finnish, "the corrected statement came last");
    let corrected =
        tables["financial_statements"].iter().any(|row| row["staff_number"].as_deref() == Some("4321"));
    assert!(corrected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_does_not_come_back() {
    let simulator = simulator(400, &[]).await;
    let names = ["prospects", "target_groups", "target_group_members", "customer_data", "leads"];
    let job = job(&names);
    job.sync(&simulator).await.unwrap();
    let edited = edit(&simulator);
    job.sync(&simulator).await.unwrap();
    let tables = rebuilt(&job, "after deletions");
    let groups = &tables["target_groups"];
    assert!(!groups.iter().any(|row| row["id"].as_ref() == Some(&edited.group)));
    assert!(
        !tables["target_group_members"]
            .iter()
            .any(|row| row["target_group_id"].as_ref() == Some(&edited.group))
    );
    let held = "SELECT count(*) FROM etl.list_members WHERE list = ";
    assert_eq!(value::<i64>(&job.warehouse(), &format!("{held}'{}'", edited.group)), 0);
}
