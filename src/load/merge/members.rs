//! Which list holds which company. Deletions are decided by this.
//!
//! It works with narrow temporary tables in `DuckDB`:
//! - `run_lists`: the lists of this run that hold companies; `complete` if they were read whole. Ids count through the lists of all streams, the retired
//!   ones last.
//! - `staged_members`: list and company.
//! - `lost`: companies that a complete list held and no longer holds.
//! - `gone`: those of them that are in no list of any stream any more.
//!
//! `etl.list_members` also tells which companies a selection holds: see [`selected`].

use duckdb::params;

use crate::catalog::{Lists, STREAMS, Stream};
use crate::load::builder::Builder;
use crate::load::merge::sources::{StagedSource, TableLoad, stream_named};
use crate::load::{LoadError, LoadInput};
use crate::schema::{Role, Table, ddl};
use crate::selection::ALL;

/// Lists with fewer known companies may lose any number of them: the share would mean nothing.
pub(in crate::load) const GUARDED_FROM: u64 = 100;

const STAGING: &str = "reading the staged rows";
const DECIDING: &str = "comparing the lists";

/// Creates and fills `run_lists`, `staged_members` and `lost`.
pub(in crate::load) fn stage(
    next: &Builder,
    input: &LoadInput,
    loads: &[TableLoad<'_>],
) -> Result<(), LoadError> {
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
        if stream_named(input, stream).is_some_and(Stream::holds_companies) {
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

fn stage_source(next: &Builder, source: &StagedSource<'_>) -> Result<(), LoadError> {
    let (name, first_list) = (source.input.stream.name, source.first_list);
    for (id, list) in (first_list..).zip(source.lists()) {
        let sql = "INSERT INTO run_lists VALUES (?, ?, ?, ?, false)";
        next.execute(STAGING, sql, params![id, name, list.list, list.is_whole()])?;
    }
    // DISTINCT, because a company can be in a list twice if the list shifted while it was read. All rows are used, not
    // only those with `_newest`: a check compares the members with the latter.
    let sql = format!(
        "INSERT INTO staged_members SELECT DISTINCT _list + {first_list}, country, business_id FROM {}",
        source.rows()
    );
    next.batch(STAGING, &sql)
}

/// Refuses a load in which a complete list loses more than `max_deleted_percent` of its companies. The server may show
/// only a part by mistake, so a person decides.
pub(in crate::load) fn guard(next: &Builder, max_deleted_percent: f64) -> Result<(), LoadError> {
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
/// A complete list holds what the run has seen. A list that is incomplete, or was read only for what changed, holds what
/// the run has seen and what it held before.
/// A list that this run did not read holds what it held before.
pub(in crate::load) fn write(next: &Builder) -> Result<(), LoadError> {
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

/// The companies that a selection holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::load) enum Selected {
    /// All companies.
    Everyone,
    /// The companies of this query, which has the columns `country` and `business_id` and each company once.
    Only(String),
}

/// Name of the column that says whether a selection holds the company.
const SELECTED: &str = Role::Selected.column();

impl Selected {
    /// The value of [`SELECTED`] in a query that has the join of [`Selected::join`].
    pub(in crate::load) fn value(&self) -> &'static str {
        match self {
            Self::Everyone => "true",
            Self::Only(_) => "m.business_id IS NOT NULL",
        }
    }

    /// A join that looks up a company among the selected ones, by the expressions of its key. Empty if all are
    /// selected.
    pub(in crate::load) fn join(&self, country: &str, business_id: &str) -> String {
        match self {
            Self::Everyone => String::new(),
            Self::Only(query) => {
                format!(" LEFT JOIN ({query}) m ON m.country = {country} AND m.business_id = {business_id}")
            }
        }
    }
}

/// The companies that a selection holds after this load. Run it after `etl.list_members` is filled.
///
/// A selection holds what its list held when it was last read, in whichever run. The list of all companies is not a
/// selection: while it is the latest list that was read, every company is selected; otherwise it is ignored.
pub(in crate::load) fn selected(next: &Builder, input: &LoadInput) -> Result<Selected, LoadError> {
    let streams = selecting(input);
    let selects_all = match input.selects_all {
        Some(all) => Some(all),
        None => latest(next, &streams)?,
    };
    if selects_all.unwrap_or(true) {
        return Ok(Selected::Everyone);
    }
    Ok(Selected::Only(format!(
        "SELECT DISTINCT country, business_id FROM next.etl.list_members WHERE stream IN ({streams}) AND list <> {}",
        ddl::literal(ALL)
    )))
}

/// Names of the streams whose lists are selections, as an SQL list.
fn selecting(input: &LoadInput) -> String {
    let of_run = input.streams.iter().map(|stream| stream.stream);
    let streams = of_run.chain(STREAMS).filter(|stream| stream.lists == Lists::Selections);
    let mut names: Vec<String> = streams.map(|stream| ddl::literal(stream.name)).collect();
    names.sort();
    names.dedup();
    names.join(", ")
}

/// Whether the latest lists that were read, in this run or an earlier one, were of all companies. `None` if none were
/// read.
fn latest(next: &Builder, streams: &str) -> Result<Option<bool>, LoadError> {
    let (all, one) = (ddl::literal(ALL), |sql: &str| -> Result<Option<bool>, LoadError> {
        Ok(next.rows(DECIDING, sql, [], |row| row.get::<_, Option<bool>>(0))?.into_iter().next().flatten())
    });
    let of_run =
        format!("SELECT bool_or(list = {all}) FROM run_lists WHERE stream IN ({streams}) AND NOT retired");
    if let Some(of_run) = one(&of_run)? {
        return Ok(Some(of_run));
    }
    if !next.has_previous() {
        return Ok(None);
    }
    // A rebuild records the lists of several runs as its own, and the list of all companies may be among them. Every
    // company was selected only if there is no other list.
    one(&format!(
        "SELECT bool_and(list = {all}) FROM prev.etl.streams WHERE stream IN ({streams}) AND run_id = \
            (SELECT max(run_id) FROM prev.etl.streams WHERE stream IN ({streams}))"
    ))
}

/// Copies the companies of the previous generation in a run that reads no companies. Which of them are selected is
/// determined again. Returns their number, or `None` if the table does not have the column [`SELECTED`].
pub(in crate::load) fn take_over(
    next: &Builder,
    table: &Table,
    selected: &Selected,
) -> Result<Option<u64>, LoadError> {
    if !table.has(Role::Selected) {
        return Ok(None);
    }
    let Some(previous) = next.previous(table)? else { return Ok(Some(0)) };
    let sql = format!(
        "INSERT INTO next.{} SELECT p.* REPLACE ({} AS {SELECTED}) FROM ({previous}) p{}",
        table.qualified(),
        selected.value(),
        selected.join("p.country", "p.business_id"),
    );
    next.execute("taking over the previous generation", &sql, []).map(Some)
}

/// Number of live companies that no selection holds.
pub(in crate::load) fn outside(
    next: &Builder,
    tables: &[&Table],
    selected: &Selected,
) -> Result<u64, LoadError> {
    let has_column = |table: &&&Table| table.has(Role::Selected);
    let (Some(table), Selected::Only(_)) = (tables.iter().find(has_column), selected) else { return Ok(0) };
    let sql = format!(
        "SELECT count(*) FROM next.{} WHERE _deleted_at IS NULL AND NOT {SELECTED}",
        table.qualified()
    );
    next.number(DECIDING, &sql)
}

/// Most selections that are named to the user.
const MOST_NAMED: usize = 20;

/// Selections that this run did not read and that still count, with the number of companies of each. Empty if the run
/// read no selection.
pub(in crate::load) fn other_selections(
    next: &Builder,
    input: &LoadInput,
    selected: &Selected,
) -> Result<Vec<(String, u64)>, LoadError> {
    if *selected == Selected::Everyone {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT list, count(*) FROM next.etl.list_members n WHERE stream IN ({streams}) AND list <> {} \
           AND EXISTS (SELECT 1 FROM run_lists r WHERE r.stream IN ({streams}) AND NOT r.retired) \
           AND NOT EXISTS (SELECT 1 FROM run_lists r WHERE r.stream = n.stream AND r.list = n.list) \
         GROUP BY list ORDER BY list LIMIT {MOST_NAMED}",
        ddl::literal(ALL),
        streams = selecting(input),
    );
    next.rows(DECIDING, &sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
}
