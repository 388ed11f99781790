//! The published file and the generations: what they hold of the subjects, and how they are written anew without.

use std::path::{Path, PathBuf};

use duckdb::Connection;

use super::subject::Subject;
use super::tables::{self, Found, Relation};
use super::{Action, EraseError, Outcome, Touched};
use crate::load::rewrite::{TableRows, looking, rewrite};
use crate::load::{self, LoadError, LoadSettings};
use crate::schema::ddl::{identifier, literal};
use crate::workspace::{Lock, Workspace};

/// Rows of a table up to which they keep their order. Larger tables are not worth sorting: a load orders them as it comes,
/// too.
const SORTED_ROWS: u64 = 200_000;
/// Rows in one INSERT of our own.
const AT_ONCE: usize = 500;

/// The files of a workspace with the name that people know each by, the published one last: until it is replaced,
/// a second run finds the subjects there, too.
pub(super) fn files(workspace: &Workspace) -> Result<Vec<(String, PathBuf)>, LoadError> {
    let kept = load::generations(workspace)?.into_iter();
    let mut files: Vec<_> = kept.map(|kept| (format!("generation {}", kept.number), kept.path)).collect();
    if workspace.is_published() {
        files.push(("published file".to_owned(), workspace.published().to_owned()));
    }
    Ok(files)
}

/// Finds the subjects in a file and, with a lock, writes it anew without them.
pub(super) fn erase_file(
    workspace: &Workspace,
    lock: Option<&Lock>,
    (place, path): (&str, &Path),
    subjects: &[Subject],
    outcome: &mut Outcome,
) -> Result<(), EraseError> {
    let found = search(workspace, path, subjects).map_err(|source| failed(path, source))?;
    for (relation, found) in &found {
        outcome.add_found(place, &relation.label(), found);
    }
    let Some(lock) = lock.filter(|_| found.iter().any(|(_, found)| !found.is_empty())) else {
        return Ok(());
    };
    let settings = LoadSettings::default();
    let connection = looking(workspace, Some(path), &settings).map_err(|source| failed(path, source))?;
    let count = |relation: &Relation| -> Result<u64, LoadError> {
        let sql = format!("SELECT count(*) FROM {}", relation.source);
        connection.query_row(&sql, [], |row| row.get(0)).map_err(|source| failed(path, source))
    };
    let rows: Vec<u64> = found.iter().map(|(relation, _)| count(relation)).collect::<Result<_, _>>()?;
    drop(connection);
    let tables: Vec<TableRows> = (0..)
        .zip(found.iter().zip(&rows))
        .map(|(index, ((relation, found), rows))| TableRows {
            table: relation.source.clone(),
            select: select(index, relation, found, *rows),
            rows: rows - found.rows.len() as u64,
        })
        .collect();
    let prepare = |connection: &Connection| {
        (0..).zip(&found).try_for_each(|(index, (_, found))| note(connection, index, found))
    };
    rewrite(workspace, lock, path, &settings, prepare, &tables)?;
    Ok(())
}

impl Outcome {
    /// Lists what was found in a table.
    pub(super) fn add_found(&mut self, place: &str, table: &str, found: &Found) {
        self.found.extend(&found.subjects);
        let mut add = |action, rows, note: &str| {
            let (place, table, note) = (place.to_owned(), table.to_owned(), note.to_owned());
            self.add(Touched { place, table, rows, action, note });
        };
        add(Action::Removed, found.rows.len() as u64, "");
        add(Action::Changed, found.changed_rows(), "the values that name them");
        add(Action::Left, found.without_country, "no country: may be another's id");
        add(Action::Left, found.selections, "named in a selection of yours");
    }
}

fn search(
    workspace: &Workspace,
    path: &Path,
    subjects: &[Subject],
) -> duckdb::Result<Vec<(Relation, Found)>> {
    let connection = looking(workspace, Some(path), &LoadSettings::default())?;
    let relations = tables::relations(&connection)?;
    relations
        .into_iter()
        .map(|relation| {
            let found = relation.find(&connection, subjects)?;
            Ok((relation, found))
        })
        .collect()
}

fn failed(path: &Path, source: duckdb::Error) -> LoadError {
    LoadError::database("looking for what to erase", path, source)
}

/// The rows of table number `index` that stay, with their new values.
fn select(index: usize, relation: &Relation, found: &Found, rows: u64) -> String {
    let from = format!("FROM prev.{} AS source", relation.source);
    if found.is_empty() {
        return format!("SELECT * {from}");
    }
    let mut joins = String::new();
    let mut columns = Vec::with_capacity(relation.columns.len());
    for column in &relation.columns {
        let name = identifier(&column.name);
        let Some(number) = found.cells.keys().position(|edited| *edited == column.name) else {
            columns.push(format!("source.{name}"));
            continue;
        };
        let (edit, table) = (format!("edit_{number}"), edits(index, number));
        joins.push_str(&format!(" LEFT JOIN {table} AS {edit} ON {edit}.row = source.rowid"));
        columns.push(format!(
            "CASE WHEN {edit}.row IS NULL THEN source.{name} ELSE CAST({edit}.value AS {}) END",
            column.kind
        ));
    }
    let order = if rows <= SORTED_ROWS { " ORDER BY source.rowid" } else { "" };
    format!(
        "SELECT {} {from}{joins} WHERE source.rowid NOT IN (SELECT row FROM {}){order}",
        columns.join(", "),
        gone(index)
    )
}

/// Table of the rows that go from table number `index`.
fn gone(index: usize) -> String {
    format!("temp.gone_{index}")
}

/// Table of the new values of a column.
fn edits(index: usize, number: usize) -> String {
    format!("temp.edit_{index}_{number}")
}

/// Writes what was found in table number `index` to tables of the connection.
fn note(connection: &Connection, index: usize, found: &Found) -> duckdb::Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let table = gone(index);
    connection.execute_batch(&format!("CREATE TEMP TABLE {table} (row BIGINT)"))?;
    insert(connection, &table, &found.rows.iter().map(|row| format!("({row})")).collect::<Vec<_>>())?;
    for (number, cells) in (0..).zip(found.cells.values()) {
        let table = edits(index, number);
        connection.execute_batch(&format!("CREATE TEMP TABLE {table} (row BIGINT, value VARCHAR)"))?;
        let rows = cells.iter().map(|(row, value)| {
            format!("({row}, {})", value.as_deref().map_or_else(|| "NULL".to_owned(), literal))
        });
        insert(connection, &table, &rows.collect::<Vec<_>>())?;
    }
    Ok(())
}

fn insert(connection: &Connection, table: &str, rows: &[String]) -> duckdb::Result<()> {
    for rows in rows.chunks(AT_ONCE) {
        connection.execute_batch(&format!("INSERT INTO {table} VALUES {}", rows.join(", ")))?;
    }
    Ok(())
}
