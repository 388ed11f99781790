//! Exports for spreadsheets: workbooks, and CSV with other delimiters.

use std::path::Path;

use calamine::Reader;
use vainu_etl::export::{ExportFormat, ExportOptions, export};
use vainu_etl::query::CsvOptions;

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
