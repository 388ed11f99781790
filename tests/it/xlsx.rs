//! XLSX by `query` and `export`, read back with another library than wrote it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Read as _;
use std::path::Path;

use calamine::{Data, Reader, Xlsx};
use vainu_etl::export::{ExportError, ExportFormat, ExportOptions, export};
use vainu_etl::query::{Format, QueryError, QueryOptions, query_to_file};

use crate::fixture_warehouse::Warehouse;
use crate::support::with;

fn sheet(path: &Path) -> (String, Vec<Vec<Data>>) {
    let mut workbook: Xlsx<_> = calamine::open_workbook(path).unwrap();
    let names = workbook.sheet_names();
    assert_eq!(names.len(), 1);
    let range = workbook.worksheet_range(&names[0]).unwrap();
    (names[0].clone(), range.rows().map(<[Data]>::to_vec).collect())
}

/// The XML of the sheet.
fn xml(path: &Path) -> String {
    let file = std::fs::File::open(path).unwrap();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let mut text = String::new();
    archive.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut text).unwrap();
    text
}

fn write(warehouse: &Warehouse, sql: &str) -> Result<std::path::PathBuf, QueryError> {
    let path = warehouse.folder().join("out.xlsx");
    let options = QueryOptions::new(Format::Xlsx);
    query_to_file(warehouse.path(), sql, &options, &path).map(|_| path)
}

#[test]
fn cells_are_typed_ids_are_texts_and_nothing_is_a_formula_or_a_link() {
    let warehouse = Warehouse::new();
    let sql = "SELECT '00123' AS postal_code, '=1+1' AS formula, 'https://example.com' AS link, true AS yes, 12.50 AS euros, \
               123456789012345678 AS long, DATE '2026-01-02' AS day, NULL AS nothing, '' AS empty, '_x0041_' AS escape, \
               'a' || chr(10) || chr(13) || chr(7) || ' ' AS control";
    let path = write(&warehouse, sql).unwrap();
    let (name, rows) = sheet(&path);
    assert_eq!(name, "query");
    let header: Vec<String> = rows[0].iter().map(ToString::to_string).collect();
    assert_eq!(header.join(" "), "postal_code formula link yes euros long day nothing empty escape control");
    let text = |text: &str| Data::String(text.to_owned());
    assert_eq!(
        rows[1][..6],
        [
            text("00123"),
            text("=1+1"),
            text("https://example.com"),
            Data::Bool(true),
            Data::Float(12.5),
            text("123456789012345678")
        ]
    );
    assert!(matches!(&rows[1][6], Data::DateTime(day) if (day.as_f64() - 46_024.0).abs() < f64::EPSILON));
    assert_eq!(rows[1][7..10], [Data::Empty, Data::Empty, text("_x0041_")]);
    let xml = xml(&path);
    for absent in ["<f>", "<hyperlink"] {
        assert!(!xml.contains(absent), "{xml}");
    }
    assert!(xml.contains("ySplit=\"1\"") && xml.contains("state=\"frozen\""), "{xml}");
    assert!(xml.contains("_x0007_") && xml.contains("_x000D_"), "{xml}");
}

#[test]
fn a_sheet_is_called_as_the_view_that_was_asked_for() {
    let warehouse = Warehouse::new();
    let (name, rows) = sheet(&write(&warehouse, "segment_by_turnover_band").unwrap());
    assert_eq!(name, "segment_by_turnover_band");
    assert_eq!(rows.len() - 1, warehouse.rows("FROM segment_by_turnover_band").len());
}

#[test]
fn what_a_sheet_has_no_room_for_is_said_and_leaves_no_file() {
    let warehouse = Warehouse::new();
    let long = "SELECT repeat('x', 32767) AS fits, NULL AS lon UNION ALL SELECT 'y', repeat('é', 32768)";
    let wide = format!(
        "SELECT {}",
        (0..16_385).map(|index| format!("{index} AS c{index}")).collect::<Vec<_>>().join(",")
    );
    for (sql, what) in [
        (long, "row 2 has a text of 32768 characters in column `lon`, a cell has room for 32767"),
        ("SELECT 1 AS n FROM range(1048576)", "a sheet has room for 1048575 rows below its header"),
        (wide.as_str(), "it has 16385 columns, a sheet has 16384"),
    ] {
        let before = std::fs::read_dir(warehouse.folder()).unwrap().count();
        let error = write(&warehouse, sql).unwrap_err();
        assert_eq!(error.to_string(), format!("The result does not fit into a sheet of XLSX: {what}"));
        assert!(error.hint().contains("csv and parquet"), "{}", error.hint());
        assert_eq!(std::fs::read_dir(warehouse.folder()).unwrap().count(), before);
    }
}

#[test]
fn an_export_has_a_workbook_for_each_table() {
    let warehouse =
        Warehouse::with("CREATE TABLE \"odd/name [x]\" AS SELECT '007' AS id, 1.5 AS n, now() AS at");
    let options = with(ExportOptions::new(warehouse.path(), warehouse.folder().join("out")), |options| {
        options.format = ExportFormat::Xlsx;
        options.tables = vec!["prospects".into(), "odd/name [x]".into()];
    });
    let manifest = export(&options).unwrap();
    let file = |index: usize| options.dir.join(&manifest.tables[index].files[0].path);
    let (name, rows) = sheet(&file(0));
    assert_eq!(name, "odd_name _x_");
    assert_eq!(rows[1][..2], [Data::String("007".to_owned()), Data::Float(1.5)]);
    assert!(matches!(rows[1][2], Data::DateTime(_)));
    let (name, rows) = sheet(&file(1));
    assert_eq!((name.as_str(), rows.len()), ("prospects", 14));
    let column = rows[0].iter().position(|name| name == "business_id").unwrap();
    let ids: Vec<String> = rows[1..].iter().map(|row| row[column].to_string()).collect();
    assert_eq!(ids, warehouse.rows("SELECT business_id FROM prospects ORDER BY country, business_id"));
    assert!(rows[1..].iter().all(|row| matches!(row[column], Data::String(_))));
    let by_country = with(options.clone(), |options| options.partition_by_country = true);
    let manifest = export(&by_country).unwrap();
    let rows: u64 = manifest.tables[1].files.iter().map(|file| file.rows).sum();
    assert_eq!((manifest.tables[1].files.len(), rows), (3, 13));
}

#[test]
fn an_export_that_does_not_fit_leaves_the_earlier_one() {
    let warehouse = Warehouse::with("CREATE TABLE many AS SELECT range AS n FROM range(1048576)");
    let options = with(ExportOptions::new(warehouse.path(), warehouse.folder().join("out")), |options| {
        options.tables = vec!["prospects".into()];
    });
    let before = export(&options).unwrap();
    let many = with(options.clone(), |options| {
        options.tables = vec!["many".into()];
        options.format = ExportFormat::Xlsx;
    });
    let error = export(&many).unwrap_err();
    assert!(matches!(&error, ExportError::Table { table, .. } if table == "many"), "{error}");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("it has 1048576 rows, a sheet has room for 1048575 below its header"), "{cause}");
    assert!(error.hint().starts_with("an earlier export is untouched; "), "{}", error.hint());
    let manifest: vainu_etl::export::Manifest =
        serde_json::from_slice(&std::fs::read(options.dir.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest, before);
}
