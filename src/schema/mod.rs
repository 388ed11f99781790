//! What a table is: its columns, their types, units and documentation, declared once.
//!
//! Everything that has to know a column walks the same [`Table`]: the record parser, the Arrow schema, the
//! `DuckDB` statements, the data dictionary and the `schema` command. The declarations themselves are in
//! [`crate::catalog`] and [`etl`].

mod column;
pub mod ddl;
pub mod dictionary;
pub mod etl;

use std::sync::Arc;

use arrow::datatypes::{Field, Schema};

pub use column::{Column, DECIMAL_PRECISION, DECIMAL_SCALE, Kind, Origin, Sharing, Unit};

/// What a load does with the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Companies: merged by key, value by value, so that what a record lacks never overwrites; marked as deleted when no
    /// list holds them any more.
    Merge,
    /// The rows that agree in these columns belong together: when they were read again, they replace the earlier ones as
    /// a whole. No column: the whole table.
    Replace {
        /// Columns of the key that name what was read: the parent of a child row, or nothing.
        scope: &'static [&'static str],
    },
    /// Rows are added, or replaced by their key, and never taken away: each answer holds a window of time only.
    Upsert,
    /// Written by the load itself.
    Load,
}

/// One table, declared once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Schema in the warehouse: `main` for people, `etl` about the loads.
    pub schema: &'static str,
    /// Name in that schema.
    pub name: &'static str,
    /// One sentence: what a row is.
    pub doc: &'static str,
    /// Columns that together are unique.
    pub key: &'static [&'static str],
    /// What a load does with its rows.
    pub disposition: Disposition,
    /// Columns in their order, key first; at most [`Table::MOST_COLUMNS`].
    pub columns: &'static [Column],
    /// Columns that the load fills, after the declared ones.
    pub system: &'static [Column],
}

impl Table {
    /// Columns that a table may declare: a row's `_present` has a bit for each, in 64 bits.
    pub const MOST_COLUMNS: usize = 64;

    /// All columns in the order of the table: declared ones, then system ones.
    pub fn all_columns(&self) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().chain(self.system)
    }

    /// Schema and name, as in SQL: `main.prospects`.
    pub fn qualified(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// Arrow schema of the declared columns followed by `extra` fields.
    pub fn arrow_schema(&self, extra: &[Field]) -> Arc<Schema> {
        let declared = self.columns.iter().map(Column::arrow_field);
        Arc::new(Schema::new(declared.chain(extra.iter().cloned()).collect::<Vec<_>>()))
    }
}

/// Every table of the warehouse, people's first.
pub fn tables() -> Vec<&'static Table> {
    let mut tables: Vec<&'static Table> = Vec::new();
    let of_streams =
        crate::catalog::STREAMS.iter().flat_map(|stream| stream.targets).map(|target| target.table);
    for table in of_streams.chain(etl::TABLES.iter().copied()) {
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    tables
}
