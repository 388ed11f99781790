//! The one integration-test binary: each one links DuckDB.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod client;
mod load;
mod normalise;
mod simulator;
mod staged_fixture;
mod workspace;
