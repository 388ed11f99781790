//! Turns what the user typed into one reading statement, or refuses it.
//!
//! DuckDB's own parser decides. `json_serialize_sql` accepts only statements of SELECT kind (DESCRIBE, SHOW and
//! SUMMARIZE are among them), runs nothing, and returns their number. The number matters because preparing a text of
//! several statements runs all but the last.

use std::ops::Range;

use duckdb::{Connection, OptionalExt};

use super::{
    QueryError,
    scan::{Token, statements, tokens},
};
use crate::schema::ddl::identifier;

/// A reading statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    /// The SQL, without semicolon and without comments before it.
    pub(super) sql: String,
    /// Whether the statement can stand in parentheses as a table: true for all but EXPLAIN.
    pub(super) is_table: bool,
    /// The view or table, if the user typed its name alone; `None` otherwise.
    pub(super) relation: Option<String>,
}

/// The statement to run for `text`, or the error that says why it is refused. A lone name becomes `FROM name`.
pub(super) fn reading(conn: &Connection, text: &str) -> Result<Reading, QueryError> {
    let statements = statements(text);
    let Some(first) = statements.first().copied() else { return Err(QueryError::Empty) };
    if let ([name], Some((schema, name_alone))) = (statements.as_slice(), lone_name(first)) {
        let relation = find_relation(conn, schema, name_alone)?;
        let name = Some((*name).to_owned());
        return Ok(Reading { sql: format!("FROM {relation}"), is_table: true, relation: name });
    }
    let table = |sql: &str, is_table| Reading { sql: sql.to_owned(), is_table, relation: None };
    match parse(conn, text)? {
        Parsed::Reads(0) => Err(QueryError::Empty),
        Parsed::Reads(1) => match parse(conn, first)? {
            Parsed::Reads(1) if statements.len() == 1 => Ok(table(first, true)),
            _ => Err(QueryError::NotOne("its end was not found".to_owned())),
        },
        Parsed::Reads(several) => Err(QueryError::SeveralStatements(several)),
        Parsed::SyntaxError(message) => {
            // Preparing fails with the same syntax error, and its message shows the location. Nothing runs, because
            // parsing comes first.
            Err(conn.prepare(text).map_or_else(QueryError::sql, |_| QueryError::Sql(message)))
        }
        Parsed::Other(_) if statements.len() > 1 => {
            for statement in &statements {
                if matches!(parse(conn, statement)?, Parsed::Other(_)) && !is_explain(conn, statement)? {
                    return Err(refusal(statement, String::new()));
                }
            }
            Err(QueryError::SeveralStatements(statements.len() as u64))
        }
        Parsed::Other(_) if is_explain(conn, first)? => Ok(table(first, false)),
        Parsed::Other(message) => Err(refusal(explained(first).next_back().unwrap_or(first), message)),
    }
}

enum Parsed {
    /// This number of statements, all of SELECT kind.
    Reads(u64),
    SyntaxError(String),
    /// At least one statement is of another kind. Holds DuckDB's message.
    Other(String),
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
        Some(_) => Parsed::Other(message.unwrap_or_default()),
    })
}

/// The error for `statement`, which is not of SELECT kind.
fn refusal(statement: &str, message: String) -> QueryError {
    let word = leading_word(statement);
    let pivots = tokens(statement).any(|(_, token)| {
        matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("pivot") || word.eq_ignore_ascii_case("pivot_wider"))
    });
    let reads = [
        "SELECT",
        "FROM",
        "VALUES",
        "TABLE",
        "DESCRIBE",
        "DESC",
        "SHOW",
        "SUMMARIZE",
        "PIVOT",
        "PIVOT_WIDER",
    ];
    match word.as_str() {
        word if pivots && reads.contains(&word) => QueryError::PivotWithoutValues,
        word if reads.contains(&word) => QueryError::NotOne(message),
        _ => QueryError::NotReading(word),
    }
}

/// The word that says what a statement does, in upper case. In a statement that begins with WITH, it is the first verb
/// after the common table expressions.
fn leading_word(statement: &str) -> String {
    const VERBS: [&str; 12] = [
        "SELECT",
        "FROM",
        "VALUES",
        "TABLE",
        "PIVOT",
        "PIVOT_WIDER",
        "UNPIVOT",
        "DESCRIBE",
        "INSERT",
        "UPDATE",
        "DELETE",
        "MERGE",
    ];
    let mut depth = 0_usize;
    let mut first: Option<String> = None;
    for (_, token) in tokens(statement) {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            Token::Word(word) => {
                let word = word.to_uppercase();
                match &first {
                    None if word != "WITH" => return word,
                    None => {
                        first = Some(word);
                        depth = 0; // of what stands around the WITH
                    }
                    Some(_) if depth == 0 && VERBS.contains(&word.as_str()) => return word,
                    Some(_) => {}
                }
            }
            _ => {}
        }
    }
    first.unwrap_or_else(|| "this".to_owned())
}

/// Whether `statement` is an EXPLAIN of a reading statement.
fn is_explain(conn: &Connection, statement: &str) -> Result<bool, QueryError> {
    for inner in explained(statement) {
        if matches!(parse(conn, inner)?, Parsed::Reads(1)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Candidates for the statement that an EXPLAIN explains: the text after `EXPLAIN [ANALYZE]`, and the text after
/// options in parentheses, if there are any. Empty if `statement` is not an EXPLAIN.
fn explained(statement: &str) -> impl DoubleEndedIterator<Item = &str> {
    let mut places = tokens(statement).peekable();
    let is = |token: &(Range<usize>, Token<'_>), word: &str| matches!(token.1, Token::Word(found) if found.eq_ignore_ascii_case(word));
    let mut found = [None, None];
    if places.next().is_some_and(|token| is(&token, "explain")) {
        let _ = places.next_if(|token| is(token, "analyze"));
        let rest = |place: usize| statement.get(place..);
        let begin = places.peek().map(|(place, _)| place.start);
        let mut depth = 0_usize;
        let behind = (places.peek().is_some_and(|(_, token)| *token == Token::Open))
            .then(|| {
                for (_, token) in places.by_ref() {
                    match token {
                        Token::Open => depth += 1,
                        Token::Close => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
                places.next().map(|(place, _)| place.start)
            })
            .flatten();
        found = [begin.and_then(rest), behind.and_then(rest)];
    }
    found.into_iter().flatten()
}

/// Schema (default `main`) and name, if `text` is a lone name such as `companies` or `etl.runs`; `None` otherwise.
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
        let inner = |text| explained(text).collect::<Vec<_>>();
        assert_eq!(inner("EXPLAIN SELECT 1"), ["SELECT 1"]);
        assert_eq!(inner("explain/* x */analyze\n-- y\n FROM x"), ["FROM x"]);
        assert_eq!(inner("EXPLAIN (FORMAT json) SELECT (1)"), ["(FORMAT json) SELECT (1)", "SELECT (1)"]);
        assert_eq!(inner("EXPLAIN (SELECT 1)"), ["(SELECT 1)"]);
        assert_eq!(inner("SELECT 1"), [""; 0]);
    }

    #[test]
    fn a_statement_is_named_by_what_it_does() {
        for (statement, word) in [
            ("select 1", "SELECT"),
            ("WITH a AS (SELECT 1), b AS (DELETE FROM x) INSERT INTO y FROM a", "INSERT"),
            ("(WITH a AS (SELECT 1) FROM a)", "FROM"),
            ("/* c */ drop table x", "DROP"),
            ("'x'", "this"),
        ] {
            assert_eq!(leading_word(statement), word, "{statement}");
        }
    }
}
