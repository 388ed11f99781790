//! CSV as in RFC 4180, safe to open in a spreadsheet unless asked otherwise.

use std::io::Write;

use arrow::{array::RecordBatch, datatypes::SchemaRef, util::display::FormatOptions};

use super::{
    QueryError, Rows, Written,
    cells::{Cells, is_text},
};
use crate::terminal;

/// How texts are written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CsvStyle {
    /// Leave texts as they are that a spreadsheet would take for a formula.
    pub(crate) raw: bool,
    /// Escape what a terminal acts on.
    pub(crate) terminal: bool,
}

/// Writes batches as CSV: header at the start, CRLF at line ends, NULL as an empty field, an empty text as `""`.
pub(crate) struct Csv<W> {
    out: W,
    style: CsvStyle,
    line: String,
}

impl<W: Write> Csv<W> {
    pub(crate) fn start(schema: &SchemaRef, style: CsvStyle, out: W) -> Result<Self, QueryError> {
        let mut csv = Self { out, style, line: String::new() };
        for (index, field) in schema.fields().iter().enumerate() {
            csv.field(index, Some(field.name()), false);
        }
        csv.end_line()?;
        Ok(csv)
    }

    /// Writes the rows of `batch`.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let cells = Cells::new(batch, &FormatOptions::new())?;
        let text: Vec<bool> =
            batch.schema().fields().iter().map(|field| is_text(field.data_type())).collect();
        for row in 0..batch.num_rows() {
            for (index, (cell, text)) in cells.row(row).zip(&text).enumerate() {
                self.field(index, cell?.as_deref(), *text);
            }
            self.end_line()?;
        }
        Ok(())
    }

    fn field(&mut self, index: usize, value: Option<&str>, guard: bool) {
        if index > 0 {
            self.line.push(',');
        }
        let Some(value) = value else { return };
        let value = if self.style.terminal { terminal::safe(value) } else { value.into() };
        let formula = guard && !self.style.raw && is_formula(&value);
        if formula || value.is_empty() || value.contains([',', '"', '\r', '\n']) {
            self.line.push('"');
            if formula {
                self.line.push('\'');
            }
            self.line.push_str(&value.replace('"', "\"\""));
            self.line.push('"');
        } else {
            self.line.push_str(&value);
        }
    }

    fn end_line(&mut self) -> Result<(), QueryError> {
        if self.line.is_empty() {
            self.line.push_str("\"\""); // a lone NULL: readers skip an empty line, and the row would be lost
        }
        self.line.push_str("\r\n");
        self.out.write_all(self.line.as_bytes()).map_err(QueryError::Write)?;
        self.line.clear();
        Ok(())
    }
}

/// Whether a spreadsheet may take a cell for a formula: the first characters that OWASP names, and their full-width
/// forms.
fn is_formula(value: &str) -> bool {
    value.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

impl<W: Write> Rows for Csv<W> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        self.write(batch)
    }

    fn finish(self: Box<Self>, _: Written) -> Result<(), QueryError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::{
        array::{ArrayRef, Int64Array, StringArray},
        datatypes::{DataType, Field, Schema},
    };
    use std::sync::Arc;

    fn csv(style: CsvStyle, texts: Vec<Option<&str>>, numbers: Vec<Option<i64>>) -> String {
        let fields = vec![Field::new("text", DataType::Utf8, true), Field::new("n", DataType::Int64, true)];
        let schema: SchemaRef = Schema::new(fields).into();
        let columns: Vec<ArrayRef> =
            vec![Arc::new(StringArray::from(texts)), Arc::new(Int64Array::from(numbers))];
        let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
        let mut out = Vec::new();
        let mut csv = Csv::start(&schema, style, &mut out).unwrap();
        csv.write(&batch).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn formulas_are_disarmed_and_numbers_are_not() {
        let texts = vec![
            Some("=1+1"),
            Some("+358 9 1"),
            Some("-x"),
            Some("@a"),
            Some("\tb"),
            Some("＝c"),
            Some("a=b"),
        ];
        let numbers = vec![Some(-1); 7];
        assert_eq!(
            csv(CsvStyle::default(), texts.clone(), numbers.clone()),
            "text,n\r\n\"'=1+1\",-1\r\n\"'+358 9 1\",-1\r\n\"'-x\",-1\r\n\"'@a\",-1\r\n\"'\tb\",-1\r\n\"'＝c\",-1\r\na=b,-1\r\n"
        );
        let raw = csv(CsvStyle { raw: true, terminal: false }, texts, numbers);
        assert_eq!(
            raw,
            "text,n\r\n=1+1,-1\r\n+358 9 1,-1\r\n-x,-1\r\n@a,-1\r\n\tb,-1\r\n＝c,-1\r\na=b,-1\r\n"
        );
    }

    #[test]
    fn null_and_empty_text_differ_and_special_characters_are_quoted() {
        let texts = vec![None, Some(""), Some("a,\"b\"\r\nc")];
        assert_eq!(
            csv(CsvStyle::default(), texts, vec![None, Some(1), Some(2)]),
            "text,n\r\n,\r\n\"\",1\r\n\"a,\"\"b\"\"\r\nc\",2\r\n"
        );
    }

    #[test]
    fn a_terminal_gets_escapes() {
        let texts = vec![Some("\u{1b}[2J"), Some("\u{202e}x")];
        let style = CsvStyle { raw: false, terminal: true };
        assert_eq!(csv(style, texts, vec![None, None]), "text,n\r\n\\u{1b}[2J,\r\n\\u{202e}x,\r\n");
    }
}
