//! The data dictionary: every table and column, as Markdown for people and as JSON for programs.

use serde::Serialize;

use super::tables;
use crate::schema::{Column, Table};

/// One table of the dictionary.
#[derive(Debug, Serialize)]
pub struct TableEntry {
    /// `main` or `etl`.
    pub schema: &'static str,
    /// Name in that schema.
    pub name: &'static str,
    /// What one row stands for.
    pub doc: &'static str,
    /// Columns whose values together are unique.
    pub key: &'static [&'static str],
    /// Columns in order.
    pub columns: Vec<ColumnEntry>,
}

/// One column of the dictionary.
#[derive(Debug, Serialize)]
pub struct ColumnEntry {
    /// Name in the warehouse.
    pub name: &'static str,
    /// Type in `DuckDB`.
    #[serde(rename = "type")]
    pub sql_type: &'static str,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// Unit of the values; empty if there is none.
    pub unit: &'static str,
    /// The API's fields that the values come from.
    pub api_fields: &'static [&'static str],
    /// Meaning of a value, and of NULL.
    pub doc: &'static str,
}

/// Every table of the warehouse with its columns.
pub fn entries() -> Vec<TableEntry> {
    tables().into_iter().map(table_entry).collect()
}

fn table_entry(table: &'static Table) -> TableEntry {
    TableEntry {
        schema: table.schema,
        name: table.name,
        doc: table.doc,
        key: table.key,
        columns: table.all_columns().map(column_entry).collect(),
    }
}

fn column_entry(column: &'static Column) -> ColumnEntry {
    ColumnEntry {
        name: column.name,
        sql_type: column.kind.sql_type(),
        nullable: column.nullable,
        unit: column.unit.label(),
        api_fields: column.sources().0,
        doc: column.doc,
    }
}

/// The dictionary as one Markdown section per table.
pub fn markdown() -> String {
    let mut text = String::new();
    for table in entries() {
        text.push_str(&format!("## `{}.{}`\n\n{}\n\n", table.schema, table.name, table.doc));
        text.push_str(&format!("Key: {}\n\n", table.key.join(", ")));
        text.push_str("| column | type | unit | API field | meaning |\n|---|---|---|---|---|\n");
        for column in &table.columns {
            let null = if column.nullable { "" } else { " not null" };
            text.push_str(&format!(
                "| `{}` | {}{null} | {} | {} | {} |\n",
                column.name,
                column.sql_type,
                column.unit,
                column.api_fields.join(", "),
                column.doc.replace('|', "\\|"),
            ));
        }
        text.push('\n');
    }
    text
}

/// The dictionary as JSON: an array of tables.
///
/// # Errors
/// None in practice: JSON can represent everything in the dictionary.
pub fn json() -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(&entries())? + "\n")
}
