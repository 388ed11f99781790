//! `query`: what it refuses, and the exact text of every format.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use duckdb::Connection;
use vainu_etl::query::{Format, QueryError, QueryOptions, query, query_to_file};

use crate::fixture_warehouse::Warehouse;
use crate::support::with;

fn format(format: Format) -> QueryOptions {
    QueryOptions::new(format)
}

const SAMPLE: &str = "SELECT country, company_name, turn_over_eur, registration_date, is_active, staff_number \
                      FROM companies WHERE country = 'DK' OR business_id = '00000001' ORDER BY country, business_id";

#[test]
fn writing_statements_are_refused() {
    let warehouse = Warehouse::new();
    for (sql, word) in [
        ("INSERT INTO prospects (country) VALUES ('FI')", "INSERT"),
        ("UPDATE prospects SET country = 'FI'", "UPDATE"),
        ("DELETE FROM prospects", "DELETE"),
        ("DROP TABLE prospects", "DROP"),
        ("CREATE TEMP TABLE x AS SELECT 1", "CREATE"),
        ("COPY prospects TO 'x.csv'", "COPY"),
        ("EXPORT DATABASE 'x'", "EXPORT"),
        ("ATTACH 'x.duckdb'", "ATTACH"),
        ("INSTALL httpfs", "INSTALL"),
        ("LOAD json", "LOAD"),
        ("SET memory_limit = '1TB'", "SET"),
        ("PRAGMA database_list", "PRAGMA"),
        ("CALL pragma_version()", "CALL"),
        ("SELECT 1; DROP TABLE prospects", "DROP"),
        ("EXPLAIN SELECT 1; DROP TABLE prospects", "DROP"),
        ("EXPLAIN ANALYZE DELETE FROM prospects", "DELETE"),
        ("EXPLAIN (ANALYZE) DELETE FROM prospects", "DELETE"),
        ("WITH x AS (SELECT 1) INSERT INTO prospects (country) SELECT 'FI'", "INSERT"),
        ("-- first\n/* then */ DELETE FROM prospects", "DELETE"),
    ] {
        let error = warehouse.refusal(sql);
        let expected = format!("`query` only reads; `{word}` is not a reading statement");
        assert_eq!(error.to_string(), expected, "{sql}");
        assert!(!error.hint().is_empty());
    }
    assert_eq!(warehouse.rows("SELECT count(*) FROM prospects"), ["13"]);
}

/// DuckDB makes two statements of it, whether it stands alone or inside another.
#[test]
fn a_pivot_without_its_values_is_refused_with_what_is_true_of_it() {
    let warehouse = Warehouse::new();
    for sql in [
        "PIVOT companies ON country USING count(*)",
        "SELECT * FROM (PIVOT companies ON country USING count(*))",
        "WITH p AS (PIVOT companies ON country USING count(*)) FROM p",
        "/* how many */ FROM (PIVOT companies ON country USING count(*)) -- pivot",
        "EXPLAIN PIVOT companies ON country USING count(*)",
        "DESCRIBE (PIVOT companies ON country USING count(*))",
    ] {
        let error = warehouse.refusal(sql);
        assert!(matches!(error, QueryError::PivotWithoutValues), "{sql}: {error}");
        assert!(error.to_string().contains("two statements"), "{error}");
        assert!(error.hint().contains("IN ('a', 'b')"), "{}", error.hint());
    }
    for sql in [
        "PIVOT companies ON country IN ('FI', 'DK') USING count(*)",
        "SELECT * FROM (PIVOT companies ON country IN ('FI', 'DK') USING count(*))",
    ] {
        assert!(warehouse.query(sql, &format(Format::Csv)).unwrap().1.rows > 0, "{sql}");
    }
}

#[test]
fn parameters_have_no_values() {
    for sql in ["SELECT ?", "SELECT $1", "FROM companies WHERE country = $country"] {
        let error = Warehouse::new().refusal(sql);
        assert!(matches!(error, QueryError::NotOne(_)), "{sql}: {error}");
    }
}

#[test]
fn several_statements_and_none_are_refused() {
    let warehouse = Warehouse::new();
    let error = warehouse.refusal("SELECT 1; SELECT 2");
    assert_eq!(error.to_string(), "`query` runs one statement, here are 2");
    for empty in ["", "  ;\n", "-- only a comment"] {
        assert_eq!(warehouse.refusal(empty).to_string(), "The query is empty");
    }
}

#[test]
fn files_and_settings_are_out_of_reach() {
    let warehouse = Warehouse::new();
    for sql in [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_parquet('https://example.com/x.parquet')",
        "SELECT * FROM query('COPY prospects TO ''x.csv''')",
    ] {
        assert!(matches!(warehouse.refusal(sql), QueryError::Sql(_)), "{sql}");
    }
    let locked = warehouse.rows(
        "SELECT current_setting('lock_configuration'), current_setting('enable_external_access'), \
         current_setting('autoload_known_extensions')",
    );
    assert_eq!(locked, ["true,false,false"]);
}

#[test]
fn every_kind_of_reading_statement_is_taken() {
    let warehouse = Warehouse::new();
    for sql in [
        "SELECT 1;",
        "FROM companies",
        "WITH x AS (SELECT 1) FROM x",
        "VALUES (1), (2)",
        "DESCRIBE companies",
        "SHOW TABLES",
        "SUMMARIZE companies",
        "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE FROM companies",
        "FROM companies PIVOT (count(*) FOR country IN ('FI', 'DK'))",
        "-- a comment\nSELECT ';' AS x",
        "--a comment; of two parts\n/* and /* another */ ; */ SELECT 1; -- done;",
        "-- a comment\ncompanies",
        "companies -- all of them",
        "/* plan */ EXPLAIN SELECT 1",
        "EXPLAIN (FORMAT json) SELECT 1",
        "EXPLAIN (ANALYZE, FORMAT json) SELECT 1;",
        "EXPLAIN (SELECT 1)",
        "(SELECT 1)",
        "SELECT $$;$$, $t$ -- $t$, e'\\';' -- '",
        "TABLE companies",
        "SHOW ALL TABLES",
        "DESCRIBE SELECT 1 AS a, 2 AS a",
        "UNPIVOT (SELECT 1 AS a, 2 AS b) ON a, b",
        "SELECT 1 AS a UNION ALL SELECT 2 ORDER BY a LIMIT 1",
        "SELECT 1 AS \"0\", 2 AS \"0\"",
        "companies",
        "main.segment_by_region",
        "etl.runs",
        "PROSPECTS",
    ] {
        assert!(warehouse.query(sql, &format(Format::Csv)).unwrap().1.rows > 0, "{sql}");
    }
}

#[test]
fn wrong_sql_shows_the_place() {
    let warehouse = Warehouse::new();
    let expected = "Parser Error: syntax error at or near \"SELEC\"\n\nLINE 1: SELEC 1\n        ^";
    assert_eq!(warehouse.refusal("SELEC 1").to_string(), expected);
    let message = warehouse.refusal("SELECT country\nFROM companies\nWHERE nope = 1").to_string();
    assert!(
        message.starts_with("Binder Error: Referenced column \"nope\" not found in FROM clause!"),
        "{message}"
    );
    assert!(message.ends_with("LINE 3: WHERE nope = 1\n              ^"), "{message}");
}

#[test]
fn an_error_while_running_is_reported() {
    let message = Warehouse::new().refusal("SELECT CAST(company_name AS INTEGER) FROM companies").to_string();
    assert!(message.starts_with("Conversion Error: Could not convert string"), "{message}");
    assert!(
        message.ends_with("LINE 1: SELECT CAST(company_name AS INTEGER) FROM companies\n               ^"),
        "{message}"
    );
}

#[test]
fn an_unknown_name_suggests_what_there_is() {
    let warehouse = Warehouse::new();
    let error = warehouse.refusal("company");
    assert_eq!(error.to_string(), "There is no view or table named `company`");
    assert_eq!(error.hint(), "known: companies");
    assert_eq!(
        warehouse.refusal("xyz").hint(),
        "known: companies, data_quality, industry_leaders, segment_by_industry, segment_by_region, segment_by_size_class, \
         segment_by_turnover_band, contacts, customer_data, financial_statements, lead_prospects, lead_tags, leads, \
         nace_divisions, nace_sections, prospect_addresses, prospect_technologies, prospects, status_texts, \
         target_group_members, \
         target_groups, etl.changes, etl.ids_not_found, etl.list_members, etl.rejects, etl.runs, etl.schema_drift, etl.streams, \
         etl.warehouse"
    );
}

#[test]
fn a_missing_warehouse_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.duckdb");
    let error = query(&path, "SELECT 1", &QueryOptions::default(), &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), format!("There is no warehouse at `{}`", path.display()));
    assert!(!path.exists());
}

#[test]
fn csv() {
    let (text, written) = Warehouse::new().query(SAMPLE, &format(Format::Csv)).unwrap();
    assert_eq!(
        text,
        "country,company_name,turn_over_eur,registration_date,is_active,staff_number\r\n\
         DK,Alfa ApS,200000.00,,true,49\r\n\
         DK,\"'=Evil\u{1b}[31m ApS\",400000.00,,false,0\r\n\
         DK,\"Øresund, \"\"A/S\"\"\",10000000.00,,true,50\r\n\
         FI,Alfa Oy,1999999.99,1994-06-08,true,9\r\n"
    );
    assert_eq!((written.rows, written.truncated), (4, false));
}

#[test]
fn csv_leaves_formulas_when_asked_and_escapes_for_a_terminal() {
    let warehouse = Warehouse::new();
    let sql = "SELECT company_name, -1 AS n FROM companies WHERE company_name LIKE '=%'";
    let raw = with(format(Format::Csv), |options| options.raw_csv = true);
    assert_eq!(warehouse.query(sql, &raw).unwrap().0, "company_name,n\r\n=Evil\u{1b}[31m ApS,-1\r\n");
    let terminal = with(format(Format::Csv), |options| options.terminal = true);
    assert_eq!(
        warehouse.query(sql, &terminal).unwrap().0,
        "company_name,n\r\n\"'=Evil\\u{1b}[31m ApS\",-1\r\n"
    );
}

#[test]
fn json() {
    let warehouse = Warehouse::new();
    let sql = "SELECT business_id, turn_over_eur, registration_date, mother, last_seen_at, is_active \
               FROM companies WHERE country = 'FI' AND business_id IN ('00000001', '00000005') ORDER BY business_id";
    assert_eq!(
        warehouse.query(sql, &format(Format::Json)).unwrap().0,
        "[{\"business_id\":\"00000001\",\"turn_over_eur\":1999999.99,\"registration_date\":\"1994-06-08\",\
         \"mother\":{\"name\": \"Mother Oy\", \"id\": 1},\"last_seen_at\":\"2026-01-02 01:30:00.25\",\"is_active\":true},\n\
         {\"business_id\":\"00000005\",\"turn_over_eur\":null,\"registration_date\":null,\"mother\":null,\
         \"last_seen_at\":\"2026-01-02 01:30:00.25\",\"is_active\":null}]\n"
    );
    assert_eq!(warehouse.query("SELECT 1 WHERE false", &format(Format::Json)).unwrap().0, "[]\n");
}

#[test]
fn jsonl() {
    let warehouse = Warehouse::new();
    let sql = "SELECT company_name, 1 AS a, 2 AS a, [1, 2] AS list, {'k': 'v'} AS struct, '{\n}'::JSON AS j \
               FROM companies WHERE company_name LIKE '=%'";
    let (text, _) = warehouse.query(sql, &format(Format::Jsonl)).unwrap();
    assert_eq!(
        text,
        "{\"company_name\":\"=Evil\\u001b[31m ApS\",\"a\":1,\"a_2\":2,\"list\":[1,2],\"struct\":{\"k\":\"v\"},\"j\":{ }}\n"
    );
    let terminal = with(format(Format::Jsonl), |options| options.terminal = true);
    let (text, _) = warehouse.query("SELECT 'a' || chr(8238) || chr(155) AS x", &terminal).unwrap();
    assert_eq!(text, "{\"x\":\"a\\u202e\\u009b\"}\n");
}

#[test]
fn markdown() {
    let sql = "SELECT company_name, turn_over_eur, 'a|b' AS \"p|q\", NULL::VARCHAR AS n FROM companies \
               WHERE country = 'DK' ORDER BY business_id";
    assert_eq!(
        Warehouse::new().query(sql, &format(Format::Markdown)).unwrap().0,
        "| company_name | turn_over_eur | p\\|q | n |\n\
         | --- | ---: | --- | --- |\n\
         | Alfa ApS | 200000.00 | a\\|b |  |\n\
         | =Evil\\u{1b}\\[31m ApS | 400000.00 | a\\|b |  |\n\
         | Øresund, \"A/S\" | 10000000.00 | a\\|b |  |\n"
    );
}

#[test]
fn table() {
    let (text, _) = Warehouse::new().query(SAMPLE, &format(Format::Table)).unwrap();
    insta::assert_snapshot!(text, @r#"
    ┌─────────┬─────────────────────┬───────────────┬───────────────────┬───────────┬──────────────┐
    │ country ┆ company_name        ┆ turn_over_eur ┆ registration_date ┆ is_active ┆ staff_number │
    ╞═════════╪═════════════════════╪═══════════════╪═══════════════════╪═══════════╪══════════════╡
    │ DK      ┆ Alfa ApS            ┆     200000.00 ┆ ∅                 ┆ true      ┆           49 │
    │ DK      ┆ =Evil\u{1b}[31m ApS ┆     400000.00 ┆ ∅                 ┆ false     ┆            0 │
    │ DK      ┆ Øresund, "A/S"      ┆   10000000.00 ┆ ∅                 ┆ true      ┆           50 │
    │ FI      ┆ Alfa Oy             ┆    1999999.99 ┆ 1994-06-08        ┆ true      ┆            9 │
    └─────────┴─────────────────────┴───────────────┴───────────────────┴───────────┴──────────────┘
    4 rows
    ∅ is NULL
    "#);
}

#[test]
fn a_table_leaves_out_columns_that_do_not_fit_and_says_which() {
    let options = with(QueryOptions::default(), |options| options.width = Some(60));
    let (text, _) = Warehouse::new().query(SAMPLE, &options).unwrap();
    insta::assert_snapshot!(text, @r#"
    ┌─────────┬─────────────────────┬───────────────┐
    │ country ┆ company_name        ┆ turn_over_eur │
    ╞═════════╪═════════════════════╪═══════════════╡
    │ DK      ┆ Alfa ApS            ┆     200000.00 │
    │ DK      ┆ =Evil\u{1b}[31m ApS ┆     400000.00 │
    │ DK      ┆ Øresund, "A/S"      ┆   10000000.00 │
    │ FI      ┆ Alfa Oy             ┆    1999999.99 │
    └─────────┴─────────────────────┴───────────────┘
    4 rows
    3 of 6 columns fit; not shown: registration_date, is_active, staff_number
    "#);
    assert!(text.lines().filter(|line| line.starts_with('│')).all(|line| line.chars().count() <= 60));
}

#[test]
fn a_table_stops_at_its_rows_and_says_that_there_are_more() {
    let warehouse = Warehouse::new();
    let options = with(QueryOptions::default(), |options| options.max_rows = 2);
    for sql in ["SELECT range AS n FROM range(100000)", "nace_sections"] {
        let (text, written) = warehouse.query(sql, &options).unwrap();
        assert_eq!((written.rows, written.truncated), (2, true));
        assert!(
            text.ends_with("first 2 rows, there are more: `--format csv -o FILE` writes all\n"),
            "{text}"
        );
    }
    let (text, written) = warehouse.query("SELECT range AS n FROM range(2)", &options).unwrap();
    assert_eq!((written.rows, written.truncated), (2, false));
    assert!(text.ends_with("2 rows\n"));
}

#[test]
fn long_cells_are_cut_in_a_table_only() {
    let warehouse = Warehouse::new();
    let sql = "SELECT repeat('x', 100) AS long";
    let (text, _) = warehouse.query(sql, &QueryOptions::default()).unwrap();
    assert!(text.contains(&format!(" {}… ", "x".repeat(59))), "{text}");
    assert_eq!(warehouse.rows(sql), ["x".repeat(100)]);
}

#[test]
fn parquet_holds_the_same_values() {
    let warehouse = Warehouse::new();
    let file = warehouse.folder().join("out.parquet");
    let sql = "SELECT country, business_id, company_name, turn_over_eur, registration_date, is_active, mother, \
               last_seen_at, digitality, staff_number FROM companies";
    let written = query_to_file(warehouse.path(), sql, &format(Format::Parquet), &file).unwrap();
    assert_eq!((written.rows, written.truncated), (12, false));
    let conn = warehouse.open();
    let differences = |a: &str, b: &str| -> i64 {
        conn.query_row(&format!("SELECT count(*) FROM (({a}) EXCEPT ALL ({b}))"), [], |row| row.get(0))
            .unwrap()
    };
    let read = format!("SELECT * FROM read_parquet('{}')", file.display());
    assert_eq!((differences(sql, &read), differences(&read, sql)), (0, 0));
    let codec: String = conn
        .query_row(
            &format!("SELECT DISTINCT compression FROM parquet_metadata('{}')", file.display()),
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(codec, "ZSTD");
}

#[test]
fn a_binary_format_is_not_for_a_terminal() {
    for binary in [Format::Parquet, Format::Xlsx] {
        let options = with(format(binary), |options| options.terminal = true);
        let error = Warehouse::new().query("SELECT 1", &options).unwrap_err();
        assert_eq!(error.to_string(), format!("`{binary}` is a binary format, not for a terminal"));
    }
}

#[test]
fn a_failed_query_leaves_the_file_as_it_was() {
    let warehouse = Warehouse::new();
    let file = warehouse.folder().join("out.csv");
    query_to_file(warehouse.path(), "SELECT 1 AS n", &format(Format::Csv), &file).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "n\r\n1\r\n");
    let before = std::fs::read_dir(warehouse.folder()).unwrap().count();
    let failing = "SELECT CAST(company_name AS INTEGER) FROM companies";
    assert!(query_to_file(warehouse.path(), failing, &format(Format::Csv), &file).is_err());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "n\r\n1\r\n");
    assert_eq!(std::fs::read_dir(warehouse.folder()).unwrap().count(), before);
}

#[test]
fn a_reader_that_went_away_is_told_apart() {
    struct Closed;
    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let warehouse = Warehouse::new();
    for format in Format::ALL {
        let options = QueryOptions::new(format);
        let error = query(warehouse.path(), "companies", &options, &mut Closed).unwrap_err();
        assert!(error.is_broken_pipe(), "{format}: {error:?}");
    }
}

#[test]
fn readers_do_not_lock_each_other_out() {
    let warehouse = Warehouse::new();
    let config = duckdb::Config::default().access_mode(duckdb::AccessMode::ReadOnly).unwrap();
    let reader = Connection::open_with_flags(warehouse.path(), config).unwrap();
    assert_eq!(warehouse.rows("SELECT count(*) FROM companies"), ["12"]);
    drop(reader);
}
