//! Queries that the program itself runs on the published file, with rows of texts.

use std::path::Path;

use super::{QueryError, open};

/// Calls `row` with each row of a query whose `N` columns are texts. NULL is passed as an empty text.
///
/// # Errors
/// The file cannot be opened, or the query fails.
pub(crate) fn texts<const N: usize>(
    path: &Path,
    sql: &str,
    mut row: impl FnMut([String; N]),
) -> Result<(), QueryError> {
    let connection = open(path, false)?;
    let mut statement = connection.prepare(sql).map_err(QueryError::sql)?;
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
