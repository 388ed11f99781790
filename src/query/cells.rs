//! Cells as text, and what kind of column they stand in.

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    datatypes::{DataType, Field, FieldRef, Fields, Float64Type, Schema, SchemaRef},
    error::ArrowError,
    util::display::{ArrayFormatter, FormatOptions},
};

use super::QueryError;

/// Key of a field's metadata that names its extension type.
const EXTENSION_TYPE_NAME_KEY: &str = "ARROW:extension:name";
/// Arrow's name of JSON kept as text.
pub(super) const JSON_EXTENSION: &str = "arrow.json";

/// Whether the column holds numbers: aligned right, and never taken for a formula.
pub(super) fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric()
}

/// Whether the column's cells may begin with any character, so that a spreadsheet could take one for a formula.
/// JSON, lists and enums count; numbers, dates and booleans do not.
pub(super) fn is_text(data_type: &DataType) -> bool {
    !(data_type.is_numeric()
        || data_type.is_temporal()
        || matches!(data_type, DataType::Boolean | DataType::Null))
}

/// One batch's cells as text: dates and times as in ISO 8601, decimals with all digits.
pub(super) struct Cells<'a> {
    columns: Vec<(&'a ArrayRef, ArrayFormatter<'a>)>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(batch: &'a RecordBatch, options: &FormatOptions<'a>) -> Result<Self, QueryError> {
        let columns =
            batch.columns().iter().map(|column| Ok((column, ArrayFormatter::try_new(column, options)?)));
        Ok(Self { columns: columns.collect::<Result<_, ArrowError>>().map_err(QueryError::format)? })
    }

    /// The cells of `row`, in column order; `None` for NULL.
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = Result<Option<String>, QueryError>> {
        self.columns.iter().map(move |(column, formatter)| {
            if column.is_null(row) {
                return Ok(None);
            }
            formatter.value(row).try_to_string().map(Some).map_err(QueryError::format)
        })
    }
}

/// A DOUBLE for people: at most four decimals, unless that would hide a small number.
pub(super) fn short_double(column: &ArrayRef, row: usize) -> Option<String> {
    if column.data_type() != &DataType::Float64 || column.is_null(row) {
        return None;
    }
    let value = column.as_primitive::<Float64Type>().value(row);
    if !value.is_finite() || (value != 0.0 && value.abs() < 0.001) || value.abs() >= 1e15 {
        return None;
    }
    let text = format!("{value:.4}");
    Some(text.trim_end_matches('0').trim_end_matches('.').to_owned())
}

/// `schema` with the columns marked that are of DuckDB's type JSON, which reaches Arrow as plain text.
///
/// The mark is Arrow's own for such columns.
pub(super) fn with_json_marked(schema: &SchemaRef, is_json: impl Fn(usize) -> bool) -> SchemaRef {
    let mark = |(index, field): (usize, &FieldRef)| {
        let mut field = field.as_ref().clone();
        if is_json(index) {
            let mark = (EXTENSION_TYPE_NAME_KEY.to_owned(), JSON_EXTENSION.to_owned());
            field.set_metadata([mark].into());
        }
        field
    };
    Schema::new(schema.fields().iter().enumerate().map(mark).collect::<Fields>()).into()
}

/// `schema` with a number added to every name that occurred before: objects and Parquet files need names that differ.
pub(super) fn with_unique_names(schema: &SchemaRef) -> SchemaRef {
    let mut seen: Vec<String> = Vec::new();
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| {
            let mut name = field.name().clone();
            let mut number = 1;
            while seen.contains(&name) {
                number += 1;
                name = format!("{}_{number}", field.name());
            }
            seen.push(name.clone());
            field.as_ref().clone().with_name(name)
        })
        .collect();
    Schema::new(Fields::from(fields)).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Float64Array;
    use std::sync::Arc;

    #[test]
    fn doubles_are_shortened_only_where_nothing_is_hidden() {
        let column: ArrayRef = Arc::new(Float64Array::from(vec![
            Some(33.333_333_33),
            Some(50.0),
            Some(0.0),
            Some(0.000_01),
            Some(1e20),
            Some(f64::NAN),
            None,
        ]));
        let shown: Vec<Option<String>> = (0..column.len()).map(|row| short_double(&column, row)).collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(shown, [text("33.3333"), text("50"), text("0"), None, None, None, None]);
    }

    #[test]
    fn repeated_names_get_numbers() {
        let field = |name: &str| Field::new(name, DataType::Int32, true);
        let schema: SchemaRef = Schema::new(vec![field("a"), field("a"), field("b"), field("a")]).into();
        let unique = with_unique_names(&schema);
        let names: Vec<&str> = unique.fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(names, ["a", "a_2", "b", "a_3"]);
    }
}
