//! Columns that only the answer about the right company can fill. The same row also comes in other answers, where the
//! value is missing. A known value therefore stays until another one replaces it.

use crate::load::LoadError;
use crate::load::builder::Builder;
use crate::load::merge::cells::{list_of, same_key};
use crate::load::merge::sources::{StagedSource, TableLoad};
use crate::schema::{Column, Origin, Table, ddl};

/// Whether the column keeps a known value.
pub(in crate::load) fn stays(column: &Column) -> bool {
    column.origin == Origin::AskedWhenSame
}

/// The columns of a table that keep known values, as SQL names.
pub(in crate::load) fn columns(table: &Table) -> Vec<String> {
    table.columns.iter().filter(|column| stays(column)).map(|column| ddl::identifier(column.name)).collect()
}

/// The staged rows with these columns filled from every staged row of the same key, including rows that are not the
/// newest.
pub(in crate::load) fn filled(
    next: &Builder,
    load: &TableLoad<'_>,
    staged: String,
) -> Result<String, LoadError> {
    let (table, columns) = (load.table, columns(load.table));
    if columns.is_empty() || load.sources.is_empty() {
        return Ok(staged);
    }
    let key = list_of(table.key);
    let all = load.sources.iter().map(StagedSource::rows).map(|rows| format!("SELECT * FROM {rows}"));
    let each = |expression: &dyn Fn(&String) -> String| {
        columns.iter().map(expression).collect::<Vec<_>>().join(", ")
    };
    let sql = format!(
        "SELECT s.* REPLACE ({values}) FROM {staged} s LEFT JOIN ( \
            SELECT {key}, {known} FROM ({all}) GROUP BY {key}) k ON {same}",
        values = each(&|column| format!("coalesce(s.{column}, k.{column}) AS {column}")),
        known = each(&|column| format!("max({column}) AS {column}")),
        all = all.collect::<Vec<_>>().join(" UNION ALL "),
        same = same_key(table, "k", "s"),
    );
    next.store("combining the answers", &format!("filled_{}", table.name), &sql)
}
