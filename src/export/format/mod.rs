//! How the rows of a table are written.

pub(in crate::export) mod parquet;
pub(in crate::export) mod rows;
