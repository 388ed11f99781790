//! What a published file holds, in a form that can be compared.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::open;

/// All rows of all tables as text, by table; see [`dump`].
pub(crate) type Dump = BTreeMap<String, Vec<String>>;

/// What a file holds, in a form that two runs of the same data share: run ids by their rank, times by whether there
/// is one, without what counts requests or pages. None when there is no file. It must open, and stand alone.
pub(crate) fn dump(path: &Path) -> Option<Dump> {
    assert!(!path.with_extension("duckdb.wal").exists(), "a log is left beside {}", path.display());
    if !path.exists() {
        return None;
    }
    let connection = open(path);
    let texts = |sql: &str| -> Vec<(String, String)> {
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    let mut all = Dump::new();
    for (table, _) in texts("SELECT schema_name || '.' || table_name, '' FROM duckdb_tables()") {
        let (schema, name) = table.split_once('.').unwrap();
        let columns = texts(&format!(
            "SELECT column_name, data_type FROM duckdb_columns() \
             WHERE schema_name = '{schema}' AND table_name = '{name}' ORDER BY column_index"
        ));
        let cells: Vec<String> = columns
            .iter()
            .filter(|(column, _)| !["requests", "retries", "bytes", "page"].contains(&column.as_str()))
            // A lead of several target groups leads to a company of the one whose answer came last.
            .filter(|(column, _)| (name, column.as_str()) != ("leads", "vainu_link"))
            .map(|(column, kind)| match column.as_str() {
                "run_id" | "_run_id" | "first_seen_run" | "first_run" | "last_run" => format!(
                    "(SELECT count(*) FROM etl.runs r WHERE r.started_at <= \
                     (SELECT started_at FROM etl.runs o WHERE o.run_id = t.\"{column}\"))"
                ),
                // The values of a changed time.
                "before" | "after" => format!(
                    "CASE WHEN ends_with(t.field, '_at') AND t.\"{column}\" IS NOT NULL THEN 'a time' ELSE t.\"{column}\" END"
                ),
                _ if kind.starts_with("TIMESTAMP") => format!("t.\"{column}\" IS NOT NULL"),
                _ => format!("t.\"{column}\""),
            })
            .map(|cell| format!("coalesce(CAST({cell} AS VARCHAR), '∅')"))
            .collect();
        let sql =
            format!("SELECT concat_ws('|', {}) AS line, '' FROM {table} t ORDER BY line", cells.join(", "));
        all.insert(table, texts(&sql).into_iter().map(|(line, _)| line).collect());
    }
    Some(all)
}

/// Asserts that two files hold the same, naming the first row that differs.
pub(crate) fn assert_same(found: Option<&Dump>, wanted: Option<&Dump>, place: &str) {
    let (Some(found), Some(wanted)) = (found, wanted) else {
        assert_eq!(found.is_some(), wanted.is_some(), "{place}: whether there is a file");
        return;
    };
    assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "{place}");
    for (table, rows) in found {
        for (row, wanted) in rows.iter().zip(&wanted[table]) {
            assert_eq!(row, wanted, "{place}: {table}");
        }
        assert_eq!(rows.len(), wanted[table].len(), "{place}: {table}");
    }
}
