//! Declarations of tables: their columns with type, unit and documentation, each declared once.
//!
//! Everything that needs a column reads the same [`Table`]: the record parser, the Arrow schema, the `DuckDB`
//! statements, the data dictionary and the `schema` command. The declarations themselves are in the catalog and
//! [`etl`].

mod column;
pub mod ddl;
pub mod etl;

use std::sync::Arc;

use arrow::datatypes::{Field, Schema};

pub use column::{Column, DECIMAL_PRECISION, DECIMAL_SCALE, Kind, Origin, Role, Sharing, Unit};

/// What a load does with the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// For companies. Rows are merged by key, value by value, so a field that a record lacks never overwrites a value.
    /// A company is marked as deleted when no list holds it any more.
    Merge,
    /// Rows with equal values in the columns of `scope` are replaced together: when they were read again, the new rows
    /// replace the earlier ones as a whole. An empty scope means the whole table.
    Replace {
        /// Columns of the key that identify what was read, such as the parent of a child row.
        scope: &'static [&'static str],
    },
    /// Rows are added, or replaced by their key, and never removed, because each answer covers only a window of time.
    Upsert,
    /// Written by the load itself.
    Load,
}

/// One table, declared once. Two tables are the same if they have the same schema and name.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Schema in the warehouse: `main` for people, `etl` for facts about the loads.
    pub schema: &'static str,
    /// Name in that schema.
    pub name: &'static str,
    /// One sentence: what one row stands for.
    pub doc: &'static str,
    /// Columns whose values together are unique.
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

    /// Whether the table has the system column of a role.
    pub fn has(&self, role: Role) -> bool {
        self.system.iter().any(|column| column.role() == Some(role))
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

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        (self.schema, self.name) == (other.schema, other.name)
    }
}

impl Eq for Table {}
