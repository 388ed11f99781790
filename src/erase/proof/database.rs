//! Reads every row of every table of a `DuckDB` file.

use std::path::Path;

use arrow::array::{Array, RecordBatch, StringArray};
use duckdb::Connection;

use super::super::subject::Subject;
use super::super::tables::{self, Relation};
use super::cells::Cells;
use super::{Failed, Held};
use crate::load::LoadSettings;
use crate::load::rewrite::open_for_search;
use crate::schema::ddl::identifier;
use crate::workspace::Workspace;

/// For each table of the file, the number of its rows that are about a subject.
pub(super) fn held(workspace: &Workspace, path: &Path, subjects: &[Subject]) -> Result<Held, Failed> {
    let connection = open_for_search(workspace, Some(path), &LoadSettings::default())?;
    let relations = tables::relations(&connection)?;
    let held = relations.iter().map(|relation| {
        let rows = rows_about(&connection, relation, subjects)?;
        Ok((format!("the rows of {}", relation.label()), rows))
    });
    held.collect()
}

fn rows_about(connection: &Connection, relation: &Relation, subjects: &[Subject]) -> Result<u64, Failed> {
    let is_text = |kind: &str| matches!(kind, "VARCHAR" | "JSON");
    let names: Vec<String> = relation
        .columns
        .iter()
        .filter(|column| is_text(&column.kind))
        .map(|column| column.name.clone())
        .collect();
    if names.is_empty() {
        return Ok(0);
    }
    let columns: Vec<String> = names
        .iter()
        .map(|name| format!("CAST({name} AS VARCHAR) AS {name}", name = identifier(name)))
        .collect();
    let sql = format!("SELECT {} FROM {}", columns.join(", "), relation.source);
    let cells = Cells::new(&relation.schema, &relation.name, &names, subjects);
    let mut statement = connection.prepare(&sql)?;
    // Runs the statement. The rows are then fetched in batches.
    let _ = statement.stream_arrow([])?.get_schema();
    let mut rows = 0;
    while let Some(array) = statement.step()? {
        let batch = RecordBatch::from(&array);
        let columns = texts_of(&batch)?;
        let about = |row: &usize| cells.are_about(None, |index| text(&columns, index, *row));
        rows += (0..batch.num_rows()).filter(about).count() as u64;
    }
    Ok(rows)
}

/// The columns of a batch. All of them have to be text.
pub(super) fn texts_of(batch: &RecordBatch) -> Result<Vec<&StringArray>, Failed> {
    let columns: Option<_> = batch.columns().iter().map(|column| column.as_any().downcast_ref()).collect();
    Ok(columns.ok_or("a text column that is none")?)
}

/// The text of a column in a row; `None` for NULL.
pub(super) fn text<'t>(columns: &[&'t StringArray], index: usize, row: usize) -> Option<&'t str> {
    columns.get(index).filter(|column| column.is_valid(row)).map(|column| column.value(row))
}
