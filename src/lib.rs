//! Exports the Vainu company-data API into `DuckDB` and Parquet, with segmentation views.

pub mod api;
pub mod catalog;
pub mod clock;
pub mod export;
pub mod extract;
pub mod load;
pub mod normalise;
pub mod query;
pub mod schema;
pub mod secret;
pub mod selection;
pub mod simulator;
pub mod staging;
pub mod terminal;
pub mod views;
pub mod workspace;
