//! Columns that several tables share, each declared once.

use crate::schema::{Column, Kind, Origin, Role, Sharing};

/// A column of free text.
pub(super) const fn text(name: &'static str, fields: &'static [&'static str], doc: &'static str) -> Column {
    Column::new(name, fields, Kind::Text, doc)
}

/// The key of a company.
pub(super) const COMPANY_KEY: &[&str] = &["country", "business_id"];

/// Country of the company that a row belongs to: the enclosing record, or the company of the request.
pub(super) const OF_COUNTRY: Column =
    Column::new("country", &[], Kind::Country, "Country of the company, ISO 3166-1 alpha-2.")
        .required()
        .from(Origin::Parent);

/// Business id of the company that a row belongs to.
pub(super) const OF_BUSINESS_ID: Column = Column::new(
    "business_id",
    &[],
    Kind::BusinessId,
    "Business id of the company, without country prefix and dash; unique only together with the country.",
)
.required()
.from(Origin::Parent);

/// Position in the API's list, for rows without another key.
pub(super) const POSITION: Column = Column::new(
    "position",
    &[],
    Kind::Integer,
    "Position in the API's list, from 0; the same row can have another one when the list is read again.",
)
.required()
.from(Origin::Position);

/// The run that last wrote the row.
pub(super) const RUN_ID: Column =
    Column::system(Role::RunId, "Run that last wrote the row's values, see etl.runs.")
        .required()
        .sharing(Sharing::Common);

/// The fields without a column, as JSON.
pub(super) const EXTRA: Column = Column::system(
    Role::Extra,
    "Fields of the record that have no column, as a JSON object; NULL when there are none.",
);

/// System columns of every table except `prospects`, which has more.
pub(super) const SYSTEM: &[Column] = &[RUN_ID, EXTRA];
