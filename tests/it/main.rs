//! The one integration-test binary: each one links DuckDB.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod canonical;
mod cli;
mod client;
mod clock;
mod command_line;
mod crashes;
mod data_quality;
mod documents;
mod encoding;
mod erase;
mod exit_codes;
mod export;
mod faults;
mod fixture_warehouse;
mod fuzz_seeds;
mod hostile;
mod ids;
mod incremental;
mod job;
mod load;
mod normalise;
mod outside;
mod paging;
mod parts;
#[cfg(unix)]
mod places;
mod proxy;
mod query;
mod query_output;
mod query_types;
mod rejects;
mod rights;
mod selection;
mod shared;
mod signals;
mod simulator;
mod staged_fixture;
mod streams;
mod support;
mod sync;
mod views;
mod wire;
mod workspace;
mod xlsx;
