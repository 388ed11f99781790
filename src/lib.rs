//! Exports the Vainu company-data API into `DuckDB` and Parquet, with segmentation views.

pub mod catalog;
pub mod schema;
pub mod simulator;
pub mod staging;
