//! Writers for the rows of a table, by file format.

pub(in crate::export) mod parquet;
pub(in crate::export) mod rows;
