//! From the bytes of a page to typed rows: JSON in, Arrow out, without a tree of values in between.
//!
//! ```text
//! page body ── reading  ──► JSON text, repaired where it is only nearly JSON
//!   text    ── envelope ──► records, as JSON text
//!   record  ── record   ──► fields, as JSON text, by the catalog's names
//!   fields  ── row, cell ─► one cell for each column, `_extra`, rejects
//!   arrays  ── children ─► the same for each element, into the tables of the record's arrays
//!   rows    ── batch    ──► Arrow builders ── worker ──► Parquet files for loading
//! ```
//!
//! Three rules hold everywhere:
//! - **No value disappears** of what was asked for. One that does not fit its column is NULL there and a reject with the JSON as
//!   received; one with more digits than its column is rounded, and its field noted; a record without a usable key is rejected whole; a field without a column is kept in `_extra`.
//!   So rows and rejected records are as many as records, the elements of arrays included. Of what nobody asked
//!   for, nothing is kept.
//! - **Whatever a record holds is no error.** Only a body that is no page at all is one.
//! - **The same pages give the same result**, however many threads work on them.
//!
//! [`stage()`] does all of it for the pages of a stream; [`fingerprints`] is the pager's quick look at a page.

mod around;
mod batch;
pub mod cell;
mod children;
pub(crate) mod company_key;
mod drift;
mod envelope;
mod extra;
mod facts;
mod fields;
mod json_text;
mod key;
mod keyed;
mod mend;
mod nested;
mod newest;
mod normaliser;
mod not_a_page;
mod number;
mod page;
mod parquet_file;
mod plan;
pub(crate) mod reading;
mod record;
mod rejects;
mod repaired;
mod repairs;
mod row;
mod salvage;
mod scopes;
mod stage;
mod stream_plan;
mod target;
mod time;
mod units;
mod worker;
mod zone;

pub(crate) use envelope::records_of;
pub use envelope::{Envelope, Page, parse_page, parse_single};
pub use facts::{PageFacts, fingerprints, fingerprints_and_companies, fingerprints_by, fingerprints_single};
pub(crate) use facts::{facts_and_companies, facts_by};
pub use key::fingerprint;
pub use normaliser::{Counts, LandedPage, Normaliser};
pub use not_a_page::EnvelopeError;
pub use rejects::{Refused, stage_refused};
pub use stage::{StageError, StageOptions, stage};
