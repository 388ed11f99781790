//! Pages into cells, rows, rejects and Parquet files, read back through DuckDB.

#![cfg(test)]

mod cells;
mod children;
mod companies;
mod envelopes;
mod fixtures;
mod hostile;
mod nested;
mod newest;
mod parts;
mod properties;
mod shares;
mod staging;
mod streams;
mod support;
mod tolerant;
