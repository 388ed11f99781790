//! Writes the tables of schema `etl`: what a load records about itself.

use duckdb::{Connection, params};

use super::build::Built;
use super::builder::Builder;
use super::merge::cells::timestamp;
use super::{Counts, ListCounts, LoadError, LoadInput, Published, rejects};
use crate::clock::Timeline;
use crate::schema::{ddl, etl};
use crate::selection;
use crate::workspace::{FORMAT_VERSION, Marker, Workspace};

const DOING: &str = "recording the load";

/// Number of the generation that is built, and the time of the one that it replaces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbered {
    pub(super) number: u64,
    /// When the replaced generation was finished, microseconds since 1970, UTC. `None` if there is none, or if the load
    /// starts from scratch.
    pub(super) replaced_us: Option<i64>,
}

/// Adds this run to the tables of schema `etl`, which already hold the earlier runs.
pub(super) fn write(
    next: &Builder,
    input: &LoadInput,
    generation: Numbered,
    built: &Built,
    rejects: &rejects::Written,
) -> Result<(), LoadError> {
    add_run(next, input, built, rejects.came)?;
    let evidence = input.streams.iter().flat_map(|stream| stream.lists.iter().enumerate());
    for ((position, list), counted) in evidence.zip(&built.lists) {
        let left_out = rejects.left_out.get(&(counted.stream.clone(), position)).copied().unwrap_or(0);
        let counts = counted.counts;
        let window = list.window_us;
        let moment = |at: Option<i64>| at.map_or_else(|| "NULL".to_owned(), timestamp);
        let sql = format!(
            "INSERT INTO next.etl.streams VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {}, {}, {})",
            moment(window.map(|(from, _)| from)),
            moment(window.map(|(_, to)| to)),
            moment(list.read_at_us),
        );
        let params = params![
            input.run.run_id,
            counted.stream,
            counted.list,
            list.verdict.rows_received,
            list.verdict.distinct_keys,
            list.verdict.total_before.map(claimed),
            list.verdict.total_after.map(claimed),
            list.verdict.effective_page_size,
            list.verdict.sweeps,
            list.verdict.complete,
            counts.inserted,
            counts.updated,
            counts.unchanged,
            counts.deleted,
            counts.rejected,
            left_out,
        ];
        next.execute(DOING, &sql, params)?;
    }
    merge_drift(next, input)?;
    write_ids(next, input)?;
    let before =
        generation.replaced_us.map_or(input.run.finished_at_us, |us| us.max(input.run.finished_at_us));
    let finished = Timeline::after(Some(before)).now_us();
    let sql = format!("INSERT INTO next.etl.warehouse VALUES (?, ?, ?, {})", timestamp(finished));
    next.execute(DOING, &sql, params![FORMAT_VERSION, generation.number, env!("CARGO_PKG_VERSION")])?;
    Ok(())
}

/// A server's total as a BIGINT. A larger total becomes the largest BIGINT: both are wrong in any case.
fn claimed(total: u64) -> i64 {
    i64::try_from(total).unwrap_or(i64::MAX)
}

fn add_run(next: &Builder, input: &LoadInput, built: &Built, rejects: u64) -> Result<(), LoadError> {
    let run = &input.run;
    let sql = format!(
        "INSERT INTO next.etl.runs VALUES (?, {}, {}, ?, ?, ?, ?, ?, ?, ?, ?, ?, {})",
        timestamp(run.started_at_us),
        timestamp(run.finished_at_us),
        timestamp(run.clock_us),
    );
    let params = params![
        run.run_id,
        run.status,
        run.exit_code,
        env!("CARGO_PKG_VERSION"),
        run.arguments,
        run.requests,
        run.retries,
        run.bytes,
        built.rows_seen,
        rejects,
    ];
    next.execute(DOING, &sql, params).map(drop)
}

/// Merges this run's schema drift into the earlier drift. Counts add up; the first run and the first sample stay.
fn merge_drift(next: &Builder, input: &LoadInput) -> Result<(), LoadError> {
    next.batch(
        DOING,
        "CREATE TEMP TABLE drift (stream VARCHAR, field VARCHAR, kind VARCHAR, count BIGINT, sample VARCHAR)",
    )?;
    for stream in &input.streams {
        for drift in &stream.staged.drift {
            let sql = "INSERT INTO drift VALUES (?, ?, ?, ?, ?)";
            let kind = drift.kind.label();
            let params = params![stream.stream.name, drift.field, kind, drift.count, drift.sample];
            next.execute(DOING, sql, params)?;
        }
    }
    let run_id = ddl::literal(&input.run.run_id);
    // Grouped, because two fields can have the same path: a field named `prospects.x`, and the field `x` of
    // `prospects`.
    next.batch(
        DOING,
        "CREATE TEMP TABLE all_drift AS SELECT stream, field, kind, CAST(sum(count) AS BIGINT) AS count, \
                any_value(sample) AS sample FROM drift GROUP BY stream, field, kind",
    )?;
    let sql = match next.previous(&etl::SCHEMA_DRIFT)? {
        None => format!("SELECT stream, field, {run_id}, count, sample, kind FROM all_drift"),
        Some(previous) => format!(
            "SELECT coalesce(p.stream, d.stream), coalesce(p.field, d.field), \
                    coalesce(p.first_seen_run, {run_id}), coalesce(p.count, 0) + coalesce(d.count, 0), \
                    coalesce(p.sample, d.sample), coalesce(p.kind, d.kind) \
             FROM ({previous}) p FULL JOIN all_drift d \
               ON d.stream = p.stream AND d.field = p.field AND d.kind = p.kind"
        ),
    };
    next.batch(DOING, &format!("INSERT INTO next.etl.schema_drift {sql}"))
}

/// Most rows of `etl.ids_not_found` that one statement writes.
const IDS_AT_ONCE: usize = 500;

/// Writes the business ids that lists asked for and did not get. For lists that this run read completely these are the
/// run's; for the others the earlier ones stay, except those of retired lists.
fn write_ids(next: &Builder, input: &LoadInput) -> Result<(), LoadError> {
    if let Some(previous) = next.previous(&etl::IDS_NOT_FOUND)? {
        let sql = format!(
            "INSERT INTO next.etl.ids_not_found SELECT p.* FROM ({previous}) p \
             WHERE NOT EXISTS (SELECT 1 FROM run_lists l WHERE l.stream = p.stream AND l.list = p.list AND l.complete)"
        );
        next.execute(DOING, &sql, [])?;
    }
    let run_id = ddl::literal(&input.run.run_id);
    for stream in &input.streams {
        for list in stream.lists.iter().filter(|list| list.verdict.complete) {
            let country = selection::country_of(&list.list);
            let literal = |text: Option<&str>| text.map_or_else(|| "NULL".to_owned(), ddl::literal);
            let row = |id: &String| {
                format!(
                    "({}, {}, {}, {}, {}, {run_id})",
                    ddl::literal(stream.stream.name),
                    ddl::literal(&list.list),
                    literal(country),
                    ddl::literal(id),
                    literal(selection::short_id(country, id).as_deref()),
                )
            };
            for ids in list.verdict.missing_ids.chunks(IDS_AT_ONCE) {
                let rows: Vec<String> = ids.iter().map(row).collect();
                next.batch(DOING, &format!("INSERT INTO next.etl.ids_not_found VALUES {}", rows.join(", ")))?;
            }
        }
    }
    Ok(())
}

/// Number of rows of each table of schema `main`.
fn people_rows(connection: &Connection) -> duckdb::Result<Vec<(String, u64)>> {
    let sql = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main' AND NOT internal ORDER BY table_oid";
    let mut statement = connection.prepare(sql)?;
    let names = statement.query_map([], |row| row.get(0))?.collect::<duckdb::Result<Vec<String>>>()?;
    let rows = names.into_iter().map(|name| {
        let sql = format!("SELECT count(*) FROM main.{}", ddl::identifier(&name));
        let rows = connection.query_row(&sql, [], |row| row.get(0))?;
        Ok((name, rows))
    });
    rows.collect()
}

/// The result of an earlier attempt of the same run that has published. `None` if the published file does not hold the
/// run. `connection` has that file open, and `marker` is its marker.
pub(super) fn already_published(
    workspace: &Workspace,
    (connection, marker): &(Connection, Marker),
    run_id: &str,
) -> Result<Option<Published>, LoadError> {
    let path = workspace.published();
    let failed = |source| LoadError::database("reading the published file", path, source);
    let sql = "SELECT count(*) FROM etl.runs WHERE run_id = ?";
    let held: u64 = connection.query_row(sql, [run_id], |row| row.get(0)).map_err(failed)?;
    if held == 0 {
        return Ok(None);
    }
    let sql = "SELECT stream, list, inserted, updated, unchanged, deleted, rejected \
               FROM etl.streams WHERE run_id = ? ORDER BY rowid";
    let lists = connection.prepare(sql).and_then(|mut statement| {
        let rows = statement.query_map([run_id], |row| {
            let counts = Counts {
                inserted: row.get(2)?,
                updated: row.get(3)?,
                unchanged: row.get(4)?,
                deleted: row.get(5)?,
                rejected: row.get(6)?,
            };
            Ok(ListCounts { stream: row.get(0)?, list: row.get(1)?, counts })
        })?;
        rows.collect::<duckdb::Result<Vec<_>>>()
    });
    let lists = lists.map_err(failed)?;
    let mut totals = Counts::default();
    for list in &lists {
        totals.add(list.counts);
    }
    let sql = "SELECT count(*) FROM prospects WHERE _deleted_at IS NULL AND NOT _selected";
    // A file that an earlier version published does not have the column.
    let outside = connection.query_row(sql, [], |row| row.get(0)).unwrap_or(0);
    let tables = people_rows(connection).map_err(failed)?;
    let bytes = fs_err::metadata(path).map_err(|source| LoadError::io("reading", path, source))?.len();
    Ok(Some(Published {
        generation: marker.generation,
        path: path.to_owned(),
        bytes,
        lists,
        totals,
        outside,
        other_selections: Vec::new(),
        tables,
        already: true,
        steps: Vec::new(),
    }))
}
