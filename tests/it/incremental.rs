//! Nights that read only what changed since the last one.

use std::time::Duration;

use serde_json::json;
use vainu_etl::catalog::{DETAILS, PROSPECTS};
use vainu_etl::error::Error;
use vainu_etl::extract::Unobserved;
use vainu_etl::pipeline::{SyncSettings, sync};
use vainu_etl::rebuild::{RebuildSettings, rebuild};
use vainu_etl::report::Report;
use vainu_etl::simulator::Simulator;

use crate::support::{Job, Row, assert_equal_rows, expected, prospects, simulator, value};

const WEEK: Duration = Duration::from_hours(7 * 24);

/// A night that reads lists whole once a week, with further settings that `change` has changed.
async fn night_with(
    job: &Job,
    simulator: &Simulator,
    change: impl FnOnce(&mut SyncSettings),
) -> Result<Report, Error> {
    let mut settings = job.settings(simulator);
    settings.full_every = Some(WEEK);
    settings.keep_raw = 20;
    change(&mut settings);
    simulator.clear_requests();
    sync(&settings, &Unobserved, std::future::pending()).await
}

async fn night(job: &Job, simulator: &Simulator) -> Report {
    let report = night_with(job, simulator, |_| {}).await.unwrap();
    assert_eq!(report.exit_code, 0, "{:?}", report.lists);
    report
}

/// Values of the parameter that asks for what changed, and rows of companies that came.
fn asked(simulator: &Simulator) -> (Vec<String>, usize) {
    let requests = simulator.requests();
    let of_lists = || requests.iter().filter(|request| request.path.ends_with("/prospects/filter/"));
    let since = of_lists().map(|request| {
        let own = request.query.iter().filter(|(name, _)| name.starts_with("basic_modified"));
        own.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    });
    (since.collect(), of_lists().filter_map(|request| request.rows).sum())
}

fn keys(simulator: &Simulator) -> Vec<(String, String)> {
    let text = |company: &serde_json::Value, name: &str| company[name].as_str().unwrap().to_owned();
    simulator.companies().map(|company| (text(&company, "country"), text(&company, "business_id"))).collect()
}

fn count(job: &Job, sql: &str) -> i64 {
    value(&job.warehouse(), sql)
}

const LIVE: &str = "SELECT count(*) FROM prospects WHERE _deleted_at IS NULL";

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_is_read_and_what_disappeared_is_found_by_the_next_whole_reading() {
    let simulator = simulator(300, &[]).await;
    let job = Job::new();
    night(&job, &simulator).await;
    assert!(asked(&simulator).0.iter().all(String::is_empty), "the first night reads the list whole");

    let keys = keys(&simulator);
    let ((country, id), (gone_country, gone_id)) = (&keys[7], &keys[9]);
    simulator.set_field(country, id, "company_name", &json!("Renamed Oy")).unwrap();
    simulator.delete_company(gone_country, gone_id).unwrap();
    let report = night(&job, &simulator).await;
    let (since, rows) = asked(&simulator);
    assert!(
        !since.is_empty() && since.iter().all(|one| one.starts_with("basic_modified__gt=20")),
        "{since:?}"
    );
    assert!((1..20).contains(&rows), "{rows} rows came");
    assert!(report.lists[0].complete && report.lists[0].window_from.is_some());
    let renamed =
        format!("SELECT count(*) FROM prospects WHERE business_id = '{id}' AND company_name = 'Renamed Oy'");
    assert_eq!(count(&job, &renamed), 1);
    // A list of what changed deletes nothing and takes nobody out of a selection.
    assert_eq!((count(&job, LIVE), count(&job, "SELECT count(*) FROM etl.list_members")), (300, 300));
    assert_eq!(count(&job, "SELECT count(*) FROM prospects WHERE NOT _selected"), 0);

    night_with(&job, &simulator, |settings| settings.full = true).await.unwrap();
    assert!(asked(&simulator).0.iter().all(String::is_empty), "--full reads the list whole");
    assert_eq!((count(&job, LIVE), count(&job, "SELECT count(*) FROM etl.list_members")), (299, 299));
    assert_equal_rows(&prospects(&job.warehouse()), &expected(simulator.companies()));
    let whole = "SELECT count(*) FROM etl.streams WHERE window_from IS NULL AND read_at IS NOT NULL";
    assert_eq!((count(&job, whole), count(&job, "SELECT count(*) FROM etl.streams")), (2, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_search_begins_an_overlap_before_the_start_of_the_last_good_reading() {
    let simulator = simulator(120, &[]).await;
    let job = Job::new();
    let hours = |hours: u64| Duration::from_hours(hours);
    night(&job, &simulator).await;
    for (overlap, wanted) in [(hours(6), 6 * 3600), (hours(30), 30 * 3600)] {
        let read_at = count(&job, "SELECT epoch_us(max(read_at)) // 1000000 FROM etl.streams");
        night_with(&job, &simulator, |settings| settings.overlap = overlap).await.unwrap();
        let since = asked(&simulator).0.remove(0);
        let since: jiff::civil::DateTime =
            since.strip_prefix("basic_modified__gt=").unwrap().parse().unwrap();
        let since = jiff::tz::Offset::UTC.to_timestamp(since).unwrap().as_second();
        assert!((read_at - since - wanted).abs() <= 1, "{since} is {wanted} s before {read_at}");
    }
    // A night that is not complete moves nothing.
    let before = count(&job, "SELECT epoch_us(max(read_at) FILTER (complete)) FROM etl.streams");
    let failed = night_with(&job, &simulator, |settings| settings.client.max_requests = Some(1)).await;
    assert_eq!(failed.unwrap_err().exit_code(), 8);
    assert_eq!(count(&job, "SELECT epoch_us(max(read_at) FILTER (complete)) FROM etl.streams"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_of_the_server_decides_from_when_on_changes_are_read() {
    let six_hours_behind = simulator(120, &["date=-21600"]).await;
    let job = Job::new();
    night(&job, &six_hours_behind).await;
    let behind = "SELECT (epoch_us(r.clock_at) - epoch_us(s.read_at)) // 1000000 FROM etl.streams s JOIN etl.runs r USING (run_id)";
    let behind = count(&job, behind);
    assert!((behind - 21_600).abs() <= 5, "{behind} s");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_heed_the_filter_is_noticed_and_its_list_is_loaded_as_the_whole() {
    let simulator = simulator(300, &["ignored-filter=basic_modified"]).await;
    let job = Job::new();
    night(&job, &simulator).await;
    let (country, id) = &keys(&simulator)[3];
    simulator.delete_company(country, id).unwrap();
    let report = night(&job, &simulator).await;
    let (since, rows) = asked(&simulator);
    assert!(rows >= 299 && since.iter().any(|one| one.contains("2100-01-01")), "{since:?}");
    assert!(report.lists[0].window_from.is_none(), "the list counts as read whole");
    assert_eq!(count(&job, LIVE), 299);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_whole_whenever_what_changed_would_not_do() {
    let simulator = simulator(120, &[]).await;
    let whole = |simulator: &Simulator| asked(simulator).0.iter().all(String::is_empty);
    let finnish = Job::new().select(&[&["country=FI"]]);
    night(&finnish, &simulator).await;
    night(&finnish, &simulator).await;
    assert!(!whole(&simulator));
    // Another selection, and the first one again, which keeps its place.
    let swedish = Job { dir: finnish.dir, ..Job::new().select(&[&["country=SE"]]) };
    night(&swedish, &simulator).await;
    assert!(whole(&simulator), "another selection");
    let finnish = Job { dir: swedish.dir, ..Job::new().select(&[&["country=FI"]]) };
    night(&finnish, &simulator).await;
    assert!(!whole(&simulator));
    // A whole reading is due, or was never said to be enough.
    let due = |settings: &mut SyncSettings| settings.full_every = Some(Duration::ZERO);
    night_with(&finnish, &simulator, due).await.unwrap();
    assert!(whole(&simulator), "a whole reading is due");
    night_with(&finnish, &simulator, |settings| settings.full_every = None).await.unwrap();
    assert!(whole(&simulator), "every run reads everything by default");
    // After a rebuild nothing says when the list was read.
    rebuild(&finnish.warehouse(), &RebuildSettings::default()).unwrap();
    night(&finnish, &simulator).await;
    assert!(whole(&simulator), "after a rebuild");
    night(&finnish, &simulator).await;
    assert!(!whole(&simulator));
    // A file without a column that the program has now.
    let file = duckdb::Connection::open(finnish.warehouse()).unwrap();
    let views = "SELECT string_agg(format('DROP VIEW {};', view_name), ' ') FROM duckdb_views() WHERE NOT internal AND schema_name = 'main'";
    let views: String = file.query_row(views, [], |row| row.get(0)).unwrap();
    file.execute_batch(&format!("{views} ALTER TABLE prospects DROP COLUMN linkedin_id; CHECKPOINT;"))
        .unwrap();
    drop(file);
    night(&finnish, &simulator).await;
    assert!(whole(&simulator), "a new column");
    assert!(count(&finnish, "SELECT count(*) FROM prospects WHERE linkedin_id IS NOT NULL") > 0);
    // A selection by ids, and one that itself says what changed.
    let (_, id) = &keys(&simulator)[0];
    for filter in [format!("business_ids={id}"), "basic_modified__gt=2001-01-01T00:00:00".to_owned()] {
        let job = Job::new().select(&[&[&filter]]);
        night(&job, &simulator).await;
        let first = asked(&simulator).0;
        night(&job, &simulator).await;
        assert_eq!(asked(&simulator).0, first, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn companies_are_asked_about_when_they_changed_or_their_details_are_old() {
    let simulator = simulator(80, &[]).await;
    let job = Job { streams: vec![&PROSPECTS, &DETAILS], ..Job::new() };
    let answers = |simulator: &Simulator| {
        let requests = simulator.requests().into_iter();
        requests
            .filter(|request| request.path.ends_with("/all/"))
            .map(|request| request.path)
            .collect::<Vec<_>>()
    };
    let aged = |settings: &mut SyncSettings| settings.details_max_age = Some(WEEK);
    night_with(&job, &simulator, aged).await.unwrap();
    assert_eq!(answers(&simulator).len(), 80);
    // Nobody is old: those that changed are asked about.
    let (country, id) = &keys(&simulator)[5];
    simulator.set_field(country, id, "company_name", &json!("Renamed Oy")).unwrap();
    let report = night_with(&job, &simulator, aged).await.unwrap();
    assert_eq!(report.exit_code, 0, "{:?}", report.lists);
    let asked_about = answers(&simulator);
    assert!(asked_about.iter().any(|path| path.contains(id.as_str())), "{asked_about:?}");
    assert!(asked_about.len() < 20, "{asked_about:?}");
    // All are old: all are asked about, although the list shows few of them.
    night(&job, &simulator).await;
    let (since, rows) = asked(&simulator);
    assert!(rows < 20 && !since[0].is_empty());
    assert_eq!(answers(&simulator).len(), 80);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_takes_the_last_whole_reading_and_all_changes_since_which_are_kept_for_it() {
    let simulator = simulator(200, &[]).await;
    let job = Job::new();
    let kept = |settings: &mut SyncSettings| settings.keep_raw = 1;
    night_with(&job, &simulator, kept).await.unwrap();
    for (number, name) in [(3, "A"), (5, "B"), (3, "C")] {
        let (country, id) = &keys(&simulator)[number];
        simulator.set_field(country, id, "company_name", &json!(name)).unwrap();
        night_with(&job, &simulator, kept).await.unwrap();
    }
    let before = prospects(&job.warehouse());
    rebuild(&job.warehouse(), &RebuildSettings::default()).unwrap();
    assert_equal_rows(&prospects(&job.warehouse()), &before);
    assert_equal_rows(&before, &expected(simulator.companies()));
    let runs =
        || fs_err::read_dir(job.warehouse().with_extension("duckdb.etl").join("landing")).unwrap().count();
    assert_eq!(runs(), 4, "the whole reading and three nights of changes");
    night_with(&job, &simulator, |settings| (settings.full, settings.keep_raw) = (true, 1)).await.unwrap();
    assert_eq!(runs(), 1, "a new whole reading needs no earlier one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_that_was_cut_off_asks_for_the_same_changes_when_it_goes_on() {
    let simulator = simulator(150, &[]).await;
    let job = Job { page_size: 20, ..Job::new() };
    night(&job, &simulator).await;
    for (country, id) in keys(&simulator).iter().take(60) {
        simulator.set_field(country, id, "staff_number", &json!(77)).unwrap();
    }
    let cut = night_with(&job, &simulator, |settings| settings.client.max_requests = Some(2)).await;
    assert_eq!(cut.unwrap_err().exit_code(), 8);
    let first = asked(&simulator).0.remove(0);
    let report = night(&job, &simulator).await;
    assert!(report.resumed);
    assert!(asked(&simulator).0.iter().all(|since| *since == first), "{first}");
    assert_equal_rows(&prospects(&job.warehouse()), &expected(simulator.companies()));
}

/// Numbers that look random, the same in every run.
struct Dice(u64);

impl Dice {
    /// The next number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_each_of_many_nights_the_warehouse_is_what_changes_can_tell_and_after_a_whole_reading_all_of_it()
 {
    let simulator = simulator(250, &["fault-rate=5"]).await;
    let job = Job { page_size: 40, ..Job::new() };
    let mut dice = Dice(7);
    let mut gone: Vec<Row> = Vec::new();
    for number in 0..14 {
        let is_whole = number % 5 == 0;
        let report = night_with(&job, &simulator, |settings| settings.full = is_whole).await.unwrap();
        assert_eq!(report.exit_code, 0, "night {number}: {:?}", report.lists);
        assert_eq!(report.lists[0].window_from.is_none(), is_whole, "night {number}");
        if is_whole {
            gone.clear();
        }
        // What disappeared since the last whole reading is still there as it was, and nothing else differs.
        let mut known = expected(simulator.companies());
        known.extend(gone.iter().cloned());
        known.sort_by(|a, b| (&a["country"], &a["business_id"]).cmp(&(&b["country"], &b["business_id"])));
        assert_equal_rows(&prospects(&job.warehouse()), &known);
        assert_eq!(count(&job, "SELECT count(*) FROM etl.list_members"), i64::try_from(known.len()).unwrap());

        for change in 0..dice.below(12) {
            let keys = keys(&simulator);
            let (country, id) = &keys[dice.below(keys.len())];
            match dice.below(4) {
                0 => {
                    let last = prospects(&job.warehouse()).into_iter();
                    let is_it = |row: &Row| {
                        row["country"].as_ref() == Some(country) && row["business_id"].as_ref() == Some(id)
                    };
                    gone.extend(last.filter(is_it));
                    simulator.delete_company(country, id).unwrap();
                }
                1 => simulator.set_field(country, id, "staff_number", &json!(dice.below(500))).unwrap(),
                2 => simulator.set_field(country, id, "turn_over", &json!(dice.below(90_000))).unwrap(),
                _ => {
                    let name = json!(format!("Night {number}.{change} Oy"));
                    simulator.set_field(country, id, "company_name", &name).unwrap();
                }
            }
        }
    }
    // The history tells every value that a company had: put on the first ones, the changes give the last ones.
    let replayed = "SELECT count(*) FROM prospects p WHERE _deleted_at IS NULL AND company_name IS DISTINCT FROM \
         coalesce((SELECT arg_max(c.after, c.run_id) FROM etl.changes c WHERE c.country = p.country \
                   AND c.business_id = p.business_id AND c.field = 'company_name'), company_name)";
    assert_eq!(count(&job, replayed), 0);
    assert!(count(&job, "SELECT count(*) FROM etl.changes") > 20);
}
