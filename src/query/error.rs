//! Errors of a query.

use std::{io, path::PathBuf};

use super::{Format, target::TargetError};
use crate::terminal;
use crate::workspace::{WorkspaceError, keeps_generations};

/// Why a query failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// There is no file at the warehouse's path.
    #[error("There is no warehouse at `{}`", path.display())]
    NoWarehouse {
        /// The path at which there is no file.
        path: PathBuf,
    },
    /// The file exists, but DuckDB cannot open it. The source says why, for example because another program has it
    /// open or because it is damaged.
    #[error("Failed to open the warehouse `{}`", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: WorkspaceError,
    },
    /// The text holds no statement.
    #[error("The query is empty")]
    Empty,
    /// The text holds more than one statement.
    #[error("`query` runs one statement, here are {0}")]
    SeveralStatements(u64),
    /// The statement is not a reading statement. Holds the word that says what it does.
    #[error("`query` only reads; `{0}` is not a reading statement")]
    NotReading(String),
    /// The statement has a PIVOT without a list of values, at any depth.
    #[error(
        "`PIVOT` without `IN (…)` is two statements to DuckDB, of which the first reads the values, and `query` runs one"
    )]
    PivotWithoutValues,
    /// The statement reads, but cannot be run as one statement. Holds the reason.
    #[error("this cannot be run as one reading statement: {0}")]
    NotOne(String),
    /// The query is a single name, and no view or table has this name.
    #[error("There is no view or table named `{name}`")]
    NoRelation {
        /// The name as typed.
        name: String,
        /// Names to choose from: those that resemble the typed name, else all views and tables.
        known: Vec<String>,
    },
    /// DuckDB refused the statement or failed while running it. Holds DuckDB's message, with the line and a caret if
    /// it has them, safe for a terminal.
    #[error("{0}")]
    Sql(String),
    /// A value does not fit the output format.
    #[error("Failed to write the result in this format")]
    Format(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The result does not fit into a sheet of XLSX.
    #[error("The result does not fit into a sheet of XLSX: {what}")]
    TooLarge {
        /// What is too large, and the limit.
        what: String,
    },
    /// A binary format was requested for output to a terminal.
    #[error("`{0}` is a binary format, not for a terminal")]
    BinaryToTerminal(Format),
    /// The file cannot be the output.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The output cannot be written. The kind is `BrokenPipe` if the reader closed the pipe, as in `query … | head`.
    #[error("Failed to write the result")]
    Write(#[source] io::Error),
}

impl QueryError {
    /// The error with DuckDB's message about a statement, without the stack trace that DuckDB adds to internal errors.
    pub(super) fn sql(error: duckdb::Error) -> Self {
        Self::Sql(terminal::safe_lines(&message(error)).into_owned())
    }

    /// Like [`Self::sql`], for a statement that was wrapped in another one and begins on its second line.
    pub(super) fn sql_around(error: duckdb::Error) -> Self {
        Self::Sql(terminal::safe_lines(&a_line_up(&message(error))).into_owned())
    }

    pub(super) fn format(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Format(error.into())
    }

    /// Whether the reader of the output closed the pipe, which is not a failure on a command line.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Write(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::NoWarehouse { path } if keeps_generations(path) => {
                "an earlier generation is kept: `vainu-etl rollback` publishes it again, and so does `vainu-etl sync`".into()
            }
            Self::NoWarehouse { .. } => "load one with `vainu-etl sync`, or name the file with `--warehouse`".into(),
            Self::Open { source, .. } => source.hint(),
            Self::Empty => "give a SELECT, or the name of a view; `vainu-etl views` lists them".into(),
            Self::SeveralStatements(_) => "run them one by one, or join them with WITH or UNION ALL".into(),
            Self::PivotWithoutValues => {
                "name the values, as in `PIVOT t ON y IN ('a', 'b') USING sum(x)`; `SELECT DISTINCT y FROM t` shows them"
                    .into()
            }
            Self::NotOne(_) => "write it as one SELECT, with values in the place of parameters".into(),
            Self::NotReading(_) => {
                "SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE and EXPLAIN read; to write files use `-o FILE` \
                 or `vainu-etl export`"
                    .into()
            }
            Self::NoRelation { known, .. } => format!("known: {}", known.join(", ")),
            Self::Sql(message) => about_sql(message).into(),
            Self::Format(_) => "cast the column to VARCHAR, or choose another `--format`".into(),
            Self::TooLarge { .. } => {
                "choose fewer rows or columns with SELECT, LIMIT or left(column, 32767), or another format: csv and \
                 parquet have no such limits"
                    .into()
            }
            Self::BinaryToTerminal(_) => "add `-o FILE`, or send the output to a file".into(),
            Self::Target(error) => error.hint().into(),
            Self::Write(_) => "see that the folder exists, can be written and has room".into(),
        }
    }
}

/// The hint for a message from DuckDB, chosen by the kind of error that the message begins with.
fn about_sql(message: &str) -> &'static str {
    let is = |kind: &str| message.starts_with(kind);
    if is("Conversion Error") || is("Out of Range Error") || is("Invalid Input Error") {
        "TRY_CAST gives NULL where a value does not fit; a cast to VARCHAR takes every value"
    } else if is("Permission Error") {
        "`query` reads the warehouse alone: no other file, no URL, no other setting"
    } else if is("Out of Memory Error") || is("IO Error") {
        "ask for fewer rows or columns at once, or `vainu-etl export` and read the Parquet files"
    } else {
        "`vainu-etl views NAME` and `vainu-etl query 'DESCRIBE NAME'` show the columns"
    }
}

/// DuckDB's message, without the stack trace that DuckDB adds to internal errors.
fn message(error: duckdb::Error) -> String {
    let text = match error {
        duckdb::Error::DuckDBFailure(_, Some(message)) => message,
        other => other.to_string(),
    };
    text.split("\n\nStack Trace:").next().unwrap_or_default().trim_end().to_owned()
}

/// `message` with its line number reduced by one, and the caret still under the same character. A location in line 1
/// is left out, because the user did not type that line.
fn a_line_up(message: &str) -> String {
    let Some((before, place)) = message.rsplit_once("\nLINE ") else { return message.to_owned() };
    let Some((number, rest)) = place.split_once(": ") else { return message.to_owned() };
    let Ok(line) = number.parse::<usize>() else { return message.to_owned() };
    if line < 2 {
        return before.trim_end().to_owned();
    }
    let up = (line - 1).to_string();
    let narrower = " ".repeat(number.len() - up.len());
    let rest = rest.replacen(&format!("\n{narrower}"), "\n", 1);
    format!("{before}\nLINE {up}: {rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_trace_is_cut_off_and_the_message_cannot_colour_a_terminal() {
        let message = "INTERNAL Error: odd \u{1b}[31m\nLINE 1: x\n        ^\n\nStack Trace:\n0  libduckdb";
        let failure = duckdb::Error::DuckDBFailure(duckdb::ffi::Error::new(1), Some(message.to_owned()));
        let shown = QueryError::sql(failure).to_string();
        assert_eq!(shown, "INTERNAL Error: odd \\u{1b}[31m\nLINE 1: x\n        ^");
    }

    #[test]
    fn a_place_moves_with_its_statement() {
        let message = "Conversion Error: odd\n\nLINE 3: WHERE x\n              ^";
        assert_eq!(a_line_up(message), "Conversion Error: odd\n\nLINE 2: WHERE x\n              ^");
        assert_eq!(a_line_up("odd\n\nLINE 10: x\n         ^"), "odd\n\nLINE 9: x\n        ^");
        assert_eq!(a_line_up("odd\n\nLINE 1: FROM (\n        ^"), "odd");
        assert_eq!(a_line_up("odd"), "odd");
    }
}
