//! From what the user typed to one statement that reads.
//!
//! DuckDB's own parser decides: `json_serialize_sql` takes statements of SELECT kind only (DESCRIBE, SHOW and SUMMARIZE
//! are such), runs nothing, and tells how many there are. That matters because preparing a text of several statements
//! runs all but the last.

use duckdb::{Connection, OptionalExt};

use super::QueryError;
use crate::schema::ddl::identifier;

/// The statement to run for `text`, or why it is refused. A lone name becomes `FROM name`, with `limit` rows if given.
pub(super) fn reading(conn: &Connection, text: &str, limit: Option<usize>) -> Result<String, QueryError> {
    let text = text.trim().trim_end_matches(';').trim_end();
    if text.is_empty() {
        return Err(QueryError::Empty);
    }
    if let Some((schema, name)) = lone_name(text) {
        let relation = find_relation(conn, schema, name)?;
        let limit = limit.map(|rows| format!(" LIMIT {rows}")).unwrap_or_default();
        return Ok(format!("FROM {relation}{limit}"));
    }
    match parse(conn, text)? {
        Parsed::Reads(1) => {}
        Parsed::Reads(0) => return Err(QueryError::Empty),
        Parsed::Reads(several) => return Err(QueryError::SeveralStatements(several)),
        Parsed::SyntaxError(message) => {
            // Preparing fails at the same place and shows it; nothing has run, as parsing comes first.
            return Err(conn.prepare(text).map_or_else(QueryError::sql, |_| QueryError::Sql(message)));
        }
        Parsed::Other => match explained(text).map(|inner| parse(conn, inner)).transpose()? {
            Some(Parsed::Reads(1)) => {}
            _ => return Err(QueryError::NotReading(first_word(text))),
        },
    }
    Ok(text.to_owned())
}

enum Parsed {
    /// So many statements, all of SELECT kind.
    Reads(u64),
    SyntaxError(String),
    /// At least one statement is of another kind.
    Other,
}

fn parse(conn: &Connection, text: &str) -> Result<Parsed, QueryError> {
    let sql = "SELECT tree->>'$.error_type', tree->>'$.error_message', json_array_length(tree, '$.statements') \
               FROM (SELECT json_serialize_sql(CAST(? AS VARCHAR)) AS tree)";
    let (kind, message, statements): (Option<String>, Option<String>, Option<u64>) = conn
        .query_row(sql, [text], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .map_err(QueryError::sql)?;
    Ok(match kind.as_deref() {
        None => Parsed::Reads(statements.unwrap_or(0)),
        Some("parser") => Parsed::SyntaxError(message.unwrap_or_default()),
        Some(_) => Parsed::Other,
    })
}

/// What an EXPLAIN explains.
fn explained(text: &str) -> Option<&str> {
    let inner = strip_word(text, "explain")?;
    Some(strip_word(inner, "analyze").unwrap_or(inner))
}

fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (first, rest) = text.split_once(char::is_whitespace)?;
    first.eq_ignore_ascii_case(word).then(|| rest.trim_start())
}

fn first_word(text: &str) -> String {
    let word: String = text.chars().take_while(|character| character.is_alphanumeric()).collect();
    if word.is_empty() { "this".to_owned() } else { word.to_uppercase() }
}

/// Schema (default `main`) and name, when `text` is a lone name such as `companies` or `etl.runs`.
fn lone_name(text: &str) -> Option<(&str, &str)> {
    let (schema, name) = text.split_once('.').unwrap_or(("main", text));
    let plain = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && word.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
    };
    (plain(schema) && plain(name)).then_some((schema, name))
}

const RELATIONS: &str = "SELECT schema_name, view_name AS name, 0 AS kind FROM duckdb_views() \
                         WHERE NOT internal AND database_name = current_database() \
                         UNION ALL SELECT schema_name, table_name, 1 FROM duckdb_tables() \
                         WHERE NOT internal AND database_name = current_database()";

fn find_relation(conn: &Connection, schema: &str, name: &str) -> Result<String, QueryError> {
    let found: Option<(String, String)> = conn
        .query_row(
            &format!("SELECT schema_name, name FROM ({RELATIONS}) WHERE lower(schema_name) = lower(?) AND lower(name) = lower(?)"),
            [schema, name],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
        .map_err(QueryError::sql)?;
    match found {
        Some((schema, name)) => Ok(format!("{}.{}", identifier(&schema), identifier(&name))),
        None => Err(no_relation(conn, schema, name)?),
    }
}

fn no_relation(conn: &Connection, schema: &str, name: &str) -> Result<QueryError, QueryError> {
    let list = || -> duckdb::Result<Vec<String>> {
        let sql = format!(
            "SELECT CASE WHEN schema_name = 'main' THEN name ELSE schema_name || '.' || name END \
             FROM ({RELATIONS}) ORDER BY schema_name <> 'main', kind, name"
        );
        conn.prepare(&sql)?.query_map([], |row| row.get(0))?.collect()
    };
    let all = list().map_err(QueryError::sql)?;
    let name = if schema == "main" { name.to_owned() } else { format!("{schema}.{name}") };
    let alike: Vec<String> = all
        .iter()
        .filter(|known| strsim::jaro_winkler(known, &name.to_lowercase()) > 0.85)
        .cloned()
        .collect();
    Ok(QueryError::NoRelation { name, known: if alike.is_empty() { all } else { alike } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_name_may_have_a_schema() {
        assert_eq!(lone_name("companies"), Some(("main", "companies")));
        assert_eq!(lone_name("etl.runs"), Some(("etl", "runs")));
        for text in ["SELECT 1", "a.b.c", "1", "a-b", "'x'", "a;b", ""] {
            assert_eq!(lone_name(text), None, "{text}");
        }
    }

    #[test]
    fn what_an_explain_explains_is_found() {
        assert_eq!(explained("EXPLAIN SELECT 1"), Some("SELECT 1"));
        assert_eq!(explained("explain\nanalyze  FROM x"), Some("FROM x"));
        assert_eq!(explained("SELECT 1"), None);
    }
}
