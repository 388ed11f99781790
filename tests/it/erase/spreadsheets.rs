//! Exports for spreadsheets: workbooks, and CSV with other delimiters.

use std::path::Path;

use calamine::Reader;
use vainu_etl::export::{ExportFormat, ExportOptions, export};
use vainu_etl::query::{CsvOptions, Delimiter};

use super::exports::manifest;
use super::rig::{ALFA, JANE, Rig, lines};

/// Every cell of a table's workbook.
fn cells(dir: &Path, table: &str) -> String {
    let path = dir.join(manifest(dir).export).join(table).join("part-0.xlsx");
    let mut workbook: calamine::Xlsx<_> = calamine::open_workbook(path).unwrap();
    let range = workbook.worksheet_range(table).unwrap();
    range.cells().map(|(_, _, cell)| cell.to_string()).collect::<Vec<_>>().join("\n").to_lowercase()
}

#[test]
fn workbooks_and_csv_with_semicolons_are_written_again_as_they_were() {
    let rig = Rig::new();
    let [sheets, csv] = ["sheets", "csv"].map(|name| rig.dir.path().join(name));
    let tables = vec!["contacts".to_owned(), "prospects".to_owned()];
    let mut options = ExportOptions::new(rig.warehouse(), &sheets);
    options.tables.clone_from(&tables);
    options.format = ExportFormat::Xlsx;
    export(&options).unwrap();
    let mut options = ExportOptions::new(rig.warehouse(), &csv);
    options.tables = tables;
    options.format = ExportFormat::Csv;
    options.csv = CsvOptions::new(true, None, true).unwrap();
    export(&options).unwrap();
    let text = |table: &str| {
        fs_err::read_to_string(csv.join(manifest(&csv).export).join(table).join("part-0.csv")).unwrap()
    };
    assert!(cells(&sheets, "prospects").contains("alfa oy"));
    let header = text("prospects").lines().next().unwrap().to_owned();
    assert!(header.starts_with('\u{feff}') && header.contains(';'), "{header}");
    assert_eq!(manifest(&csv).csv, options.csv);

    let rows = manifest(&sheets).tables.iter().find(|table| table.name == "prospects").unwrap().rows;

    let outcome = rig.erase(&[JANE, ALFA]);
    assert_eq!(outcome.problems, Vec::<String>::new());
    let touched = lines(&outcome);
    let folder = |dir: &Path| fs_err::canonicalize(dir).unwrap();
    for line in [
        format!("export {} prospects 1 removed", folder(&csv).display()),
        format!("export {} prospects {rows} changed", folder(&sheets).display()),
    ] {
        assert!(touched.iter().any(|found| found.starts_with(&line)), "{line} is not among {touched:#?}");
    }
    let said = cells(&sheets, "prospects") + &cells(&sheets, "contacts");
    let said = said + &text("prospects").to_lowercase() + &text("contacts").to_lowercase();
    assert!(said.contains("alfa aps") && said.contains("jane@b.example.com"), "{said}");
    assert!(!said.contains("alfa oy") && !said.replace("jane@b.example.com", "").contains(JANE), "{said}");
    assert_eq!(text("prospects").lines().next().unwrap(), header);
    assert_eq!(manifest(&csv).csv, options.csv);
}

/// As a backup program puts them back, under a name that no manifest has.
mod a_workbook_or_csv_with_any_delimiter_in_which_a_subject_is_left_is_named {
    use super::super::rig::{ALFA, JANE};
    use super::put_back;

    #[test]
    fn a_company_among_prospects() {
        put_back(ALFA, "prospects");
    }

    #[test]
    fn a_person_among_contacts() {
        put_back(JANE, "contacts");
    }
}

fn put_back(subject: &str, table: &str) {
    let rig = Rig::new();
    let exported = |name: &str, format, csv| {
        let mut options = ExportOptions::new(rig.warehouse(), rig.dir.path().join(name));
        options.tables = vec![table.to_owned()];
        (options.format, options.csv) = (format, csv);
        export(&options).unwrap();
        let dir = fs_err::canonicalize(&options.dir).unwrap();
        let file = dir.join(manifest(&dir).export).join(table).join(format!("part-0.{format}"));
        (dir, fs_err::read(file).unwrap())
    };
    let (_, sheets) = exported("sheets", ExportFormat::Xlsx, CsvOptions::default());
    let csv: Vec<_> = [",", ";", "_", "tab", "space"]
        .into_iter()
        .map(|mark| {
            let options = CsvOptions::new(false, Some(mark.parse::<Delimiter>().unwrap()), false).unwrap();
            exported(&format!("csv-{}", u32::from(options.delimiter)), ExportFormat::Csv, options)
        })
        .collect();
    assert!(rig.erase(&[subject]).remaining.is_empty());
    let folder = |dir: &Path| dir.join(manifest(dir).export).join(table);
    for (dir, before) in &csv {
        let put = ["old.XLSX", "old.csv"].map(|name| folder(dir).join(name));
        for (file, bytes) in put.iter().zip([&sheets, before]) {
            fs_err::write(file, bytes).unwrap();
        }
        let remaining = rig.erase(&[subject]).remaining;
        let mut found: Vec<_> = remaining.iter().map(|left| left.path.clone()).collect();
        found.sort();
        assert_eq!(found, put, "{subject} in {table}");
        assert!(remaining.iter().all(|left| left.what.ends_with(&format!(" of the rows of {table}"))));
        for file in &put {
            fs_err::remove_file(file).unwrap();
        }
    }
    let damaged = folder(&csv[0].0).join("old.xlsx");
    fs_err::write(&damaged, "no workbook").unwrap();
    let outcome = rig.erase(&[subject]);
    assert!(outcome.problems[0].contains("old.xlsx` cannot be looked at again: "), "{:?}", outcome.problems);
}
