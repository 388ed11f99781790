//! What the API has: its streams, their endpoints, tables and columns, each declared once.

pub mod filters;
mod prospects;

use crate::schema::Table;

pub use prospects::{PROSPECTS, PROSPECTS_TABLE};

/// One thing that can be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    /// Name on the command line and in `etl.streams`.
    pub name: &'static str,
    /// One sentence for `--help` and the dictionary.
    pub doc: &'static str,
    /// Where its records come from.
    pub endpoint: Endpoint,
    /// Where its records go.
    pub table: &'static Table,
    /// Fields that the document shows in every record of the endpoint; one that is absent is reported as drift.
    pub documented: &'static [&'static str],
}

/// A list that is read page by page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// Path below the base URL, with the trailing slash that the document gives.
    pub path: &'static str,
    /// Parameter and value that ask for a stable order. The direction does not matter, the stability does.
    pub order: (&'static str, &'static str),
    /// Most rows a page can hold: 1000 for a single request (limits and pagination of the API's next version).
    pub max_page_size: u32,
    /// Filter that splits a long list by the first characters of its key.
    pub slice_by: &'static str,
}

/// Every stream, in the order in which they are loaded.
pub const STREAMS: &[Stream] = &[PROSPECTS];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crate::schema::{self, Kind, Unit};

    #[test]
    fn every_column_is_named_documented_and_has_a_unit_where_it_is_a_quantity() {
        for table in schema::tables() {
            let mut names = HashSet::new();
            for column in table.all_columns() {
                let place = format!("{}.{}", table.name, column.name);
                assert!(names.insert(column.name), "{place} is declared twice");
                assert!(
                    column.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
                    "{place}"
                );
                assert!(column.doc.ends_with('.'), "{place}: the doc is a sentence");
                if matches!(column.kind, Kind::Decimal | Kind::Integer) {
                    assert_ne!(column.unit, Unit::None, "{place} needs a unit");
                }
            }
            for key in table.key {
                assert!(names.contains(key), "{}: key column {key} does not exist", table.name);
            }
        }
    }

    #[test]
    fn the_presence_mask_has_a_bit_for_every_declared_column() {
        for stream in super::STREAMS {
            assert!(stream.table.columns.len() <= 64, "{}", stream.name);
        }
    }

    #[test]
    fn every_documented_field_feeds_a_column() {
        for stream in super::STREAMS {
            let known: HashSet<_> = stream.table.columns.iter().flat_map(|column| column.fields).collect();
            for field in stream.documented {
                assert!(known.contains(field), "{}: {field} has no column", stream.name);
            }
        }
    }
}
