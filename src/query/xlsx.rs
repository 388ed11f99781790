//! XLSX: one sheet with typed cells, for people who work in a spreadsheet.
//!
//! Rows are buffered in a temporary file, so memory does not grow with their number. Texts are written as texts, never
//! as formulas or links.

use std::{io::Write, path::Path};

use arrow::array::RecordBatch;
use rust_xlsxwriter::{Format as CellFormat, Workbook, Worksheet, XlsxError};

use super::{
    QueryError, Rows, Written,
    cells::Cells,
    columns::Column,
    scratch::caught,
    xlsx_cell::{Cell, Form},
};

/// Largest number of rows below the header of a sheet: Excel's limit of 1,048,576, less the header.
pub(crate) const MOST_ROWS: u32 = 1_048_575;
/// Largest number of columns of a sheet.
const MOST_COLUMNS: usize = 16_384;
/// Longest text of a cell, in UTF-16 code units.
const MOST_CHARACTERS: usize = 32_767;
/// Longest name of a sheet, in UTF-16 code units.
const NAME_CHARACTERS: usize = 31;

pub(super) struct Sheet<'out> {
    workbook: Workbook,
    out: &'out mut (dyn Write + Send),
    columns: Vec<Styled>,
    rows: u32,
}

struct Styled {
    name: String,
    form: Form,
    /// Style of cells that are numbers, dates or timestamps. `fraction` is that of timestamps with a fraction of a
    /// second.
    style: CellFormat,
    fraction: CellFormat,
}

impl<'out> Sheet<'out> {
    /// Begins a workbook with the sheet `name`. Rows are buffered in a file without a name in `scratch`, or in the
    /// system's folder for temporary files if it is `None`.
    pub(super) fn start(
        columns: &[Column],
        name: &str,
        scratch: Option<&Path>,
        out: &'out mut (dyn Write + Send),
    ) -> Result<Self, QueryError> {
        if columns.len() > MOST_COLUMNS {
            return Err(too_large(format!("it has {} columns, a sheet has {MOST_COLUMNS}", columns.len())));
        }
        let mut workbook = Workbook::new();
        if let Some(folder) = scratch {
            workbook.set_tempdir(folder).map_err(failed)?;
        }
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(failed)?;
        sheet.set_name(sheet_name(name)).map_err(failed)?;
        sheet.set_freeze_panes(1, 0).map_err(failed)?;
        let columns: Vec<Styled> = columns.iter().map(Styled::new).collect();
        let bold = CellFormat::new().set_bold();
        for (index, column) in (0u16..).zip(&columns) {
            sheet.set_column_width(index, column.width()).map_err(failed)?;
            sheet
                .write_string_with_format(0, index, cell_text(&column.name, &column.name, 0)?, &bold)
                .map_err(failed)?;
        }
        Ok(Self { workbook, out, columns, rows: 0 })
    }
}

impl Rows for Sheet<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let rows = u32::try_from(batch.num_rows()).unwrap_or(u32::MAX);
        if self.rows.saturating_add(rows) > MOST_ROWS {
            return Err(too_large(format!("a sheet has room for {MOST_ROWS} rows below its header")));
        }
        let cells = Cells::new(batch)?;
        let sheet = self.workbook.worksheet_from_index(0).map_err(failed)?;
        caught(|| {
            for row in 0..batch.num_rows() {
                self.rows += 1;
                for ((index, column), cell) in (0u16..).zip(&self.columns).zip(cells.row(row)) {
                    if let Some(text) = cell {
                        column.write(sheet, self.rows, index, text)?;
                    }
                }
            }
            Ok(())
        })
    }

    fn finish(mut self: Box<Self>, _: Written) -> Result<(), QueryError> {
        caught(|| self.workbook.save_to_writer(&mut self.out).map_err(failed))
    }
}

impl Styled {
    fn new(column: &Column) -> Self {
        let form = Form::of(&column.kind);
        let pattern = |pattern: String| CellFormat::new().set_num_format(pattern);
        let (style, fraction) = match form {
            // This pattern shows all digits; a cell without a style shows eleven.
            Form::Integer | Form::Decimal { scale: 0 } => (pattern("0".into()), CellFormat::new()),
            Form::Decimal { scale } => {
                (pattern(format!("0.{}", "0".repeat(usize::from(scale)))), CellFormat::new())
            }
            Form::Date => (pattern("yyyy-mm-dd".into()), CellFormat::new()),
            Form::Timestamp => {
                (pattern("yyyy-mm-dd hh:mm:ss".into()), pattern("yyyy-mm-dd hh:mm:ss.000".into()))
            }
            Form::Float | Form::Boolean | Form::Text => (CellFormat::new(), CellFormat::new()),
        };
        Self { name: column.name.clone(), form, style, fraction }
    }

    /// Width of the column, in characters: enough for dates, which are shown as `####` if they do not fit, and for the
    /// name.
    fn width(&self) -> f64 {
        let least: u8 = match self.form {
            Form::Date => 11,
            Form::Timestamp => 23,
            Form::Text => 16,
            _ => 10,
        };
        let name = u8::try_from(self.name.chars().count() + 2).unwrap_or(u8::MAX);
        f64::from(name.clamp(least, 40))
    }

    fn write(&self, sheet: &mut Worksheet, row: u32, index: u16, text: &str) -> Result<(), QueryError> {
        match self.form.cell(text) {
            Cell::Boolean(value) => sheet.write_boolean(row, index, value),
            Cell::Number(number) if self.form == Form::Float => sheet.write_number(row, index, number),
            Cell::Number(number) => sheet.write_number_with_format(row, index, number, &self.style),
            Cell::Fraction(number) => sheet.write_number_with_format(row, index, number, &self.fraction),
            Cell::Text => sheet.write_string(row, index, cell_text(text, &self.name, row)?),
        }
        .map(drop)
        .map_err(failed)
    }
}

/// Returns `text` if it fits into a cell, and [`QueryError::TooLarge`] otherwise.
fn cell_text<'a>(text: &'a str, column: &str, row: u32) -> Result<&'a str, QueryError> {
    // A text has at least as many bytes as UTF-16 code units, so only long texts are counted.
    if text.len() > MOST_CHARACTERS {
        let characters = text.encode_utf16().count();
        if characters > MOST_CHARACTERS {
            return Err(too_large(format!(
                "row {row} has a text of {characters} characters in column `{}`, a cell has room for {MOST_CHARACTERS}",
                crate::terminal::safe(column)
            )));
        }
    }
    Ok(text)
}

/// `name` with as few changes as make it a valid name of a sheet.
fn sheet_name(name: &str) -> String {
    let allowed = |character: char| {
        if character.is_control() || "[]:*?/\\".contains(character) { '_' } else { character }
    };
    let mut units = 0;
    let fits = |character: &char| {
        units += character.len_utf16();
        units <= NAME_CHARACTERS
    };
    let name: String = name.chars().map(allowed).take_while(fits).collect();
    let name = name.trim_matches('\'').trim();
    if name.is_empty() || name.eq_ignore_ascii_case("history") {
        "result".to_owned()
    } else {
        name.to_owned()
    }
}

fn too_large(what: String) -> QueryError {
    QueryError::TooLarge { what }
}

/// Maps an I/O error of the output to [`QueryError::Write`]: a full disk is not a problem of the format.
fn failed(error: XlsxError) -> QueryError {
    let mut cause = Some(&error as &(dyn std::error::Error + 'static));
    if let XlsxError::IoError(source) = error {
        return QueryError::Write(source);
    }
    while let Some(next) = cause {
        if let Some(source) = next.downcast_ref::<std::io::Error>() {
            return QueryError::Write(std::io::Error::new(source.kind(), error.to_string()));
        }
        cause = next.source();
    }
    QueryError::format(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_has_a_name_that_spreadsheets_take() {
        assert_eq!(sheet_name("companies"), "companies");
        assert_eq!(sheet_name("a/b\\c[d]:e*f?"), "a_b_c_d__e_f_");
        assert_eq!(sheet_name(&"ä".repeat(40)), "ä".repeat(31));
        assert_eq!(sheet_name(&"😀".repeat(40)), "😀".repeat(15));
        for name in ["", "''", "History"] {
            assert_eq!(sheet_name(name), "result", "{name}");
        }
    }

    #[test]
    fn a_text_is_measured_as_a_spreadsheet_measures_it() {
        assert!(cell_text(&"ä".repeat(32_767), "n", 1).is_ok());
        let error = cell_text(&"😀".repeat(16_384), "n", 7).unwrap_err().to_string();
        assert!(error.contains("row 7 has a text of 32768 characters in column `n`"), "{error}");
    }
}
