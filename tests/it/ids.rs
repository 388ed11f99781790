//! Files of ids and keys as people's programs write them, and ids that the server does not have.

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use vainu_etl::rebuild::{RebuildSettings, rebuild};
use vainu_etl::simulator::{DEMO_API_KEY, Simulator};

use crate::support::{Job, open, simulator, stderr, stdout, vainu_etl, value, with};

/// Ids of companies of a country, without prefix and dash.
fn ids_of(simulator: &Simulator, country: &str, most: usize) -> Vec<String> {
    let companies = simulator.companies().filter(|company| company["country"] == country);
    let ids = companies.map(|company| company["business_id"].as_str().unwrap().replace('-', ""));
    ids.take(most).collect()
}

fn run(dir: &Path, simulator: &Simulator, arguments: &[&str]) -> Output {
    let mut command = vainu_etl(dir);
    command.env("VAINU_API_KEY", DEMO_API_KEY).args(["--base-url", &simulator.base_url()]).args(arguments);
    command.output().unwrap()
}

/// A text as UTF-16 with a byte order mark.
fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(bytes).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_ids_is_understood_in_every_form_in_which_windows_writes_it() {
    let simulator = simulator(300, &[]).await;
    let ids = ids_of(&simulator, "FI", 3);
    let plain = ids.join("\n") + "\n";
    let dashed: Vec<String> = ids.iter().map(|id| format!("{}-{}", &id[..7], &id[7..])).collect();
    let crlf = plain.replace('\n', "\r\n");
    let forms: Vec<(&str, Vec<u8>, bool)> = vec![
        ("plain", plain.clone().into_bytes(), false),
        ("crlf", crlf.clone().into_bytes(), false),
        ("cr", plain.replace('\n', "\r").into_bytes(), false),
        ("bom", [&b"\xef\xbb\xbf"[..], crlf.as_bytes()].concat(), false),
        ("utf-16le", utf_16(&crlf, u16::to_le_bytes), false),
        ("utf-16be", utf_16(&crlf, u16::to_be_bytes), false),
        ("header", format!("business_id\r\n{crlf}").into_bytes(), true),
        ("bom and header", format!("\u{feff}Y-tunnus\r\n{crlf}").into_bytes(), true),
        ("utf-16 and header", utf_16(&format!("orgnr\r\n{crlf}"), u16::to_le_bytes), true),
        ("blank lines", format!("\r\n\r\n{}\r\n \r\n", crlf.replace("\r\n", "\r\n\r\n")).into_bytes(), false),
        (
            "excel",
            format!("\"Y-tunnus\";\"Nimi\"\r\n{}", lines(&dashed, |id| format!("\"{id}\";\"A; B\"\r\n")))
                .into_bytes(),
            true,
        ),
        ("semicolons", lines(&dashed, |id| format!("{id};;\r\n")).into_bytes(), false),
        (
            "prefixes and blanks",
            lines(&ids, |id| format!(" fi {} {}\t\n", &id[..4], &id[4..])).into_bytes(),
            false,
        ),
    ];
    for (form, bytes, has_header) in forms {
        let dir = tempfile::tempdir().unwrap();
        fs_err::write(dir.path().join("ids.csv"), bytes).unwrap();
        simulator.clear_requests();
        let output = run(
            dir.path(),
            &simulator,
            &["sync", "prospects", "--filter", "country=FI", "--filter", "business_ids=@ids.csv"],
        );
        assert_eq!(output.status.code(), Some(0), "{form}: {}", stderr(&output));
        let loaded: i64 = value(&dir.path().join("vainu.duckdb"), "SELECT count(*) FROM prospects");
        assert_eq!(loaded, 3, "{form}");
        let said = stderr(&output).contains("taken for a header and skipped");
        assert_eq!(said, has_header, "{form}: {}", stderr(&output));
        for request in simulator.requests() {
            let mut asked: Vec<&str> = request.param("business_ids").unwrap().split(',').collect();
            asked.sort_unstable();
            let mut wanted: Vec<&str> = ids.iter().map(String::as_str).collect();
            wanted.sort_unstable();
            assert_eq!(asked, wanted, "{form}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_in_a_file_is_named_with_its_line_and_nothing_is_sent() {
    let simulator = simulator(50, &[]).await;
    for (bytes, words) in [
        (&b"09704098\r\nK\xe4rkk\xe4inen\r\n"[..], &["`ids.csv`, line 2", "byte 0xE4 is not UTF-8"][..]),
        (b"09704098\n0970409/8\n", &["`ids.csv`, line 2", "value `0970409/8`"]),
        (b"ids\n09704098\n1.2E+09\n", &["`ids.csv`, line 3", "value `1.2E+09`"]),
        (b"Name;City\n09704098;Hki\n", &["`ids.csv`, line 1", "several columns"]),
        (b"0\x009\x007\x00", &["`ids.csv`, line 1", "NUL"]),
        (b"business_id\r\n", &["filter `business_ids` has no value"]),
        (b"", &["filter `business_ids` has no value"]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        fs_err::write(dir.path().join("ids.csv"), bytes).unwrap();
        simulator.clear_requests();
        let output = run(dir.path(), &simulator, &["sync", "prospects", "--filter", "business_ids=@ids.csv"]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        for words in words {
            assert!(said.contains(words), "no `{words}` in {said}");
        }
        assert!(said.contains("hint: "), "{said}");
        assert_eq!(simulator.requests().len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_file_of_windows_holds_the_key() {
    let simulator = simulator(50, &[]).await;
    let dir = tempfile::tempdir().unwrap();
    let with_end = format!("{DEMO_API_KEY}\r\n");
    for bytes in [
        format!("\u{feff}{with_end}").into_bytes(),
        utf_16(&with_end, u16::to_le_bytes),
        utf_16(DEMO_API_KEY, u16::to_be_bytes),
        format!("\r\n  {DEMO_API_KEY} \r\n\r\n").into_bytes(),
        format!("{DEMO_API_KEY}\r").into_bytes(),
    ] {
        fs_err::write(dir.path().join("key.txt"), bytes).unwrap();
        let output = vainu_etl(dir.path())
            .args(["--base-url", &simulator.base_url(), "--api-key-file", "key.txt", "doctor"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    }
    fs_err::write(dir.path().join("key.txt"), b"planted\xff\n").unwrap();
    let output = vainu_etl(dir.path())
        .args(["--base-url", &simulator.base_url(), "--api-key-file", "key.txt", "sync"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`key.txt`, line 1"), "{}", stderr(&output));
    assert!(!stderr(&output).contains("planted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settings_file_may_have_a_byte_order_mark() {
    let simulator = simulator(50, &[]).await;
    let dir = tempfile::tempdir().unwrap();
    let settings = "warehouse = \"w.duckdb\"\r\nstreams = [\"prospects\"]\r\n";
    fs_err::write(dir.path().join("vainu-etl.toml"), format!("\u{feff}{settings}")).unwrap();
    assert_eq!(run(dir.path(), &simulator, &["sync"]).status.code(), Some(0));
    assert!(dir.path().join("w.duckdb").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_not_there_are_counted_and_named_everywhere() {
    let simulator = simulator(300, &[]).await;
    let there = ids_of(&simulator, "FI", 4);
    // One that begins with a zero, without it, and as many that nobody has.
    let mut asked: Vec<String> = (0..120).map(|n| format!("99{n:06}")).collect();
    asked.push("9999999".to_owned());
    asked.extend(there.iter().cloned());
    let dir = tempfile::tempdir().unwrap();
    fs_err::write(dir.path().join("ids.txt"), asked.join("\n")).unwrap();
    let options = [
        "sync",
        "prospects",
        "--filter",
        "country=FI",
        "--filter",
        "business_ids=@ids.txt",
        "--report",
        "r.json",
    ];
    let output = run(dir.path(), &simulator, &options);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for words in [
        "121 of 125 business ids that were asked for are not found: 9999999, 99000000, ",
        "(of these 1 one digit short: ids of FI have 8",
        "query \"FROM etl.ids_not_found\"",
        "Business ids look cut; they are asked for as they are.",
        "first=\"9999999\"",
    ] {
        assert!(said.contains(words), "no `{words}` in {said}");
    }
    let report: Value =
        serde_json::from_str(&fs_err::read_to_string(dir.path().join("r.json")).unwrap()).unwrap();
    let list = &report["lists"][0];
    assert_eq!((list["ids_asked"].as_u64(), list["ids_not_found"].as_u64()), (Some(125), Some(121)));
    assert_eq!((list["ids_short"].as_u64(), &list["missing_ids"][0]), (Some(1), &Value::from("9999999")));
    assert_eq!(list["missing_ids"].as_array().unwrap().len(), 100);
    let status = stdout(&run(dir.path(), &simulator, &["status"]));
    assert!(status.contains("not found: 121 business ids of list prospects business_ids="), "{status}");
    assert!(status.contains("(1 of them one digit short): 9999999, 99000000, "), "{status}");
    let warehouse = dir.path().join("vainu.duckdb");
    let sql = "SELECT count(*) FROM etl.ids_not_found WHERE country = 'FI' AND stream = 'prospects'";
    assert_eq!(value::<i64>(&warehouse, sql), 121);
    let note: String = value(&warehouse, "SELECT note FROM etl.ids_not_found WHERE business_id = '9999999'");
    assert!(note.starts_with("one digit short: ids of FI have 8"), "{note}");
    let asked_as_typed = simulator.requests().iter().any(|request| {
        request.param("business_ids").is_some_and(|ids| ids.split(',').any(|id| id == "9999999"))
    });
    assert!(asked_as_typed, "nothing is padded silently");
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_not_found_are_those_of_the_last_reading_and_come_out_of_a_rebuild_too() {
    let simulator = simulator(300, &[]).await;
    let (finnish, swedish) = (ids_of(&simulator, "FI", 2), ids_of(&simulator, "SE", 2));
    let filter =
        format!("business_ids=FI{},FI{},SE{},FI99999999,SE9999999999", finnish[0], finnish[1], swedish[0]);
    let job = Job::new().select(&[&[&filter]]);
    let report = job.sync(&simulator).await.unwrap();
    let counts: Vec<_> =
        report.lists.iter().map(|list| (list.ids_asked, list.ids_not_found, list.complete)).collect();
    assert_eq!(counts, [(3, 1, true), (2, 1, true)]);
    let rows = || -> Vec<String> {
        let connection = open(&job.warehouse());
        let sql = "SELECT concat_ws(' ', country, business_id, coalesce(note, '-')) FROM etl.ids_not_found ORDER BY ALL";
        let mut statement = connection.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let first = ["FI 99999999 -", "SE 9999999999 -"];
    assert_eq!(rows(), first);
    rebuild(&job.warehouse(), &with(RebuildSettings::default(), |settings| settings.keep = 1)).unwrap();
    assert_eq!(rows(), first);
    job.sync(&simulator).await.unwrap();
    assert_eq!(rows(), first, "the same again is not twice");
    simulator.delete_company("FI", &finnish[0]).unwrap();
    job.sync(&simulator).await.unwrap();
    assert_eq!(rows().len(), 3);
    // A run that reads other lists leaves them.
    let other = Job { selections: vec![vec!["country=DK".to_owned()]], ..job };
    other.sync(&simulator).await.unwrap();
    assert_eq!(value::<i64>(&other.warehouse(), "SELECT count(*) FROM etl.ids_not_found"), 3);
    // One of all companies ends them with their selections.
    let all = Job { selections: vec![vec![]], ..other };
    all.sync(&simulator).await.unwrap();
    assert_eq!(value::<i64>(&all.warehouse(), "SELECT count(*) FROM etl.ids_not_found"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_all_that_are_there_say_nothing() {
    let simulator = simulator(300, &[]).await;
    let ids = ids_of(&simulator, "FI", 150);
    let dir = tempfile::tempdir().unwrap();
    let filter = format!("business_ids={}", ids.join(","));
    let output =
        run(dir.path(), &simulator, &["sync", "prospects", "--filter", "country=FI", "--filter", &filter]);
    assert!(
        !stderr(&output).contains("not found") && !stderr(&output).contains("warning"),
        "{}",
        stderr(&output)
    );
    assert_eq!(value::<i64>(&dir.path().join("vainu.duckdb"), "SELECT count(*) FROM etl.ids_not_found"), 0);
}

/// A line for each id, one behind the other.
fn lines(ids: &[String], line: impl Fn(&str) -> String) -> String {
    ids.iter().map(|id| line(id)).collect::<Vec<_>>().concat()
}
