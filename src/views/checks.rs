//! The checks that a load has to pass before it is published: every query in `sql/checks` must return no rows.

use arrow::{
    array::RecordBatch,
    util::display::{ArrayFormatter, FormatOptions},
};
use duckdb::Connection;

use super::{ViewsError, header::Header};
use crate::terminal;

/// Largest number of rows shown of a failed check.
const SAMPLE_ROWS: usize = 5;

/// One check: its name, and the query that returns the rows that violate it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// Name, and the stem of its file in `sql/checks`.
    pub name: &'static str,
    /// The whole file: header comment and one SELECT, which returns the violations.
    pub sql: &'static str,
}

macro_rules! checks {
    ($($name:literal),+ $(,)?) => {
        &[$(Check { name: $name, sql: include_str!(concat!("../../sql/checks/", $name, ".sql")) }),+]
    };
}

/// Every check.
pub const CHECKS: &[Check] = checks![
    "prospects_key_present",
    "prospects_country_form",
    "prospects_business_id_form",
    "prospects_run_known",
    "prospects_seen_known",
    "companies_match_prospects",
    "segments_add_up",
];

/// A failed check, for the message that says why nothing was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedCheck {
    /// Name of the check.
    pub name: &'static str,
    /// What the check asserts, one sentence.
    pub doc: String,
    /// The first rows found, at most five, one per line as `column=value, …`; safe for a terminal.
    pub sample_rows: String,
    /// Number of rows found; 0 if the check cannot be evaluated because of a value in the data.
    pub rows: u64,
}

/// Runs all checks on the current database of `conn`, in which the views are installed. Returns the failed checks;
/// empty if there are none.
///
/// # Errors
/// [`ViewsError::Check`] if a check cannot be evaluated, for example because a table is missing.
pub fn run_checks(conn: &Connection) -> Result<Vec<FailedCheck>, ViewsError> {
    let mut failed = Vec::new();
    for check in CHECKS {
        match run(conn, check) {
            Ok(found) => failed.extend(found),
            // A value that SQL cannot evaluate makes the check fail, so that a person can accept it.
            Err(error) if is_about_values(&error) => failed.push(FailedCheck {
                name: check.name,
                doc: Header::parse(check.sql).doc,
                sample_rows: terminal::safe(&format!("it cannot be worked out: {error}")).into_owned(),
                rows: 0,
            }),
            Err(source) => return Err(ViewsError::Check { name: check.name, source }),
        }
    }
    Ok(failed)
}

/// Whether a statement failed because of a value in the data. The C API gives only a text, which starts with the kind
/// of error.
fn is_about_values(error: &duckdb::Error) -> bool {
    let text = error.to_string();
    ["Conversion Error", "Out of Range Error", "Invalid Input Error"]
        .iter()
        .any(|kind| text.starts_with(kind))
}

fn run(conn: &Connection, check: &Check) -> duckdb::Result<Option<FailedCheck>> {
    let mut statement = conn.prepare(check.sql)?;
    drop(statement.stream_arrow([])?); // runs it; rows are fetched by `step`, which reports errors
    let mut rows = 0;
    let mut sample = Vec::new();
    while let Some(array) = statement.step()? {
        let batch = RecordBatch::from(&array);
        for row in 0..batch.num_rows().min(SAMPLE_ROWS.saturating_sub(sample.len())) {
            sample.push(describe(&batch, row));
        }
        rows += batch.num_rows() as u64;
    }
    if rows == 0 {
        return Ok(None);
    }
    let doc = Header::parse(check.sql).doc;
    Ok(Some(FailedCheck { name: check.name, doc, sample_rows: sample.join("\n"), rows }))
}

fn describe(batch: &RecordBatch, row: usize) -> String {
    let options = FormatOptions::new().with_null("NULL");
    let schema = batch.schema();
    let cells = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        let value = ArrayFormatter::try_new(column, &options)
            .and_then(|formatter| formatter.value(row).try_to_string())
            .unwrap_or_else(|error| error.to_string());
        format!("{}={}", field.name(), terminal::safe(&value))
    });
    cells.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_says_what_it_asserts() {
        for check in CHECKS {
            let header = Header::parse(check.sql);
            assert_eq!(header.name, check.name);
            assert!(header.doc.ends_with('.') && !header.reads.is_empty(), "{}", check.name);
        }
    }
}
