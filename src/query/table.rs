//! A table for people, fitted to the width of the terminal.

use std::io::Write;

use arrow::array::RecordBatch;
use comfy_table::{CellAlignment, ContentArrangement, presets};

use super::{QueryError, QueryOptions, Rows, Written, cells::Cells, columns::Column};
use crate::terminal;

/// Sign for NULL. It differs from any text that a company is likely to have.
pub(super) const NULL: &str = "∅";
/// Longest cell, in characters; the rest of a longer one is replaced by `…`.
const CELL_CHARACTERS: usize = 60;
/// Width, in characters, to which a text column may be reduced before columns are left out.
const NARROW: usize = 20;

/// A table that fits a terminal.
pub(super) struct Table<'out> {
    out: &'out mut (dyn Write + Send),
    width: u16,
    max_rows: usize,
    columns: Vec<Fitted>,
    rows: Vec<Vec<String>>,
}

struct Fitted {
    name: String,
    number: bool,
    /// Width of the widest cell or of the name, in characters.
    characters: usize,
    /// Whether a cell is NULL.
    nulls: bool,
}

impl<'out> Table<'out> {
    pub(super) fn new(
        columns: &[Column],
        width: u16,
        options: &QueryOptions,
        out: &'out mut (dyn Write + Send),
    ) -> Self {
        let fitted = |column: &Column| {
            let name = shorten(&terminal::safe(&column.name));
            let characters = name.chars().count();
            Fitted { characters, name, number: column.kind.is_number(), nulls: false }
        };
        let columns = columns.iter().map(fitted).collect();
        Self { out, width, max_rows: options.max_rows, columns, rows: Vec::new() }
    }

    /// Number of columns that fit side by side, at least one. Wide texts are wrapped over several lines.
    fn columns_that_fit(&self) -> usize {
        let mut used = 1;
        let fits = self.columns.iter().take_while(|column| {
            let least = if column.number { column.characters } else { column.characters.min(NARROW) };
            used += least + 3; // a blank on both sides and a border
            used <= usize::from(self.width)
        });
        fits.count().max(1)
    }

    fn notes(&self, shown: usize, written: Written) -> Vec<String> {
        let mut notes = vec![count(written)];
        if let Some(hidden @ [_, ..]) = self.columns.get(shown..) {
            let names: Vec<&str> = hidden.iter().map(|column| column.name.as_str()).collect();
            notes.push(format!(
                "{} of {} columns fit; not shown: {}",
                shown,
                self.columns.len(),
                names.join(", ")
            ));
        }
        if self.columns.iter().take(shown).any(|column| column.nulls) {
            notes.push(format!("{NULL} is NULL"));
        }
        notes
    }
}

/// The note that says how many rows are shown, and whether there are more.
pub(super) fn count(written: Written) -> String {
    let plural = if written.rows == 1 { "" } else { "s" };
    if written.truncated {
        format!("first {} row{plural}, there are more: `--format csv -o FILE` writes all", written.rows)
    } else {
        format!("{} row{plural}", written.rows)
    }
}

impl Rows for Table<'_> {
    fn room(&self) -> usize {
        self.max_rows.saturating_sub(self.rows.len())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let cells = Cells::new(batch)?;
        for row in 0..batch.num_rows() {
            let mut texts = Vec::with_capacity(self.columns.len());
            for (cell, column) in cells.row(row).zip(&mut self.columns) {
                let text = if let Some(text) = cell {
                    shorten(&terminal::safe(text))
                } else {
                    column.nulls = true;
                    NULL.to_owned()
                };
                column.characters = column.characters.max(text.chars().count());
                texts.push(text);
            }
            self.rows.push(texts);
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, written: Written) -> Result<(), QueryError> {
        let shown = self.columns_that_fit();
        let mut table = comfy_table::Table::new();
        table.load_preset(presets::UTF8_FULL_CONDENSED).force_no_tty();
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(self.width);
        table.set_header(self.columns.iter().take(shown).map(|column| column.name.as_str()));
        for row in std::mem::take(&mut self.rows) {
            table.add_row(row.into_iter().take(shown));
        }
        for (column, shown) in self.columns.iter().zip(table.column_iter_mut()) {
            if column.number {
                shown.set_cell_alignment(CellAlignment::Right);
            }
        }
        let notes = self.notes(shown, written).join("\n");
        writeln!(self.out, "{table}\n{notes}").map_err(QueryError::Write)
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(CELL_CHARACTERS) {
        None => text.to_owned(),
        Some(_) => text.chars().take(CELL_CHARACTERS - 1).chain(['…']).collect(),
    }
}
