//! Exports the Vainu company-data API into `DuckDB` and Parquet, with segmentation views.

