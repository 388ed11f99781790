//! Every value of every table is the simulator's, whichever streams and lists show it.

use std::collections::BTreeSet;

use vainu_etl::selection::DetailsFor;

use super::mapping::TABLES;
use super::run::{ALL, DEFAULT, assert_equal_to_source, job, list, run};
use super::tables::found;
use super::wanted::{Wanted, second_statements};
use crate::support::{open, simulator, value};

/// Asserts that nothing is kept aside, and that nothing differs from the document.
fn assert_nothing_over(path: &std::path::Path) {
    for (table, _) in TABLES {
        let extra: Option<String> =
            value(path, &format!("SELECT min(CAST(_extra AS VARCHAR)) FROM main.{table}"));
        assert_eq!(extra, None, "{table}");
    }
    let drift: Option<String> =
        value(path, "SELECT string_agg(concat_ws(' ', stream, field, kind), ', ') FROM etl.schema_drift");
    assert_eq!(drift, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_value_of_every_stream_arrives_as_it_is() {
    let simulator = simulator(5000, &[]).await;
    let job = job(ALL);
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!((report.exit_code, report.rejects, report.rows), (0, 0, 5000), "{:?}", report.lists);
    let mut wanted = Wanted::all(&simulator, ALL);
    wanted.leads_from = window_from(&report);
    assert_equal_to_source(&job, &wanted, "all streams");
    for (table, rows) in found(&job.warehouse()) {
        assert!(!rows.is_empty(), "{table}");
    }
    assert_nothing_over(&job.warehouse());
    same_digits_stay_apart(&job.warehouse());
}

/// First moment of the leads of target groups that a run asked for.
fn window_from(report: &vainu_etl::report::Report) -> jiff::Timestamp {
    let line = report.lists.iter().find(|line| line.stream == "leads").unwrap();
    line.window_from.as_ref().unwrap().parse().unwrap()
}

/// Every table with companies has those of both countries whose digits are the same, each with its own values.
fn same_digits_stay_apart(path: &std::path::Path) {
    let twins: i64 = value(
        path,
        "SELECT count(*) FROM prospects f JOIN prospects d USING (business_id) WHERE f.country = 'FI' AND d.country = 'DK'",
    );
    assert!(twins >= 50, "{twins}");
    for (table, own) in [
        ("prospect_technologies", "technology"),
        ("prospect_addresses", "visiting_address"),
        ("financial_statements", "turn_over_eur"),
        ("contacts", "email"),
    ] {
        // What both have is a coincidence; were they mixed up, each would have what the other has.
        let sql = format!(
            "SELECT count(*) FROM (SELECT business_id FROM {table} WHERE business_id IN \
             (SELECT business_id FROM prospects GROUP BY business_id HAVING count(DISTINCT country) = 2) \
             GROUP BY business_id HAVING count(DISTINCT country) = 2 \
             AND list(DISTINCT {own}) FILTER (country = 'FI') <> list(DISTINCT {own}) FILTER (country = 'DK'))"
        );
        let apart: i64 = value(path, &sql);
        assert!(apart > 0, "{table}");
    }
    let of_both = "SELECT count(*) FROM target_group_members f JOIN target_group_members d \
                   USING (target_group_id, business_id) WHERE f.country = 'FI' AND d.country = 'DK'";
    assert_eq!(value::<i64>(path, of_both), twins, "one group holds all of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_overlap_show_each_company_once_with_all_that_any_of_them_says() {
    let simulator = simulator(500, &[]).await;
    let names = ["prospects", "target_groups", "target_group_members", "details"];
    let job = job(&names).select(&[&["country=DK"], &["turn_over__gte=1000000"]]);
    // Of all companies: also of members that no selection holds.
    let report = run(&job, &simulator, |settings| settings.details_for = DetailsFor::Members).await.unwrap();
    assert_eq!((report.exit_code, report.rejects), (0, 0), "{:?}", report.lists);
    let wanted = Wanted {
        selected: |company| {
            let turn_over = company["turn_over"].as_str().and_then(|text| text.parse::<f64>().ok());
            company["country"] == "DK" || turn_over.is_some_and(|euros| euros >= 1e6)
        },
        ..Wanted::all(&simulator, &names)
    };
    let selected = simulator.companies().filter(wanted.selected).count();
    assert!(selected < wanted.companies().len(), "groups bring companies that no filter holds");
    assert_equal_to_source(&job, &wanted, "overlapping lists");
    assert_nothing_over(&job.warehouse());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_stream_alone_fills_its_own_tables_and_no_others() {
    let simulator = simulator(150, &[]).await;
    for stream in ALL {
        let job = job(&[stream]);
        let report = run(&job, &simulator, |_| ()).await.unwrap();
        assert_eq!(report.exit_code, 0, "{stream}: {:?}", report.lists);
        let mut names = vec![*stream];
        if ["financial_statements", "details", "contacts", "technologies", "company_leads"].contains(stream) {
            names.push("prospects");
        }
        let mut wanted = Wanted::all(&simulator, &names);
        if *stream == "leads" {
            wanted.leads_from = window_from(&report);
        }
        if !names.contains(&"prospects") {
            wanted.selected = |_| false;
        }
        assert_equal_to_source(&job, &wanted, stream);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_statement_of_a_year_is_rejected_where_nothing_tells_it_from_the_first() {
    let simulator = simulator(500, &[]).await;
    let job = job(DEFAULT);
    let report = job.sync(&simulator).await.unwrap();
    let mut wanted = Wanted::all(&simulator, DEFAULT);
    wanted.leads_from = window_from(&report);
    assert_equal_to_source(&job, &wanted, "default streams");
    let second = second_statements(&simulator) as u64;
    assert!(second > 20, "{second}");
    let line = list(&report, "financial_statements", "companies");
    assert_eq!((report.exit_code, report.rejects, line.rejected), (0, second, second));
    let rows: u64 =
        value::<i64>(&job.warehouse(), "SELECT count(*) FROM financial_statements").try_into().unwrap();
    assert_eq!(rows + second, line.rows_received, "rows and rejects are the records");
    let rejects: i64 = value(
        &job.warehouse(),
        "SELECT CAST(sum(count) AS BIGINT) FROM etl.rejects WHERE stream = 'financial_statements' \
         AND table_name = 'financial_statements' AND json_extract(raw, '$.year') IS NOT NULL",
    );
    assert_eq!(rejects, i64::try_from(second).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mapping_names_every_column_of_every_table_for_people() {
    let simulator = simulator(100, &[]).await;
    let job = job(&["prospects"]);
    job.sync(&simulator).await.unwrap();
    let connection = open(&job.warehouse());
    let sql = "SELECT c.table_name, c.column_name FROM duckdb_columns() c JOIN duckdb_tables() t \
               USING (database_name, schema_name, table_name) \
               WHERE schema_name = 'main' AND NOT starts_with(c.column_name, '_') AND NOT starts_with(t.table_name, 'nace_') \
               AND t.table_name <> 'status_texts'";
    let mut statement = connection.prepare(sql).unwrap();
    let pairs = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let there: BTreeSet<(String, String)> = pairs.collect::<Result<_, _>>().unwrap();
    let of_table = |(table, columns): &(&str, &[super::mapping::Mapped])| {
        let pair = |(column, ..): &super::mapping::Mapped| ((*table).to_owned(), (*column).to_owned());
        columns.iter().map(pair).collect::<Vec<_>>()
    };
    let mapped: BTreeSet<(String, String)> = TABLES.iter().flat_map(of_table).collect();
    assert_eq!(there, mapped);
}
