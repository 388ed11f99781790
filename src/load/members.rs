//! Which list holds which company: what a deletion is decided by, and what each list's counts are.
//!
//! Works with narrow temporary tables in `DuckDB`: `run_lists` (the lists of this run; their ids go through all
//! streams), `staged_members` (list and company), `lost` (companies that a complete list held and no longer
//! does), `gone` (those of them that are in no list any more), `touched` (companies of which a value changed).

use duckdb::params;

use super::next::Next;
use super::{Counts, ListCounts, LoadError, StreamInput, merge};
use crate::schema::ddl;

/// Lists of which fewer companies were known are not asked how many they lose: too few to mean anything.
const GUARDED_FROM: u64 = 100;

const STAGING: &str = "reading the staged rows";
const DECIDING: &str = "comparing the lists";

/// Fills `run_lists`, `staged_members` and `lost`.
pub(super) fn stage(next: &Next, streams: &[StreamInput]) -> Result<(), LoadError> {
    next.batch(
        STAGING,
        "CREATE TEMP TABLE run_lists (id UINTEGER, stream VARCHAR, list VARCHAR, complete BOOLEAN);
         CREATE TEMP TABLE staged_members (id UINTEGER, country VARCHAR, business_id VARCHAR);
         CREATE TEMP TABLE lost (id UINTEGER, country VARCHAR, business_id VARCHAR);
         CREATE TEMP TABLE gone (id UINTEGER, country VARCHAR, business_id VARCHAR);",
    )?;
    let mut first_list = 0;
    for stream in streams {
        let name = stream.stream.name;
        for (index, list) in stream.lists.iter().enumerate() {
            let sql = "INSERT INTO run_lists VALUES (?, ?, ?, ?)";
            next.execute(STAGING, sql, params![first_list + index, name, list.list, list.complete])?;
        }
        // A company can be in a list twice when the list moved while it was read.
        let staged = ddl::identifier(&format!("staged_{name}"));
        let sql = format!(
            "INSERT INTO staged_members SELECT DISTINCT _list + {first_list}, country, business_id FROM {staged}"
        );
        next.batch(STAGING, &sql)?;
        first_list += stream.lists.len();
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
         WHERE k.known >= ? AND g.lost * 100.0 > k.known * CAST(? AS DOUBLE)
         ORDER BY g.lost / k.known DESC, l.id LIMIT 1";
    let worst = next.rows(DECIDING, sql, params![GUARDED_FROM, max_deleted_percent], |row| {
        Ok(LoadError::TooManyDeleted {
            list: row.get(0)?,
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
         INSERT INTO gone SELECT t.id, t.country, t.business_id FROM lost t JOIN run_lists l USING (id)
         WHERE NOT EXISTS (SELECT 1 FROM next.etl.list_members n
             WHERE n.stream = l.stream AND n.country = t.country AND n.business_id = t.business_id);",
    )
}

/// The counts of one stream.
#[derive(Debug)]
pub(super) struct Counted {
    /// Each of its lists.
    pub(super) lists: Vec<ListCounts>,
    /// Its companies, each once.
    pub(super) totals: Counts,
}

/// The ids of a stream's lists.
#[derive(Debug, Clone, Copy)]
struct Ids {
    first: usize,
    end: usize,
}

impl Ids {
    /// The condition that `column` is one of them.
    fn hold(self, column: &str) -> String {
        format!("({column} >= {} AND {column} < {})", self.first, self.end)
    }
}

/// Counts what happened to the companies of a stream whose first list has the id `first_list`. Run when its rows
/// are merged.
pub(super) fn counts(
    next: &Next,
    stream: &StreamInput,
    first_list: usize,
    run_id: &str,
) -> Result<Counted, LoadError> {
    let doing = "counting what changed";
    find_touched(next, stream, run_id)?;
    let ids = Ids { first: first_list, end: first_list + stream.lists.len() };
    let name = stream.stream.name;
    let sql = format!(
        "SELECT l.list, coalesce(s.seen, 0), coalesce(s.inserted, 0), coalesce(s.updated, 0), \
                coalesce(g.gone, 0), coalesce(r.rejected, 0) \
         FROM run_lists l \
         LEFT JOIN (SELECT m.id, count(*) AS seen, {inserted} AS inserted, count(*) FILTER (NOT t.inserted) AS updated \
                    FROM staged_members m LEFT JOIN touched t \
                    ON t.country = m.country AND t.business_id = m.business_id \
                    WHERE {members} GROUP BY m.id) s ON s.id = l.id \
         LEFT JOIN (SELECT id, count(*) AS gone FROM gone GROUP BY id) g ON g.id = l.id \
         LEFT JOIN (SELECT list, count(*) AS rejected FROM {rejects} GROUP BY list) r \
                ON r.list + {first_list} = l.id \
         WHERE {lists} ORDER BY l.id",
        members = ids.hold("m.id"),
        lists = ids.hold("l.id"),
        inserted = if next.has_previous() { "count(*) FILTER (t.inserted)" } else { "count(*)" },
        rejects = ddl::identifier(&format!("rejects_{name}")),
    );
    let lists = next.rows(doing, &sql, [], |row| {
        let (seen, inserted, updated): (u64, u64, u64) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let unchanged = seen.saturating_sub(inserted + updated);
        let counts = Counts { inserted, updated, unchanged, deleted: row.get(4)?, rejected: row.get(5)? };
        Ok(ListCounts { stream: name.to_owned(), list: row.get(0)?, counts })
    })?;
    let totals = match lists.as_slice() {
        [only] => only.counts,
        _ => totals(next, &lists, ids)?,
    };
    Ok(Counted { lists, totals })
}

/// Fills `touched`. Without a previous generation every company is new, and nothing need be looked up.
fn find_touched(next: &Next, stream: &StreamInput, run_id: &str) -> Result<(), LoadError> {
    let table = stream.stream.table();
    let sql = match next.previous(table)? {
        None => "SELECT ''::VARCHAR AS country, ''::VARCHAR AS business_id, true AS inserted WHERE false"
            .to_owned(),
        Some(previous) => format!(
            "SELECT n.country, n.business_id, p.country IS NULL AS inserted FROM next.{} n \
             LEFT JOIN ({previous}) p ON {} WHERE n._run_id = {}",
            table.qualified(),
            merge::same_key(table, "p", "n"),
            ddl::literal(run_id),
        ),
    };
    next.batch("finding what changed", &format!("CREATE OR REPLACE TEMP TABLE touched AS {sql}"))
}

/// The counts over all lists of a stream, in which a company counts once.
fn totals(next: &Next, lists: &[ListCounts], ids: Ids) -> Result<Counts, LoadError> {
    let doing = "counting what changed";
    let seen = format!(
        "(SELECT DISTINCT country, business_id FROM staged_members WHERE {}) m \
         LEFT JOIN touched t ON t.country = m.country AND t.business_id = m.business_id",
        ids.hold("id")
    );
    let all = next.number(doing, &format!("SELECT count(*) FROM {seen}"))?;
    let updated = next.number(doing, &format!("SELECT count(*) FILTER (NOT t.inserted) FROM {seen}"))?;
    let inserted = if next.has_previous() {
        next.number(doing, &format!("SELECT count(*) FILTER (t.inserted) FROM {seen}"))?
    } else {
        all
    };
    let gone = format!(
        "SELECT count(*) FROM (SELECT DISTINCT country, business_id FROM gone WHERE {})",
        ids.hold("id")
    );
    Ok(Counts {
        inserted,
        updated,
        unchanged: all.saturating_sub(inserted + updated),
        deleted: next.number(doing, &gone)?,
        rejected: lists.iter().map(|list| list.counts.rejected).sum(),
    })
}
