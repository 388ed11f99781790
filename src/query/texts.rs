//! Reads a few columns of the published file as texts.

use std::path::Path;

use duckdb::Connection;

use super::{QueryError, open};

/// The published file, open for several queries: to open it takes longer than most of them.
#[derive(Debug)]
pub(crate) struct Texts {
    connection: Connection,
}

impl Texts {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(crate) fn open(path: &Path) -> Result<Self, QueryError> {
        open(path, false).map(|connection| Self { connection })
    }

    /// Calls `row` with each row of a query whose `N` columns are texts. NULL is passed as an empty text.
    ///
    /// # Errors
    /// The query fails.
    pub(crate) fn read<const N: usize>(
        &self,
        sql: &str,
        mut row: impl FnMut([String; N]),
    ) -> Result<(), QueryError> {
        let mut statement = self.connection.prepare(sql).map_err(QueryError::sql)?;
        let mut rows = statement.query([]).map_err(QueryError::sql)?;
        while let Some(found) = rows.next().map_err(QueryError::sql)? {
            let mut texts = [const { String::new() }; N];
            for (index, text) in texts.iter_mut().enumerate() {
                *text = found.get::<_, Option<String>>(index).map_err(QueryError::sql)?.unwrap_or_default();
            }
            row(texts);
        }
        Ok(())
    }
}

/// [`Texts::read`] for a single query.
///
/// # Errors
/// The file cannot be opened, or the query fails.
pub(crate) fn texts<const N: usize>(
    path: &Path,
    sql: &str,
    row: impl FnMut([String; N]),
) -> Result<(), QueryError> {
    Texts::open(path)?.read(sql, row)
}
