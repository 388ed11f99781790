//! Counts the rows of the lists of a plan, without reading the lists.

use futures::StreamExt;

use super::fanout::discovery;
use super::probe::{self, ParentRecord};
use super::registry::{KnownList, Registry};
use super::{Answers, ExtractError, Plan, all_or_first_error, request};
use crate::catalog::Paging;
use crate::landing::ledger::{Ask, RequestKey, RunList};
use crate::record::reading::Tolerance;

/// A list and its number of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// The list.
    pub list: RunList,
    /// Rows as the server counts them; `None` when the server gives no count, or when one request cannot count the
    /// list.
    pub rows: Option<u64>,
    /// Number of business ids that select the list, which has at most as many rows; 0 when it is not selected by ids.
    pub ids: u64,
}

/// Counts the rows of every list, including those of parents, with one request for each list that can be
/// counted. Nothing is kept.
///
/// # Errors
/// The API does not answer, or a wanted parent does not exist.
pub async fn totals(
    plan: &Plan,
    api: &dyn Answers,
    requests_at_once: usize,
) -> Result<Vec<Total>, ExtractError> {
    let lists = Registry::new(plan, &[]);
    let mut totals = Vec::new();
    let known = lists.all();
    let is_of_parents = |list: &KnownList<'_>| probe::is_parent_of_lists(list.planned.stream);
    for (_, list) in known.iter().filter(|(_, list)| is_of_parents(list)) {
        let stream = list.planned.stream.name;
        let found = parents(list, api).await?;
        let rows = Some(found.len() as u64);
        totals.push(Total { list: list.named.clone(), rows, ids: 0 });
        for (planned, parent) in plan.of_parents().filter(|(_, parent)| parent.stream == stream) {
            for one in discovery::wanted(plan, parent, found.clone())? {
                lists.of_parent(planned, &one.id);
            }
        }
    }
    let others = lists.all().into_iter().filter(|(_, list)| !is_of_parents(list));
    let counts = others.map(|(index, list)| async move {
        let rows = count(index, &list, api).await?;
        let ids = list.list.id_chunks.iter().map(|chunk| chunk.len() as u64).sum();
        Ok(Total { list: list.named.clone(), rows, ids })
    });
    let counted = futures::stream::iter(counts).buffered(requests_at_once.max(1)).collect().await;
    totals.extend(all_or_first_error(counted)?);
    Ok(totals)
}

async fn parents(list: &KnownList<'_>, api: &dyn Answers) -> Result<Vec<ParentRecord>, ExtractError> {
    let key = RequestKey { list: 0, sweep: 1, slice: String::new(), ask: Ask::Whole { again: 0 } };
    Ok(ask(&key, list, api, false).await?.map_or_else(Vec::new, |seen| seen.parents))
}

async fn count(index: u32, list: &KnownList<'_>, api: &dyn Answers) -> Result<Option<u64>, ExtractError> {
    let ask_for = match list.planned.stream.endpoint.paging {
        // Each chunk of ids would need a request of its own.
        Paging::Ordered { .. } if !list.list.id_chunks.is_empty() => return Ok(None),
        Paging::Ordered { .. } | Paging::Unordered => Ask::CountBefore,
        Paging::Numbered { .. } => Ask::Numbered { page: 1, size: 1, again: 0 },
        Paging::Single => return Ok(None),
    };
    let key = RequestKey { list: index, sweep: 1, slice: String::new(), ask: ask_for };
    Ok(ask(&key, list, api, false).await?.and_then(|seen| seen.summary.count))
}

/// Sends a request and probes the answer, for its companies too if `companies` is true; `None` for 404.
pub(super) async fn ask(
    key: &RequestKey,
    list: &KnownList<'_>,
    api: &dyn Answers,
    companies: bool,
) -> Result<Option<probe::Seen>, ExtractError> {
    let request = request::of_list(list, key, api.base_url());
    let (stream, label) = (list.planned.stream, &list.named.label);
    let answer = api.send(&request).await.map_err(|source| {
        api.stop_starting();
        ExtractError::Api { stream: stream.name, list: label.clone(), source }
    })?;
    if answer.status == 404 {
        return Ok(None);
    }
    let want = probe::Want { stream, summarise: list.planned.summarise, companies };
    // A list that comes in one answer is counted even if one of its records cannot be read.
    let seen = probe::probe(want, &answer.body, Tolerance::RecordsUnlessCut);
    seen.map(Some).map_err(|error| ExtractError::Envelope {
        stream: stream.name,
        list: label.clone(),
        request: request.to_string(),
        source: error.quoted_by(api, &answer.body),
    })
}
