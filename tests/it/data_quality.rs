//! The view `data_quality`: its file is made from the catalog, and its figures are right.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use vainu_etl::catalog;
use vainu_etl::catalog::{At, STREAMS};
use vainu_etl::schema::{self, Table};

use crate::documents::assert_up_to_date;
use crate::fixture_warehouse::Warehouse;

const HEADER: &str = "\
-- view:  data_quality
-- grain: one row per table and column; one more per table for its records as a whole, with `*` for the column; one per status text that nobody knows
-- reads: every table of schema main that is loaded, companies, etl.rejects, etl.streams, etl.runs
-- units: rows, nulls and rejects are numbers of rows; null_percent = percent; freshness in UTC
-- notes: Made from the catalog by `make accept`, so that a new column is in it by itself. All rows of a table count,
--        companies that disappeared too. A reject counts for the column that its field feeds; one of a field without a
--        column for `_extra`; one of a whole record for `*`. So the rejects of a table's rows add up to those that
--        etl.rejects has of it.
--        A row with unknown_value is a status text that status_texts does not have: rows are the live companies with it,
--        whose status_class is 'unknown'. The README says how to add texts.
-- column: table_name = Table of schema main.
-- column: column_name = Its column; `*` for its records as a whole.
-- column: column_position = Position of the column in the table, from 1; 0 for `*`.
-- column: unknown_value = A status text that nobody knows, as received; NULL in the rows of columns.
-- column: rows = Rows of the table; for an unknown_value live companies that have it.
-- column: nulls = Rows in which the column is NULL; NULL for `*` and for an unknown_value.
-- column: null_percent = Share of nulls in rows, percent, two decimals; NULL where there are no rows.
-- column: rejects = Rows of etl.rejects about the column; NULL for an unknown_value.
-- column: freshness = When the newest run that read the table had its data, UTC; NULL when none has.
CREATE OR REPLACE VIEW data_quality AS
";

fn tables() -> Vec<&'static Table> {
    catalog::tables().into_iter().filter(|table| table.schema == "main").collect()
}

/// The API's fields by the column that they feed, each once; a column without one is named by itself.
fn fields(table: &Table) -> Vec<(String, &'static str)> {
    let mut fields: Vec<(String, &'static str)> = Vec::new();
    let mut add = |field: &str, column| {
        if !fields.iter().any(|(known, _)| known == field) {
            fields.push((field.to_owned(), column));
        }
    };
    for column in table.columns {
        column.sources().0.iter().for_each(|field| add(field, column.name));
    }
    // Elements that are no objects are rejected under the name of their array.
    for target in STREAMS.iter().flat_map(|stream| stream.targets).filter(|target| *target.table == *table) {
        let element = table.columns.iter().find(|column| column.origin == schema::Origin::Element);
        if let (At::Elements(field), Some(column)) = (target.at, element) {
            add(field, column.name);
        }
    }
    table.columns.iter().for_each(|column| add(column.name, column.name));
    fields
}

#[expect(clippy::too_many_lines, reason = "one text, in the order in which it is read")]
fn made_from_the_catalog() -> String {
    let mut sql = HEADER.to_owned();
    sql.push_str("WITH counted AS (\n");
    for (number, table) in tables().into_iter().enumerate() {
        let name = table.name;
        let columns: Vec<&str> = table.all_columns().map(|column| column.name).collect();
        if number > 0 {
            sql.push_str("    UNION ALL\n");
        }
        let _ = writeln!(sql, "    SELECT '{name}' AS table_name, n.position, n.column_name, c.row_count,");
        sql.push_str("        CASE n.position\n");
        for position in 1..=columns.len() {
            let _ = writeln!(sql, "            WHEN {position} THEN c.filled_{position}");
        }
        sql.push_str("        END AS filled\n    FROM (\n        SELECT count(*) AS row_count");
        for (position, column) in (1..).zip(&columns) {
            let _ = write!(sql, ",\n            count({column}) AS filled_{position}");
        }
        let _ = write!(sql, "\n        FROM {name}\n    ) AS c\n    CROSS JOIN (VALUES\n        (0, '*')");
        for (position, column) in (1..).zip(&columns) {
            let _ = write!(sql, ", ({position}, '{column}')");
        }
        sql.push_str("\n    ) AS n(position, column_name)\n");
    }
    sql.push_str("),\nfields AS (\n    SELECT v.table_name, v.field, v.column_name\n    FROM (VALUES\n");
    let all = tables().into_iter().flat_map(|table| {
        fields(table)
            .into_iter()
            .map(|(field, column)| format!("        ('{}', '{field}', '{column}')", table.name))
    });
    sql.push_str(&all.collect::<Vec<_>>().join(",\n"));
    sql.push_str("\n    ) AS v(table_name, field, column_name)\n),\nfeeds AS (\n    SELECT v.table_name, v.stream\n    FROM (VALUES\n");
    let feeds: BTreeSet<(&str, &str)> = STREAMS
        .iter()
        .flat_map(|stream| stream.targets.iter().map(|target| (target.table.name, stream.name)))
        .collect();
    let feeds = feeds.into_iter().map(|(table, stream)| format!("        ('{table}', '{stream}')"));
    sql.push_str(&feeds.collect::<Vec<_>>().join(",\n"));
    sql.push_str(
        "
    ) AS v(table_name, stream)
),
rejected AS (
    SELECT
        r.table_name,
        CASE WHEN r.field IS NULL THEN '*' ELSE coalesce(f.column_name, '_extra') END AS column_name,
        CAST(count(*) AS BIGINT) AS rejects
    FROM etl.rejects AS r
    LEFT JOIN fields AS f ON f.table_name = r.table_name AND f.field = r.field
    GROUP BY ALL
),
fresh AS (
    SELECT f.table_name, max(r.finished_at) AS freshness
    FROM feeds AS f
    JOIN etl.streams AS s ON s.stream = f.stream
    JOIN etl.runs AS r ON r.run_id = s.run_id
    GROUP BY f.table_name
),
unknown AS (
    SELECT status, CAST(count(*) AS BIGINT) AS row_count
    FROM companies
    WHERE status_class = 'unknown' AND trim(status) <> ''
    GROUP BY status
)
SELECT
    c.table_name,
    c.column_name,
    CAST(c.position AS BIGINT) AS column_position,
    CAST(NULL AS STRING) AS unknown_value,
    CAST(c.row_count AS BIGINT) AS rows,
    CAST(c.row_count - c.filled AS BIGINT) AS nulls,
    round(100 * CAST(c.row_count - c.filled AS DOUBLE) / nullif(c.row_count, 0), 2) AS null_percent,
    coalesce(r.rejects, 0) AS rejects,
    f.freshness
FROM counted AS c
LEFT JOIN rejected AS r ON r.table_name = c.table_name AND r.column_name = c.column_name
LEFT JOIN fresh AS f ON f.table_name = c.table_name
UNION ALL
SELECT
    'prospects' AS table_name,
    'status' AS column_name,
    CAST({status} AS BIGINT) AS column_position,
    u.status AS unknown_value,
    u.row_count AS rows,
    CAST(NULL AS BIGINT) AS nulls,
    CAST(NULL AS DOUBLE) AS null_percent,
    CAST(NULL AS BIGINT) AS rejects,
    f.freshness
FROM unknown AS u
LEFT JOIN fresh AS f ON f.table_name = 'prospects'
ORDER BY table_name NULLS LAST, column_position NULLS LAST, unknown_value NULLS FIRST;
"
        .replace("{status}", &position_of_status().to_string())
        .as_str(),
    );
    sql
}

fn position_of_status() -> usize {
    let prospects = tables().into_iter().find(|table| table.name == "prospects").unwrap();
    1 + prospects.all_columns().position(|column| column.name == "status").unwrap()
}

#[test]
fn the_view_is_made_from_the_catalog() {
    assert_up_to_date("sql/views/data_quality.sql", &made_from_the_catalog());
}

#[test]
fn every_column_of_every_table_has_a_row_and_every_table_one_more() {
    let rows = Warehouse::new().rows(
        "SELECT table_name, column_name, column_position FROM data_quality WHERE unknown_value IS NULL",
    );
    let expected: BTreeSet<String> = tables()
        .into_iter()
        .flat_map(|table| {
            let columns = std::iter::once("*").chain(table.all_columns().map(|column| column.name));
            (0..).zip(columns).map(|(position, column)| format!("{},{column},{position}", table.name))
        })
        .collect();
    assert_eq!(rows.len(), expected.len());
    assert_eq!(rows.into_iter().collect::<BTreeSet<_>>(), expected);
}

/// Table, field and raw value of rejects; without a field a whole record.
const REJECTS: &[(&str, Option<&str>, &str)] = &[
    ("prospects", Some("turn_over"), "x"),
    ("prospects", Some("turn_over"), "y"),
    ("prospects", Some("isic_industry_code"), "[]"),
    ("prospects", Some("x_unknown"), "[[]]"),
    ("prospects", None, "{}"),
    ("lead_tags", Some("tags"), "[]"),
];

const STREAMS_READ: &str = "
    INSERT INTO etl.streams BY NAME
    SELECT v.*, 'all' AS list, 1 AS rows_received, 1 AS distinct_keys, 1 AS effective_page_size, 1 AS sweeps, true AS complete
    FROM (VALUES ('run-1', 'prospects'), ('run-2', 'prospects'), ('run-1', 'leads')) AS v(run_id, stream);";

/// The rejects as rows of their table, whatever else it has.
fn rejects() -> String {
    let table = &schema::etl::REJECTS;
    let rows = REJECTS.iter().enumerate().map(|(number, (of, field, raw))| {
        let cell = |column: &schema::Column| match (column.name, column.kind) {
            ("table_name", _) => format!("'{of}'"),
            ("field", _) => field.map_or("NULL".to_owned(), |field| format!("'{field}'")),
            ("raw", _) => format!("'{raw}'"),
            ("key", _) => format!("'FI/{number}'"),
            (_, schema::Kind::Integer) => "1".to_owned(),
            (_, schema::Kind::Timestamp) => "NULL".to_owned(),
            (name, _) => format!("'{name} {number}'"),
        };
        format!("({})", table.all_columns().map(cell).collect::<Vec<_>>().join(", "))
    });
    format!("INSERT INTO etl.rejects VALUES {};", rows.collect::<Vec<_>>().join(", "))
}

#[test]
fn rows_nulls_rejects_and_freshness_are_those_of_the_tables() {
    let warehouse = Warehouse::with(&(rejects() + STREAMS_READ));
    let of = |table: &str, columns: &str| {
        warehouse.rows(&format!(
            "SELECT column_name, rows, nulls, null_percent, rejects, freshness FROM data_quality \
             WHERE table_name = '{table}' AND column_name IN ({columns}) AND unknown_value IS NULL"
        ))
    };
    assert_eq!(
        of("prospects", "'*', 'business_id', 'status', 'industry_code', 'turn_over_eur', '_extra'"),
        [
            "*,13,,,1,2026-01-02 02:00:00",
            "business_id,13,0,0.0,0,2026-01-02 02:00:00",
            "status,13,1,7.69,0,2026-01-02 02:00:00",
            "industry_code,13,13,100.0,1,2026-01-02 02:00:00",
            "turn_over_eur,13,2,15.38,2,2026-01-02 02:00:00",
            "_extra,13,13,100.0,1,2026-01-02 02:00:00",
        ]
    );
    assert_eq!(of("lead_tags", "'tag'"), ["tag,0,0,,1,2026-01-01 02:00:00"]);
    assert_eq!(of("contacts", "'email'"), ["email,0,0,,0,"]);
    let sql = "SELECT (SELECT sum(rejects)::BIGINT FROM data_quality), (SELECT count(*) FROM etl.rejects)";
    assert_eq!(warehouse.rows(sql), ["6,6"]);
}

#[test]
fn status_texts_that_nobody_knows_are_listed_with_their_companies() {
    let warehouse = Warehouse::with(
        "UPDATE prospects SET status = 'Vilande (nytt)' WHERE country = 'DK';
         UPDATE prospects SET status = 'Something else' WHERE business_id IN ('00000005', '00000009');",
    );
    let sql = "SELECT table_name, column_name, unknown_value, rows, nulls, rejects FROM data_quality WHERE unknown_value IS NOT NULL";
    // Lambda, which is deleted, is not counted; blank texts are no texts.
    assert_eq!(
        warehouse.rows(sql),
        ["prospects,status,Something else,1,,", "prospects,status,Vilande (nytt),3,,"]
    );
    assert_eq!(Warehouse::new().rows(sql), Vec::<String>::new());
}
