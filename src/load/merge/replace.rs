//! Tables whose rows are replaced as a whole: rows that were read again replace the earlier ones, the others stay.

use crate::load::builder::Builder;
use crate::load::merge::cells::{list_of, same_key};
use crate::load::merge::scopes::Read;
use crate::load::merge::sources::{TableLoad, no_rows};
use crate::load::merge::sticky_columns;
use crate::load::publish::verify;
use crate::load::{FailedCheck, LoadError, RunRecord};
use crate::schema::{Column, Role, Table, ddl};

/// Both sides of a table's load, as table expressions.
#[derive(Debug)]
pub(in crate::load) struct Sides {
    /// The staged rows, each key once.
    pub(in crate::load) staged: String,
    /// The rows of the previous generation.
    pub(in crate::load) previous: String,
}

/// The rows to load. For a scope that several streams have read, only the rows of the first stream count, since rows of
/// two endpoints can be the same under different keys. For a key that several streams have staged, the row of the first
/// stream counts.
pub(in crate::load) fn sides(next: &Builder, load: &TableLoad<'_>, read: &Read) -> Result<Sides, LoadError> {
    let table = load.table;
    let staged = match load.sources.as_slice() {
        [] => no_rows(table)?,
        [only] => only.newest(),
        [first, others @ ..] => {
            let mut parts = vec![format!("SELECT * FROM {}", first.newest())];
            for (position, other) in (1..).zip(others) {
                let earlier = load.sources.iter().take(position).map(|source| {
                    let same = same_key(table, "e", "o");
                    format!(" AND NOT EXISTS (SELECT 1 FROM {} e WHERE {same})", source.newest())
                });
                let earlier: String = earlier.collect();
                let first = read.first_in_scope(table, position);
                parts.push(format!("SELECT * FROM {} o WHERE {first}{earlier}", other.newest()));
            }
            let name = format!("together_{}", table.name);
            next.store("combining the streams", &name, &parts.join(" UNION ALL "))?
        }
    };
    let staged = sticky_columns::filled(next, load, staged)?;
    let previous =
        next.previous(table)?.map_or_else(|| empty_relation(table), |previous| format!("({previous})"));
    Ok(Sides { staged, previous })
}

/// A table expression without rows, in place of a previous generation.
fn empty_relation(table: &Table) -> String {
    let columns = table.all_columns().map(|column| {
        format!("CAST(NULL AS {}) AS {}", column.kind.sql_type(), ddl::identifier(column.name))
    });
    format!("(SELECT {} WHERE false)", columns.collect::<Vec<_>>().join(", "))
}

/// Fills a table. Returns its number of rows.
pub(in crate::load) fn rows(
    next: &Builder,
    table: &Table,
    sides: &Sides,
    read: &Read,
    run: &RunRecord,
) -> Result<u64, LoadError> {
    let values: Vec<_> = table.all_columns().map(|column| value(table, column, &run.run_id)).collect();
    let (scope, unread) = read.unread(table);
    let sql = format!(
        "INSERT INTO next.{target} SELECT {values} FROM {previous} p FULL JOIN {staged} s ON {same}{scope} \
         WHERE s._seen_at IS NOT NULL OR {unread}",
        target = table.qualified(),
        values = values.join(", "),
        previous = sides.previous,
        staged = sides.staged,
        same = same_key(table, "s", "p"),
    );
    next.execute("replacing the rows", &sql, [])
}

/// The value of a column. `p` is the previous row, `s` the staged row; if there is a staged row, it replaces the whole
/// previous row.
fn value(table: &Table, column: &Column, run_id: &str) -> String {
    let name = ddl::identifier(column.name);
    let run = ddl::literal(run_id);
    match column.role() {
        Some(Role::RunId) => format!(
            "CASE WHEN p._run_id IS NULL OR (s._seen_at IS NOT NULL AND ({})) THEN {run} ELSE p._run_id END",
            changed(table)
        ),
        Some(Role::FirstSeen) => "coalesce(p._first_seen_at, s._seen_at)".to_owned(),
        Some(Role::LastSeen) => "greatest(s._seen_at, p._last_seen_at, p._first_seen_at)".to_owned(),
        Some(Role::Deleted | Role::Details | Role::Selected) => format!("p.{name}"),
        _ if sticky_columns::stays(column) => format!("coalesce(s.{name}, p.{name})"),
        _ => format!("CASE WHEN s._seen_at IS NOT NULL THEN s.{name} ELSE p.{name} END"),
    }
}

/// Condition: the staged row differs from the earlier one.
fn changed(table: &Table) -> String {
    let values = table.columns.iter().filter(|column| !table.key.contains(&column.name));
    let extra = table.system.iter().filter(|column| column.role() == Some(Role::Extra));
    let differs = values.chain(extra).map(|column| {
        let name = ddl::identifier(column.name);
        let stays =
            if sticky_columns::stays(column) { format!("s.{name} IS NOT NULL AND ") } else { String::new() };
        format!("({stays}s.{name} IS DISTINCT FROM p.{name})")
    });
    let differs: Vec<_> = differs.collect();
    if differs.is_empty() { "false".to_owned() } else { differs.join(" OR ") }
}

/// Checks that no row was lost or doubled, by counting each side separately. `rows` is the table's number of rows.
pub(in crate::load) fn rows_add_up(
    next: &Builder,
    table: &Table,
    sides: &Sides,
    read: &Read,
    rows: u64,
    accepted: &[String],
) -> Result<(), LoadError> {
    let doing = "counting the rows";
    let Sides { staged, previous } = sides;
    let came = next.number(doing, &format!("SELECT count(*) FROM {staged}"))?;
    let key = list_of(table.key);
    let distinct =
        next.number(doing, &format!("SELECT count(*) FROM (SELECT DISTINCT {key} FROM {staged})"))?;
    let (scope, unread) = read.unread(table);
    let stay = format!(
        "SELECT count(*) FROM {previous} p{scope} \
         WHERE {unread} AND NOT EXISTS (SELECT 1 FROM {staged} s WHERE {})",
        same_key(table, "s", "p")
    );
    let stay = next.number(doing, &stay)?;
    let [of_staged, of_table] = verify::rows_checks(table);
    let checks =
        [(of_staged, came, distinct, "staged rows"), (of_table, rows, distinct + stay, "rows of the table")];
    let failed = checks.into_iter().filter(|(_, found, expected, _)| found != expected);
    let failed = failed.map(|(name, found, expected, what)| FailedCheck {
        name,
        rows: found.abs_diff(expected),
        sample: format!("{what}: {found}, expected {expected}"),
    });
    verify::settle(failed.collect(), accepted)
}
