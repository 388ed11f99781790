//! Companies that several streams have staged: one row of each, every value from the first stream that has it.
//!
//! The result is a temporary table, so that the merge that follows is the same join of two sides as always, within the
//! same memory. With one stream there is nothing to combine and nothing is written.

use super::LoadError;
use super::merge::{bit, same_key};
use super::next::Next;
use super::sources::{Source, TableLoad, no_rows};
use crate::catalog::Lists;
use crate::schema::{Table, ddl};

/// The staged rows of a table, one for each company: its declared columns, `_extra`, `_present` and `_seen_at`, which is
/// NULL where no list has shown the company.
pub(super) fn staged(next: &Next, load: &TableLoad<'_>) -> Result<String, LoadError> {
    let (first, others) = match load.sources.as_slice() {
        [] => return no_rows(load.table),
        [only] if only.about_companies() => {
            return Ok(format!(
                "(SELECT * REPLACE (CAST(NULL AS TIMESTAMP) AS _seen_at) FROM {})",
                only.newest()
            ));
        }
        [only] => return Ok(only.newest()),
        [first, others @ ..] => (first, others),
    };
    let mut combined = with_origin(first);
    for (number, other) in others.iter().enumerate() {
        let name = ddl::identifier(&format!("combined_{}_{number}", load.table.name));
        let sql = format!(
            "CREATE TEMP TABLE {name} AS SELECT {} FROM {combined} a FULL JOIN {} b ON {}",
            columns(load.table).join(", "),
            with_origin(other),
            same_key(load.table, "a", "b"),
        );
        next.batch("combining the streams", &sql)?;
        if number > 0 {
            next.batch("combining the streams", &format!("DROP TABLE {combined}"))?;
        }
        combined = name;
    }
    Ok(combined)
}

/// The newest rows of a source with `_selected`: whether the record is one of the filter lists'.
fn with_origin(source: &Source<'_>) -> String {
    let seen = if source.about_companies() { "CAST(NULL AS TIMESTAMP)" } else { "_seen_at" };
    format!(
        "(SELECT * REPLACE ({seen} AS _seen_at), {} AS _selected FROM {} WHERE _newest)",
        source.input.stream.lists == Lists::Selections,
        source.rows()
    )
}

/// The values of `a`, which goes first, and `b`.
fn columns(table: &Table) -> Vec<String> {
    let declared = table.columns.iter().map(|column| {
        let name = ddl::identifier(column.name);
        if table.key.contains(&column.name) {
            return format!("coalesce(a.{name}, b.{name}) AS {name}");
        }
        let bit = bit(table, column);
        format!("CASE WHEN (a._present & {bit}) <> 0 THEN a.{name} ELSE b.{name} END AS {name}")
    });
    let added = [
        "CASE WHEN a._selected THEN a._extra WHEN b._selected THEN b._extra \
              WHEN a._present IS NOT NULL THEN a._extra ELSE b._extra END AS _extra",
        "coalesce(a._present, 0::UBIGINT) | coalesce(b._present, 0::UBIGINT) AS _present",
        "greatest(a._seen_at, b._seen_at) AS _seen_at",
        "coalesce(a._selected, false) OR coalesce(b._selected, false) AS _selected",
    ];
    declared.chain(added.map(str::to_owned)).collect()
}

/// Gives the room of what was combined back.
pub(super) fn forget(next: &Next, load: &TableLoad<'_>, staged: &str) -> Result<(), LoadError> {
    if load.sources.len() < 2 {
        return Ok(());
    }
    next.batch("combining the streams", &format!("DROP TABLE {staged}"))
}
