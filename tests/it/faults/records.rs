//! One record of a list is not valid JSON. At most this record is lost, for every kind of list.
//!
//! The simulator damages the record in every answer that contains it, like a server with a broken encoder. Damage with
//! only one possible meaning is repaired and the record loaded (see decision 0018). For other damage, smaller and
//! smaller pages are requested until the record is alone; it is rejected with its bytes, and the list is reported as
//! incomplete.

use std::collections::BTreeMap;

use serde_json::Value;
use vainu_etl::landing::ledger::{self, Entry};
use vainu_etl::rebuild::{RebuildSettings, rebuild};
use vainu_etl::report::Report;
use vainu_etl::simulator::{Config, Simulator, Switches};

use super::case::{Case, companies, numbered, ordered, single, unordered};
use super::run::{bounded, chain, settings, succeed};
use crate::parts;
use crate::support::{Job, assert_equal_rows, open};

/// Damage that cannot be repaired.
const UNREADABLE: &[&str] = &["comma", "cut", "bare", "bracket", "quotes", "colon", "escape"];

/// Damage with only one possible meaning: the value in `_extra` as text, then the raw value and the reason of the
/// reject.
#[expect(clippy::type_complexity, reason = "a table of three columns, read here alone")]
const NEARLY_JSON: &[(&str, &str, Option<(&str, &str)>)] = &[
    ("nan", "NULL", Some(("NaN", "not a number in JSON; kept as NULL"))),
    (
        "infinity",
        r#"{"deep":[null,null]}"#,
        Some((r#"{"deep":[Infinity,-Infinity]}"#, "not a number in JSON; kept as NULL")),
    ),
    ("control", "a\tb\nc", None),
    (
        "latin1",
        "K\u{fffd}rkk\u{fffd}inen",
        Some(("\"K\u{fffd}rkk\u{fffd}inen\"", "bytes that are not UTF-8; kept as U+FFFD")),
    ),
];

/// Field values that occur in one record of the case's stream only, in the order of the list; and the table of these
/// records.
fn texts(case: &Case, simulator: &Simulator) -> (Vec<String>, &'static str) {
    let text = |record: &Value, field: &str| record[field].as_str().unwrap().to_owned();
    match case.stream.name {
        "prospects" => {
            let mut ids: Vec<String> =
                simulator.companies().map(|company| text(&company, "business_id")).collect();
            ids.sort();
            (ids, "prospects")
        }
        "target_group_members" => {
            let groups = simulator.target_groups();
            let group = groups.iter().find(|group| group["name"] == "Suomi ja Ruotsi").unwrap();
            let members = simulator.members(&text(group, "id")).unwrap();
            (members.iter().map(|member| text(member, "business_id")).collect(), "target_group_members")
        }
        "leads" => {
            let groups = simulator.target_groups();
            let names = groups.iter().map(|group| text(group, "name"));
            (names.filter(|name| name.trim() == name).collect(), "target_groups")
        }
        "customer_data" => {
            let customers = simulator.customer_data();
            (customers.iter().map(|customer| text(customer, "id")).collect(), "customer_data")
        }
        "financial_statements" => {
            // Texts that occur in one statement of one company only.
            let mut times: BTreeMap<String, u32> = BTreeMap::new();
            let mut order = Vec::new();
            for company in simulator.companies() {
                let [country, id] = ["country", "business_id"].map(|field| text(&company, field));
                let statements = simulator.statements(&country, &id).unwrap();
                for statement in &statements {
                    // Of two statements of the same year only one becomes a row, so their texts do not count as unique.
                    let of_year =
                        statements.iter().filter(|other| other["year"] == statement["year"]).count();
                    for value in statement.as_object().unwrap().values().filter_map(Value::as_str) {
                        *times.entry(value.to_owned()).or_default() += u32::try_from(of_year).unwrap();
                        order.push(value.to_owned());
                    }
                }
            }
            let companies: Vec<String> = simulator.companies().map(|company| company.to_string()).collect();
            let is_elsewhere =
                |value: &String| companies.iter().any(|company| company.contains(value.as_str()));
            order.retain(|value| times[value] == 1 && value.len() > 4 && !is_elsewhere(value));
            (order, "financial_statements")
        }
        other => panic!("{other}"),
    }
}

fn spoil(simulator: &Simulator, settings: &[String]) {
    let mut switches = Switches::default();
    for setting in settings {
        switches.set(setting).unwrap();
    }
    simulator.reconfigure(|config| config.switches = switches);
}

fn column(job: &Job, sql: &str) -> Vec<String> {
    let connection = open(&job.warehouse());
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, Option<String>>(0)).unwrap();
    rows.map(|row| row.unwrap().unwrap_or_else(|| "NULL".to_owned())).collect()
}

/// Column `of` of the rejects of the latest run.
fn rejects(job: &Job, of: &str) -> Vec<String> {
    let latest = "(SELECT max(run_id) FROM etl.runs)";
    // The simulator has companies with two statements of one year. Their rejects are not the subject here.
    let ours = "reason <> 'another element has the same key'";
    column(job, &format!("SELECT {of} FROM etl.rejects WHERE last_run = {latest} AND {ours} ORDER BY 1"))
}

fn incomplete(report: &Report) -> Vec<&Vec<String>> {
    report.lists.iter().filter(|list| !list.complete).map(|list| &list.reasons).collect()
}

/// Loads a list with one damaged record into an empty warehouse. With `is_whole`, also rebuilds that warehouse, loads
/// into one that has the record already, and loads both again after the damage is gone.
async fn unreadable(case: Case, damage: &str, place: usize, is_whole: bool) {
    let simulator = Simulator::start(Config::new(case.companies)).await.unwrap();
    let (texts, _) = texts(&case, &simulator);
    let text = &texts[place.min(texts.len() - 1)];
    let switch = [format!("spoil={damage}:{text}")];
    let what = format!("{} {damage} {text}", case.stream.name);

    // Empty warehouse: everything is loaded except the record.
    let first = case.job();
    spoil(&simulator, &switch);
    let report = succeed(&case, &first, &simulator).await;
    let played = simulator.requests().into_iter().filter(|request| request.fault.as_deref() == Some("spoil"));
    assert!(played.count() >= 2, "{what}: it is asked for again");
    assert_eq!(
        (report.exit_code, incomplete(&report)),
        (4, vec![&vec!["1 record unreadable".to_owned()]]),
        "{what}"
    );
    assert_eq!(rejects(&first, "reason"), ["not JSON: the record cannot be read"], "{what}");
    assert_eq!(rejects(&first, "field"), ["NULL"], "{what}");
    let raw = rejects(&first, "raw").remove(0);
    assert!(raw.contains("x_spoiled") && raw.contains(text.as_str()), "{what}: {raw}");
    assert!(raw.starts_with('{') && (raw.ends_with('}') || damage == "cut"), "{what}: {raw}");
    let (found, held) = (case.published(&first), case.held(&simulator));
    assert_eq!(found.len() + 1, held.len(), "{what}");
    assert!(found.iter().all(|row| held.contains(row)), "{what}");
    if case.stream.name != "leads" && case.stream.name != "financial_statements" {
        let least = simulator
            .requests()
            .iter()
            .filter_map(|request| request.param("limit").or(request.param("page_size"))?.parse::<u32>().ok())
            .min();
        assert_eq!(least, Some(1), "{what}: down to the single record");
    }
    assert!(simulator.requests().len() < 160, "{what}: {}", simulator.requests().len());
    if !is_whole {
        return;
    }
    // A rebuild from the landed pages gives the same result.
    rebuild(&first.warehouse(), &RebuildSettings::default()).unwrap();
    assert_equal_rows(&case.published(&first), &found);
    assert_eq!(
        column(&first, "SELECT count(*)::VARCHAR FROM etl.rejects WHERE reason LIKE 'not JSON%'"),
        ["1"],
        "{what}"
    );

    // The warehouse has the record already: it stays as it was, and nothing is deleted.
    let known = case.job();
    simulator.reconfigure(|config| config.switches = Switches::default());
    assert_eq!(succeed(&case, &known, &simulator).await.exit_code, 0);
    spoil(&simulator, &switch);
    let report = succeed(&case, &known, &simulator).await;
    assert_eq!((report.exit_code, incomplete(&report).len()), (4, 1), "{what}: {:?}", report.lists);
    assert!(report.lists.iter().all(|list| list.deleted == 0), "{what}");
    assert_equal_rows(&case.published(&known), &held);

    // The next run asks for the record again, and both warehouses become complete.
    for job in [first, known] {
        simulator.reconfigure(|config| config.switches = Switches::default());
        let report = succeed(&case, &job, &simulator).await;
        assert_eq!((report.exit_code, incomplete(&report).len()), (0, 0), "{what}: {:?}", report.lists);
        assert_equal_rows(&case.published(&job), &held);
    }
}

macro_rules! kinds {
    ($name:ident => $play:path) => {
        mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn ordered() {
                $play(super::ordered()).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn unordered() {
                $play(super::unordered()).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn single() {
                $play(super::single()).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn numbered() {
                $play(super::numbered()).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn companies() {
                $play(super::companies()).await;
            }
        }
    };
}

kinds! { a_record_that_no_parser_takes_is_rejected_and_the_rest_loads => super::each_unreadable }
kinds! { a_record_that_is_nearly_json_is_loaded => super::each_nearly_json }
kinds! { what_is_around_the_json_is_noted_once => super::noted_once }

async fn each_unreadable(case: Case) {
    for (place, damage) in [3, 0, 1, 5, 7, 4, 6].into_iter().zip(UNREADABLE) {
        unreadable(case, damage, place, *damage == "cut").await;
    }
}

async fn each_nearly_json(case: Case) {
    for (damage, extra, reject) in NEARLY_JSON {
        let simulator = Simulator::start(Config::new(case.companies)).await.unwrap();
        let (texts, table) = texts(&case, &simulator);
        let job = case.job();
        spoil(&simulator, &[format!("spoil={damage}:{}", texts[3])]);
        let report = succeed(&case, &job, &simulator).await;
        let what = format!("{} {damage} {}", case.stream.name, texts[3]);
        assert_eq!((report.exit_code, incomplete(&report).len()), (0, 0), "{what}: {:?}", report.lists);
        assert!(
            simulator.requests().iter().any(|request| request.fault.as_deref() == Some("spoil")),
            "{what}"
        );
        assert_equal_rows(&case.published(&job), &case.held(&simulator));
        let spoiled = format!("SELECT _extra ->> 'x_spoiled' FROM {table} WHERE _extra LIKE '%x_spoiled%'");
        assert_eq!(column(&job, &spoiled), [*extra], "{what}");
        let expected: Vec<String> =
            reject.iter().map(|(raw, reason)| format!("{table} x_spoiled {raw} {reason}")).collect();
        assert_eq!(rejects(&job, "concat_ws(' ', table_name, field, raw, reason)"), expected, "{what}");
        assert!(!rejects(&job, "key").contains(&"NULL".to_owned()), "{what}");
    }
}

async fn noted_once(case: Case) {
    let simulator = Simulator::start(Config::new(case.companies)).await.unwrap();
    let job = case.job();
    let drift =
        "SELECT concat_ws(' ', field, sample) FROM etl.schema_drift WHERE kind = 'envelope' AND stream = ";
    let drift = format!("{drift}'{}' ORDER BY 1", case.stream.name);
    for _ in 0..2 {
        spoil(&simulator, &["content-type=text/plain".to_owned(), "byte-order-mark=true".to_owned()]);
        assert_eq!(succeed(&case, &job, &simulator).await.exit_code, 0);
        assert_equal_rows(&case.published(&job), &case.held(&simulator));
        assert_eq!(column(&job, &drift), ["byte order mark EF BB BF", "header Content-Type text/plain"]);
    }
    rebuild(&job.warehouse(), &RebuildSettings::default()).unwrap();
    assert_eq!(column(&job, &drift), ["byte order mark EF BB BF", "header Content-Type text/plain"]);
}

/// The first record, the last one, records on both sides of a seam, and several at once.
#[tokio::test(flavor = "multi_thread")]
async fn records_that_no_parser_takes_are_found_wherever_they_stand() {
    let case = ordered();
    for places in
        [vec![0], vec![599], vec![99], vec![100], vec![7, 8, 9], vec![0, 99, 300, 599], (200..206).collect()]
    {
        let simulator = Simulator::start(Config::new(600)).await.unwrap();
        let (texts, _) = texts(&case, &simulator);
        let switches: Vec<String> =
            places.iter().map(|place| format!("spoil=cut:{}", texts[*place])).collect();
        spoil(&simulator, &switches);
        let job = case.job();
        let report = succeed(&case, &job, &simulator).await;
        let plural = if places.len() == 1 { "" } else { "s" };
        let reason = format!("{} record{plural} unreadable", places.len());
        assert_eq!((report.exit_code, incomplete(&report)), (4, vec![&vec![reason]]), "{places:?}");
        assert_eq!(case.published(&job).len(), 600 - places.len(), "{places:?}");
        let distinct = "SELECT count(DISTINCT raw)::VARCHAR FROM etl.rejects WHERE reason LIKE 'not JSON%'";
        assert_eq!(column(&job, distinct), [places.len().to_string()], "{places:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_unreadable_is_not_searched_for_again_by_the_run_that_goes_on() {
    let case = ordered();
    let simulator = Simulator::start(Config::new(600)).await.unwrap();
    let (texts, _) = texts(&case, &simulator);
    // A record of the first page. Both ends are tried, because the order may be ascending or descending.
    let mut found = None;
    for place in [40, 559] {
        let job = case.job();
        spoil(&simulator, &[format!("spoil=comma:{}", texts[place])]);
        let (mut budgeted, _) = settings(&case, &job, &simulator);
        // Enough requests for the first page and its parts, but not for the whole list.
        budgeted.client.max_requests = Some(28);
        let error = bounded(&budgeted).await.unwrap_err();
        assert_eq!(error.exit_code(), 8, "{}", chain(&error));
        let run = fs_err::read_dir(find_landing(&job)).unwrap().next().unwrap().unwrap().path();
        let parted = ledger::read(&run).unwrap().into_iter().find_map(|entry| match entry {
            Entry::Parted { key, parts } => Some((key, parts)),
            _ => None,
        });
        if let Some((_, parts)) = parted {
            assert!(parts.len() > 3, "{parts:?}");
            found = Some(job);
            break;
        }
    }
    let job = found.expect("the page is in the ledger with its parts");
    simulator.clear_requests();
    let report = succeed(&case, &job, &simulator).await;
    assert!(report.resumed);
    assert_eq!((report.exit_code, incomplete(&report)), (4, vec![&vec!["1 record unreadable".to_owned()]]));
    let asked = simulator.requests();
    let again: Vec<_> = parts::asked(&asked).into_iter().filter(|part| part.position < 99).collect();
    assert!(again.is_empty(), "{again:?}");
    assert_eq!(rejects(&job, "reason"), ["not JSON: the record cannot be read"]);
    assert_eq!(case.published(&job).len(), 599);
}

fn find_landing(job: &Job) -> std::path::PathBuf {
    let mut folders = vec![job.dir.path().to_owned()];
    while let Some(folder) = folders.pop() {
        if folder.ends_with("landing") {
            return folder;
        }
        let entries = fs_err::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        folders.extend(entries.filter(|path| path.is_dir()));
    }
    panic!("there is a landing folder")
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_can_be_read_it_is_the_server_and_the_message_shows_the_place() {
    for case in [ordered(), numbered()] {
        let simulator = Simulator::start(Config::new(case.companies)).await.unwrap();
        let job = case.job();
        succeed(&case, &job, &simulator).await;
        let before = fs_err::read(job.warehouse()).unwrap();
        // Every company is in one of these countries.
        let countries: Vec<String> =
            ["FI", "SE", "NO", "DK"].iter().map(|country| format!("spoil=comma:{country}")).collect();
        spoil(&simulator, &countries);
        let error = bounded(&settings(&case, &job, &simulator).0).await.unwrap_err();
        let text = chain(&error);
        assert_eq!(error.exit_code(), 4, "{text}");
        assert!(text.contains("the body is not JSON at byte ") && text.contains("x_spoiled"), "{text}");
        let hint = error.hint().unwrap();
        assert!(!hint.contains("base") && !text.contains("--base-url"), "{hint}");
        assert!(simulator.requests().len() < 200, "{}", simulator.requests().len());
        assert_eq!(fs_err::read(job.warehouse()).unwrap(), before);
        simulator.reconfigure(|config| config.switches = Switches::default());
        let report = succeed(&case, &job, &simulator).await;
        assert!(report.exit_code == 0 && report.resumed);
        assert_equal_rows(&case.published(&job), &case.held(&simulator));
    }
}
