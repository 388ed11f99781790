//! Cells as the texts that DuckDB wrote; `None` for NULL.

use arrow::array::{Array, AsArray, RecordBatch, StringArray};

use super::QueryError;

/// The cells of one batch, in which all columns are texts.
pub(super) struct Cells<'a>(Vec<&'a StringArray>);

impl<'a> Cells<'a> {
    pub(super) fn new(batch: &'a RecordBatch) -> Result<Self, QueryError> {
        let texts = batch.columns().iter().map(|column| {
            column.as_string_opt::<i32>().ok_or_else(|| {
                QueryError::format(format!("a column arrived as {} instead of text", column.data_type()))
            })
        });
        texts.collect::<Result<_, _>>().map(Self)
    }

    /// The cells of `row`, in column order; `None` for NULL.
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = Option<&'a str>> {
        self.0.iter().map(move |column| column.is_valid(row).then(|| column.value(row)))
    }
}
