//! Merges the staged companies with the previous generation, value by value.
//!
//! The merge is one full join of both sides by key. It also compares every value, so that changes are exact. The join
//! spills to disk if it does not fit into memory. Comparing a hash of the row instead would save about a third of the
//! time at a million rows, which is not worth a wrong result.

use crate::load::builder::Builder;
use crate::load::merge::members::Selected;
use crate::load::{LoadError, RunRecord};
use crate::schema::{Column, Kind, Role, Table, ddl};

/// The input of a merge.
#[derive(Debug)]
pub(in crate::load) struct Sides {
    /// Table expression of the staged rows, one for each company. `_seen_at` is NULL if no list has shown the company,
    /// and `_present` is NULL if no record of it was read.
    pub(in crate::load) staged: String,
    /// Whether there can be rows with such NULLs.
    pub(in crate::load) unlisted: bool,
    /// Whether the staged rows have `_details_at`.
    pub(in crate::load) has_details: bool,
    /// The companies that a selection holds.
    pub(in crate::load) selected: Selected,
}

/// Fills `table` from the staged rows and the previous generation. Returns its number of rows.
pub(in crate::load) fn rows(
    next: &Builder,
    table: &Table,
    sides: &Sides,
    run: &RunRecord,
) -> Result<u64, LoadError> {
    let staged = &sides.staged;
    let target = table.qualified();
    let Some(previous) = next.previous(table)? else {
        let values: Vec<_> =
            table.all_columns().map(|column| first_value(column, &run.run_id, sides)).collect();
        let sql = format!(
            "INSERT INTO next.{target} SELECT {} FROM {staged} s{}{}",
            values.join(", "),
            sides.selected_of(table, "s.country", "s.business_id"),
            if sides.unlisted { " WHERE s._seen_at IS NOT NULL" } else { "" },
        );
        return next.execute("loading the rows", &sql, []);
    };
    let merge = Merge { table, run, sides };
    let values: Vec<_> = table.all_columns().map(|column| merge.value(column)).collect();
    // A company that is only in answers about single companies, and in no list, is not a company of the warehouse.
    let known = if sides.unlisted { " WHERE p.country IS NOT NULL OR s._seen_at IS NOT NULL" } else { "" };
    let sql = format!(
        "INSERT INTO next.{target} SELECT {values} FROM ({previous}) p FULL JOIN {staged} s ON {same} \
         LEFT JOIN (SELECT DISTINCT country, business_id FROM gone) g \
                ON g.country = p.country AND g.business_id = p.business_id{selected}{known}",
        selected = sides.selected_of(
            table,
            "coalesce(s.country, p.country)",
            "coalesce(s.business_id, p.business_id)"
        ),
        values = values.join(", "),
        same = same_key(table, "s", "p"),
    );
    next.execute("merging the rows", &sql, [])
}

impl Sides {
    /// The join that finds whether a selection holds a company. Empty if the table has no column that
    /// says so.
    fn selected_of(&self, table: &Table, country: &str, business_id: &str) -> String {
        if table.has(Role::Selected) { self.selected.join(country, business_id) } else { String::new() }
    }
}

/// The value of a column if there is no previous generation.
fn first_value(column: &Column, run_id: &str, sides: &Sides) -> String {
    match column.role() {
        Some(Role::Selected) => sides.selected.value().to_owned(),
        Some(Role::Details) if sides.has_details => format!("s.{}", column.name),
        Some(Role::RunId) => ddl::literal(run_id),
        Some(Role::FirstSeen | Role::LastSeen) => "s._seen_at".to_owned(),
        Some(Role::Extra) => "s._extra".to_owned(),
        Some(Role::Deleted | Role::Details) => "NULL".to_owned(),
        None => format!("s.{}", ddl::identifier(column.name)),
    }
}

/// The SQL expressions of a merge. `p` is the previous row and `s` the staged row; `g` exists if the company has left
/// its last list.
struct Merge<'a> {
    table: &'a Table,
    run: &'a RunRecord,
    sides: &'a Sides,
}

impl Merge<'_> {
    /// The value of a column in the next generation.
    fn value(&self, column: &Column) -> String {
        let name = ddl::identifier(column.name);
        let run = ddl::literal(&self.run.run_id);
        let new = "p.country IS NULL";
        let unseen = "s._seen_at IS NULL";
        match column.role() {
            Some(Role::RunId) => format!(
                "CASE WHEN {new} THEN {run} \
                 WHEN {unseen} AND {leaves} THEN {run} \
                 WHEN NOT ({unseen}) AND p._deleted_at IS NOT NULL THEN {run} \
                 WHEN s._present IS NOT NULL AND {changed} THEN {run} ELSE p._run_id END",
                leaves = Self::leaves(),
                changed = self.changed(),
            ),
            Some(Role::Extra) => "CASE WHEN s._present IS NULL THEN p._extra ELSE s._extra END".to_owned(),
            Some(Role::FirstSeen) => "coalesce(p._first_seen_at, s._seen_at)".to_owned(),
            // The clock of this run may be behind that of an earlier run. Times that are written never go back
            // (decision 0023).
            Some(Role::LastSeen) => "greatest(s._seen_at, p._last_seen_at, p._first_seen_at)".to_owned(),
            Some(Role::Deleted) => format!(
                "CASE WHEN NOT ({unseen}) THEN NULL WHEN {leaves} THEN greatest({time}, p._last_seen_at) \
                 ELSE p._deleted_at END",
                leaves = Self::leaves(),
                time = timestamp(self.run.finished_at_us),
            ),
            Some(Role::Selected) => self.sides.selected.value().to_owned(),
            Some(Role::Details) if self.sides.has_details => format!("greatest(s.{name}, p.{name})"),
            Some(Role::Details) => format!("p.{name}"),
            None if self.table.key.contains(&column.name) => format!("coalesce(s.{name}, p.{name})"),
            None => format!("CASE WHEN {new} OR {} THEN s.{name} ELSE p.{name} END", self.present(column)),
        }
    }

    /// Condition: a live company has left its last list.
    fn leaves() -> &'static str {
        "p._deleted_at IS NULL AND g.country IS NOT NULL"
    }

    /// Condition: the record had a field of this column. NULL without a record, so that the earlier value stays.
    fn present(&self, column: &Column) -> String {
        format!("(s._present & {}) <> 0", bit(self.table, column))
    }

    /// Condition: a value of the staged company differs from the earlier one.
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

/// The bit of `column` in `_present`, as an SQL literal.
pub(in crate::load) fn bit(table: &Table, column: &Column) -> String {
    let position = table.columns.iter().position(|other| other.name == column.name);
    // The catalog holds every table to `Table::MOST_COLUMNS`.
    let bit = position.and_then(|position| 1_u64.checked_shl(u32::try_from(position).ok()?));
    format!("{}::UBIGINT", bit.unwrap_or(0))
}

/// Adds a row to `etl.changes` for every value of `table` that differs from the previous generation.
///
/// Run it after [`rows`]. Rows that this run has changed carry its id, so that only these are compared.
pub(in crate::load) fn changes(next: &Builder, table: &Table, run: &RunRecord) -> Result<(), LoadError> {
    let Some(previous) = next.previous(table)? else { return Ok(()) };
    let compared = table.all_columns().filter(|column| {
        // That a company is gone, and what a field without a column says, are news; the rest is about the loads.
        let is_news = matches!(column.role(), None | Some(Role::Extra | Role::Deleted));
        is_news && !table.key.contains(&column.name)
    });
    let values: Vec<_> = compared.map(change).collect();
    let sql = format!(
        "INSERT INTO next.etl.changes \
         SELECT country, business_id, c.field, {run_id}, c.before, c.after, \
                CASE WHEN c.field = '_deleted_at' AND c.after IS NOT NULL THEN _deleted_at ELSE _last_seen_at END \
         FROM (SELECT n.country, n.business_id, n._last_seen_at, n._deleted_at, unnest([{values}]) AS c \
               FROM ({previous}) p JOIN next.{target} n ON {same} WHERE n._run_id = {run_id}) \
         WHERE c IS NOT NULL",
        run_id = ddl::literal(&run.run_id),
        values = values.join(", "),
        target = table.qualified(),
        same = same_key(table, "n", "p"),
    );
    next.batch("recording the changes", &sql)
}

/// The change of one column, as an SQL struct. NULL if the value is the same.
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

/// The join condition that two rows of `table` have the same key. Only nullable columns are compared with NULL in mind,
/// since plain equality is faster.
pub(in crate::load) fn same_key(table: &Table, left: &str, right: &str) -> String {
    same(table, table.key, left, right)
}

/// The join condition that two rows of `table` agree in `columns`.
pub(in crate::load) fn same(table: &Table, columns: &[&str], left: &str, right: &str) -> String {
    let nullable = |name: &str| table.columns.iter().any(|column| column.name == name && column.nullable);
    let pairs = columns.iter().map(|name| {
        let equals = if nullable(name) { "IS NOT DISTINCT FROM" } else { "=" };
        let name = ddl::identifier(name);
        format!("{left}.{name} {equals} {right}.{name}")
    });
    pairs.collect::<Vec<_>>().join(" AND ")
}

/// Names of columns as an SQL list.
pub(in crate::load) fn list_of(columns: &[&str]) -> String {
    columns.iter().map(|name| ddl::identifier(name)).collect::<Vec<_>>().join(", ")
}

/// A point in time as an SQL expression, from microseconds since 1970, UTC.
pub(in crate::load) fn timestamp(microseconds: i64) -> String {
    format!("make_timestamp({microseconds}::BIGINT)")
}
