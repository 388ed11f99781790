//! What the published file says that decides what is asked for: companies that are new enough, times that are covered,
//! lists of target groups.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::Duration;

use crate::catalog::{Lists, STREAMS, Stream};
use crate::error::Error;
use crate::query::{Texts, texts};
use crate::record::fingerprint;
use crate::schema::ddl;

/// Microseconds of a day.
pub(super) const DAY_US: i64 = 24 * 3600 * 1_000_000;

/// A duration in microseconds; the longest there are if it is longer.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// A reading that seems to come so much after now was made with a clock that was wrong.
const AHEAD_US: i64 = 5 * 60 * 1_000_000;

/// Fingerprints of the live companies whose details of all those streams were read within `age_us` before `now_us`, both
/// by the computer's clock.
///
/// A company says when its details were read, not which: they count when the run of that time read all those streams.
/// How long ago that is says the clock of that run, not what the run wrote down, which goes on from earlier times when the
/// clock is behind them. What was read with a clock ahead of now is of no known age, and is read again.
pub(super) fn fresh(
    history: Option<&Path>,
    streams: &[&'static Stream],
    now_us: i64,
    age_us: i64,
) -> Result<HashSet<u64>, Error> {
    let mut fresh = HashSet::new();
    let Some(path) = history else { return Ok(fresh) };
    let file = Texts::open(path)?;
    let mut has_clock = false;
    let sql = "SELECT column_name FROM duckdb_columns() \
               WHERE schema_name = 'etl' AND table_name = 'runs' AND column_name = 'clock_at'";
    file.read(sql, |[_]| has_clock = true)?;
    let clock_at = if has_clock { "coalesce(r.clock_at, r.started_at)" } else { "r.started_at" };
    let of_stream = |stream: &&Stream| {
        format!(
            " AND EXISTS (SELECT 1 FROM etl.runs r JOIN etl.streams s ON s.run_id = r.run_id \
             WHERE s.stream = {} AND p._details_at BETWEEN r.started_at AND r.finished_at \
             AND epoch_us({clock_at}) + (epoch_us(p._details_at) - epoch_us(r.started_at)) BETWEEN {} AND {})",
            ddl::literal(stream.name),
            now_us.saturating_sub(age_us),
            now_us.saturating_add(AHEAD_US),
        )
    };
    let sql = format!(
        "SELECT p.country || '/' || p.business_id FROM main.prospects p \
         WHERE p._deleted_at IS NULL AND p._details_at IS NOT NULL{}",
        streams.iter().map(of_stream).collect::<String>(),
    );
    file.read(&sql, |[company]| {
        fresh.insert(fingerprint(&company));
    })?;
    Ok(fresh)
}

/// Up to where earlier runs have read a stream that looks back only so far, microseconds since 1970, UTC. What a run read
/// up to a moment that is still to come, by a clock that was wrong, does not count.
pub(super) fn covered(history: Option<&Path>, stream: &Stream, now_us: i64) -> Result<Option<i64>, Error> {
    let mut covered = None;
    if let Some(path) = history {
        let sql = format!(
            "SELECT CAST(epoch_us(max(window_to)) AS VARCHAR) FROM etl.streams \
             WHERE stream = {} AND complete AND epoch_us(window_to) <= {now_us}",
            ddl::literal(stream.name)
        );
        texts(path, &sql, |[to]| covered = to.parse().ok())?;
    }
    Ok(covered)
}

/// The last time that loads have written into a warehouse, microseconds since 1970, UTC; none when it holds none.
pub(crate) fn last_written(history: Option<&Path>) -> Result<Option<i64>, Error> {
    let Some(path) = history else { return Ok(None) };
    // What the records of the loads say, and what stands in rows: an earlier version could write a later time there.
    let columns = "SELECT format('{}.{}', c.schema_name, c.table_name), c.column_name \
         FROM duckdb_columns() c JOIN duckdb_tables() t USING (database_name, schema_name, table_name) \
         WHERE c.database_name = current_database() AND c.data_type = 'TIMESTAMP' AND (\
         (c.schema_name = 'etl' AND (c.table_name, c.column_name) IN (('warehouse', 'published_at'), \
          ('runs', 'started_at'), ('runs', 'finished_at'))) \
         OR (c.schema_name = 'main' AND c.column_name IN ('_first_seen_at', '_last_seen_at', '_deleted_at', '_details_at')))";
    let file = Texts::open(path)?;
    let mut parts = Vec::new();
    file.read(columns, |[table, column]| {
        let column = ddl::identifier(&column);
        let table: Vec<_> = table.splitn(2, '.').map(ddl::identifier).collect();
        parts.push(format!(
            "SELECT epoch_us(max({column}) FILTER (isfinite({column}))) AS moment FROM {}",
            table.join(".")
        ));
    })?;
    let mut last = None;
    if !parts.is_empty() {
        let sql = format!("SELECT CAST(max(moment) AS VARCHAR) FROM ({})", parts.join(" UNION ALL "));
        file.read(&sql, |[at]| last = at.parse().ok())?;
    }
    Ok(last)
}

/// The id of the last run that a warehouse holds; none when it holds none.
pub(super) fn last_run(history: Option<&Path>) -> Result<Option<String>, Error> {
    let mut last = None;
    if let Some(path) = history {
        texts(path, "SELECT max(run_id) FROM etl.runs", |[id]| last = Some(id))?;
    }
    Ok(last)
}

/// Lists of that kind that the published file holds and that are not among those that there are, as stream and list.
pub(super) fn retired(
    history: Option<&Path>,
    is_of_kind: impl Fn(Lists) -> bool,
    there_are: &[String],
) -> Result<Vec<(String, String)>, Error> {
    let mut retired = Vec::new();
    let Some(path) = history else { return Ok(retired) };
    let file = Texts::open(path)?;
    let of_kind = STREAMS.iter().filter(|stream| is_of_kind(stream.lists));
    for stream in of_kind {
        let sql = format!(
            "SELECT DISTINCT list FROM etl.list_members WHERE stream = {} ORDER BY list",
            ddl::literal(stream.name)
        );
        file.read(&sql, |[list]| {
            if !there_are.contains(&list) {
                retired.push((stream.name.to_owned(), list));
            }
        })?;
    }
    Ok(retired)
}

/// How a list was last read completely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LastReading {
    /// When the last reading began, microseconds since 1970, UTC, by the server's clock as far as it is known.
    pub(super) read_at_us: i64,
    /// What the computer's clock said when the last run began that read the list whole, microseconds since 1970, UTC.
    pub(super) whole_clock_us: i64,
    /// What it said when the last run began that read the list.
    pub(super) last_clock_us: i64,
    /// Companies that the list holds.
    pub(super) known: u64,
}

/// The last complete readings of the lists of a stream with these labels, by label. A list that was never read whole is not there.
/// Empty if the file lacks a column of the stream's tables: they are filled only by reading everything.
pub(super) fn last_readings(
    path: &Path,
    stream: &Stream,
    labels: &[&str],
) -> Result<BTreeMap<String, LastReading>, Error> {
    let mut readings = BTreeMap::new();
    let file = Texts::open(path)?;
    let mut columns = HashSet::new();
    let sql = "SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns() \
               WHERE database_name = current_database()";
    file.read(sql, |[table, column]| {
        columns.insert((table, column));
    })?;
    let has = |table: String, column: &str| columns.contains(&(table, column.to_owned()));
    let declared = stream
        .targets
        .iter()
        .flat_map(|target| target.table.all_columns().map(|column| (target.table.qualified(), column.name)));
    let needed = [("etl.streams".to_owned(), "read_at"), ("etl.runs".to_owned(), "clock_at")];
    if labels.is_empty() || !declared.chain(needed).all(|(table, column)| has(table, column)) {
        return Ok(readings);
    }
    let names: Vec<String> = labels.iter().map(|label| ddl::literal(label)).collect();
    let name = ddl::literal(stream.name);
    let sql = format!(
        "SELECT s.list, CAST(epoch_us(arg_max(s.read_at, s.run_id)) AS VARCHAR), \
                CAST(epoch_us(arg_max(r.clock_at, s.run_id) FILTER (s.window_from IS NULL)) AS VARCHAR), \
                CAST(epoch_us(arg_max(r.clock_at, s.run_id)) AS VARCHAR), \
                (SELECT CAST(count(*) AS VARCHAR) FROM etl.list_members m WHERE m.stream = {name} AND m.list = s.list) \
         FROM etl.streams s JOIN etl.runs r USING (run_id) \
         WHERE s.stream = {name} AND s.complete AND s.read_at IS NOT NULL AND r.clock_at IS NOT NULL \
           AND s.list IN ({}) GROUP BY s.list ORDER BY s.list",
        names.join(", ")
    );
    file.read(&sql, |[list, read_at, whole, last, known]| {
        let number = |text: &str| text.parse().ok();
        if let (Some(read_at_us), Some(whole_clock_us), Some(last_clock_us)) =
            (number(&read_at), number(&whole), number(&last))
        {
            let known = known.parse().unwrap_or(0);
            readings.insert(list, LastReading { read_at_us, whole_clock_us, last_clock_us, known });
        }
    })?;
    Ok(readings)
}

/// Calls `found` with each company, such as `FI/09704098`, that lists of a stream with these labels hold.
pub(super) fn companies_of(
    path: &Path,
    stream: &Stream,
    labels: &[&str],
    mut found: impl FnMut(String),
) -> Result<(), Error> {
    if labels.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = labels.iter().map(|label| ddl::literal(label)).collect();
    let sql = format!(
        "SELECT DISTINCT country || '/' || business_id FROM etl.list_members WHERE stream = {} AND list IN ({})",
        ddl::literal(stream.name),
        names.join(", ")
    );
    Ok(texts(path, &sql, |[company]| found(company))?)
}
