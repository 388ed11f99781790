//! From records to typed rows: JSON in, Arrow out, without a tree of values in between. What JSON and a value mean is
//! [`crate::record`]'s matter.
//!
//! ```text
//!   record  ── record   ──► fields, as JSON text, by the catalog's names
//!   fields  ── row      ──► one cell for each column, `_extra`, rejects
//!   arrays  ── children ──► the same for each element, into the tables of the record's arrays
//!   rows    ── batch    ──► Arrow builders ── worker ──► Parquet files for loading
//! ```
//!
//! Three rules hold everywhere:
//! - **No value disappears** of what was asked for. One that does not fit its column is NULL there and a reject with the JSON as
//!   received; one with more digits than its column is rounded, and its field noted; a record without a usable key is
//!   rejected whole; a field without a column is kept in `_extra`. So rows and rejected records are as many as records, the elements of arrays included. Of what nobody asked
//!   for, nothing is kept.
//! - **Whatever a record holds is no error.** Only a body that is no page at all is one.
//! - **The same pages give the same result**, however many threads work on them.
//!
//! [`stage()`] does all of it for the pages of a stream; [`page_summary`] is the pager's quick look at a page.

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
