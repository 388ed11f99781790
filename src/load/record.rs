//! What a load writes about itself: the tables of schema `etl`.

use duckdb::params;

use super::build::Built;
use super::merge::timestamp;
use super::next::Next;
use super::sources::rejects_of;
use super::{Counts, ListCounts, LoadError, LoadInput, Published, StreamInput};
use crate::schema::{ddl, etl};
use crate::workspace::{self, FORMAT_VERSION, Marker, Workspace};

const DOING: &str = "recording the load";

/// Adds this run to the tables of schema `etl`, which already hold the earlier ones.
pub(super) fn write(next: &Next, input: &LoadInput, generation: u64, built: &Built) -> Result<(), LoadError> {
    let mut rejects = 0;
    for stream in &input.streams {
        rejects += add_rejects(next, stream, &input.run.run_id)?;
    }
    add_run(next, input, built, rejects)?;
    let evidence = input.streams.iter().flat_map(|stream| &stream.lists);
    for (list, counted) in evidence.zip(&built.lists) {
        let counts = counted.counts;
        let window = list.window_us;
        let moment = |at: Option<i64>| at.map_or_else(|| "NULL".to_owned(), timestamp);
        let sql = format!(
            "INSERT INTO next.etl.streams VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {}, {})",
            moment(window.map(|(from, _)| from)),
            moment(window.map(|(_, to)| to)),
        );
        let params = params![
            input.run.run_id,
            counted.stream,
            counted.list,
            list.rows_received,
            list.distinct_keys,
            list.total_before.map(claimed),
            list.total_after.map(claimed),
            list.effective_page_size,
            list.sweeps,
            list.complete,
            counts.inserted,
            counts.updated,
            counts.unchanged,
            counts.deleted,
            counts.rejected,
        ];
        next.execute(DOING, &sql, params)?;
    }
    merge_drift(next, input)?;
    let finished = jiff::Timestamp::now().as_microsecond();
    let sql = format!("INSERT INTO next.etl.warehouse VALUES (?, ?, ?, {})", timestamp(finished));
    next.execute(DOING, &sql, params![FORMAT_VERSION, generation, env!("CARGO_PKG_VERSION")])?;
    Ok(())
}

/// A total as a server claims it: one beyond what a column holds is as wrong as the largest that fits.
fn claimed(total: u64) -> i64 {
    i64::try_from(total).unwrap_or(i64::MAX)
}

fn add_run(next: &Next, input: &LoadInput, built: &Built, rejects: u64) -> Result<(), LoadError> {
    let run = &input.run;
    let sql = format!(
        "INSERT INTO next.etl.runs VALUES (?, {}, {}, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        timestamp(run.started_at_us),
        timestamp(run.finished_at_us)
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

fn add_rejects(next: &Next, stream: &StreamInput, run_id: &str) -> Result<u64, LoadError> {
    let sql = format!(
        "INSERT INTO next.etl.rejects \
         SELECT reject_id, {}, {}, table_name, key, field, raw, reason, page, NULL FROM {}",
        ddl::literal(run_id),
        ddl::literal(stream.stream.name),
        rejects_of(stream),
    );
    next.execute(DOING, &sql, [])
}

/// Adds this run's drift to the earlier one: counts add up, the first run and the first sample stay.
fn merge_drift(next: &Next, input: &LoadInput) -> Result<(), LoadError> {
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
    // A field can be called like the path of another: `prospects.x` beside the `x` of `prospects`.
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

/// Rows of each table for people in the published file.
fn people_rows(connection: &duckdb::Connection) -> duckdb::Result<Vec<(String, u64)>> {
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

/// What an earlier attempt of the run published; none when the published file does not hold the run.
pub(super) fn already_published(
    workspace: &Workspace,
    marker: Option<&Marker>,
    run_id: &str,
) -> Result<Option<Published>, LoadError> {
    let Some(marker) = marker else { return Ok(None) };
    let path = workspace.published();
    let failed = |source| LoadError::database("reading the published file", path, source);
    let connection = workspace::open_read_only(path).map_err(failed)?;
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
    let tables = people_rows(&connection).map_err(failed)?;
    let bytes = fs_err::metadata(path).map_err(|source| LoadError::io("reading", path, source))?.len();
    Ok(Some(Published {
        generation: marker.generation,
        path: path.to_owned(),
        bytes,
        lists,
        totals,
        tables,
        already: true,
        steps: Vec::new(),
    }))
}
