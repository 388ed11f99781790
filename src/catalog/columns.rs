//! Columns that several tables have, declared once.

use crate::schema::{Column, Kind};

/// A column of free text.
pub(super) const fn text(name: &'static str, fields: &'static [&'static str], doc: &'static str) -> Column {
    Column::new(name, fields, Kind::Text, doc)
}

/// The run that last wrote a row.
pub(super) const RUN_ID: Column =
    Column::system("_run_id", Kind::Text, "Run that last wrote the row's values, see etl.runs.").required();

/// What has no column.
pub(super) const EXTRA: Column = Column::system(
    "_extra",
    Kind::Json,
    "Fields of the record that have no column, as a JSON object; NULL when there are none.",
);

/// System columns of every table but the companies', which has more.
pub(super) const SYSTEM: &[Column] = &[RUN_ID, EXTRA];
