//! The one integration-test binary: each one links DuckDB.

