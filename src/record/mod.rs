//! What JSON and a value mean: from the bytes of a page to its records, and from a JSON value to a typed cell.
//!
//! ```text
//! page body ── reading  ──► JSON text, repaired where it is only nearly JSON (mend, salvage)
//!   text    ── envelope ──► records, as JSON text
//!   record  ── fields   ──► names and values, as JSON text (json_text)
//!   value   ── cell     ──► number, time, key, text: what a column's kind takes, or why it does not fit
//! ```
//!
//! This module knows kinds of columns, but neither tables nor streams. [`fingerprints`] summarises a page for the
//! pager.

pub mod cell;
pub(crate) mod company_key;
mod company_record;
pub(crate) mod envelope;
mod error;
pub(crate) mod fields;
pub(crate) mod json_text;
pub(crate) mod key;
mod mend;
mod number;
pub(crate) mod page_summary;
pub(crate) mod reading;
pub(crate) mod repairs;
mod salvage;
pub(crate) mod time;

pub(crate) use envelope::records_of;
pub use envelope::{Envelope, Page, parse_page, parse_single};
pub use error::EnvelopeError;
pub use key::fingerprint;
pub use page_summary::{PageSummary, fingerprints, fingerprints_and_companies, fingerprints_single};
pub(crate) use page_summary::{counted, summary_and_companies};
pub use reading::Json;
