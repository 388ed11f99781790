//! What is durable of a run: its landed pages, and the ledger that says which of them count.
//!
//! [`Landing`] keeps the pages of a run that is at work, through a thread of its own (`writer`). [`ledger`] is the file of
//! [`Entry`](ledger::Entry) lines beside them, [`runs`] reads both back, and [`bundle`] is several companies' answers in one
//! page. `rewrite` writes the pages of a run anew, without what is to be erased.

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
