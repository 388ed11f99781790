//! Merges the staged rows of a stream with the previous generation: which value a cell of the next one has.
//!
//! One pass: a full join of both sides by key, which also compares every value, so that what changed is exact. It
//! spills when it does not fit; comparing a hash of the row instead saves about a third of the time at a million
//! rows and is not worth a wrong answer.

use super::next::Next;
use super::{LoadError, RunRecord};
use crate::schema::{Column, Kind, Table, ddl};

/// Fills `table` from the staged rows of the stream and the previous generation; gives its number of rows.
pub(super) fn rows(next: &Next, table: &Table, stream: &str, run: &RunRecord) -> Result<u64, LoadError> {
    let staged = format!("(SELECT * FROM {} WHERE _newest)", ddl::identifier(&format!("staged_{stream}")));
    let target = table.qualified();
    let Some(previous) = next.previous(table)? else {
        let values: Vec<_> = table.all_columns().map(|column| first_value(column, &run.run_id)).collect();
        let sql = format!("INSERT INTO next.{target} SELECT {} FROM {staged} s", values.join(", "));
        return next.execute("loading the rows", &sql, []);
    };
    let merge = Merge { table, run };
    let values: Vec<_> = table.all_columns().map(|column| merge.value(column)).collect();
    let gone = format!(
        "(SELECT DISTINCT country, business_id FROM gone JOIN run_lists USING (id) WHERE stream = {})",
        ddl::literal(stream)
    );
    let sql = format!(
        "INSERT INTO next.{target} SELECT {values} FROM ({previous}) p FULL JOIN {staged} s ON {same} \
         LEFT JOIN {gone} g ON g.country = p.country AND g.business_id = p.business_id",
        values = values.join(", "),
        same = same_key(table, "s", "p"),
    );
    next.execute("merging the rows", &sql, [])
}

/// The value of a column when there is no previous generation.
fn first_value(column: &Column, run_id: &str) -> String {
    match column.name {
        "_run_id" => ddl::literal(run_id),
        "_first_seen_at" | "_last_seen_at" => "s._seen_at".to_owned(),
        "_extra" => "s._extra".to_owned(),
        name if name.starts_with('_') => "NULL".to_owned(),
        name => format!("s.{}", ddl::identifier(name)),
    }
}

/// The expressions of a merge: `p` is the previous row, `s` the staged one, `g` is there when the company has left
/// its last list.
struct Merge<'a> {
    table: &'a Table,
    run: &'a RunRecord,
}

impl Merge<'_> {
    /// The value of a column in the next generation.
    fn value(&self, column: &Column) -> String {
        let name = ddl::identifier(column.name);
        let run = ddl::literal(&self.run.run_id);
        let new = "p.country IS NULL";
        let unseen = "s.country IS NULL";
        match column.name {
            key if self.table.key.contains(&key) => format!("coalesce(s.{name}, p.{name})"),
            "_run_id" => format!(
                "CASE WHEN {new} THEN {run} \
                 WHEN {unseen} THEN CASE WHEN {leaves} THEN {run} ELSE p._run_id END \
                 WHEN p._deleted_at IS NOT NULL OR {changed} THEN {run} ELSE p._run_id END",
                leaves = Self::leaves(),
                changed = self.changed(),
            ),
            "_extra" => format!("CASE WHEN {unseen} THEN p._extra ELSE s._extra END"),
            "_first_seen_at" => "coalesce(p._first_seen_at, s._seen_at)".to_owned(),
            "_last_seen_at" => "coalesce(s._seen_at, p._last_seen_at)".to_owned(),
            "_deleted_at" => format!(
                "CASE WHEN NOT ({unseen}) THEN NULL WHEN {leaves} THEN {time} ELSE p._deleted_at END",
                leaves = Self::leaves(),
                time = timestamp(self.run.finished_at_us),
            ),
            system if system.starts_with('_') => format!("p.{name}"),
            _ => format!("CASE WHEN {new} OR {} THEN s.{name} ELSE p.{name} END", self.present(column)),
        }
    }

    /// Whether a live company has left its last list.
    fn leaves() -> &'static str {
        "p._deleted_at IS NULL AND g.country IS NOT NULL"
    }

    /// Whether the record had a field of this column. NULL without a record, so that the earlier value stays.
    fn present(&self, column: &Column) -> String {
        let position = self.table.columns.iter().position(|other| other.name == column.name);
        // A table has at most 64 declared columns, which a test of the catalogue asserts.
        let bit = position.and_then(|position| 1_u64.checked_shl(u32::try_from(position).ok()?));
        format!("(s._present & {}::UBIGINT) <> 0", bit.unwrap_or(0))
    }

    /// Whether a value of a seen company differs from the earlier one.
    fn changed(&self) -> String {
        let values = self.table.columns.iter().filter(|column| !self.table.key.contains(&column.name));
        let mut differs: Vec<_> = values
            .map(|column| {
                let name = ddl::identifier(column.name);
                format!("({} AND s.{name} IS DISTINCT FROM p.{name})", self.present(column))
            })
            .collect();
        differs.push("s._extra IS DISTINCT FROM p._extra".to_owned());
        format!("({})", differs.join(" OR "))
    }
}

/// Adds a row to `etl.changes` for every value of `table` that differs from the previous generation.
///
/// Run after [`rows`]: what this run touched carries its id, so that only those companies are compared.
pub(super) fn changes(next: &Next, table: &Table, run: &RunRecord) -> Result<(), LoadError> {
    let Some(previous) = next.previous(table)? else { return Ok(()) };
    let compared = table.all_columns().filter(|column| {
        let loads_own = ["_run_id", "_first_seen_at", "_last_seen_at", "_details_at"];
        !table.key.contains(&column.name) && !loads_own.contains(&column.name)
    });
    let values: Vec<_> = compared.map(change).collect();
    let sql = format!(
        "INSERT INTO next.etl.changes \
         SELECT country, business_id, c.field, {run_id}, c.before, c.after, \
                CASE WHEN c.field = '_deleted_at' AND c.after IS NOT NULL THEN {finished} ELSE _last_seen_at END \
         FROM (SELECT n.country, n.business_id, n._last_seen_at, unnest([{values}]) AS c \
               FROM ({previous}) p JOIN next.{target} n ON {same} WHERE n._run_id = {run_id}) \
         WHERE c IS NOT NULL",
        run_id = ddl::literal(&run.run_id),
        finished = timestamp(run.finished_at_us),
        values = values.join(", "),
        target = table.qualified(),
        same = same_key(table, "n", "p"),
    );
    next.batch("recording the changes", &sql)
}

/// The change of one column, or NULL.
fn change(column: &Column) -> String {
    let name = ddl::identifier(column.name);
    let text = |row: &str| match column.kind {
        Kind::Text => format!("{row}.{name}"),
        _ => format!("CAST({row}.{name} AS VARCHAR)"),
    };
    format!(
        "CASE WHEN p.{name} IS DISTINCT FROM n.{name} \
         THEN {{'field': {}, 'before': {}, 'after': {}}} END",
        ddl::literal(column.name),
        text("p"),
        text("n"),
    )
}

/// The join condition of two rows of `table`.
pub(super) fn same_key(table: &Table, left: &str, right: &str) -> String {
    let pairs = table.key.iter().map(|key| {
        let key = ddl::identifier(key);
        format!("{left}.{key} = {right}.{key}")
    });
    pairs.collect::<Vec<_>>().join(" AND ")
}

/// A point in time as SQL.
pub(super) fn timestamp(microseconds: i64) -> String {
    format!("make_timestamp({microseconds}::BIGINT)")
}
