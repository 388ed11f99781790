//! Which list holds which company: what a deletion is decided by.
//!
//! Works with narrow temporary tables in `DuckDB`: `run_lists` (the lists of this run that hold companies; ids go
//! through the lists of all streams, the retired ones last), `staged_members` (list and company), `lost` (companies that
//! a complete list held and no longer does), `gone` (those of them that are in no list of any stream any more).

use duckdb::params;

use super::next::Next;
use super::sources::{Source, TableLoad, holds_members, stream_named};
use super::{LoadError, LoadInput};

/// Lists of which fewer companies were known are not asked how many they lose: too few to mean anything.
pub(super) const GUARDED_FROM: u64 = 100;

const STAGING: &str = "reading the staged rows";
const DECIDING: &str = "comparing the lists";

/// Fills `run_lists`, `staged_members` and `lost`.
pub(super) fn stage(next: &Next, input: &LoadInput, loads: &[TableLoad<'_>]) -> Result<(), LoadError> {
    next.batch(
        STAGING,
        "CREATE TEMP TABLE run_lists (id UINTEGER, stream VARCHAR, list VARCHAR, complete BOOLEAN, retired BOOLEAN);
         CREATE TEMP TABLE staged_members (id UINTEGER, country VARCHAR, business_id VARCHAR);
         CREATE TEMP TABLE lost (id UINTEGER, country VARCHAR, business_id VARCHAR);
         CREATE TEMP TABLE gone (id UINTEGER, country VARCHAR, business_id VARCHAR);",
    )?;
    let sources = loads.iter().flat_map(|load| &load.sources).filter(|source| source.holds_members());
    for source in sources {
        stage_source(next, source)?;
    }
    let first_retired: usize = input.streams.iter().map(|stream| stream.lists.len()).sum();
    for (id, (stream, list)) in (first_retired..).zip(&input.retired) {
        if stream_named(input, stream).is_some_and(holds_members) {
            let sql = "INSERT INTO run_lists VALUES (?, ?, ?, true, true)";
            next.execute(STAGING, sql, params![id, stream, list])?;
        }
    }
    if !next.has_previous() {
        return Ok(());
    }
    next.batch(
        DECIDING,
        "INSERT INTO lost SELECT l.id, p.country, p.business_id
         FROM prev.etl.list_members p JOIN run_lists l ON l.stream = p.stream AND l.list = p.list AND l.complete
         WHERE NOT EXISTS (SELECT 1 FROM staged_members m
             WHERE m.id = l.id AND m.country = p.country AND m.business_id = p.business_id)",
    )
}

fn stage_source(next: &Next, source: &Source<'_>) -> Result<(), LoadError> {
    let (name, first_list) = (source.input.stream.name, source.first_list);
    for (id, list) in (first_list..).zip(source.lists()) {
        let sql = "INSERT INTO run_lists VALUES (?, ?, ?, ?, false)";
        next.execute(STAGING, sql, params![id, name, list.list, list.complete])?;
    }
    // A company can be in a list twice when the list moved while it was read. Not those of `_newest`, which is what the
    // members are compared with.
    let sql = format!(
        "INSERT INTO staged_members SELECT DISTINCT _list + {first_list}, country, business_id FROM {}",
        source.rows()
    );
    next.batch(STAGING, &sql)
}

/// Refuses a load in which a complete list loses more than `max_deleted_percent` of its companies: rather than
/// believing a source that suddenly shows only a part, a person decides.
pub(super) fn guard(next: &Next, max_deleted_percent: f64) -> Result<(), LoadError> {
    if !next.has_previous() {
        return Ok(());
    }
    let sql = "SELECT l.list, k.known, g.lost
         FROM (SELECT stream, list, count(*) AS known FROM prev.etl.list_members GROUP BY ALL) k
         JOIN run_lists l ON l.stream = k.stream AND l.list = k.list
         JOIN (SELECT id, count(*) AS lost FROM lost GROUP BY id) g ON g.id = l.id
         WHERE NOT l.retired AND k.known >= ? AND g.lost * 100.0 > k.known * CAST(? AS DOUBLE)
         ORDER BY g.lost / k.known DESC, l.id LIMIT 1";
    let worst = next.rows(DECIDING, sql, params![GUARDED_FROM, max_deleted_percent], |row| {
        Ok(LoadError::TooManyDeleted {
            list: row.get(0)?,
            of: "companies",
            known: row.get(1)?,
            lost: row.get(2)?,
            limit_percent: max_deleted_percent,
        })
    })?;
    worst.into_iter().next().map_or(Ok(()), Err)
}

/// Fills `etl.list_members` and `gone`.
///
/// A complete list holds what was seen; an incomplete one what was seen and what it held; a list that this run did
/// not read what it held.
pub(super) fn write(next: &Next) -> Result<(), LoadError> {
    next.batch(
        DECIDING,
        "INSERT INTO next.etl.list_members
         SELECT l.stream, l.list, m.country, m.business_id FROM staged_members m JOIN run_lists l USING (id)",
    )?;
    if !next.has_previous() {
        return Ok(());
    }
    next.batch(
        DECIDING,
        "INSERT INTO next.etl.list_members
         SELECT p.stream, p.list, p.country, p.business_id FROM prev.etl.list_members p
         LEFT JOIN run_lists l ON l.stream = p.stream AND l.list = p.list
         LEFT JOIN staged_members m ON m.id = l.id AND m.country = p.country AND m.business_id = p.business_id
         WHERE l.id IS NULL OR (NOT l.complete AND m.id IS NULL);
         INSERT INTO gone SELECT t.id, t.country, t.business_id FROM lost t
         WHERE NOT EXISTS (SELECT 1 FROM next.etl.list_members n
             WHERE n.country = t.country AND n.business_id = t.business_id);",
    )
}
