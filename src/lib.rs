//! Exports the Vainu company-data API into `DuckDB` and Parquet, with segmentation views.

pub mod api;
pub mod catalog;
pub mod clock;
pub mod load;
pub mod normalise;
pub mod schema;
pub mod secret;
pub mod simulator;
pub mod staging;
pub mod workspace;
