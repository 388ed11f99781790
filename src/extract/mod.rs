//! Extracting: reads lists page by page, lands every page, and proves that each list is complete.
//!
//! [`Plan`] says what is read. `registry` holds the resulting lists, including those found while reading. `source`
//! answers a request from landed pages ([`crate::landing`]) or from the API ([`Answers`]), and `probe` summarises the
//! answer. `paging` has one file for each way in which an endpoint gives its pages; `fanout` reads the lists that are
//! derived from other lists. A page that cannot be read is asked for again in halves (`bisect`).

mod answers;
mod bisect;
mod companies_of;
mod counts;
mod error;
mod error_body;
mod fanout;
mod paging;
mod plan;
mod probe;
mod registry;
mod request;
mod source;

use std::collections::BTreeMap;

use futures::StreamExt;

use crate::catalog::{Lists, Paging, Stream};
use crate::landing::Landing;
use crate::landing::ledger::{Entry, RunList, Verdict};
pub use answers::Answers;
pub use companies_of::{Brought, brought};
pub use counts::{Total, totals};
pub use error::ExtractError;
use error::{all_or_first_error, worst};
pub use plan::{COMPANIES, Changes, Plan, PlannedStream, SummarisePage};
pub(crate) use probe::{is_parent_of_lists, parent_ids};
use source::Source;

/// Number of lists that are read concurrently. Their requests share one rate control.
const LISTS_AT_ONCE: usize = 4;

/// How lists are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExtractSettings {
    /// Rows asked for in one request, at least 1; an endpoint that gives fewer is asked for fewer. Default: 1000.
    pub page_size: u32,
    /// A list with more rows is cut into slices of about this many rows at most, so that offsets stay small. Default:
    /// 25,000; 25 pages deep an offset is still cheap for the server.
    pub slice_rows: u64,
    /// Maximum number of requests that wait for a slot at once. About twice the client's concurrency keeps the client
    /// busy. Default: 16.
    pub requests_at_once: usize,
}

impl ExtractSettings {
    /// Default of `page_size`.
    pub const PAGE_SIZE: u32 = 1000;
}

impl Default for ExtractSettings {
    fn default() -> Self {
        Self { page_size: Self::PAGE_SIZE, slice_rows: 25_000, requests_at_once: 16 }
    }
}

/// Receives the progress of a run.
pub trait Observer: Send + Sync + std::fmt::Debug {
    /// So many further rows of a list are known to come; of a list that asks about companies, so many further
    /// companies. The number is `None` when the server gives none.
    fn list_counted(&self, _list: &RunList, _total: Option<u64>) {}
    /// A page has landed, or was found in the landing folder of an interrupted run.
    fn page_landed(&self, _list: &RunList, _rows: u64, _resumed: bool) {}
    /// A list was read to its end.
    fn list_judged(&self, _list: &RunList, _verdict: &Verdict) {}
    /// The run begins its next step.
    fn phase(&self, _name: &'static str) {}
}

/// An observer that does nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}

/// The result of extracting.
#[derive(Debug)]
pub struct Extracted {
    /// The evidence of the lists, in their order.
    pub verdicts: Vec<Verdict>,
    /// Ids of all parents of lists that exist, such as target groups, by the name of their stream. A stream whose list
    /// was not read is not there.
    pub parents: BTreeMap<&'static str, Vec<String>>,
}

/// Reads all lists of a plan and lands their pages.
///
/// Requests that the entries in `recorded` answer are not sent again.
///
/// # Errors
/// Of the errors of all lists, the one that explains the others. Pages landed until then stay landed.
pub async fn extract(
    plan: &Plan,
    api: &dyn Answers,
    landing: &Landing,
    recorded: Vec<Entry>,
    settings: ExtractSettings,
    observer: &dyn Observer,
) -> Result<Extracted, ExtractError> {
    let source = Source::new(plan, api, landing, recorded, settings, observer);
    let all = source.lists.all();
    let of = |wanted: &dyn Fn(&Stream) -> bool| -> Vec<u32> {
        let lists = all.iter().filter(|(_, list)| list.named.parent.is_none() && wanted(list.planned.stream));
        lists.map(|(index, _)| *index).collect()
    };
    let parents_first = of(&is_parent_of_lists);
    let others = of(&|stream| !stream.lists.is_of_answers() && !is_parent_of_lists(stream));
    let companies = of(&|stream| stream.lists.is_of_answers());
    source.queued(source.queue.add(&plan.due, Lists::Selections, false));
    let lists = async {
        let of_parents = async {
            let mut outcomes = read_all(&source, parents_first).await;
            match fanout::discovery::derive(&source).await {
                Ok(derived) => outcomes.extend(read_all(&source, derived).await),
                Err(error) => outcomes.push(Err(error)),
            }
            outcomes
        };
        let (others, of_parents) = futures::join!(read_all(&source, others), of_parents);
        // No list brings further companies now, so the readers of the queue must not wait for more.
        source.queue.close();
        others.into_iter().chain(of_parents).collect::<Vec<_>>()
    };
    let companies = companies.into_iter().map(|index| fanout::companies::read(&source, index));
    let (lists, companies) = futures::join!(lists, futures::future::join_all(companies));
    let mut verdicts = all_or_first_error(lists.into_iter().chain(companies).collect())?;
    verdicts.sort_by_key(|verdict| verdict.list);
    let read = plan.streams.iter().map(|planned| planned.stream).filter(|stream| is_parent_of_lists(stream));
    let ids = |stream: &str| source.parents(stream).into_iter().map(|parent| parent.id).collect();
    Ok(Extracted { verdicts, parents: read.map(|stream| (stream.name, ids(stream.name))).collect() })
}

async fn read_all(source: &Source<'_>, lists: Vec<u32>) -> Vec<Result<Verdict, ExtractError>> {
    let reads = lists.into_iter().map(|index| read(source, index));
    futures::stream::iter(reads).buffer_unordered(LISTS_AT_ONCE).collect().await
}

/// Reads a list in the way in which its endpoint gives pages.
async fn read(source: &Source<'_>, index: u32) -> Result<Verdict, ExtractError> {
    let list = source.lists.get(index);
    let outcome = match list.planned.stream.endpoint.paging {
        Paging::Ordered { .. } => paging::ordered::read(source, index).await,
        Paging::Unordered => paging::unordered::read(source, index).await,
        Paging::Numbered { .. } => paging::numbered::read(source, index).await,
        Paging::Single => paging::single::read(source, index).await,
    };
    let Some(parent) = list.planned.stream.lists.parent().filter(|_| list.named.parent.is_some()) else {
        return outcome;
    };
    match outcome {
        Err(ExtractError::NoSuchList { .. }) => {
            let reason = format!("the server no longer knows the {} (404)", parent.noun);
            Ok(fanout::discovery::unread(source, index, reason))
        }
        // The same holds for a parent whose id the server does not accept.
        Err(ExtractError::Api { source: refusal, .. }) if refusal.is_about_the_request() => {
            Ok(fanout::discovery::unread(source, index, refusal.to_string()))
        }
        outcome => outcome,
    }
}
