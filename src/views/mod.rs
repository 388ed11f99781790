//! The views for users and the checks that a load has to pass: installs `sql/views`, runs `sql/checks`.
//!
//! A view is one file, `sql/views/NAME.sql`. Its header describes the view and each column, once. The comments in the
//! database, the data dictionary and the command `views` take their texts from it ([`View::header`]).

mod checks;
mod header;
mod reference;
mod status_texts;

use duckdb::Connection;

use crate::schema::ddl::{identifier, literal};

pub use checks::{CHECKS, Check, FailedCheck, run_checks};
pub use header::{ColumnDoc, Header};
pub use reference::{REFERENCE_TABLES, ReferenceTable};
pub use status_texts::{StatusText, StatusTextsError, plain as plain_status, read_status_texts};

/// One view: its name and the statement that creates it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Name in schema `main`, and the stem of its file in `sql/views`.
    pub name: &'static str,
    /// The whole file: header comment and `CREATE OR REPLACE VIEW`, in the SQL that DuckDB and Spark share.
    pub sql: &'static str,
}

macro_rules! views {
    ($($name:literal),+ $(,)?) => {
        &[$(View { name: $name, sql: include_str!(concat!("../../sql/views/", $name, ".sql")) }),+]
    };
}

/// Every view; a view comes after the views that it reads.
pub const VIEWS: &[View] = views![
    "companies",
    "segment_by_turnover_band",
    "segment_by_industry",
    "segment_by_region",
    "segment_by_size_class",
    "industry_leaders",
    "data_quality",
];

impl View {
    /// The header of the file: grain, sources, units, notes and a description of each column.
    pub fn header(&self) -> Header {
        Header::parse(self.sql)
    }
}

/// The view called `name`, or `None`. Upper and lower case differ.
pub fn find(name: &str) -> Option<&'static View> {
    VIEWS.iter().find(|view| view.name == name)
}

/// Names of all tables and views that [`install`] creates.
pub fn installed() -> impl Iterator<Item = &'static str> {
    REFERENCE_TABLES.iter().map(|table| table.name).chain(VIEWS.iter().map(|view| view.name))
}

/// Creates the reference tables, all views and the comments on them in the current schema of `conn`, which has to be
/// `main` of the database that holds the tables. Existing ones are replaced.
///
/// Views name their tables without database and schema, so that they keep working when the file is renamed or attached
/// under another name.
///
/// # Errors
/// [`ViewsError::Install`] if DuckDB refuses a statement, for example because a table of the catalog is missing.
pub fn install(conn: &Connection) -> Result<(), ViewsError> {
    install_with(conn, &[])
}

/// Like [`install`], with texts of the user's own in the table `status_texts`.
///
/// # Errors
/// As [`install`].
pub fn install_with(conn: &Connection, own: &[StatusText]) -> Result<(), ViewsError> {
    for table in REFERENCE_TABLES {
        let rows = if table.name == "status_texts" {
            status_texts::with_own(table.rows(), own)
        } else {
            table.rows()
        };
        table.install(conn, &rows).map_err(|source| ViewsError::install(table.name, source))?;
    }
    for view in VIEWS {
        conn.execute_batch(view.sql)
            .and_then(|()| conn.execute_batch(&comments(view)))
            .map_err(|source| ViewsError::install(view.name, source))?;
    }
    Ok(())
}

fn comments(view: &View) -> String {
    let header = view.header();
    let name = identifier(view.name);
    let mut sql = format!("COMMENT ON VIEW {name} IS {};\n", literal(&header.summary()));
    for column in &header.columns {
        sql.push_str(&comment_on_column(view.name, &column.name, &column.doc));
    }
    sql
}

fn comment_on_column(relation: &str, column: &str, doc: &str) -> String {
    format!("COMMENT ON COLUMN {}.{} IS {};\n", identifier(relation), identifier(column), literal(doc))
}

/// Why views could not be installed or checks could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewsError {
    /// DuckDB refused a reference table or a view.
    #[error("Failed to install `{name}`")]
    Install {
        /// The view or reference table.
        name: &'static str,
        /// The error from DuckDB.
        #[source]
        source: duckdb::Error,
    },
    /// A check could not be evaluated, which is not the same as a failed check.
    #[error("Failed to run the check `{name}`")]
    Check {
        /// The check.
        name: &'static str,
        /// The error from DuckDB.
        #[source]
        source: duckdb::Error,
    },
}

impl ViewsError {
    fn install(name: &'static str, source: duckdb::Error) -> Self {
        Self::Install { name, source }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Install { .. } => {
                "a table that the view reads is missing or of another version: load again with `sync --full`, or \
                 `rebuild` the warehouse from the landed pages"
            }
            Self::Check { .. } => "nothing was published; report this together with the check's name",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_states_what_it_is() {
        for view in VIEWS {
            let header = view.header();
            assert_eq!(header.name, view.name);
            assert!(
                !header.grain.is_empty() && !header.reads.is_empty() && !header.units.is_empty(),
                "{}",
                view.name
            );
            assert!(header.columns.iter().all(|column| column.doc.ends_with('.')), "{}", view.name);
            assert!(
                view.sql.contains(&format!("\nCREATE OR REPLACE VIEW {} AS\n", view.name)),
                "{}",
                view.name
            );
            assert!(!view.sql.contains("SELECT *"), "{}", view.name);
        }
    }

    #[test]
    fn a_view_is_found_by_its_name() {
        assert_eq!(find("companies").map(|view| view.name), Some("companies"));
        assert_eq!(find("Companies"), None);
    }
}
