//! The columns of a statement, and the outer statement that casts their values to the types that a writer takes.
//!
//! DuckDB itself converts values to text, because Arrow loses digits, zones or names of some types.

use arrow::array::RecordBatch;
use duckdb::Connection;

use super::{
    Format, QueryError,
    types::{Reader, Type},
};
use crate::schema::ddl::{identifier, literal};

/// One column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Type,
}

/// The form in which the values of a column are passed from DuckDB to a writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    /// Each value as DuckDB's text.
    Texts,
    /// Lists, structs and maps keep their nesting; the values in them are DuckDB's texts.
    Nested,
    /// Types that Parquet has are kept; all others become DuckDB's text.
    File,
}

impl Carrier {
    pub(super) fn of(format: Format) -> Self {
        match format {
            Format::Table | Format::Csv | Format::Markdown | Format::Xlsx => Self::Texts,
            Format::Json | Format::Jsonl => Self::Nested,
            Format::Parquet => Self::File,
        }
    }

    /// The SQL expression that converts `value`, which is the SQL expression of `column`.
    fn expression(self, column: &Column, value: &str) -> String {
        match self {
            Self::Texts => format!("CAST({value} AS VARCHAR)"),
            Self::Nested => format!("CAST({value} AS {})", column.kind.as_texts()),
            Self::File if column.kind == Type::Integer("HUGEINT") => {
                // A sum of integers is a HUGEINT, so the type has to stay a number. A number with more digits than
                // Parquet's decimal is an error.
                let what = literal(&format!(
                    " in column {} has more than the 38 digits of a number in Parquet; cast the column to VARCHAR",
                    identifier(&column.name)
                ));
                format!(
                    "coalesce(TRY_CAST({value} AS DECIMAL(38,0)), \
                     CASE WHEN {value} IS NOT NULL THEN error(CAST({value} AS VARCHAR) || {what}) END)"
                )
            }
            Self::File => match column.kind.in_file(Reader::Arrow) {
                Some(other) => format!("CAST({value} AS {other})"),
                None => value.to_owned(),
            },
        }
    }
}

/// The columns of `text`, a reading statement that can stand in parentheses. The statement is not run.
pub(super) fn describe(conn: &Connection, text: &str) -> Result<Vec<Column>, QueryError> {
    // Prepare the text as typed first, so that an error message points into what the user typed.
    let statement = conn.prepare(text).map_err(QueryError::sql)?;
    if statement.parameter_count() > 0 {
        return Err(QueryError::NotOne("it has parameters, for which there are no values".to_owned()));
    }
    let inside = names(conn, &format!("DESCRIBE FROM (\n{text}\n)")).map_err(QueryError::sql)?;
    // In parentheses DuckDB numbers repeated names. Without them it gives the names as typed, but a few kinds of
    // statements cannot follow DESCRIBE.
    let names = match names(conn, &format!("DESCRIBE {text}")) {
        Ok(names) if names.len() == inside.len() => names,
        _ => inside,
    };
    let column = |(index, name)| Column { name, kind: Type::of(&statement.column_logical_type(index)) };
    Ok(names.into_iter().enumerate().map(column).collect())
}

fn names(conn: &Connection, describe: &str) -> duckdb::Result<Vec<String>> {
    conn.prepare(describe)?.query_map([], |row| row.get(0))?.collect()
}

/// The statement that returns the rows of `text` in their order, with the values converted for `carrier`. `limit` is
/// the largest number of rows; `None` for all. `text` begins on the second line, which [`QueryError::sql_around`]
/// relies on.
pub(super) fn statement_for(
    text: &str,
    columns: &[Column],
    carrier: Carrier,
    limit: Option<usize>,
) -> String {
    let name = |index: usize| identifier(&index.to_string());
    let names: Vec<String> = (0..columns.len()).map(name).collect();
    let values: Vec<String> =
        columns.iter().zip(&names).map(|(column, name)| carrier.expression(column, name)).collect();
    let limit = limit.map(|rows| format!(" LIMIT {rows}")).unwrap_or_default();
    format!("FROM (\n{text}\n) AS result({}) SELECT {}{limit}", names.join(", "), values.join(", "))
}

/// The columns of a batch that does not come from DuckDB.
pub(super) fn of_batch(batch: &RecordBatch) -> Vec<Column> {
    let fields = batch.schema_ref().fields().iter();
    fields
        .map(|field| Column { name: field.name().clone(), kind: Type::of_arrow(field.data_type()) })
        .collect()
}

/// The names of the columns, made unique: a repeated name gets a number, such as `a_2`. JSON objects and Parquet files
/// need unique names.
pub(super) fn unique_names(columns: &[Column]) -> Vec<String> {
    let mut seen: Vec<String> = Vec::with_capacity(columns.len());
    for column in columns {
        let mut name = column.name.clone();
        let mut number = 1;
        while seen.contains(&name) {
            number += 1;
            name = format!("{}_{number}", column.name);
        }
        seen.push(name);
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_names_get_numbers() {
        let columns =
            ["a", "a", "b", "a"].map(|name| Column { name: name.to_owned(), kind: Type::Integer("INTEGER") });
        assert_eq!(unique_names(&columns), ["a", "a_2", "b", "a_3"]);
    }

    #[test]
    fn columns_have_the_names_that_were_typed() {
        let conn = Connection::open_in_memory().unwrap();
        for (text, names) in [
            ("SELECT 1 AS a, 2 AS a, 3 AS \"b \"\"c\"", &["a", "a", "b \"c"][..]),
            ("-- which\nVALUES (1)", &["col0"]),
            ("FROM range(3)", &["range"]),
            ("DESCRIBE SELECT 1", &["column_name", "column_type", "null", "key", "default", "extra"]),
            ("SHOW TABLES", &["name"]),
            ("WITH x AS (SELECT 1 AS n) FROM x -- done", &["n"]),
        ] {
            let columns = describe(&conn, text).unwrap();
            let found: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            assert_eq!(found, names, "{text}");
        }
    }
}
