//! Writes CSV as in RFC 4180, by default safe to open in a spreadsheet.

use std::io::Write;

use arrow::array::RecordBatch;

use super::{CsvOptions, QueryError, Rows, Written, cells::Cells, columns::Column};
use crate::terminal;

/// Options of the CSV writer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CsvStyle {
    /// Whether texts that a spreadsheet would read as formulas are written unchanged.
    pub(super) raw: bool,
    /// Whether characters that a terminal acts on are escaped.
    pub(super) terminal: bool,
    /// Differences from RFC 4180.
    pub(super) options: CsvOptions,
}

/// Writes batches as CSV: a header line, CRLF line ends, NULL as an empty field, an empty text as `""`.
pub(super) struct Csv<W> {
    out: W,
    style: CsvStyle,
    columns: Vec<Form>,
    line: String,
    first: bool,
}

/// How the cells of a column become fields.
#[derive(Debug, Clone, Copy, Default)]
struct Form {
    /// Whether a formula gets an apostrophe in front.
    guard: bool,
    /// Whether a decimal point is written as a comma.
    comma: bool,
}

impl<W: Write> Csv<W> {
    pub(super) fn start(columns: &[Column], style: CsvStyle, out: W) -> Result<Self, QueryError> {
        let form = |column: &Column| Form {
            guard: column.kind.is_text() && !style.raw,
            comma: column.kind.has_point() && style.options.decimal_comma,
        };
        let forms = columns.iter().map(form).collect();
        let mut csv = Self { out, style, columns: forms, line: String::new(), first: true };
        if style.options.bom {
            csv.out.write_all("\u{feff}".as_bytes()).map_err(QueryError::Write)?;
        }
        for column in columns {
            csv.field(Some(&column.name), Form::default());
        }
        csv.end_line()?;
        Ok(csv)
    }

    fn field(&mut self, value: Option<&str>, form: Form) {
        if !std::mem::take(&mut self.first) {
            self.line.push(self.style.options.delimiter);
        }
        let Some(value) = value else { return };
        let value = if self.style.terminal { terminal::safe(value) } else { value.into() };
        let value = if form.comma { value.replace('.', ",").into() } else { value };
        let formula = form.guard && is_formula(&value);
        if formula || value.is_empty() || value.contains([self.style.options.delimiter, '"', '\r', '\n']) {
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
        self.first = true;
        Ok(())
    }
}

/// First characters by which a spreadsheet may read a cell as a formula: those that OWASP names, including full-width
/// forms.
pub(crate) const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

fn is_formula(value: &str) -> bool {
    value.starts_with(FORMULA)
}

impl<W: Write> Rows for Csv<W> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let cells = Cells::new(batch)?;
        let forms = std::mem::take(&mut self.columns);
        for row in 0..batch.num_rows() {
            for (cell, form) in cells.row(row).zip(&forms) {
                self.field(cell, *form);
            }
            self.end_line()?;
        }
        self.columns = forms;
        Ok(())
    }

    fn finish(self: Box<Self>, _: Written) -> Result<(), QueryError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::types::Type;
    use super::*;
    use arrow::array::{ArrayRef, StringArray};
    use std::sync::Arc;

    fn csv(style: CsvStyle, texts: &[Option<&str>], numbers: &[Option<&str>]) -> String {
        let column = |name: &str, kind| Column { name: name.to_owned(), kind };
        let columns = [column("text", Type::Text), column("n", Type::Decimal { width: 4, scale: 1 })];
        let arrays: [(&str, ArrayRef, bool); 2] = [
            ("0", Arc::new(texts.iter().copied().collect::<StringArray>()), true),
            ("1", Arc::new(numbers.iter().copied().collect::<StringArray>()), true),
        ];
        let batch = RecordBatch::try_from_iter_with_nullable(arrays).unwrap();
        let mut out = Vec::new();
        let mut csv = Csv::start(&columns, style, &mut out).unwrap();
        csv.batch(&batch).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn formulas_are_disarmed_and_numbers_are_not() {
        let texts =
            [Some("=1+1"), Some("+358 9 1"), Some("-x"), Some("@a"), Some("\tb"), Some("＝c"), Some("a=b")];
        let numbers = [Some("-1"); 7];
        assert_eq!(
            csv(CsvStyle::default(), &texts, &numbers),
            "text,n\r\n\"'=1+1\",-1\r\n\"'+358 9 1\",-1\r\n\"'-x\",-1\r\n\"'@a\",-1\r\n\"'\tb\",-1\r\n\"'＝c\",-1\r\na=b,-1\r\n"
        );
        let raw = csv(CsvStyle { raw: true, ..CsvStyle::default() }, &texts, &numbers);
        assert_eq!(
            raw,
            "text,n\r\n=1+1,-1\r\n+358 9 1,-1\r\n-x,-1\r\n@a,-1\r\n\tb,-1\r\n＝c,-1\r\na=b,-1\r\n"
        );
    }

    #[test]
    fn null_and_empty_text_differ_and_special_characters_are_quoted() {
        let texts = [None, Some(""), Some("a,\"b\"\r\nc")];
        assert_eq!(
            csv(CsvStyle::default(), &texts, &[None, Some("1"), Some("2")]),
            "text,n\r\n,\r\n\"\",1\r\n\"a,\"\"b\"\"\r\nc\",2\r\n"
        );
    }

    #[test]
    fn a_terminal_gets_escapes() {
        let texts = [Some("\u{1b}[2J"), Some("\u{202e}x")];
        let style = CsvStyle { terminal: true, ..CsvStyle::default() };
        assert_eq!(csv(style, &texts, &[None, None]), "text,n\r\n\\u{1b}[2J,\r\n\\u{202e}x,\r\n");
    }

    #[test]
    fn other_delimiters_are_quoted_in_turn_and_only_numbers_get_a_comma() {
        let texts = [Some("1.5"), Some("a;b"), Some("a,b")];
        let numbers = [Some("-1.5"), None, Some("20")];
        let options = CsvOptions { bom: true, ..CsvOptions::new(false, None, true).unwrap() };
        let style = CsvStyle { options, ..CsvStyle::default() };
        assert_eq!(csv(style, &texts, &numbers), "\u{feff}text;n\r\n1.5;-1,5\r\n\"a;b\";\r\na,b;20\r\n");
        let options = CsvOptions { delimiter: '\t', decimal_comma: true, ..CsvOptions::default() };
        let style = CsvStyle { options, raw: true, terminal: false };
        assert_eq!(
            csv(style, &[Some("a\tb"), Some("c,d")], &[Some("0.5"), None]),
            "text\tn\r\n\"a\tb\"\t0,5\r\nc,d\t\r\n"
        );
    }
}
