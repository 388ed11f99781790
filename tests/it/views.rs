//! The views over a small fixture with every boundary in it, and the checks that guard publishing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{collections::BTreeSet, path::Path};

use duckdb::Connection;
use vainu_etl::views::{self, CHECKS, REFERENCE_TABLES, VIEWS, run_checks};

use crate::fixture_warehouse::{Warehouse, build};

fn stems(folder: &str, extension: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql").join(folder);
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let stems = paths.map(|path| {
        assert_eq!(path.extension().unwrap(), extension);
        path.file_stem().unwrap().to_str().unwrap().to_owned()
    });
    stems.collect()
}

#[test]
fn every_sql_file_is_in_its_list() {
    assert_eq!(stems("views", "sql"), VIEWS.iter().map(|view| view.name.to_owned()).collect());
    assert_eq!(stems("checks", "sql"), CHECKS.iter().map(|check| check.name.to_owned()).collect());
    assert_eq!(
        stems("reference", "csv"),
        REFERENCE_TABLES.iter().map(|table| table.name.to_owned()).collect()
    );
}

#[test]
fn each_column_is_described_once_and_in_the_views_order() {
    let warehouse = Warehouse::new();
    let conn = warehouse.open();
    let comments = |name: &str| -> Vec<(String, Option<String>)> {
        let sql =
            "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index";
        let mut statement = conn.prepare(sql).unwrap();
        let rows = statement.query_map([name], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    for view in VIEWS {
        let described: Vec<_> =
            view.header().columns.into_iter().map(|column| (column.name, Some(column.doc))).collect();
        assert_eq!(comments(view.name), described, "{}", view.name);
        let sql = "SELECT comment FROM duckdb_views() WHERE view_name = ?";
        let comment: String = conn.query_row(sql, [view.name], |row| row.get(0)).unwrap();
        assert_eq!(comment, view.header().summary());
    }
    for table in REFERENCE_TABLES {
        let described: Vec<_> =
            table.columns().into_iter().map(|column| (column.name, Some(column.doc))).collect();
        assert_eq!(comments(table.name), described, "{}", table.name);
    }
}

#[test]
fn installing_again_changes_nothing() {
    let warehouse = Warehouse::new();
    let before = warehouse.rows("FROM segment_by_industry");
    views::install(&warehouse.open()).unwrap();
    assert_eq!(warehouse.rows("FROM segment_by_industry"), before);
    assert_eq!(warehouse.rows("SELECT count(*) FROM nace_divisions"), ["88"]);
}

#[test]
fn views_work_when_the_file_is_renamed_and_when_it_is_attached_under_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a.duckdb"), folder.path().join("b.duckdb"));
    build(&a, "");
    std::fs::rename(&a, &b).unwrap();
    for view in VIEWS {
        let conn = Connection::open(&b).unwrap();
        let direct: i64 =
            conn.query_row(&format!("SELECT count(*) FROM {}", view.name), [], |row| row.get(0)).unwrap();
        drop(conn);
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(&format!("ATTACH '{}' AS x (READ_ONLY)", b.display())).unwrap();
        let attached: i64 =
            conn.query_row(&format!("SELECT count(*) FROM x.{}", view.name), [], |row| row.get(0)).unwrap();
        assert!(direct > 0);
        assert_eq!(direct, attached, "{}", view.name);
    }
}

#[test]
fn companies_has_every_live_company_with_its_classes() {
    let rows = Warehouse::new().rows(
        "SELECT country, business_id, size_class, size_class_order, turnover_band, turnover_band_order, is_active, \
         industry_section FROM companies ORDER BY country DESC, business_id",
    );
    assert_eq!(
        rows,
        [
            "SE,0000000001,micro,1,under 0.2 M,1,true,J",
            "FI,00000001,micro,1,1-2 M,4,true,J",       // a cent below 2 M
            "FI,00000002,micro,1,2-10 M,5,true,J",      // 2 M: the ceiling is still micro
            "FI,00000003,small,2,2-10 M,5,true,J",      // a cent above; staff alone would say micro
            "FI,00000004,small,2,under 0.2 M,1,true,J", // 10 persons; turnover alone would say micro
            "FI,00000005,medium,3,unknown,10,,A",       // 249 persons, no turnover, no status
            "FI,00000006,large,4,20-100 M,7,,A",        // above 50 M, staff unknown
            "FI,00000007,unknown,5,unknown,10,true,",   // neither known
            "FI,00000008,large,4,2-10 M,5,true,J",      // 250 persons
            "DK,00000001,small,2,0.2-0.4 M,2,true,J",   // 49 persons; 0.2 M belongs to the band above it
            "DK,00000002,micro,1,0.4-1 M,3,false,",     // division 00 is not in NACE
            "DK,00000003,medium,3,10-20 M,6,true,G",    // 50 persons, 10 M
        ]
    );
}

#[test]
fn companies_derives_names_places_and_ratios() {
    let warehouse = Warehouse::new();
    let rows = warehouse.rows(
        "SELECT business_id, industry_division_name, industry_section_name, municipality, postal_area, \
         registration_year, turn_over_per_employee_eur FROM companies WHERE country = 'FI' AND business_id < '00000006' \
         ORDER BY business_id",
    );
    let it = "\"Computer programming, consultancy and related activities\",Information and communication";
    let farming = "\"Crop and animal production, hunting and related service activities\",\
                   \"Agriculture, forestry and fishing\"";
    assert_eq!(
        rows,
        [
            format!("00000001,{it},HELSINKI,00,1994,222222.22"),
            format!("00000002,{it},ESPOO,02,,222222.22"),
            format!("00000003,{it},ESPOO,02,,222222.22"),
            format!("00000004,{it},HELSINKI,00,,10000.0"),
            format!("00000005,{farming},HELSINKI,00,,"),
        ]
    );
    let no_staff =
        "SELECT turn_over_per_employee_eur FROM companies WHERE country = 'DK' AND business_id = '00000002'";
    assert_eq!(warehouse.rows(no_staff), ["\"\""]); // 0 persons: NULL, not infinity
    assert_eq!(warehouse.rows("SELECT count(*) FROM companies WHERE company_name = 'Lambda Oy'"), ["0"]); // deleted
}

#[test]
fn turnover_bands_hold_the_right_companies() {
    let rows = Warehouse::new().rows(
        "SELECT country, turnover_band, companies, companies_with_turnover, turnover_eur, median_turnover_eur, \
         share_of_companies_percent, staff FROM segment_by_turnover_band",
    );
    assert_eq!(
        rows,
        [
            "DK,0.2-0.4 M,1,1,200000.00,200000.0,33.333333333333336,49",
            "DK,0.4-1 M,1,1,400000.00,400000.0,33.333333333333336,0",
            "DK,10-20 M,1,1,10000000.00,10000000.0,33.333333333333336,50",
            "FI,under 0.2 M,1,1,100000.00,100000.0,12.5,10",
            "FI,1-2 M,1,1,1999999.99,1999999.99,12.5,9",
            "FI,2-10 M,3,3,6000000.01,2000000.0,37.5,268",
            "FI,20-100 M,1,1,50000000.01,50000000.01,12.5,",
            "FI,unknown,2,0,,,25.0,249",
            "SE,under 0.2 M,1,1,-5.00,-5.0,100.0,",
        ]
    );
}

#[test]
fn size_classes_hold_the_right_companies() {
    let rows = Warehouse::new().rows(
        "SELECT size_class, companies, companies_with_turnover, turnover_eur, share_of_companies_percent, staff, \
         median_staff FROM segment_by_size_class WHERE country = 'FI'",
    );
    assert_eq!(
        rows,
        [
            "micro,2,2,3999999.99,25.0,18,9.0",
            "small,2,2,2100000.01,25.0,19,9.5",
            "medium,1,0,,12.5,249,249.0",
            "large,2,2,52000000.01,25.0,250,250.0",
            "unknown,1,0,,12.5,,",
        ]
    );
}

#[test]
fn industries_keep_leading_zeros_and_unknown_divisions() {
    let rows = Warehouse::new().rows(
        "SELECT country, industry_section, industry_division, companies, turnover_eur, median_turnover_eur, staff, \
         median_growth_percent, median_profit_percent FROM segment_by_industry",
    );
    assert_eq!(
        rows,
        [
            "DK,unknown,00,1,400000.00,400000.0,0,,",
            "DK,G,47,1,10000000.00,10000000.0,50,,",
            "DK,J,62,1,200000.00,200000.0,49,,",
            "FI,A,01,2,50000000.01,50000000.01,249,,",
            "FI,J,62,5,8100000.00,2000000.0,287,3.1,8.0",
            "FI,unknown,unknown,1,,,,,",
            "SE,J,62,1,-5.00,-5.0,,,",
        ]
    );
}

#[test]
fn regions_take_the_visiting_address_first() {
    let rows = Warehouse::new()
        .rows("SELECT country, postal_area, municipality, companies, turnover_eur FROM segment_by_region");
    assert_eq!(
        rows,
        [
            "DK,21,KØBENHAVN,2,600000.00",
            "DK,80,AARHUS,1,10000000.00",
            "FI,00,HELSINKI,4,4099999.99",
            "FI,02,ESPOO,2,4000000.01",
            "FI,24,SALO,1,50000000.01",
            "FI,unknown,unknown,1,",
            "SE,11,STOCKHOLM,1,-5.00",
        ]
    );
}

#[test]
fn shares_add_up_to_a_hundred_in_each_country() {
    let warehouse = Warehouse::new();
    for view in VIEWS.iter().filter(|view| view.name.starts_with("segment_by_")) {
        let sql = format!(
            "SELECT country, round(sum(share_of_companies_percent), 9), round(sum(share_of_turnover_percent), 9), \
             sum(companies) FROM {} GROUP BY country ORDER BY country",
            view.name
        );
        assert_eq!(
            warehouse.rows(&sql),
            ["DK,100.0,100.0,3", "FI,100.0,100.0,8", "SE,100.0,100.0,1"],
            "{}",
            view.name
        );
    }
}

#[test]
fn a_turnover_of_zero_in_all_gives_no_share() {
    let warehouse = Warehouse::with("UPDATE prospects SET turn_over_eur = 0 WHERE country = 'SE'");
    let sql = "SELECT turnover_eur, share_of_turnover_percent FROM segment_by_industry WHERE country = 'SE'";
    assert_eq!(warehouse.rows(sql), ["0.00,"]);
}

#[test]
fn leaders_share_a_rank_when_they_are_equal() {
    let rows = Warehouse::new().rows(
        "SELECT country, industry_division, leader_rank, business_id, turn_over_eur, \
         round(share_of_industry_turnover_percent, 3) FROM industry_leaders WHERE country <> 'SE'",
    );
    assert_eq!(
        rows,
        [
            "DK,00,1,00000002,400000.00,100.0",
            "DK,47,1,00000003,10000000.00,100.0",
            "DK,62,1,00000001,200000.00,100.0",
            "FI,01,1,00000006,50000000.01,100.0",
            "FI,62,1,00000003,2000000.01,24.691",
            "FI,62,2,00000002,2000000.00,24.691",
            "FI,62,2,00000008,2000000.00,24.691",
            "FI,62,4,00000001,1999999.99,24.691",
            "FI,62,5,00000004,100000.00,1.235",
        ]
    );
}

#[test]
fn a_tie_at_the_tenth_place_is_kept_whole() {
    // Turnovers 1 to 9 and three of 0.5 (ranks 10, 10, 10), one of 0.1 behind them.
    let warehouse = Warehouse::with(
        "INSERT INTO prospects
             (country, business_id, _run_id, _first_seen_at, _last_seen_at, industry_division, turn_over_eur)
         SELECT 'NO', lpad(CAST(n AS VARCHAR), 9, '0'), 'run-1', DATE '2026-01-01', DATE '2026-01-01', '41',
             CASE WHEN n <= 9 THEN n WHEN n <= 12 THEN 0.5 ELSE 0.1 END FROM range(1, 14) AS r(n)",
    );
    let sql =
        "SELECT leader_rank, count(*) FROM industry_leaders WHERE country = 'NO' GROUP BY ALL ORDER BY ALL";
    let expected: Vec<String> = (1..10).map(|rank| format!("{rank},1")).chain(["10,3".to_owned()]).collect();
    assert_eq!(warehouse.rows(sql), expected);
}

#[test]
fn an_empty_warehouse_has_empty_views_and_no_failed_check() {
    let warehouse = Warehouse::with("DELETE FROM prospects");
    // It says of each column how little there is.
    for view in VIEWS.iter().filter(|view| view.name != "data_quality") {
        assert_eq!(warehouse.rows(&format!("FROM {}", view.name)), Vec::<String>::new());
    }
    assert_eq!(run_checks(&warehouse.open()).unwrap(), []);
}

#[test]
fn a_sound_warehouse_fails_no_check() {
    assert_eq!(run_checks(&Warehouse::new().open()).unwrap(), []);
}

#[test]
fn each_check_finds_what_it_is_for() {
    let cases = [
        ("prospects_key_present", "UPDATE prospects SET business_id = NULL WHERE company_name = 'Eta Oy'"),
        ("prospects_country_form", "UPDATE prospects SET country = 'se' WHERE country = 'SE'"),
        ("prospects_business_id_form", "UPDATE prospects SET business_id = '1-1' WHERE country = 'SE'"),
        ("prospects_business_id_form", "UPDATE prospects SET business_id = ' 1' WHERE country = 'SE'"),
        ("prospects_business_id_form", "UPDATE prospects SET business_id = '' WHERE country = 'SE'"),
        ("prospects_run_known", "UPDATE prospects SET _run_id = 'run-9' WHERE country = 'SE'"),
        ("prospects_run_known", "UPDATE prospects SET _run_id = NULL WHERE country = 'SE'"),
        ("prospects_seen_known", "UPDATE prospects SET _last_seen_at = NULL WHERE country = 'SE'"),
        ("prospects_seen_known", "UPDATE prospects SET _first_seen_at = NULL WHERE country = 'SE'"),
        ("companies_match_prospects", "INSERT INTO nace_divisions VALUES ('47', 'Twice', 'G')"),
        (
            "segments_add_up",
            "CREATE OR REPLACE VIEW segment_by_region AS FROM segment_by_size_class WHERE country <> 'SE'",
        ),
    ];
    for (check, sql) in cases {
        let warehouse = Warehouse::new();
        let conn = warehouse.open();
        // The table refuses some of this by itself; a check must not rely on that.
        for column in ["business_id", "_run_id", "_first_seen_at", "_last_seen_at"] {
            let sql = format!("ALTER TABLE prospects ALTER COLUMN {column} DROP NOT NULL");
            conn.execute_batch(&sql).unwrap();
        }
        conn.execute_batch(sql).unwrap();
        let failed = run_checks(&conn).unwrap();
        let names: Vec<&str> = failed.iter().map(|failed| failed.name).collect();
        assert!(names.contains(&check), "{sql}: {names:?}");
        assert!(failed.iter().all(|failed| failed.rows > 0 && failed.doc.ends_with('.')));
    }
}

#[test]
fn a_failed_check_shows_the_first_rows() {
    let warehouse = Warehouse::new();
    let conn = warehouse.open();
    conn.execute_batch("UPDATE prospects SET country = 'x' || chr(27)").unwrap();
    let failed = run_checks(&conn).unwrap();
    let form = failed.iter().find(|failed| failed.name == "prospects_country_form").unwrap();
    assert_eq!(form.rows, 13);
    assert_eq!(form.doc, "A country is two upper-case letters.");
    let lines: Vec<&str> = form.sample_rows.lines().collect();
    assert_eq!(lines.len(), 5);
    assert!(lines.contains(&"country=x\\u{1b}, business_id=00000001"), "{lines:?}");
}

#[test]
fn a_view_without_its_table_is_an_error_with_a_hint() {
    let conn = Connection::open_in_memory().unwrap();
    let error = views::install(&conn).unwrap_err();
    assert_eq!(error.to_string(), "Failed to install `companies`");
    assert!(error.hint().contains("`sync --full`"));
}
