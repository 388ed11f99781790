//! Finds what people have added to the published file: tables, views and other objects that no load has made.

use std::path::Path;

use crate::catalog::STREAMS;
use crate::load::LoadError;
use crate::schema::etl;
use crate::views;
use crate::workspace;

/// Most names that a message lists.
const MOST_NAMED: usize = 10;

/// Every object in the warehouse at `path` that no load has made, such as `view my_segments` or `schema scratch`,
/// sorted by kind and name. Each load builds a new file without these objects.
///
/// # Errors
/// The file cannot be opened or read.
pub fn foreign(path: &Path) -> Result<Vec<String>, LoadError> {
    let failed = |source| LoadError::database("looking at what the published file holds", path, source);
    let connection = workspace::open_read_only(path).map_err(failed)?;
    let sql = "SELECT kind, schema_name, name FROM (
         SELECT 'table' AS kind, schema_name, table_name AS name FROM duckdb_tables() WHERE NOT internal AND database_name = current_database()
         UNION ALL SELECT 'view', schema_name, view_name FROM duckdb_views() WHERE NOT internal AND database_name = current_database()
         UNION ALL SELECT 'macro', schema_name, function_name FROM duckdb_functions()
             WHERE NOT internal AND function_type IN ('macro', 'table_macro') AND database_name = current_database()
         UNION ALL SELECT 'sequence', schema_name, sequence_name FROM duckdb_sequences() WHERE database_name = current_database()
         UNION ALL SELECT 'type', schema_name, type_name FROM duckdb_types() WHERE NOT internal AND database_name = current_database()
         UNION ALL SELECT 'index', schema_name, index_name FROM duckdb_indexes() WHERE database_name = current_database()
         UNION ALL SELECT 'schema', schema_name, schema_name FROM duckdb_schemas()
             WHERE NOT internal AND schema_name NOT IN ('main', 'etl') AND database_name = current_database()
         ) GROUP BY ALL ORDER BY ALL";
    let mut statement = connection.prepare(sql).map_err(failed)?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).map_err(failed)?;
    let found: Vec<(String, String, String)> = found.collect::<duckdb::Result<_>>().map_err(failed)?;
    let foreign = found.into_iter().filter(|(kind, schema, name)| !is_ours(kind, schema, name));
    let shown = |(kind, schema, name): (String, String, String)| {
        if schema == "main" || kind == "schema" {
            format!("{kind} {name}")
        } else {
            format!("{kind} {schema}.{name}")
        }
    };
    Ok(foreign.map(shown).collect())
}

/// The first of these names, and how many more there are, as one text.
pub fn named(foreign: &[String]) -> String {
    let mut text = foreign.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
    if let Some(more) = foreign.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

fn is_ours(kind: &str, schema: &str, name: &str) -> bool {
    match (kind, schema) {
        ("table", "etl") => etl::TABLES.iter().any(|table| table.name == name),
        ("table", "main") => {
            let of_streams =
                STREAMS.iter().flat_map(|stream| stream.targets.iter().map(|target| target.table));
            of_streams.map(|table| table.name).chain(views::installed()).any(|ours| ours == name)
        }
        ("view" | "macro", "main") => views::installed().any(|ours| ours == name),
        _ => false,
    }
}
