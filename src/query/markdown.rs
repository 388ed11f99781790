//! A GitHub-flavoured Markdown table.

use std::io::Write;

use arrow::array::RecordBatch;

use super::{QueryError, Rows, Written, cells::Cells, columns::Column};
use crate::terminal;

pub(super) struct Markdown<'out> {
    out: &'out mut (dyn Write + Send),
}

impl<'out> Markdown<'out> {
    pub(super) fn start(columns: &[Column], out: &'out mut (dyn Write + Send)) -> Result<Self, QueryError> {
        let mut markdown = Self { out };
        markdown.line(columns.iter().map(|column| escape(&column.name)))?;
        let alignment = |number| if number { "---:" } else { "---" }.to_owned();
        markdown.line(columns.iter().map(|column| alignment(column.kind.is_number())))?;
        Ok(markdown)
    }

    fn line(&mut self, cells: impl Iterator<Item = String>) -> Result<(), QueryError> {
        let line = cells.collect::<Vec<_>>().join(" | ");
        writeln!(self.out, "| {line} |").map_err(QueryError::Write)
    }
}

impl Rows for Markdown<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let cells = Cells::new(batch)?;
        for row in 0..batch.num_rows() {
            self.line(cells.row(row).map(|cell| cell.map(escape).unwrap_or_default()))?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>, _: Written) -> Result<(), QueryError> {
        Ok(())
    }
}

/// Escapes `text` for a table cell: nothing in it ends the cell, starts HTML, a link or code, or acts on a terminal.
/// Line ends become `<br>`.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (index, line) in text.lines().enumerate() {
        if index > 0 {
            escaped.push_str("<br>");
        }
        for character in line.chars() {
            match character {
                '<' => escaped.push_str("&lt;"),
                '|' | '\\' | '[' | '`' => escaped.extend(['\\', character]),
                other => escaped.push_str(&terminal::safe(other.encode_utf8(&mut [0; 4]))),
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_one_cell() {
        assert_eq!(escape("a|b\\c\r\n<b>d"), "a\\|b\\\\c<br>&lt;b>d");
        assert_eq!(escape("[x](javascript:y) `z`"), "\\[x](javascript:y) \\`z\\`");
        assert_eq!(escape("\u{1b}[0m"), "\\u{1b}\\[0m");
    }
}
