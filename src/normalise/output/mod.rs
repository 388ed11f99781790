//! Writes rows into Arrow batches and Parquet files.

pub(in crate::normalise) mod batch;
pub(in crate::normalise) mod parquet_file;
pub(in crate::normalise) mod rejects;
pub(in crate::normalise) mod scopes;
pub(in crate::normalise) mod worker;
