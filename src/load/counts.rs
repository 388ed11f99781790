//! Counts what happened to the rows of each list, and to companies over all lists.

use std::collections::HashMap;

use super::builder::Builder;
use super::merge::cells::{list_of, same_key};
use super::merge::sources::{StagedSource, TableLoad};
use super::{Counts, ListCounts, LoadError, StreamInput, rejects};
use crate::schema::{Disposition, Table, ddl};

const DOING: &str = "counting what changed";

/// Creates a temporary table of the rows of `table` that this run has changed, and whether it has inserted them. Run it
/// after the table is filled.
///
/// Without a previous generation every company is new, and nothing has to be looked up.
pub(super) fn find_touched(next: &Builder, table: &Table, run_id: &str) -> Result<(), LoadError> {
    let key: Vec<_> = table.key.iter().map(|key| format!("n.{}", ddl::identifier(key))).collect();
    let key = key.join(", ");
    let target = table.qualified();
    let sql = match next.previous(table)? {
        None if table.disposition == Disposition::Merge => {
            format!("SELECT {key}, true AS inserted FROM next.{target} n WHERE false")
        }
        None => format!("SELECT {key}, true AS inserted FROM next.{target} n"),
        Some(previous) => format!(
            "SELECT {key}, p._run_id IS NULL AS inserted FROM next.{target} n \
             LEFT JOIN ({previous}) p ON {} WHERE n._run_id = {}",
            same_key(table, "p", "n"),
            ddl::literal(run_id),
        ),
    };
    next.batch("finding what changed", &format!("CREATE TEMP TABLE {} AS {sql}", touched(table)))
}

fn touched(table: &Table) -> String {
    ddl::identifier(&format!("touched_{}", table.name))
}

/// The SQL expression that counts inserted rows: `m` are the rows seen, `t` those of them that the run has changed.
fn inserted(next: &Builder, table: &Table) -> Result<&'static str, LoadError> {
    let all_new = table.disposition == Disposition::Merge && next.previous(table)?.is_none();
    Ok(if all_new { "count(*)" } else { "count(*) FILTER (t.inserted)" })
}

/// Whether only one list shows companies. Its counts are then also those over all lists.
fn is_only_list(load: &TableLoad<'_>) -> bool {
    let lists = load.sources.iter().filter(|source| source.holds_members());
    lists.map(|source| source.lists().len()).sum::<usize>() == 1
}

/// Counts what happened in each list of a stream. `deleted` holds the rows lost, by the list's id; `companies` holds
/// the counts of companies over all lists, `None` if no list holds companies.
pub(super) fn of_lists(
    next: &Builder,
    stream: &StreamInput,
    load: Option<&TableLoad<'_>>,
    deleted: &HashMap<usize, u64>,
    companies: Option<Counts>,
) -> Result<Vec<ListCounts>, LoadError> {
    let source = load
        .and_then(|load| load.sources.iter().find(|source| source.input.stream.name == stream.stream.name));
    let mut counts: HashMap<usize, Counts> = HashMap::new();
    let known = companies
        .filter(|_| source.is_some_and(StagedSource::holds_members) && load.is_some_and(is_only_list));
    if let (Some(known), [_]) = (known, stream.lists.as_slice()) {
        counts.insert(0, known);
    } else if let Some(source) = source {
        let table = stream.stream.table();
        let sql = format!(
            "SELECT m.list, count(*), {}, count(*) FILTER (NOT t.inserted) \
             FROM ({}) m LEFT JOIN {} t ON {} GROUP BY m.list",
            inserted(next, table)?,
            seen(table, source),
            touched(table),
            same_key(table, "t", "m"),
        );
        let found = next.rows(DOING, &sql, [], |row| {
            let (seen, inserted, updated): (u64, u64, u64) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let unchanged = seen.saturating_sub(inserted + updated);
            Ok((row.get(0)?, Counts { inserted, updated, unchanged, deleted: 0, rejected: 0 }))
        })?;
        counts.extend(found);
    }
    let rejected = rejects::of_lists(next, stream)?;
    let lists = stream.lists.iter().enumerate().map(|(index, list)| {
        let id = source.map(|source| source.first_list + index);
        let counts = Counts {
            deleted: id.and_then(|id| deleted.get(&id)).copied().unwrap_or(0),
            rejected: rejected.get(&index).copied().unwrap_or(0),
            ..counts.get(&index).copied().unwrap_or_default()
        };
        ListCounts { stream: stream.stream.name.to_owned(), list: list.list.clone(), counts }
    });
    Ok(lists.collect())
}

/// A query of the keys that each list of a source has shown, with the list's index. A company counts in each list that
/// shows it. A row of a replaced table counts only in the list that showed it last.
fn seen(table: &Table, source: &StagedSource<'_>) -> String {
    let key = list_of(table.key);
    let first = source.first_list;
    if source.holds_members() {
        let end = first + source.lists().len();
        return format!(
            "SELECT id - {first} AS list, {key} FROM staged_members WHERE id >= {first} AND id < {end}"
        );
    }
    let rows = match table.disposition {
        Disposition::Upsert => source.rows(),
        _ => source.newest(),
    };
    // An answer about a company that no list has shown does not make it a company of the warehouse.
    let known = match table.disposition {
        Disposition::Merge => format!(
            " o WHERE EXISTS (SELECT 1 FROM next.{} n WHERE {})",
            table.qualified(),
            same_key(table, "n", "o")
        ),
        _ => String::new(),
    };
    format!("SELECT DISTINCT _list AS list, {key} FROM {rows}{known}")
}

/// Number of companies that each list has lost and that no other list holds, by the list's id.
pub(super) fn deleted_by_list(next: &Builder) -> Result<HashMap<usize, u64>, LoadError> {
    let sql = "SELECT id, count(*) FROM gone GROUP BY id";
    Ok(next.rows(DOING, sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?.into_iter().collect())
}

/// Counts over all lists that hold companies. A company counts once; `rejected` stays 0.
pub(super) fn of_companies(next: &Builder, load: &TableLoad<'_>) -> Result<Counts, LoadError> {
    let table = load.table;
    let distinct = if is_only_list(load) { "" } else { "DISTINCT " };
    let sql = format!(
        "SELECT count(*), {}, count(*) FILTER (NOT t.inserted), \
                (SELECT count(*) FROM (SELECT DISTINCT country, business_id FROM gone)) \
         FROM (SELECT {distinct}country, business_id FROM staged_members) m LEFT JOIN {} t ON {}",
        inserted(next, table)?,
        touched(table),
        same_key(table, "t", "m"),
    );
    let found = next.rows(DOING, &sql, [], |row| {
        let (seen, inserted, updated): (u64, u64, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let unchanged = seen.saturating_sub(inserted + updated);
        Ok(Counts { inserted, updated, unchanged, deleted: row.get(3)?, rejected: 0 })
    })?;
    Ok(found.into_iter().next().unwrap_or_default())
}
