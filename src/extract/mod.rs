//! Extracting: reads lists page by page, lands every page, and proves that a list is complete.
//!
//! [`ledger`] says what is durable, [`landing`] keeps the pages, `source` answers a request from either of them
//! or from the API ([`Answers`]), `coverage` lays pages side by side, `slice` reads one part of a list, and `list`
//! decides whether the evidence adds up.

mod answers;
mod coverage;
pub mod landing;
pub mod ledger;
mod list;
pub mod runs;
mod slice;
mod source;

use std::path::PathBuf;

use futures::StreamExt;

use crate::api::{ApiError, ErrorKind};
use crate::catalog::Stream;
use crate::normalise::EnvelopeError;
use crate::selection::List;
pub use answers::Answers;
use landing::Landing;
use ledger::{Entry, Verdict};
use source::Source;

/// Lists that are read side by side; their requests share one rate control.
const LISTS_AT_ONCE: usize = 4;

/// How lists are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtractSettings {
    /// Rows asked for in one request, 1 to the endpoint's most.
    pub page_size: u32,
    /// A list with more rows than this is cut into slices of at most about this many, so that offsets stay small.
    pub slice_rows: u64,
    /// Requests that may wait for a slot at once; about twice the client's concurrency keeps it busy.
    pub requests_at_once: usize,
}

/// What the run tells whoever watches it.
pub trait Observer: Send + Sync + std::fmt::Debug {
    /// The server's total of a list is known.
    fn list_counted(&self, _list: &str, _total: Option<u64>) {}
    /// A page has landed, or was found in the landing folder of the interrupted run.
    fn page_landed(&self, _list: &str, _rows: u64, _resumed: bool) {}
    /// A list is read to its end.
    fn list_judged(&self, _list: &str, _verdict: &Verdict) {}
    /// The run begins its next step.
    fn phase(&self, _name: &'static str) {}
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}

/// Why a stream could not be extracted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The API did not answer as it should.
    #[error("cannot read list `{list}` of stream `{stream}`")]
    Api {
        /// Stream.
        stream: &'static str,
        /// List.
        list: String,
        /// What the API did.
        source: ApiError,
    },
    /// An answer is JSON of another shape than documented.
    #[error("cannot read list `{list}` of stream `{stream}`: unexpected answer to {request}")]
    Envelope {
        /// Stream.
        stream: &'static str,
        /// List.
        list: String,
        /// Method, path and parameters.
        request: String,
        /// What is wrong with it.
        source: EnvelopeError,
    },
    /// 404 for the list itself.
    #[error("cannot read list `{list}`: the server answered 404 Not Found to {request}")]
    NoSuchList {
        /// List.
        list: String,
        /// Method, path and parameters.
        request: String,
    },
    /// The ledger has no readable header.
    #[error("`{}` is no ledger of this version", path.display())]
    Ledger {
        /// Path of the ledger.
        path: PathBuf,
    },
    /// The ledger of a finished run has lines that cannot be read.
    #[error("{lines} lines of the ledger `{}` are damaged, so that landed pages are missing", path.display())]
    DamagedLedger {
        /// Path of the ledger.
        path: PathBuf,
        /// How many.
        lines: u64,
    },
    /// A landed page cannot be read back.
    #[error("landed page {number} is damaged: {reason}")]
    Damaged {
        /// Number of the page.
        number: u64,
        /// What is wrong.
        reason: String,
    },
    /// The landing folder cannot be written to.
    #[error("cannot write to the landing folder `{}`: {reason}", folder.display())]
    Landing {
        /// The folder.
        folder: PathBuf,
        /// Why.
        reason: String,
    },
    /// The landing thread has ended after an error that was reported elsewhere.
    #[error("landing has stopped after an earlier error")]
    LandingStopped,
    /// Any other input or output error; the message names the path.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl ExtractError {
    /// How much the error explains: of several at once the one with the highest rank is reported. One that says
    /// "interrupted" or "stopped" only follows from another.
    fn rank(&self) -> u8 {
        match self {
            Self::LandingStopped => 0,
            Self::Api { source, .. } if source.kind() == ErrorKind::Interrupted => 1,
            Self::Api { source, .. } if source.kind() == ErrorKind::Budget => 2,
            _ => 3,
        }
    }
}

/// Reads all lists of a stream and lands their pages; returns the evidence, in the order of the lists.
///
/// What `recorded` holds is not asked for again.
///
/// # Errors
/// The first error of any list; pages landed until then stay landed.
pub async fn extract(
    stream: &'static Stream,
    lists: &[List],
    api: &dyn Answers,
    landing: &Landing,
    recorded: Vec<Entry>,
    settings: ExtractSettings,
    observer: &dyn Observer,
) -> Result<Vec<Verdict>, ExtractError> {
    let source = Source::new(stream, lists, api, landing, recorded, settings, observer);
    let reads = (0..lists.len()).map(|index| list::read(&source, index));
    let outcomes: Vec<_> = futures::stream::iter(reads).buffer_unordered(LISTS_AT_ONCE).collect().await;
    let mut verdicts = all_or_first_error(outcomes)?;
    verdicts.sort_by_key(|verdict| verdict.list);
    Ok(verdicts)
}

/// All values, or the error that explains the others.
///
/// Everything has run to its end by now: a request in flight is landed before an error is returned.
fn all_or_first_error<T>(outcomes: Vec<Result<T, ExtractError>>) -> Result<Vec<T>, ExtractError> {
    let mut values = Vec::with_capacity(outcomes.len());
    let mut worst: Option<ExtractError> = None;
    for outcome in outcomes {
        match outcome {
            Ok(value) => values.push(value),
            Err(error) if worst.as_ref().is_none_or(|worst| worst.rank() < error.rank()) => {
                worst = Some(error);
            }
            Err(_) => {}
        }
    }
    worst.map_or(Ok(values), Err)
}
