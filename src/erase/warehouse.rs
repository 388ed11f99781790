//! The published file and the generations: searches them for the subjects, and rewrites those that hold one.

use std::path::{Path, PathBuf};

use duckdb::Connection;

use super::effects::Effects;
use super::subject::Subject;
use super::tables::{self, Found, Relation};
use super::{Action, EraseError, Outcome, Touched};
use crate::load::rewrite::{TableRows, open_for_search, rewrite};
use crate::load::{self, LoadError, LoadSettings};
use crate::schema::ddl::{identifier, literal};
use crate::workspace::{Lock, Workspace};

/// Largest number of rows of a table that keeps its order. Sorting larger tables is not worth the time: a load does not
/// order their rows either.
const SORTED_ROWS: u64 = 200_000;
/// Most rows that one INSERT writes.
const AT_ONCE: usize = 500;

/// The database files of a workspace, each with its name for people. The published file is last, so that a run that is
/// repeated after a crash still finds the subjects in it.
pub(super) fn files(workspace: &Workspace) -> Result<Vec<(String, PathBuf)>, LoadError> {
    let kept = load::generations(workspace)?.into_iter();
    let mut files: Vec<_> = kept.map(|kept| (format!("generation {}", kept.number), kept.path)).collect();
    if workspace.is_published() {
        files.push(("published file".to_owned(), workspace.published().to_owned()));
    }
    Ok(files)
}

/// Searches a file for the subjects, and has `effects` rewrite it if it holds one.
pub(super) fn erase_file(
    workspace: &Workspace,
    effects: &dyn Effects,
    (place, path): (&str, &Path),
    subjects: &[Subject],
    outcome: &mut Outcome,
) -> Result<(), EraseError> {
    let found = search(workspace, path, subjects).map_err(|source| failed(path, source))?;
    for (relation, found) in &found {
        outcome.add_found(place, &relation.label(), found);
    }
    if found.iter().all(|(_, found)| found.is_empty()) {
        return Ok(());
    }
    effects.rewrite_file(path, &found)
}

/// Rewrites a file without what was `found` in its tables, which are all tables of the file.
pub(super) fn rewrite_file(
    workspace: &Workspace,
    lock: &Lock,
    path: &Path,
    found: &[(Relation, Found)],
) -> Result<(), EraseError> {
    let settings = LoadSettings::default();
    let connection =
        open_for_search(workspace, Some(path), &settings).map_err(|source| failed(path, source))?;
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
        (0..).zip(found).try_for_each(|(index, (_, found))| create_edit_tables(connection, index, found))
    };
    rewrite(workspace, lock, path, &settings, prepare, &tables)?;
    Ok(())
}

impl Outcome {
    /// Adds to the outcome what was found in a table.
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
    let connection = open_for_search(workspace, Some(path), &LoadSettings::default())?;
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

/// The query of the rows of table `index` that stay, with their new values.
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
        let (edit, table) = (format!("edit_{number}"), edited_cells(index, number));
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
        removed_rows(index)
    )
}

/// Name of the temporary table with the rows to be removed from table `index`.
fn removed_rows(index: usize) -> String {
    format!("temp.removed_{index}")
}

/// Name of the temporary table with the new values of column `number` of table `index`.
fn edited_cells(index: usize, number: usize) -> String {
    format!("temp.edit_{index}_{number}")
}

/// Creates the temporary tables with what was found in table `index`.
fn create_edit_tables(connection: &Connection, index: usize, found: &Found) -> duckdb::Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let table = removed_rows(index);
    connection.execute_batch(&format!("CREATE TEMP TABLE {table} (row BIGINT)"))?;
    insert(connection, &table, &found.rows.iter().map(|row| format!("({row})")).collect::<Vec<_>>())?;
    for (number, cells) in (0..).zip(found.cells.values()) {
        let table = edited_cells(index, number);
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
