//! Every view over least, greatest, missing and absurd values in every column of every table.

use vainu_etl::catalog;
use vainu_etl::schema::{Kind, Table};
use vainu_etl::views::{VIEWS, run_checks};

use crate::fixture_warehouse::Warehouse;

/// Values of a column as SQL, as far as its type goes: also those that no load lets in.
fn values(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Text | Kind::Code { .. } => &[
            "NULL",
            "''",
            "' '",
            "chr(160)",
            "'unknown'",
            "'62'",
            "'00'",
            "'Active'",
            "repeat('å', 10000)",
            "'0' || chr(0)",
            "chr(8238) || 'x'",
            "'👨‍👩‍👧'",
            "'e' || chr(769)",
            "'NaN'",
            "'%_'",
            "'{\"a\":1}'",
            "chr(10) || '.'",
        ],
        Kind::BusinessId | Kind::Country => &["NULL"],
        Kind::Boolean => &["NULL", "true", "false"],
        Kind::Integer => &[
            "NULL",
            "9223372036854775807",
            "9223372036854775807",
            "(-9223372036854775808)",
            "0",
            "-1",
            "1",
            "249",
            "250",
        ],
        Kind::Double => &[
            "NULL",
            "1.7976931348623157e308",
            "1.7976931348623157e308",
            "-1.7976931348623157e308",
            "5e-324",
            "-0.0",
            "0.0",
            "'nan'::DOUBLE",
            "'inf'::DOUBLE",
            "'-inf'::DOUBLE",
        ],
        Kind::Decimal => &[
            "NULL",
            "9999999999999999.99",
            "9999999999999999.99",
            "-9999999999999999.99",
            "0.00",
            "0.01",
            "-0.01",
        ],
        Kind::Date => &[
            "NULL",
            "DATE '9999-12-31'",
            "DATE '0001-01-01'",
            "DATE '5877642-06-25 (BC)'",
            "DATE '5881580-07-10'",
            "'infinity'::DATE",
            "'-infinity'::DATE",
            "DATE '2024-02-29'",
        ],
        Kind::Timestamp => &[
            "NULL",
            "TIMESTAMP '9999-12-31 23:59:59.999999'",
            "TIMESTAMP '0001-01-01'",
            "TIMESTAMP '290309-12-22 (BC) 00:00:00'",
            "TIMESTAMP '294247-01-10 04:00:54.775806'",
            "'infinity'::TIMESTAMP",
            "'-infinity'::TIMESTAMP",
            "TIMESTAMP '1970-01-01'",
        ],
        Kind::Json => {
            &["NULL", "'{}'", "'[]'", "'null'", "'1e400'", "'\"\\u0000\"'", "'{\"a\":{\"a\":[1,null]}}'"]
        }
    }
}

/// Rows of a table: each pairs the values of its columns in another way, and some repeat one of them in every column.
const ROWS: usize = 120;

fn insert(table: &Table) -> String {
    let columns: Vec<_> = table.all_columns().collect();
    let row = |row: usize| {
        let cells = columns.iter().enumerate().map(|(position, column)| match column.name {
            // A few companies' worth of keys; two countries, so that rows share their segments.
            "country" => format!("'{}'", ["FI", "SE"][row % 2]),
            "business_id" => format!("'{row:08}'"),
            "_run_id" | "run_id" | "first_seen_run" => "'run-1'".to_owned(),
            "_deleted_at" => "NULL".to_owned(),
            "_first_seen_at" => "TIMESTAMP '0001-01-01'".to_owned(),
            "_last_seen_at" => "TIMESTAMP '294247-01-10 04:00:54.775806'".to_owned(),
            name if table.key.contains(&name) && column.kind == Kind::Integer => row.to_string(),
            name if table.key.contains(&name) && column.kind == Kind::Text => format!("'{row}'"),
            _ => {
                let values = values(column.kind);
                // The first rows hold the same value of all columns: the greatest of all, the least of all, and so on.
                let at = if row < 20 { row } else { row / 2 * (position + 1) + row };
                let value = values[at % values.len()];
                if value == "NULL" && !column.nullable { not_null(column.kind) } else { value.to_owned() }
            }
        });
        format!("({})", cells.collect::<Vec<_>>().join(", "))
    };
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    let rows: Vec<_> = (0..ROWS).map(row).collect();
    format!("INSERT INTO {} ({}) VALUES {};\n", table.qualified(), names.join(", "), rows.join(", "))
}

fn not_null(kind: Kind) -> String {
    match kind {
        Kind::Integer | Kind::Decimal | Kind::Double => "0",
        Kind::Boolean => "false",
        Kind::Timestamp => "TIMESTAMP '1970-01-01'",
        Kind::Date => "DATE '1970-01-01'",
        _ => "'x'",
    }
    .to_owned()
}

fn absurd() -> Warehouse {
    let mut sql = "DELETE FROM prospects;".to_owned();
    for table in catalog::tables() {
        // Those of the loads themselves hold what the program writes; what does not fit holds anything.
        if table.schema == "main" || table.name == "rejects" {
            sql.push_str(&insert(table));
        }
    }
    Warehouse::with(&sql)
}

#[test]
fn every_view_can_be_read_whole_whatever_the_numbers_and_texts_are() {
    let warehouse = absurd();
    let connection = warehouse.open();
    for view in VIEWS {
        for column in view.header().columns {
            // Both: as texts all values are worked out; as they are, they come as a reader gets them.
            let sql =
                format!("SELECT count({0}::VARCHAR), count(DISTINCT {0}) FROM {1}", column.name, view.name);
            let counted = connection.query_row(&sql, [], |row| row.get::<_, i64>(0));
            counted.unwrap_or_else(|error| panic!("{}.{}: {error}", view.name, column.name));
        }
        let rows: i64 = connection
            .query_row(&format!("SELECT count(*) FROM (SELECT * FROM {})", view.name), [], |row| row.get(0))
            .unwrap();
        assert!(rows > 0, "{}", view.name);
    }
    assert_eq!(run_checks(&connection).unwrap(), []);
    let macros: i64 = connection
        .query_row("SELECT count(*) FROM duckdb_functions() WHERE NOT internal", [], |row| row.get(0))
        .unwrap();
    assert_eq!(macros, 0, "macros are called here with the same values");
}

#[test]
fn a_sum_beyond_64_bits_is_the_sum() {
    let warehouse = absurd();
    for view in VIEWS.iter().filter(|view| view.name.starts_with("segment_by_")) {
        let sql = format!(
            "SELECT sum(staff) = (SELECT sum(staff_number::HUGEINT) FROM companies WHERE is_selected), \
                    sum(turnover_eur) = (SELECT sum(turn_over_eur) FROM companies WHERE is_selected), \
                    sum(companies) = (SELECT count(*) FROM companies WHERE is_selected), \
                    max(typeof(staff)), max(typeof(turnover_eur)) FROM {}",
            view.name
        );
        let expected = "true,true,true,\"DECIMAL(38,0)\",\"DECIMAL(38,2)\"";
        assert_eq!(warehouse.rows(&sql), [expected], "{}", view.name);
    }
    // The sum of a thousand of the largest, which a generous source could send in one night.
    let warehouse = Warehouse::with(
        "INSERT INTO prospects (country, business_id, staff_number, turn_over_eur, industry_division, _run_id, _first_seen_at, _last_seen_at)
         SELECT 'NO', 'n' || n, 9223372036854775807, 9999999999999999.99, '62', 'run-1', TIMESTAMP '2026-01-01', TIMESTAMP '2026-01-01'
         FROM range(1000) AS r(n)",
    );
    assert_eq!(
        warehouse
            .rows("SELECT staff, turnover_eur, companies FROM segment_by_size_class WHERE country = 'NO'"),
        ["9223372036854775807000,9999999999999999990.00,1000"]
    );
    assert_eq!(run_checks(&warehouse.open()).unwrap(), []);
}
