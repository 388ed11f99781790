//! Turns records into typed rows: JSON in, Arrow out, without a tree of values in between. [`crate::record`] knows
//! what JSON and a value mean.
//!
//! ```text
//!   record  ── record   ──► fields, as JSON text, by the catalog's names
//!   fields  ── row      ──► one cell for each column, `_extra`, rejects
//!   arrays  ── children ──► the same for each element, into the tables of the record's arrays
//!   rows    ── batch    ──► Arrow builders ── worker ──► Parquet files for loading
//! ```
//!
//! Three rules hold everywhere:
//! - **No value disappears** that was asked for. A value that does not fit its column is NULL there, and a reject with
//!   the JSON as received. A value with more digits than its column is rounded, and its field is noted. A record
//!   without a usable key is rejected whole. A field without a column is kept in `_extra`. So rows and records
//!   rejected whole add up to the number of records, with the elements of arrays included. Nothing is kept of what was
//!   not asked for.
//! - **The content of a record is never an error.** Only a body that is not a page at all is one.
//! - **The same pages give the same result**, however many threads work on them.
//!
//! [`stage()`] does all of this for the pages of a stream. [`page_summary`] summarises a page for the pager.

mod dedup;
mod drift;
mod mapping;
mod normaliser;
mod output;
mod rows;
mod stage;
mod stream_summary;

pub use normaliser::{Counts, LandedPage, Normaliser};
pub use output::rejects::{Refused, stage_refused};
pub use stage::{StageError, StageOptions, stage};
pub use stream_summary::{fingerprints_by, page_summary};
