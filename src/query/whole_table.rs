//! A table with all columns and whole cells, for a file or a pipe.
//!
//! The first rows determine the widths of the columns. Later rows are written as they arrive, so memory does not grow
//! with the result. A cell that is wider than its column shifts the rest of its line.

use std::io::Write;

use arrow::array::RecordBatch;
use console::measure_text_width;

use super::{
    QueryError, Rows, Written,
    cells::Cells,
    columns::Column,
    table::{NULL, count},
};
use crate::terminal;

/// Number of rows that determine the widths.
const MEASURED_ROWS: usize = 1_000;
/// Largest width of a column, in columns of the terminal. A longer text is still written whole.
const WIDEST: usize = 120;

pub(super) struct WholeTable<'out> {
    out: &'out mut (dyn Write + Send),
    max_rows: usize,
    columns: Vec<Measured>,
    /// Rows held back until the widths are known.
    waiting: Vec<Vec<String>>,
    begun: bool,
    rows: usize,
    nulls: bool,
}

struct Measured {
    name: String,
    number: bool,
    width: usize,
}

impl<'out> WholeTable<'out> {
    pub(super) fn new(columns: &[Column], max_rows: usize, out: &'out mut (dyn Write + Send)) -> Self {
        let measured = |column: &Column| {
            let name = terminal::safe(&column.name).into_owned();
            let width = measure_text_width(&name).min(WIDEST);
            Measured { name, number: column.kind.is_number(), width }
        };
        let columns = columns.iter().map(measured).collect();
        Self { out, max_rows, columns, waiting: Vec::new(), begun: false, rows: 0, nulls: false }
    }

    /// Determines the widths, then writes the header and the rows held back.
    fn begin(&mut self) -> Result<(), QueryError> {
        for row in &self.waiting {
            for (column, cell) in self.columns.iter_mut().zip(row) {
                column.width = column.width.max(measure_text_width(cell).min(WIDEST));
            }
        }
        self.rule('─', ["┌", "┬", "┐"])?;
        let names: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        self.line(&names)?;
        self.rule('═', ["╞", "╪", "╡"])?;
        for row in std::mem::take(&mut self.waiting) {
            self.line(&row)?;
        }
        self.begun = true;
        Ok(())
    }

    fn rule(&mut self, of: char, [left, middle, right]: [&str; 3]) -> Result<(), QueryError> {
        let parts = self.columns.iter().map(|column| of.to_string().repeat(column.width + 2));
        let line = parts.collect::<Vec<_>>().join(middle);
        writeln!(self.out, "{left}{line}{right}").map_err(QueryError::Write)
    }

    fn line(&mut self, cells: &[String]) -> Result<(), QueryError> {
        let mut line = String::from("│");
        for (index, (column, cell)) in self.columns.iter().zip(cells).enumerate() {
            let blank = " ".repeat(column.width.saturating_sub(measure_text_width(cell)));
            line.push_str(if index == 0 { " " } else { " ┆ " });
            let (before, after) = if column.number { (blank.as_str(), "") } else { ("", blank.as_str()) };
            line.push_str(before);
            line.push_str(cell);
            line.push_str(after);
        }
        writeln!(self.out, "{line} │").map_err(QueryError::Write)
    }
}

impl Rows for WholeTable<'_> {
    fn room(&self) -> usize {
        self.max_rows.saturating_sub(self.rows)
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let cells = Cells::new(batch)?;
        self.rows += batch.num_rows();
        for row in 0..batch.num_rows() {
            let texts: Vec<String> = cells
                .row(row)
                .map(|cell| {
                    self.nulls |= cell.is_none();
                    cell.map_or_else(|| NULL.to_owned(), |text| terminal::safe(text).into_owned())
                })
                .collect();
            if self.begun {
                self.line(&texts)?;
            } else {
                self.waiting.push(texts);
            }
        }
        if !self.begun && self.waiting.len() >= MEASURED_ROWS { self.begin() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>, written: Written) -> Result<(), QueryError> {
        if !self.begun {
            self.begin()?;
        }
        self.rule('─', ["└", "┴", "┘"])?;
        let nulls = if self.nulls { format!("\n{NULL} is NULL") } else { String::new() };
        writeln!(self.out, "{}{nulls}", count(written)).map_err(QueryError::Write)
    }
}
