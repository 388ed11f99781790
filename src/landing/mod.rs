//! What a run keeps durably: its landed pages, and the ledger that says which of them count.
//!
//! [`Landing`] writes the pages of a running run on a thread of its own (`writer`). [`ledger`] is the file of
//! [`Entry`](ledger::Entry) lines beside the pages, [`runs`] reads both back, and [`bundle`] packs answers about
//! several companies into one page. `rewrite` writes the pages of a run anew, without the data to be erased.

pub mod bundle;
mod entry;
mod error;
pub mod ledger;
pub(crate) mod rewrite;
pub mod runs;
mod store;
mod writer;

pub use error::LandingError;
pub use store::{Landing, read_page, size_of};
