//! JSON: one array, or one object per line.

use std::{fmt::Write as _, io::Write, sync::Arc};

use arrow::{
    array::{Array, AsArray, RecordBatch, StringArray},
    datatypes::{DataType, FieldRef, SchemaRef},
    error::ArrowError,
    json::writer::{
        Encoder, EncoderFactory, EncoderOptions, JsonArray, JsonFormat, LineDelimited, NullableEncoder,
        Writer, WriterBuilder,
    },
};

use super::{
    QueryError, Rows, Written,
    cells::{JSON_EXTENSION, with_unique_names},
};
use crate::terminal::acts_on_terminal;

/// One array of objects, an object per line.
pub(super) fn array<'out>(
    schema: &SchemaRef,
    terminal: bool,
    out: &'out mut (dyn Write + Send),
) -> impl Rows + 'out {
    Json::<ArrayLines>::new(schema, terminal, out)
}

/// One object per line.
pub(super) fn lines<'out>(
    schema: &SchemaRef,
    terminal: bool,
    out: &'out mut (dyn Write + Send),
) -> impl Rows + 'out {
    Json::<LineDelimited>::new(schema, terminal, out)
}

/// A JSON array with a line feed after each comma and at the end: fits `grep` and a terminal.
#[derive(Debug, Default)]
struct ArrayLines(JsonArray);

impl JsonFormat for ArrayLines {
    fn start_stream<W: Write>(&self, writer: &mut W) -> Result<(), ArrowError> {
        self.0.start_stream(writer)
    }

    fn start_row<W: Write>(&self, writer: &mut W, is_first_row: bool) -> Result<(), ArrowError> {
        writer.write_all(if is_first_row { b"" } else { b",\n" })?;
        Ok(())
    }

    fn end_stream<W: Write>(&self, writer: &mut W) -> Result<(), ArrowError> {
        self.0.end_stream(writer)?;
        writer.write_all(b"\n")?;
        Ok(())
    }
}

struct Json<'out, F: JsonFormat> {
    writer: Writer<Vec<u8>, F>,
    schema: SchemaRef,
    terminal: bool,
    out: &'out mut (dyn Write + Send),
}

impl<'out, F: JsonFormat> Json<'out, F> {
    fn new(schema: &SchemaRef, terminal: bool, out: &'out mut (dyn Write + Send)) -> Self {
        let options =
            WriterBuilder::new().with_explicit_nulls(true).with_encoder_factory(Arc::new(JsonColumns));
        Self { writer: options.build(Vec::new()), schema: with_unique_names(schema), terminal, out }
    }

    /// Hands what was encoded to the output; the buffer holds one batch at most.
    fn hand_over(&mut self) -> Result<(), QueryError> {
        let encoded = std::mem::take(self.writer.get_mut());
        if self.terminal {
            let text = String::from_utf8(encoded).map_err(QueryError::format)?;
            self.out.write_all(escape(&text).as_bytes()).map_err(QueryError::Write)
        } else {
            self.out.write_all(&encoded).map_err(QueryError::Write)
        }
    }
}

impl<F: JsonFormat> Rows for Json<'_, F> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let batch = RecordBatch::try_new(self.schema.clone(), batch.columns().to_vec())
            .map_err(QueryError::format)?;
        self.writer.write(&batch).map_err(QueryError::format)?;
        self.hand_over()
    }

    fn finish(mut self: Box<Self>, _: Written) -> Result<(), QueryError> {
        self.writer.finish().map_err(QueryError::format)?;
        self.hand_over()
    }
}

/// Escapes what a terminal acts on, which JSON itself does only below U+0020. Outside strings JSON is plain ASCII, so
/// that every such character stands in a string, except the line feeds between rows.
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

/// Nests the value of a column of type JSON instead of writing it as a string.
#[derive(Debug)]
struct JsonColumns;

impl EncoderFactory for JsonColumns {
    fn make_default_encoder<'a>(
        &self,
        field: &'a FieldRef,
        array: &'a dyn Array,
        _: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        if field.extension_type_name() != Some(JSON_EXTENSION) || array.data_type() != &DataType::Utf8 {
            return Ok(None);
        }
        let encoder = Box::new(Nested(array.as_string::<i32>()));
        Ok(Some(NullableEncoder::new(encoder, array.nulls().cloned())))
    }
}

struct Nested<'a>(&'a StringArray);

impl Encoder for Nested<'_> {
    fn encode(&mut self, row: usize, out: &mut Vec<u8>) {
        let text = self.0.value(row);
        // A cell that is no JSON after all is written as a string. Line feeds stand between tokens only, and would
        // break a line of JSONL.
        if serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok() {
            out.extend(text.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }));
        } else {
            out.extend(serde_json::Value::from(text).to_string().bytes());
        }
    }
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
