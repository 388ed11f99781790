//! What can go wrong in a query.

use std::{io, path::PathBuf};

use crate::terminal;
use crate::workspace::keeps_generations;

/// Why a query gave no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// There is no file at the warehouse's path.
    #[error("There is no warehouse at `{}`", path.display())]
    NoWarehouse {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is there and DuckDB cannot open it.
    #[error("Failed to open the warehouse `{}`", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What DuckDB said.
        #[source]
        source: duckdb::Error,
    },
    /// The text holds no statement.
    #[error("The query is empty")]
    Empty,
    /// The text holds more than one statement.
    #[error("`query` runs one statement, here are {0}")]
    SeveralStatements(u64),
    /// The statement is not one that reads.
    #[error("`query` only reads; `{0}` is not a reading statement")]
    NotReading(String),
    /// One word that is neither a view nor a table.
    #[error("There is no view or table named `{name}`")]
    NoRelation {
        /// The word.
        name: String,
        /// Names to choose from: those that resemble the word, else all views.
        known: Vec<String>,
    },
    /// DuckDB refused the statement or failed while running it. The message holds the line with a caret, where there is
    /// one, and is safe for a terminal.
    #[error("{0}")]
    Sql(String),
    /// A value does not fit the output format.
    #[error("Failed to write the result in this format")]
    Format(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Parquet was asked for on a terminal.
    #[error("Parquet is a binary format, not for a terminal")]
    BinaryToTerminal,
    /// The output cannot be written. The kind is `BrokenPipe` when the reader has gone, as in `query … | head`.
    #[error("Failed to write the result")]
    Write(#[source] io::Error),
}

impl QueryError {
    /// What DuckDB said about a statement, without the stack trace that it adds to internal errors.
    pub(super) fn sql(error: duckdb::Error) -> Self {
        let text = match error {
            duckdb::Error::DuckDBFailure(_, Some(message)) => message,
            other => other.to_string(),
        };
        let message = text.split("\n\nStack Trace:").next().unwrap_or_default();
        Self::Sql(terminal::safe_lines(message.trim_end()).into_owned())
    }

    pub(super) fn format(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Format(error.into())
    }

    /// Whether the reader of the output has gone, which is no failure on a command line.
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
            Self::Open { .. } => "see `vainu-etl doctor`; `vainu-etl rollback` returns to the generation before".into(),
            Self::Empty => "give a SELECT, or the name of a view; `vainu-etl views` lists them".into(),
            Self::SeveralStatements(_) => "run them one by one, or join them with WITH or UNION ALL".into(),
            Self::NotReading(word) if word == "PIVOT" => {
                "write it as `FROM table PIVOT (sum(x) FOR y IN ('a', 'b'))`, which is one reading statement".into()
            }
            Self::NotReading(_) => {
                "SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE and EXPLAIN read; to write files use `-o FILE` \
                 or `vainu-etl export`"
                    .into()
            }
            Self::NoRelation { known, .. } => format!("known: {}", known.join(", ")),
            Self::Sql(_) => "`vainu-etl views NAME` and `vainu-etl query 'DESCRIBE NAME'` show the columns".into(),
            Self::Format(_) => "cast the column to VARCHAR, or choose another `--format`".into(),
            Self::BinaryToTerminal => "add `-o FILE`, or send the output to a file".into(),
            Self::Write(_) => "see that the folder exists, can be written and has room".into(),
        }
    }
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
}
