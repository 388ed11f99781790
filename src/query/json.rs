//! JSON: one array, or one object per line.
//!
//! Values arrive as texts, nested in their lists, structs and maps. Booleans, numbers and values of type JSON are
//! written without quotes. Numbers that JSON does not have (`nan`, `inf`) and all other values are written as strings.

use std::{fmt::Write as _, io::Write};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use serde_json::value::RawValue;

use super::{
    QueryError, Rows, Written,
    columns::{Column, unique_names},
    types::Type,
};
use crate::terminal::acts_on_terminal;

/// How rows are separated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// One array of objects, with a line feed after each comma between rows and at the end, which suits `grep` and a
    /// terminal.
    Array,
    /// One object per line.
    Lines,
}

pub(super) struct Json<'out> {
    out: &'out mut (dyn Write + Send),
    layout: Layout,
    terminal: bool,
    /// Each column's name as a JSON string with a colon, and its type.
    columns: Vec<(Vec<u8>, Type)>,
    first: bool,
}

impl<'out> Json<'out> {
    pub(super) fn start(
        columns: &[Column],
        layout: Layout,
        terminal: bool,
        out: &'out mut (dyn Write + Send),
    ) -> Self {
        let key = |name: &str| {
            let mut key = Vec::with_capacity(name.len() + 3);
            string(name, &mut key);
            key.push(b':');
            key
        };
        let kinds = columns.iter().map(|column| column.kind.clone());
        let columns = unique_names(columns).iter().map(|name| key(name)).zip(kinds).collect();
        Self { out, layout, terminal, columns, first: true }
    }

    /// Writes encoded JSON to the output, escaped if the output is a terminal.
    fn write_encoded(&mut self, encoded: Vec<u8>) -> Result<(), QueryError> {
        if self.terminal {
            let text = String::from_utf8(encoded).map_err(QueryError::format)?;
            self.out.write_all(escape(&text).as_bytes()).map_err(QueryError::Write)
        } else {
            self.out.write_all(&encoded).map_err(QueryError::Write)
        }
    }

    /// The text before a row: the start of the output, or the separator from the previous row.
    fn before_row(&mut self) -> &'static [u8] {
        match (self.layout, std::mem::take(&mut self.first)) {
            (Layout::Array, true) => b"[",
            (Layout::Array, false) => b",\n",
            (Layout::Lines, true) => b"",
            (Layout::Lines, false) => b"\n",
        }
    }
}

impl Rows for Json<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let mut encoded = Vec::new();
        for row in 0..batch.num_rows() {
            encoded.extend_from_slice(self.before_row());
            for (index, ((key, kind), array)) in self.columns.iter().zip(batch.columns()).enumerate() {
                encoded.push(if index == 0 { b'{' } else { b',' });
                encoded.extend_from_slice(key);
                value(array, row, kind, &mut encoded)?;
            }
            encoded.push(b'}');
        }
        self.write_encoded(encoded)
    }

    fn finish(mut self: Box<Self>, _: Written) -> Result<(), QueryError> {
        let end: &[u8] = match (self.layout, self.first) {
            (Layout::Array, true) => b"[]\n",
            (Layout::Array, false) => b"]\n",
            (Layout::Lines, true) => b"",
            (Layout::Lines, false) => b"\n",
        };
        self.write_encoded(end.to_vec())
    }
}

/// Appends the value of `array` in `row` to `out` as JSON. `kind` is the type of the value.
fn value(array: &ArrayRef, row: usize, kind: &Type, out: &mut Vec<u8>) -> Result<(), QueryError> {
    if array.is_null(row) {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    match kind {
        Type::List { of, .. } => {
            let list = array.as_list_opt::<i32>().ok_or_else(|| unexpected(array))?.value(row);
            out.push(b'[');
            for index in 0..list.len() {
                comma(index, out);
                value(&list, index, of, out)?;
            }
            out.push(b']');
        }
        Type::Struct(fields) => {
            let columns = array.as_struct_opt().ok_or_else(|| unexpected(array))?.columns();
            out.push(b'{');
            for (index, ((name, kind), column)) in fields.iter().zip(columns).enumerate() {
                comma(index, out);
                string(name, out);
                out.push(b':');
                value(column, row, kind, out)?;
            }
            out.push(b'}');
        }
        Type::Map(_, kind) => {
            let entries = array.as_map_opt().ok_or_else(|| unexpected(array))?.value(row);
            let [keys, values] = entries.columns() else { return Err(unexpected(array)) };
            let keys = keys.as_string_opt::<i32>().ok_or_else(|| unexpected(keys))?;
            out.push(b'{');
            for index in 0..entries.len() {
                comma(index, out);
                string(keys.value(index), out);
                out.push(b':');
                value(values, index, kind, out)?;
            }
            out.push(b'}');
        }
        leaf => {
            let text = array.as_string_opt::<i32>().ok_or_else(|| unexpected(array))?.value(row);
            let as_it_is = match leaf {
                Type::Boolean => true,
                // A text that is not valid JSON is written as a string.
                Type::Json => serde_json::from_str::<&RawValue>(text).is_ok(),
                number if number.is_number() => {
                    // DuckDB writes a DECIMAL without an integer part as `.5`, which JSON does not allow.
                    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
                    if digits.starts_with('.') {
                        out.extend_from_slice(format!("{sign}0{digits}").as_bytes());
                        return Ok(());
                    }
                    serde_json::from_str::<&RawValue>(text).is_ok()
                }
                _ => false,
            };
            if as_it_is {
                // Line feeds occur between tokens only. They would break a line of JSONL.
                let one_line = |byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte };
                out.extend(text.bytes().map(one_line));
            } else {
                string(text, out);
            }
        }
    }
    Ok(())
}

fn comma(index: usize, out: &mut Vec<u8>) {
    if index > 0 {
        out.push(b',');
    }
}

fn string(text: &str, out: &mut Vec<u8>) {
    let _ = serde_json::to_writer(out, text); // a Vec takes everything, and a text is always JSON
}

fn unexpected(array: &ArrayRef) -> QueryError {
    QueryError::format(format!("a value arrived as {}", array.data_type()))
}

/// Escapes the characters that a terminal acts on. JSON itself escapes only those below U+0020. Outside of strings
/// JSON is plain ASCII, so every such character is in a string, except the line feeds between rows, which are kept.
pub(crate) fn escape(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if character != '\n' && acts_on_terminal(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}"); // a String takes everything
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_keep_json_valid() {
        let shown = escape("{\"a\":\"\u{9b}x\u{202e}\u{e0041}\"}\n");
        assert_eq!(shown, "{\"a\":\"\\u009bx\\u202e\\udb40\\udc41\"}\n");
        let value: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(value["a"], "\u{9b}x\u{202e}\u{e0041}");
    }
}
