//! Exports: found again, written again, or said to be out of reach.

use std::path::Path;

use duckdb::Connection;
use vainu_etl::erase::erase;
use vainu_etl::export::{ExportFormat, ExportOptions, Manifest, export};

use super::rig::{ALFA, JANE, Rig, lines, options, texts};
use crate::support::{stderr, vainu_etl, with};

/// Exports the warehouse in both forms; gives the folders.
fn exported(rig: &Rig) -> [std::path::PathBuf; 2] {
    let [parquet, csv] = ["parquet", "csv"].map(|name| rig.dir.path().join(name));
    let mut options = ExportOptions::new(rig.warehouse(), &parquet);
    options.partition_by_country = true;
    export(&options).unwrap();
    let mut options = ExportOptions::new(rig.warehouse(), &csv);
    options.format = ExportFormat::Csv;
    options.tables = vec!["contacts".to_owned(), "prospects".to_owned()];
    export(&options).unwrap();
    [parquet, csv].map(|dir| fs_err::canonicalize(dir).unwrap())
}

pub(super) fn manifest(dir: &Path) -> Manifest {
    serde_json::from_slice(&fs_err::read(dir.join("manifest.json")).unwrap()).unwrap()
}

/// Everything that the Parquet files of a table say.
pub(super) fn parquet_rows(dir: &Path, table: &str) -> String {
    let sql = format!(
        "SELECT CAST(t AS VARCHAR) FROM read_parquet('{}/{table}/**/*.parquet', hive_types_autocast = false) t",
        dir.join(manifest(dir).export).display()
    );
    texts(&Connection::open_in_memory().unwrap(), &sql).join("\n").to_lowercase()
}

fn csv_text(dir: &Path, table: &str) -> String {
    fs_err::read_to_string(dir.join(manifest(dir).export).join(table).join("part-0.csv"))
        .unwrap()
        .to_lowercase()
}

#[test]
fn remembered_exports_are_written_again_as_they_were() {
    let rig = Rig::new();
    let [parquet, csv] = exported(&rig);
    let before = [manifest(&parquet), manifest(&csv)];
    assert!(
        parquet_rows(&parquet, "contacts").contains("alfa")
            || parquet_rows(&parquet, "prospects").contains("alfa oy")
    );
    let outcome = rig.erase(&[JANE, ALFA]);
    assert_eq!(outcome.problems, Vec::<String>::new());
    let touched = lines(&outcome);
    for (dir, table, rows) in [(&parquet, "contacts", 2), (&parquet, "companies", 1), (&csv, "prospects", 1)]
    {
        let line = format!("export {} {table} {rows} removed", dir.display());
        assert!(touched.contains(&line), "{line} is not among {touched:#?}");
    }
    for (dir, before) in [&parquet, &csv].into_iter().zip(&before) {
        let after = manifest(dir);
        assert_ne!(after.export, before.export);
        assert!(!dir.join(&before.export).exists());
        assert_eq!(after.format, before.format);
        let tables = |manifest: &Manifest| {
            manifest
                .tables
                .iter()
                .map(|table| (table.name.clone(), table.partitioned_by.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(tables(&after), tables(before));
    }
    let said = parquet_rows(&parquet, "contacts")
        + &parquet_rows(&parquet, "prospects")
        + &parquet_rows(&parquet, "companies");
    let said = said + &csv_text(&csv, "contacts") + &csv_text(&csv, "prospects");
    assert!(said.contains("alfa aps") && said.contains("jane@b.example.com"), "{said}");
    assert!(!said.contains("alfa oy") && !said.replace("jane@b.example.com", "").contains(JANE), "{said}");
    // A second time they are left alone.
    let again = [manifest(&parquet), manifest(&csv)];
    rig.erase(&[JANE, ALFA]);
    assert_eq!([manifest(&parquet), manifest(&csv)], again);
}

#[test]
fn an_export_that_is_gone_or_not_known_is_said() {
    let rig = Rig::new();
    let [parquet, csv] = exported(&rig);
    fs_err::remove_dir_all(&csv).unwrap();
    let moved = rig.dir.path().join("moved");
    fs_err::rename(&parquet, &moved).unwrap();
    let outcome = rig.erase(&[ALFA]);
    assert_eq!(outcome.problems.len(), 2, "{:?}", outcome.problems);
    assert!(
        outcome.problems[0].contains("csv") && outcome.problems[0].contains("not there"),
        "{:?}",
        outcome.problems
    );
    assert!(parquet_rows(&moved, "prospects").contains("alfa oy"));
    let options = with(options(&[ALFA]), |options| {
        options.exports = vec![moved.clone()];
        options.forget_exports = vec![parquet, csv];
    });
    let outcome = erase(&rig.warehouse(), &options).unwrap();
    assert_eq!(outcome.problems, Vec::<String>::new());
    assert!(!parquet_rows(&moved, "prospects").contains("alfa oy"));
    assert!(rig.erase(&[ALFA]).problems.is_empty(), "forgotten for good; the moved one is known now");
}

#[test]
fn an_export_of_a_newer_version_is_said_and_its_files_are_looked_at() {
    let rig = Rig::new();
    let [parquet, csv] = exported(&rig);
    let file = parquet.join("manifest.json");
    let mut newer: serde_json::Value = serde_json::from_slice(&fs_err::read(&file).unwrap()).unwrap();
    newer["manifest_version"] = 2.into();
    fs_err::write(&file, newer.to_string()).unwrap();
    let outcome = rig.erase(&[ALFA]);
    assert_eq!(outcome.problems.len(), 1, "{:?}", outcome.problems);
    for says in [&parquet.display().to_string(), "a manifest of version 2", "the vainu-etl that wrote it"] {
        assert!(outcome.problems[0].contains(says), "{:?}", outcome.problems);
    }
    let left = outcome.remaining.iter().filter(|left| left.what.contains("prospects"));
    assert!(left.map(|left| &left.path).any(|path| path.starts_with(&parquet)), "{:?}", outcome.remaining);
    assert!(!csv_text(&csv, "prospects").contains("alfa oy"), "the other export is erased");
    // One that no list names is refused for the same reason.
    let mut options = options(&[ALFA]);
    options.exports = vec![parquet.clone()];
    fs_err::remove_file(rig.state().join("exports.json")).unwrap();
    let outcome = erase(&rig.warehouse(), &options).unwrap();
    assert!(outcome.problems[0].contains("the vainu-etl that wrote it"), "{:?}", outcome.problems);
}

#[test]
fn the_newest_export_to_a_folder_is_the_one_remembered() {
    let rig = Rig::new();
    let [parquet, _] = exported(&rig);
    let mut options = ExportOptions::new(rig.warehouse(), &parquet);
    options.tables = vec!["prospects".to_owned()];
    export(&options).unwrap();
    rig.erase(&[ALFA]);
    let names: Vec<String> = manifest(&parquet).tables.into_iter().map(|table| table.name).collect();
    assert_eq!(names, ["prospects"]);
    let list: serde_json::Value =
        serde_json::from_slice(&fs_err::read(rig.state().join("exports.json")).unwrap()).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 2);
}

/// What the command says of a file in which a subject is left.
fn assert_still_there(rig: &Rig, subject: &[&str], says: &[&str]) {
    let output = vainu_etl(rig.dir.path()).arg("erase").args(subject).output().unwrap();
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(6), "{text}{}", crate::support::stdout(&output));
    for says in says {
        assert!(text.contains(says), "{says} is not in {text}");
    }
    assert!(text.contains("remove it if you do not need it, then run the same command again"), "{text}");
}

#[test]
fn a_file_in_which_a_subject_is_left_is_named_and_ends_with_6() {
    let rig = Rig::new();
    let [parquet, csv] = exported(&rig);
    let found = |dir: &Path| {
        let folder = dir.join(manifest(dir).export).join("prospects");
        super::rig::all_files(&folder)
            .into_iter()
            .map(|file| (fs_err::read(&file).unwrap(), file))
            .collect::<Vec<_>>()
    };
    let before = [found(&parquet), found(&csv)];
    let generation = rig.state().join("generations/000001.duckdb");
    let kept = fs_err::read(&generation).unwrap();
    let page = rig.landed("20260101T000000Z-0000").join("pages-00001.zst");
    let pages = fs_err::read(&page).unwrap();
    let business = ["--business-id", ALFA];
    assert!(rig.erase(&[ALFA]).remaining.is_empty());

    // As a backup program puts them back, or a copy by hand, under a name that no manifest has.
    for (dir, files) in [&parquet, &csv].into_iter().zip(&before) {
        let folder = dir.join(manifest(dir).export).join("prospects");
        let named = files.iter().map(|(bytes, old)| {
            let within = old.strip_prefix(dir).unwrap().components().skip(2).collect::<std::path::PathBuf>();
            let put =
                folder.join(within).with_file_name(format!("old.{}", old.extension().unwrap().display()));
            fs_err::create_dir_all(put.parent().unwrap()).unwrap();
            fs_err::write(&put, bytes).unwrap();
            put
        });
        let named: Vec<_> = named.collect();
        let finnish = named.iter().find(|file| !file.to_string_lossy().contains("country=DK")).unwrap();
        let says = format!("still there: 2 of the rows of prospects in `{}`", finnish.display());
        assert_still_there(&rig, &business, &[&says]);
        for file in &named {
            fs_err::remove_file(file).unwrap();
        }
    }

    let stray = rig.state().join("generations/copy-of-1.duckdb");
    fs_err::write(&stray, kept).unwrap();
    let says = format!("still there: 2 of the rows of prospects in `{}`", stray.display());
    assert_still_there(&rig, &business, &[&says]);
    fs_err::remove_file(&stray).unwrap();

    let stray = rig.state().join("landing/old/pages-00001.zst");
    fs_err::create_dir(stray.parent().unwrap()).unwrap();
    fs_err::write(&stray, pages).unwrap();
    let says = format!("still there: 2 of the landed pages in `{}`", stray.display());
    assert_still_there(&rig, &business, &[&says]);
    assert_still_there(&rig, &["--contact", JANE], &[&says]);
    fs_err::remove_dir_all(stray.parent().unwrap()).unwrap();
    assert!(rig.erase(&[ALFA, JANE]).remaining.is_empty());
}

/// The first look goes by the manifest; the second does not rely on it.
#[test]
fn an_export_whose_manifest_is_wrong_is_seen_by_the_second_look() {
    let rig = Rig::new();
    let connection = Connection::open(rig.warehouse()).unwrap();
    // A company that nothing else names, so that the first look finds nothing at all in the export.
    let sql = "INSERT INTO contacts (country, business_id, position, phone, _run_id) VALUES ('FI', '00000077', 0, '7', 'r')";
    connection.execute_batch(sql).unwrap();
    connection.close().unwrap();
    let [parquet, _] = exported(&rig);
    let path = parquet.join("manifest.json");
    let text = fs_err::read_to_string(&path).unwrap();
    assert!(text.contains("\"country\": \"FI\""));
    fs_err::write(&path, text.replace("\"country\": \"FI\"", "\"country\": \"SE\"")).unwrap();
    let says = ["still there: 1 of the rows of contacts in `", "/contacts/country=FI/part-1.parquet`"];
    assert_still_there(&rig, &["--business-id", "FI00000077"], &says);
}
