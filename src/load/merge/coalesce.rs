//! Combines companies that several streams have staged: one row for each company, with every value from the first
//! stream that has it, and with the time when its details were read.
//!
//! Each step writes a file, so that the merge that follows is always the same join of two sides and needs the same
//! memory. With one stream and no details there is nothing to combine, and nothing is written.

use crate::catalog::Lists;
use crate::load::LoadError;
use crate::load::builder::Builder;
use crate::load::merge::cells::{bit, list_of, same_key};
use crate::load::merge::sources::{StagedSource, TableLoad, no_rows};
use crate::schema::{Column, Table, ddl};

const DOING: &str = "combining the streams";

/// Table expression of the staged rows, one for each company: the declared columns, `_extra`, `_present` and
/// `_seen_at`. `_seen_at` is NULL if no list has shown the company.
pub(in crate::load) fn staged(next: &Builder, load: &TableLoad<'_>) -> Result<String, LoadError> {
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
    let mut combined = with_origin(first, &load.table.columns.iter().collect::<Vec<_>>());
    for (number, other) in others.iter().enumerate() {
        let brought = brought(next, load.table, other)?;
        if brought.is_empty() {
            continue;
        }
        let name = format!("combined_{}_{number}", load.table.name);
        let sql = format!(
            "SELECT {} FROM {combined} a FULL JOIN {} b ON {}",
            columns(load.table, &brought).join(", "),
            with_origin(other, &brought),
            same_key(load.table, "a", "b"),
        );
        combined = next.joining(|| next.store(DOING, &name, &sql))?;
    }
    Ok(combined)
}

/// The rows of [`staged`] with `_details_at` from `details`. A company of which only details were read has a row in
/// which `_present` and `_seen_at` are NULL.
pub(in crate::load) fn with_details(
    next: &Builder,
    table: &Table,
    staged: &str,
    details: &str,
) -> Result<String, LoadError> {
    let declared = table.columns.iter().filter(|column| !table.key.contains(&column.name));
    let declared: Vec<_> = declared.map(|column| format!("s.{}", ddl::identifier(column.name))).collect();
    let sql = format!(
        "SELECT {key}, {declared}, s._extra, s._present, s._seen_at, d._seen_at AS _details_at \
         FROM {staged} s FULL JOIN {details} d USING ({key})",
        key = list_of(table.key),
        declared = declared.join(", "),
    );
    next.joining(|| next.store(DOING, &format!("detailed_{}", table.name), &sql))
}

/// The columns of which any row of a source has a field or a value. Empty if the source has no rows.
///
/// The join holds one side in memory. A list of members has values in only a few columns of companies, and the NULLs of
/// the others would take most of that memory.
fn brought(
    next: &Builder,
    table: &Table,
    source: &StagedSource<'_>,
) -> Result<Vec<&'static Column>, LoadError> {
    let is_brought = table.columns.iter().map(|column| {
        let (name, bit) = (ddl::identifier(column.name), bit(table, column));
        format!("coalesce(bit_or(_present) & {bit} <> 0, false) OR count({name}) > 0")
    });
    let sql = format!("SELECT {} FROM {}", is_brought.collect::<Vec<_>>().join(", "), source.newest());
    let found = next.rows("looking at the streams", &sql, [], |row| {
        (0..table.columns.len()).map(|position| row.get(position)).collect::<duckdb::Result<Vec<bool>>>()
    })?;
    let found = found.into_iter().flatten();
    let columns = table.columns.iter().zip(found);
    Ok(columns.filter_map(|(column, is_brought)| is_brought.then_some(column)).collect())
}

/// The newest rows of a source, reduced to `columns`. `_selected` says whether the source's lists are selections.
fn with_origin(source: &StagedSource<'_>, columns: &[&Column]) -> String {
    let names: Vec<_> = columns.iter().map(|column| ddl::identifier(column.name)).collect();
    let seen = if source.about_companies() { "CAST(NULL AS TIMESTAMP)" } else { "_seen_at" };
    format!(
        "(SELECT {}, _extra, _present, {seen} AS _seen_at, {} AS _selected FROM {} WHERE _newest)",
        names.join(", "),
        source.input.stream.lists == Lists::Selections,
        source.rows()
    )
}

/// The SELECT list of the combined rows. Values of `a` come first; `b` has only the columns `brought`.
fn columns(table: &Table, brought: &[&Column]) -> Vec<String> {
    let declared = table.columns.iter().map(|column| {
        let name = ddl::identifier(column.name);
        if table.key.contains(&column.name) {
            return format!("coalesce(a.{name}, b.{name}) AS {name}");
        }
        if !brought.contains(&column) {
            return format!("a.{name}");
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
