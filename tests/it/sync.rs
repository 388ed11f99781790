//! A whole sync against the simulator, in one process: what comes in is what is there.

use serde_json::json;
use vainu_etl::catalog::PROSPECTS_TABLE;
use vainu_etl::schema::{Sharing, etl};

use crate::support::{Job, assert_equal_rows, expected, simulator, value, with};

#[tokio::test(flavor = "multi_thread")]
async fn every_company_arrives_with_every_field_equal() {
    let simulator = simulator(5000, &[]).await;
    let job = Job::new();
    let report = job.sync(&simulator).await.unwrap();
    assert_equal_rows(&job.rows(), &expected(simulator.companies()));
    assert_eq!((report.exit_code, report.rows, report.rejects), (0, 5000, 0));
    let proof = &report.lists[0];
    assert_eq!((proof.rows_received, proof.distinct_keys), (5000, 5000));
    assert_eq!((proof.total_before, proof.total_after), (Some(5000), Some(5000)));
    assert_eq!((proof.complete, proof.sweeps, proof.effective_page_size), (true, 1, 1000));
    assert_eq!((proof.inserted, proof.updated, proof.unchanged, proof.deleted), (5000, 0, 0, 0));
}

/// DuckDB would choose the same for the companies of the simulator; told so, it need not try the others.
#[tokio::test(flavor = "multi_thread")]
async fn texts_are_compressed_as_the_catalog_says_that_rows_share_them() {
    let simulator = simulator(3000, &[]).await;
    let job = Job::new();
    job.sync(&simulator).await.unwrap();
    let mut told = 0;
    for table in [&PROSPECTS_TABLE, &etl::LIST_MEMBERS] {
        for column in table.all_columns() {
            let expected = match column.sharing {
                Sharing::Rare => "FSST",
                Sharing::Common => "Dictionary",
                Sharing::Unknown => continue,
            };
            let sql = format!(
                "SELECT string_agg(DISTINCT compression) FROM pragma_storage_info('{}') \
                 WHERE segment_type = 'VARCHAR' AND column_name = '{}'",
                table.qualified(),
                column.name,
            );
            assert_eq!(value::<String>(&job.warehouse(), &sql), expected, "{}.{}", table.name, column.name);
            told += 1;
        }
    }
    assert_eq!(told, 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn asks_for_a_count_then_overlapping_pages_then_the_last_row_alone_then_nothing_then_a_count() {
    let simulator = simulator(2500, &[]).await;
    Job::new().sync(&simulator).await.unwrap();
    let mut asked: Vec<String> = simulator
        .requests()
        .iter()
        .map(|request| {
            let query: Vec<String> =
                request.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("{} {}", request.method, query.join("&"))
        })
        .collect();
    assert_eq!(asked.remove(0), "GET count=true");
    assert_eq!(asked.pop().unwrap(), "GET count=true");
    let mut end = asked.split_off(asked.len() - 2);
    end.sort();
    let at = |offset| format!("GET order=business_id&limit=1000&offset={offset}");
    assert_eq!(end, [at(2499), at(2500)]);
    asked.sort();
    assert_eq!(asked, [at(0), at(1998), at(999)]);
}

/// Switches with which the same data have to come out, and the list has to be proven complete.
const HARMLESS: &[&[&str]] = &[
    &["order=conventional"],
    &["order=ignored"],
    &["order=shuffled"],
    &["limit-max=100"],
    &["limit-max=1"],
    &["limit-max=none"],
    &["limit-ignored=true"],
    &["envelope=results"],
    &["count=number"],
    &["count=missing"],
    &["count=missing", "past-end=404"],
    &["count=missing", "limit-max=70"],
    &["total-offset=-3"],
    &["past-end=404"],
    &["numbers=number"],
    &["short-page=2"],
    &["short-page=3", "envelope=results"],
    &["repeat-page=2"],
    &["repeat-page=3"],
    &["placeholder=true"],
    &["clamp-late=2:37"],
    &["id-prefix=true"],
    &["startswith-business-id=broken"],
    &["unknown-filter=error"],
    &["latency=5"],
    &["remember=true"],
    &["fault=429@2,500@3,503@4,504@5,html@6,reset@7,truncated@8"],
    &["fault=429:1@3"],
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_document_leaves_open_the_published_data_are_the_same() {
    for switches in HARMLESS {
        let companies = if switches.contains(&"limit-max=1") { 60 } else { 700 };
        let simulator = simulator(companies, switches).await;
        let job = Job { page_size: 150, slice_rows: 400, ..Job::new() };
        let report = job.sync(&simulator).await.unwrap_or_else(|error| panic!("{switches:?}: {error:?}"));
        assert_eq!(report.exit_code, 0, "{switches:?}: {:?}", report.lists);
        let expected = expected(simulator.companies().map(|mut company| {
            // Ids are kept without the country in front, whatever the server does.
            if let Some(id) =
                company["business_id"].as_str().and_then(|id| id.strip_prefix(company["country"].as_str()?))
            {
                company["business_id"] = json!(id);
            }
            company
        }));
        assert_eq!(job.rows().len(), expected.len(), "{switches:?}");
        assert_equal_rows(&job.rows(), &expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_does_not_add_up_is_published_without_deleting_and_said_so() {
    let good = simulator(700, &[]).await;
    let job = Job { page_size: 150, ..Job::new() };
    job.sync(&good).await.unwrap();
    let before = job.rows();
    // The server claims four companies more than it gives, and has lost one.
    let bad = simulator(699, &["total-offset=4"]).await;
    let report = job.sync(&bad).await.unwrap();
    assert_eq!((report.exit_code, report.status.as_str()), (4, "incomplete"));
    let proof = &report.lists[0];
    assert_eq!((proof.complete, proof.sweeps, proof.deleted), (false, 3, 0));
    assert_eq!(proof.reasons, ["the server's total is 703, 699 rows were received"]);
    assert_equal_rows(&job.rows(), &before);
    let stored: (bool, i64) = {
        let connection = crate::support::open(&job.warehouse());
        connection
            .query_row("SELECT complete, sweeps FROM etl.streams ORDER BY run_id DESC LIMIT 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap()
    };
    assert_eq!(stored, (false, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unstable_order_that_cannot_be_cut_ends_incomplete_with_everything_that_came() {
    let simulator = simulator(700, &["order=shuffled", "startswith-business-id=broken"]).await;
    let job = Job { page_size: 150, ..Job::new() };
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!(report.exit_code, 4);
    let loaded: i64 = value(&job.warehouse(), "SELECT count(*) FROM prospects");
    assert!((1..=700).contains(&loaded), "{loaded}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_throughout_is_loaded_once_while_other_rows_come_and_go() {
    let simulator = simulator(700, &["drift=2"]).await;
    let job = Job { page_size: 150, ..Job::new() };
    let at_start = expected(simulator.companies());
    let report = job.sync(&simulator).await.unwrap();
    let at_end = expected(simulator.companies());
    let found = job.rows();
    assert_eq!(report.exit_code, if report.lists[0].complete { 0 } else { 4 });
    // Whatever was there throughout is there once.
    for row in at_start.iter().filter(|row| at_end.contains(row)) {
        assert_eq!(found.iter().filter(|found| *found == row).count(), 1, "{row:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_is_cut_so_that_offsets_stay_small() {
    let simulator = simulator(3000, &[]).await;
    let job = Job { page_size: 100, slice_rows: 400, ..Job::new() };
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!(report.exit_code, 0);
    assert_equal_rows(&job.rows(), &expected(simulator.companies()));
    let offsets = simulator.requests().into_iter().flat_map(|request| request.query);
    let deepest =
        offsets.filter(|(key, _)| key == "offset").map(|(_, value)| value.parse::<u64>().unwrap()).max();
    assert!(deepest.unwrap() <= 400, "{deepest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn selections_load_their_union_and_no_company_twice() {
    let simulator = simulator(2000, &[]).await;
    let job = Job::new().select(&[
        &["country__in=FI,DK"],
        &["country=FI", "nstatus=active"],
        &["turn_over__gte=5000000", "country=SE"],
    ]);
    let report = job.sync(&simulator).await.unwrap();
    assert_eq!(report.exit_code, 0);
    let labels: Vec<&str> = report.lists.iter().map(|list| list.list.as_str()).collect();
    assert_eq!(
        labels,
        ["country=FI", "country=DK", "country=FI&nstatus=active", "country=SE&turn_over__gte=5000000"]
    );
    let wanted = simulator.companies().filter(|company| match company["country"].as_str().unwrap() {
        "FI" | "DK" => true,
        "SE" => company["turn_over"].as_str().is_some_and(|text| text.parse::<f64>().unwrap() >= 5e6),
        _ => false,
    });
    assert_equal_rows(&job.rows(), &expected(wanted));
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_ids_are_asked_for_in_several_requests() {
    let simulator = simulator(1500, &[]).await;
    let wanted: Vec<serde_json::Value> =
        simulator.companies().filter(|company| company["country"] == "FI").take(350).collect();
    let ids: Vec<&str> = wanted.iter().map(|company| company["business_id"].as_str().unwrap()).collect();
    let filter = format!("business_ids={}", ids.join(","));
    let job = Job::new().select(&[&["country=FI", &filter]]);
    job.sync(&simulator).await.unwrap();
    assert_equal_rows(&job.rows(), &expected(wanted.clone().into_iter()));
    let pages: Vec<_> = simulator
        .requests()
        .into_iter()
        .filter(|request| request.query.iter().any(|(key, value)| key == "offset" && value == "0"))
        .collect();
    assert_eq!(pages.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_that_fit_no_url_go_by_post() {
    let simulator = simulator(800, &[]).await;
    let names: Vec<String> = simulator
        .companies()
        .take(200)
        .map(|company| company["company_name"].as_str().unwrap().to_owned())
        .collect();
    let plain: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|name| !name.contains(',') && name.trim() == *name && !name.contains('\n'))
        .collect();
    let filter = format!("company_name__in={}", plain.join(","));
    let job = Job::new().select(&[&[&filter]]);
    job.sync(&simulator).await.unwrap();
    assert!(simulator.requests().iter().all(|request| request.method == "POST" && request.query.is_empty()));
    let wanted =
        simulator.companies().filter(|company| plain.contains(&company["company_name"].as_str().unwrap()));
    assert_equal_rows(&job.rows(), &expected(wanted));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sync_shows_exactly_what_changed() {
    let simulator = simulator(1200, &[]).await;
    let job = Job::new();
    job.sync(&simulator).await.unwrap();
    let keys: Vec<(String, String)> = simulator
        .companies()
        .take(3)
        .map(|company| {
            (company["country"].as_str().unwrap().into(), company["business_id"].as_str().unwrap().into())
        })
        .collect();
    simulator.delete_company(&keys[0].0, &keys[0].1).unwrap();
    simulator.set_field(&keys[1].0, &keys[1].1, "company_name", &json!("Renamed Oy")).unwrap();
    let report = job.sync(&simulator).await.unwrap();
    let list = &report.lists[0];
    assert_eq!((list.inserted, list.updated, list.unchanged, list.deleted), (0, 1, 1198, 1));
    assert_eq!(report.generation, 2);
    assert_equal_rows(&job.rows(), &expected(simulator.companies()));
    let (field, after): (String, String) = crate::support::open(&job.warehouse())
        .query_row("SELECT field, after FROM etl.changes WHERE field = 'company_name'", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!((field.as_str(), after.as_str()), ("company_name", "Renamed Oy"));
    let gone: String =
        value(&job.warehouse(), "SELECT business_id FROM prospects WHERE _deleted_at IS NOT NULL");
    assert_eq!(gone, keys[0].1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forbidden_country_stops_the_run_with_the_documents_meaning() {
    let config = with(vainu_etl::simulator::Config::new(300), |config| {
        config.forbidden_countries = vec!["SE".to_owned()];
    });
    let simulator = vainu_etl::simulator::Simulator::start(config).await.unwrap();
    let job = Job::new().select(&[&["country__in=FI,SE"]]);
    let error = job.sync(&simulator).await.unwrap_err();
    assert_eq!(error.exit_code(), 3);
    assert!(!job.warehouse().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_without_companies_is_complete_and_empty() {
    for switches in [&[][..], &["count=number"]] {
        let simulator = simulator(300, switches).await;
        let job = Job::new().select(&[&["country=FI", "company_name__exact=Nobody Oy"]]);
        let report = job.sync(&simulator).await.unwrap();
        assert_eq!((report.exit_code, report.rows), (0, 0));
        assert_eq!((report.lists[0].complete, report.lists[0].total_before), (true, Some(0)));
        assert!(job.rows().is_empty());
    }
}
