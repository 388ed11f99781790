//! Hostile values in a record of each stream: each ends as a value, as a reject with the JSON as received, or as drift, and
//! the run goes on.

use vainu_etl::extract::Unobserved;
use vainu_etl::pipeline::sync;
use vainu_etl::report::Report;

use super::exits::column;
use super::subjects::{Record, SUBJECTS, Subject, answer, asks_companies, id};
use crate::support::{Job, open, simulator};
use crate::wire::{Received, Wire};

/// What becomes of a hostile value.
enum Then {
    /// The row has this in the text's column.
    Text(String),
    /// This field is a reject for that reason, and the row is there.
    Reject(&'static str, String, &'static str),
    /// The record is rejected as a whole.
    Rejected,
    /// The field is drift of that kind, and the row is there.
    Drift(String, &'static str),
}

struct Hostile {
    name: &'static str,
    /// Makes the record hostile; what becomes of it. None where the stream has no such field.
    make: fn(&Subject, &mut Record) -> Option<Then>,
}

const DIGITS: &str = "1234567890123456789012345678901234567890";
const LONG: usize = 5 << 20;
const DEEP: usize = 1000;

const HOSTILE: &[Hostile] = &[
    Hostile { name: "nothing hostile", make: |subject, record| text(subject, record, "x") },
    Hostile {
        name: "an unknown field",
        make: |_, record| {
            record.push(("x_unknown".to_owned(), "1".to_owned()));
            Some(Then::Drift("x_unknown".to_owned(), "unknown"))
        },
    },
    Hostile {
        name: "a missing field",
        make: |subject, record| {
            record.retain(|(name, _)| *name != subject.text.0);
            Some(Then::Drift(subject.text.0.to_owned(), "missing"))
        },
    },
    Hostile {
        name: "an object for a text",
        make: |subject, record| reject(record, subject.text.0, r#"{"a":[1]}"#, "an object"),
    },
    Hostile {
        name: "a list for a text",
        make: |subject, record| {
            set(record, subject.text.0, "[1]");
            Some(Then::Drift(subject.text.0.to_owned(), "type"))
        },
    },
    Hostile {
        name: "null for a key",
        make: |subject, record| {
            set(record, subject.key?, "null");
            Some(Then::Rejected)
        },
    },
    Hostile {
        name: "a text of five megabytes",
        make: |subject, record| text(subject, record, &"å".repeat(LONG / 2)),
    },
    Hostile { name: "NUL", make: |subject, record| text(subject, record, "a\0b\0") },
    Hostile {
        name: "half of a surrogate pair",
        make: |subject, record| reject(record, subject.text.0, r#""\ud800x""#, "half of a surrogate pair"),
    },
    Hostile {
        name: "a number of forty digits",
        make: |subject, record| reject(record, subject.number?, DIGITS, "a number beyond"),
    },
    Hostile {
        name: "a day that no calendar has",
        make: |subject, record| {
            let (field, reason) = subject.time?;
            reject(record, field, r#""1994-13-40""#, reason)
        },
    },
    Hostile {
        name: "a thousand lists in each other",
        make: |_, record| {
            let deep = "[".repeat(DEEP) + &"]".repeat(DEEP);
            record.push(("x_deep".to_owned(), deep.clone()));
            Some(Then::Reject("x_deep", deep, "nested too deep"))
        },
    },
];

fn set(record: &mut Record, field: &str, json: &str) {
    json.clone_into(&mut record.iter_mut().find(|(name, _)| name == field).unwrap().1);
}

#[expect(clippy::unnecessary_wraps, reason = "what the table of values wants: some have no such field")]
fn text(subject: &Subject, record: &mut Record, text: &str) -> Option<Then> {
    set(record, subject.text.0, &serde_json::to_string(text).unwrap());
    Some(Then::Text(text.to_owned()))
}

#[expect(clippy::unnecessary_wraps, reason = "what the table of values wants: some have no such field")]
fn reject(record: &mut Record, field: &'static str, json: &str, reason: &'static str) -> Option<Then> {
    set(record, field, json);
    Some(Then::Reject(field, json.to_owned(), reason))
}

fn hostile(subject: &Subject) -> Vec<(Record, Option<Then>)> {
    let made = HOSTILE.iter().enumerate().map(|(number, hostile)| {
        let mut record = subject.record(number);
        let then = (hostile.make)(subject, &mut record);
        (record, then)
    });
    made.collect()
}

/// Two records with the same key and other texts; the companies that are asked for have one with both.
fn twins(subject: &Subject) -> Vec<Record> {
    ["one", "other"]
        .iter()
        .map(|twin| {
            let mut record = subject.record(0);
            text(subject, &mut record, twin);
            record
        })
        .collect()
}

/// The server knows by the first two parts of the path what it is to answer with.
fn answering(request: &Received) -> String {
    let mut parts = request.path().trim_start_matches('/').splitn(5, '/');
    let (what, stream) = (parts.next().unwrap(), parts.next().unwrap());
    let path = parts.nth(2).unwrap();
    let subject = SUBJECTS.iter().find(|subject| subject.stream.name == stream).unwrap();
    let records = match what {
        "hostile" => hostile(subject).into_iter().map(|(record, _)| record).collect(),
        _ => twins(subject),
    };
    answer(subject, &records, path, request)
}

/// Loads the stream from a server that answers so.
async fn load(what: &str, subject: &Subject) -> (Job, Report) {
    let wire = Wire::start(answering).await;
    let job = Job { streams: vec![subject.stream], ..Job::new() };
    // The simulator only lends its settings.
    let mut settings = job.settings(&simulator(0, &[]).await);
    settings.client.base_url = wire.url().join(&format!("/{what}/{}/api/v1/", subject.stream.name)).unwrap();
    let report = sync(&settings, &Unobserved, std::future::pending()).await.unwrap();
    (job, report)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_value_in_a_record_of_any_stream_ends_as_a_value_a_reject_or_drift() {
    for subject in SUBJECTS {
        let (job, report) = load("hostile", subject).await;
        assert_eq!(report.exit_code, 0, "{}: {:?}", subject.stream.name, report.lists);
        let connection = open(&job.warehouse());
        let stream = subject.stream.name;
        for (number, (record, then)) in hostile(subject).into_iter().enumerate() {
            let place = format!("{stream}: {}", HOSTILE[number].name);
            let row = format!(
                "SELECT coalesce(CAST({} AS VARCHAR), '∅') FROM {} WHERE {} = '{}'",
                subject.text.1,
                subject.table,
                subject.found_by.1,
                id(number)
            );
            let found = column(&connection, &row);
            let rejects = |what: &str| {
                column(
                    &connection,
                    &format!("SELECT reason FROM etl.rejects WHERE stream = '{stream}' AND {what}"),
                )
            };
            match then {
                None => assert_eq!(found.len(), 1, "{place}"),
                Some(Then::Text(text)) => assert!(found == [text.clone()], "{place}: {found:.200?}"),
                Some(Then::Reject(field, raw, reason)) => {
                    let raw = raw.replace('\'', "''");
                    let reasons = rejects(&format!("field = '{field}' AND raw = '{raw}'"));
                    assert!(reasons.len() == 1 && reasons[0].contains(reason), "{place}: {reasons:?}");
                    assert_eq!(found.len(), 1, "{place}");
                }
                Some(Then::Rejected) => {
                    let key = subject.key.unwrap();
                    let reasons = rejects(&format!("field = '{key}' AND contains(raw, '\"{key}\":null')"));
                    assert!(
                        reasons.len() == 1 && reasons[0].contains("no usable key"),
                        "{place}: {reasons:?}"
                    );
                    // Companies that are asked for come from a list too.
                    let is_there = asks_companies(subject) && subject.table == "prospects";
                    assert_eq!(found.len(), usize::from(is_there), "{place}: {record:?}");
                }
                Some(Then::Drift(field, kind)) => {
                    let sql = format!(
                        "SELECT kind FROM etl.schema_drift WHERE stream = '{stream}' AND field = '{field}' AND kind = '{kind}'"
                    );
                    assert_eq!(column(&connection, &sql), [kind], "{place}");
                    assert_eq!(found.len(), 1, "{place}");
                }
            }
        }
    }
}

/// What becomes of two records with one key. Where a list says how many rows it has, they are one too few, so that it is
/// not complete; where everything comes at once, one of them is a row.
#[tokio::test(flavor = "multi_thread")]
async fn two_records_with_the_same_key_are_one_row_and_nothing_ends() {
    for subject in SUBJECTS.iter().filter(|subject| subject.key.is_some() && !asks_companies(subject)) {
        let (job, report) = load("twins", subject).await;
        let counts = subject.stream.name != "target_groups";
        assert_eq!(
            report.exit_code,
            if counts { 4 } else { 0 },
            "{}: {:?}",
            subject.stream.name,
            report.lists
        );
        let connection = open(&job.warehouse());
        let sql = format!("SELECT {} FROM {}", subject.text.1, subject.table);
        let found = column(&connection, &sql);
        assert!(found == ["one"] || found == ["other"], "{}: {found:?}", subject.stream.name);
    }
}
