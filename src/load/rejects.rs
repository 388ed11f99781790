//! Fills `etl.rejects`: one row for each value that does not fit, however often it came, for as long as it is wrong
//! (decision 0019).
//!
//! A reject of an earlier run stays if it came again, or if its record was not read again: the record was in a list of
//! another selection, in a list that was not read to its end, or is of a company that was not due. A reject is settled,
//! and removed, if its record was read again without it. It is also settled if all lists that held it were read
//! completely without it.
//!
//! Rejects are identified by a 64-bit hash of their key, so that only numbers are counted and sorted, however large the
//! values are. The probability that any two of a million rejects have the same hash is three in a hundred million.

use std::collections::HashMap;

use super::builder::Builder;
use super::merge::cells::list_of;
use super::merge::sources::{StagedSource, TableLoad, files_or_none, key_text, rejects_of};
use super::{LoadError, LoadInput, LoadSettings, StreamInput};
use crate::schema::{Disposition, Table, ddl, etl};

const DOING: &str = "recording the rejects";

/// SQL expression of the hash of a reject: of the key of the table.
pub(super) const HASH: &str = "hash(stream, table_name, key, field, raw)";

/// Numbers of rejects that came.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// All rejects of the run.
    pub(super) came: u64,
    /// Number of rejects that were not stored because of the limit, by stream and position of the list.
    pub(super) left_out: HashMap<(String, usize), u64>,
}

/// Creates views of the staged rejects and counts them. The temporary table `came` has a row for each reject and list.
pub(super) fn stage(next: &Builder, input: &LoadInput) -> Result<(), LoadError> {
    next.batch(
        DOING,
        "CREATE TEMP TABLE came
             (stream VARCHAR, list UINTEGER, h UBIGINT, alike UBIGINT, count BIGINT, page BIGINT)",
    )?;
    for stream in input.streams.iter().filter(|stream| !stream.staged.rejects.is_empty()) {
        // Pages overlap (decision 0004): a reject that came in both of two pages is one reject, while equal rejects in
        // one page are counted separately. If each page is about another company, equal rejects of two pages are
        // different ones.
        let over_pages = if stream.stream.lists.is_of_answers() { "sum" } else { "max" };
        let (name, files) = (rejects_of(stream), files_or_none(&stream.staged.rejects, Vec::new)?);
        let stream = ddl::literal(stream.stream.name);
        next.batch(
            DOING,
            &format!(
                "CREATE TEMP VIEW {name} AS
                     SELECT {stream} AS stream, *, hash(table_name, field, reason) AS alike FROM {files} WHERE newest;
                 INSERT INTO came
                     SELECT {stream}, list, h, min(alike), {over_pages}(n), max(page)
                     FROM (SELECT list, {HASH} AS h, page, min(alike) AS alike, count(*) AS n FROM {name} GROUP BY 1, 2, 3)
                     GROUP BY list, h;"
            ),
        )?;
    }
    Ok(())
}

/// Number of rejects that came in each list of a stream, by the list's position.
pub(super) fn of_lists(next: &Builder, stream: &StreamInput) -> Result<HashMap<usize, u64>, LoadError> {
    let sql = "SELECT list, CAST(sum(count) AS BIGINT) FROM came WHERE stream = ? GROUP BY list";
    let counted = next.rows(DOING, sql, [stream.stream.name], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(counted.into_iter().collect())
}

/// Fills `etl.rejects`. Run it after the other tables are filled.
pub(super) fn write(
    next: &Builder,
    input: &LoadInput,
    loads: &[TableLoad<'_>],
    settings: &LoadSettings,
) -> Result<Written, LoadError> {
    take_over(next)?;
    let sql = "SELECT stream, table_name FROM known_rejects GROUP BY ALL";
    let known: Vec<(String, String)> = next.rows(DOING, sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    read_lists(next, input)?;
    next.batch(DOING, "CREATE TEMP TABLE settled (h UBIGINT)")?;
    for stream in &input.streams {
        let of_stream = known.iter().filter(|(name, _)| *name == stream.stream.name);
        let tables: Vec<&str> = of_stream.map(|(_, table)| table.as_str()).collect();
        if !tables.is_empty() {
            settle(next, stream, loads, &tables)?;
        }
    }
    next.batch(DOING, OF_WHOLE_LISTS)?;
    next.batch(DOING, KEPT)?;
    bound(next, settings.max_rejects)?;
    insert(next, input)?;
    counted(next)
}

/// Creates `known_rejects`: the rejects of the previous generation.
///
/// In format 1, each run added rows of its own, and a row did not say from which list it came. Such a reject gets all
/// lists of its stream that its last run has read.
fn take_over(next: &Builder) -> Result<(), LoadError> {
    let columns = next.previous_columns(&etl::REJECTS)?;
    let has = |name: &str| columns.iter().any(|column| column == name);
    let names = list_of(&etl::REJECTS.columns.iter().map(|column| column.name).collect::<Vec<_>>());
    let known = if has("last_run") {
        format!("SELECT {names}, {HASH} AS h FROM prev.etl.rejects")
    } else if has("run_id") {
        // Whole records are grouped by their hash. The result is a table, which `DuckDB` can write to disk if memory
        // runs out.
        next.batch(
            "taking over the rejects",
            &format!(
                "CREATE TEMP TABLE rejects_of_format_1 AS
                     SELECT min(stream) AS stream, min(table_name) AS table_name, min(key) AS key, min(field) AS field,
                            min(raw) AS raw, max(reason) AS reason, max(page) AS page, min(run_id) AS first_run,
                            max(run_id) AS last_run, count(*) AS count, {HASH} AS h
                     FROM prev.etl.rejects GROUP BY {HASH}"
            ),
        )?;
        format!(
            "SELECT {names}, h FROM rejects_of_format_1
             LEFT JOIN (SELECT run_id AS last_run, stream, string_agg(list, chr(10) ORDER BY list) AS list
                        FROM prev.etl.streams GROUP BY ALL) USING (last_run, stream)"
        )
    } else {
        let typed = etl::REJECTS.columns.iter().map(|column| {
            format!("CAST(NULL AS {}) AS {}", column.kind.sql_type(), ddl::identifier(column.name))
        });
        format!("SELECT {}, CAST(NULL AS UBIGINT) AS h WHERE false", typed.collect::<Vec<_>>().join(", "))
    };
    // `known_runs` is for the join with what came. A join with `known_rejects` would hold the raw texts in memory.
    next.batch(
        DOING,
        &format!(
            "CREATE TEMP VIEW known_rejects AS {known};
             CREATE TEMP TABLE known_runs AS SELECT h, first_run, count FROM known_rejects;"
        ),
    )
}

/// Creates three temporary tables. `whole_lists` has the lists that the run has read completely, and the retired ones.
/// `run_list_names` has the names of all lists of the run. `unread_lists` has, for each known reject, those of its
/// lists that are not in `whole_lists`.
fn read_lists(next: &Builder, input: &LoadInput) -> Result<(), LoadError> {
    let mut whole: Vec<String> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for stream in &input.streams {
        let name = ddl::literal(stream.stream.name);
        // A list of companies holds only companies that were due, and a list with a window only what is new.
        let tells_all = !stream.stream.lists.is_of_answers() && stream.stream.endpoint.window.is_none();
        for (position, list) in stream.lists.iter().enumerate() {
            let label = ddl::literal(&list.list);
            names.push(format!("({name}, {position}, {label})"));
            if list.is_whole() && tells_all {
                whole.push(format!("({name}, {label})"));
            }
        }
    }
    let retired = input.retired.iter();
    whole.extend(retired.map(|(stream, list)| format!("({}, {})", ddl::literal(stream), ddl::literal(list))));
    next.batch(
        DOING,
        "CREATE TEMP TABLE whole_lists (stream VARCHAR, list VARCHAR);
         CREATE TEMP TABLE run_list_names (stream VARCHAR, position UINTEGER, list VARCHAR);",
    )?;
    for (table, values) in [("whole_lists", whole), ("run_list_names", names)] {
        if !values.is_empty() {
            next.batch(DOING, &format!("INSERT INTO {table} VALUES {}", values.join(", ")))?;
        }
    }
    next.batch(
        DOING,
        "CREATE TEMP TABLE unread_lists AS
             SELECT k.h, k.list FROM (SELECT h, stream, unnest(string_split(list, chr(10))) AS list FROM known_rejects) k
             LEFT JOIN whole_lists w ON w.stream = k.stream AND w.list = k.list WHERE w.list IS NULL",
    )
}

/// Adds to `settled` the known rejects of a stream whose records were read again. Those that came again stay
/// nevertheless.
fn settle(
    next: &Builder,
    stream: &StreamInput,
    loads: &[TableLoad<'_>],
    tables: &[&str],
) -> Result<(), LoadError> {
    let name = ddl::literal(stream.stream.name);
    let sources: Vec<&StagedSource<'_>> = loads
        .iter()
        .flat_map(|load| &load.sources)
        .filter(|source| source.input.stream.name == stream.stream.name)
        .collect();
    let add = |condition: &str| {
        let sql = format!(
            "INSERT INTO settled SELECT DISTINCT k.h FROM known_rejects k {condition} k.stream = {name}"
        );
        next.batch(DOING, &sql)
    };
    let add_scopes = |source: &StagedSource<'_>, of_table: &str| -> Result<(), LoadError> {
        let Some(scopes) = source.scopes()? else { return Ok(()) };
        let columns = scope_columns(source.table());
        let read = key_text(columns, "s");
        // A value can contain a `/`, such as the id `HRB 12/3`. So every prefix of the key that has enough parts is
        // compared.
        let prefixes = format!(
            "SELECT h, array_to_string(parts[1:i], '/') AS prefix FROM (
                 SELECT h, parts, unnest(range({}, len(parts) + 1)) AS i
                 FROM (SELECT h, string_split(key, '/') AS parts FROM known_rejects WHERE stream = {name}))",
            columns.len()
        );
        add(&format!(
            "WHERE k.h IN (SELECT p.h FROM ({prefixes}) p JOIN {scopes} s ON p.prefix = {read}) AND {of_table}"
        ))
    };
    for table in tables {
        let of_table = format!("k.table_name = {} AND", ddl::literal(table));
        let Some(own) = sources.iter().copied().find(|source| source.table().name == *table) else {
            // The stream staged nothing for this table. The scopes of its other tables tell whether the record was
            // read.
            sources.iter().copied().try_for_each(|source| add_scopes(source, &of_table))?;
            continue;
        };
        let read = key_text(own.table().key, "s");
        add(&format!("JOIN {} s ON k.key = {read} WHERE {of_table}", own.rows()))?;
        add_scopes(own, &of_table)?;
    }
    if stream.stream.lists.is_of_answers() {
        // Format 1 did not say which company an answer was about.
        add("WHERE k.key IS NULL AND")?;
        settle_answers(next, stream, &add)?;
    } else if stream.stream.endpoint.window.is_some() && stream.lists.iter().all(|list| list.verdict.complete)
    {
        // A reject of a row that is in the table stays: the row may be older than the window. A record that gave no row
        // is right now, or will not come again.
        let table = stream.stream.table();
        let row = key_text(table.key, "n");
        add(&format!(
            "WHERE k.table_name = {} AND k.list IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM next.{} n WHERE {row} = k.key)
               AND NOT EXISTS (SELECT 1 FROM unread_lists u WHERE u.h = k.h
                               AND u.list NOT IN (SELECT list FROM run_list_names WHERE stream = {name})) AND",
            ddl::literal(table.name),
            table.qualified(),
        ))?;
    }
    Ok(())
}

/// Adds to `settled` the known rejects of answers about companies whose rows are only added, as with leads. Such
/// answers do not say of which company a reject was read, so the rejects are settled only if the run has asked about
/// all companies.
fn settle_answers(
    next: &Builder,
    stream: &StreamInput,
    add: &dyn Fn(&str) -> Result<(), LoadError>,
) -> Result<(), LoadError> {
    let table = stream.stream.table();
    if table.disposition != Disposition::Upsert || !stream.lists.iter().all(|list| list.verdict.complete) {
        return Ok(());
    }
    let asked: u64 = stream.lists.iter().filter_map(|list| list.verdict.total_before).sum();
    let live = "SELECT count(*) FROM next.main.prospects WHERE _deleted_at IS NULL";
    if asked < next.number(DOING, live)? {
        return Ok(());
    }
    let row = key_text(table.key, "n");
    let of_row = format!("SELECT 1 FROM next.{} n WHERE {row} = k.key", table.qualified());
    let of_table = ddl::literal(table.name);
    add(&format!("WHERE k.table_name = {of_table} AND NOT EXISTS ({of_row}) AND"))
}

/// The columns of a table's staged scopes.
fn scope_columns(table: &Table) -> &'static [&'static str] {
    match table.disposition {
        Disposition::Replace { scope } => scope,
        _ => table.key,
    }
}

/// Settles the known rejects all of whose lists were read completely or are retired.
const OF_WHOLE_LISTS: &str = "
    INSERT INTO settled SELECT k.h FROM known_rejects k
    WHERE k.list IS NOT NULL AND k.stream IN (SELECT stream FROM whole_lists)
      AND NOT EXISTS (SELECT 1 FROM unread_lists u WHERE u.h = k.h)";

/// Creates `kept`: the known rejects that are not settled, and all that came.
const KEPT: &str = "
    CREATE TEMP TABLE kept AS
        SELECT stream, h, min(alike) AS alike, true AS came, h NOT IN (SELECT h FROM known_rejects) AS is_new
        FROM came GROUP BY stream, h
    UNION ALL
        SELECT stream, h, hash(table_name, field, reason), false, false FROM known_rejects
        WHERE h NOT IN (SELECT h FROM settled) AND h NOT IN (SELECT h FROM came)";

/// Removes rejects from `kept` that are above the limit of a stream. New ones are removed before known ones. Of each
/// table, field and reason the same number is kept, as far as possible, so that one field does not hide the others.
fn bound(next: &Builder, most: u64) -> Result<(), LoadError> {
    let sql = format!("SELECT stream FROM kept GROUP BY stream HAVING count(*) > {most}");
    for stream in next.rows(DOING, &sql, [], |row| row.get::<_, String>(0))? {
        let stream = ddl::literal(&stream);
        next.batch(
            DOING,
            &format!(
                "DELETE FROM kept WHERE stream = {stream} AND h NOT IN (SELECT h FROM (
                     SELECT h, is_new, row_number() OVER (PARTITION BY is_new, alike ORDER BY h) AS turn
                     FROM kept WHERE stream = {stream}) ORDER BY is_new, turn, h LIMIT {most})"
            ),
        )?;
    }
    Ok(())
}

fn insert(next: &Builder, input: &LoadInput) -> Result<(), LoadError> {
    let run = ddl::literal(&input.run.run_id);
    next.batch(
        DOING,
        "CREATE TEMP TABLE lists_of AS
             SELECT h, string_agg(DISTINCT list, chr(10) ORDER BY list) AS list FROM (
                 SELECT h, list FROM unread_lists UNION ALL
                 SELECT c.h, n.list FROM came c JOIN run_list_names n ON n.stream = c.stream AND n.position = c.list)
             WHERE h IN (SELECT h FROM kept) GROUP BY h;
         INSERT INTO next.etl.rejects
             SELECT k.stream, k.table_name, k.key, k.field, k.raw, k.reason, k.page, k.first_run, k.last_run, k.count, l.list
             FROM known_rejects k JOIN kept USING (h) LEFT JOIN lists_of l USING (h) WHERE NOT kept.came;",
    )?;
    for stream in input.streams.iter().filter(|stream| !stream.staged.rejects.is_empty()) {
        let (rejects, name) = (rejects_of(stream), ddl::literal(stream.stream.name));
        next.batch(
            DOING,
            &format!(
                "INSERT INTO next.etl.rejects
                 SELECT {name}, s.table_name, s.key, s.field, s.raw, s.reason, c.page, coalesce(k.first_run, {run}), {run},
                        c.count + coalesce(k.count, 0), l.list
                 FROM (SELECT h, min(table_name) AS table_name, min(key) AS key, min(field) AS field, min(raw) AS raw,
                              min(reason) AS reason
                       FROM (SELECT *, {HASH} AS h FROM {rejects}) WHERE h IN (SELECT h FROM kept) GROUP BY h) s
                 JOIN (SELECT h, sum(count) AS count, max(page) AS page FROM came WHERE stream = {name} GROUP BY h) c USING (h)
                 LEFT JOIN known_runs k USING (h) LEFT JOIN lists_of l USING (h)"
            ),
        )?;
    }
    Ok(())
}

fn counted(next: &Builder) -> Result<Written, LoadError> {
    let sql = "SELECT stream, list, CAST(sum(count) AS BIGINT), \
                      CAST(coalesce(sum(count) FILTER (h NOT IN (SELECT h FROM kept)), 0) AS BIGINT) \
               FROM came GROUP BY stream, list";
    let lists: Vec<(String, usize, u64, u64)> =
        next.rows(DOING, sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let came = lists.iter().map(|(_, _, came, _)| came).sum();
    let left_out = lists.into_iter().filter(|(.., left_out)| *left_out > 0);
    let left_out: HashMap<_, _> =
        left_out.map(|(stream, list, _, left_out)| ((stream, list), left_out)).collect();
    if !left_out.is_empty() {
        let count: u64 = left_out.values().sum();
        tracing::warn!(count, "Too many rejects to store all of them; the rest is counted only.");
    }
    Ok(Written { came, left_out })
}
