//! Summary of a page whose records are told apart by the key of their stream's table.

use super::drift::{DriftTally, Position};
use super::mapping::plan::TableMapping;
use super::mapping::record::{Record, RecordReader};
use super::rows::row::{Context, Row, RowInput};
use crate::catalog::Stream;
use crate::record::envelope::parse_text;
use crate::record::page_summary::{of_companies, of_single, summary_of};
use crate::record::reading::{Json, Tolerance, with_json};
use crate::record::{EnvelopeError, PageSummary};
use crate::schema::{Origin, Table};

/// [`fingerprints`](crate::record::fingerprints) by the key of the stream's main table: country and business id when
/// these are part of the key, else the columns of the key that the record itself has.
///
/// # Errors
/// As [`fingerprints`](crate::record::fingerprints).
pub fn fingerprints_by(stream: &Stream, body: &[u8]) -> Result<PageSummary, EnvelopeError> {
    with_json(body, stream.endpoint.shape(), Tolerance::Values, |json| page_summary(stream, json))
}

/// [`fingerprints_by`] for the text of a page.
///
/// # Errors
/// As [`fingerprints_by`].
pub fn page_summary(stream: &Stream, json: Json<'_>) -> Result<PageSummary, EnvelopeError> {
    let shape = stream.endpoint.shape();
    if is_keyed_by_company(stream.table()) {
        return if shape.single { of_single(json, shape) } else { of_companies(json, shape, |_| ()) };
    }
    let page = parse_text(json.text, shape)?;
    let plan = key_plan(stream.table());
    let (mut reader, mut drift) = (RecordReader::default(), DriftTally::new(&plan));
    let (mut record, mut row) = (Record::new(&plan), Row::default());
    Ok(summary_of(json, page, |raw, _| {
        reader.read(&plan, raw, &mut record);
        let place = Position { page: 0, record: 0, field: 0 };
        let source = RowInput { plan: &plan, record: &record, place, context: Context::default() };
        row.fill(&source, &mut drift).ok().map(|()| row.key(&plan)).filter(|key| !key.is_empty())
    }))
}

/// Whether the records of the table say themselves which company they are about.
fn is_keyed_by_company(table: &Table) -> bool {
    ["country", "business_id"].iter().all(|field| {
        let of_field = |name: &&&str| {
            let column = table.columns.iter().find(|column| column.name == **name);
            column.is_some_and(|column| column.fields.contains(field) && column.origin == Origin::Fields)
        };
        table.key.iter().any(|name| of_field(&name))
    })
}

/// Mapping of those columns of the key that a record has by itself.
fn key_plan(table: &'static Table) -> TableMapping {
    let own = |column: &&crate::schema::Column| matches!(column.origin, Origin::Fields | Origin::HashOf);
    let named = |name: &str| table.columns.iter().filter(own).any(|column| column.name == name);
    let mut plan = TableMapping::of_columns(table, |name| table.key.contains(&name) && named(name));
    plan.quiet = true;
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{PROSPECTS_TABLE, Paging, STREAMS};

    #[test]
    fn the_key_fields_are_those_of_the_table() {
        let fields: Vec<_> = PROSPECTS_TABLE
            .columns
            .iter()
            .filter(|column| PROSPECTS_TABLE.key.contains(&column.name))
            .flat_map(|column| column.fields.iter().copied())
            .collect();
        assert_eq!(fields, ["country", "business_id"]);
        assert!(is_keyed_by_company(&PROSPECTS_TABLE));
    }

    #[test]
    fn pages_of_companies_are_keyed_by_them() {
        let of_companies: Vec<_> = STREAMS.iter().filter(|stream| stream.holds_companies()).collect();
        assert!(of_companies.len() > 1);
        for stream in of_companies {
            assert!(
                is_keyed_by_company(stream.table()) && stream.endpoint.paging != Paging::Single,
                "{}",
                stream.name
            );
        }
    }
}
