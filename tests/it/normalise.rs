//! Pages into cells, rows, rejects and Parquet files, read back through DuckDB.

#![cfg(test)]

mod cells;
mod envelopes;
mod hostile;
mod properties;
mod staging;
mod support;
