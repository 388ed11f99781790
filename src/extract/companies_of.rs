//! Finds which companies the lists of a plan bring, by reading the lists once without keeping anything. Counts alone
//! cannot show that two lists hold the same company.

use std::collections::HashSet;
use std::sync::Arc;

use super::counts::{Total, ask};
use super::registry::{KnownList, Registry};
use super::{Answers, ExtractError, Plan};
use crate::catalog::Lists;
use crate::landing::ledger::{Ask, RequestKey};
use crate::record::fingerprint;

/// The companies that lists bring, as [fingerprints](fingerprint).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brought {
    /// Companies that a selection holds.
    pub selected: HashSet<u64>,
    /// Members of target groups, whether or not a selection holds them.
    pub members: HashSet<u64>,
}

/// Reads the lists that bring companies; `None` when that would take more than `most_requests` requests.
///
/// # Errors
/// The API does not answer.
pub async fn brought(
    plan: &Plan,
    totals: &[Total],
    api: &dyn Answers,
    page_size: u32,
    most_requests: u64,
) -> Result<Option<Brought>, ExtractError> {
    let lists = Registry::new(plan, &[]);
    for total in totals {
        let planned = plan.streams.iter().find(|planned| planned.stream.name == total.list.stream);
        if let (Some(planned), Some(id)) = (planned, &total.list.parent) {
            lists.of_parent(planned, id);
        }
    }
    let lists: Vec<_> = lists.all();
    let lists = lists.iter().filter(|(_, list)| list.planned.stream.holds_companies());
    let lists: Vec<_> = lists
        .map(|(index, list)| {
            let size = page_size.min(list.planned.stream.endpoint.max_page_size).max(1);
            let rows = totals.iter().find(|total| total.list == list.named).and_then(|total| total.rows);
            (*index, list, size, rows)
        })
        .collect();
    let pages = |(_, list, size, rows): &(u32, &Arc<KnownList<'_>>, u32, Option<u64>)| {
        let chunks = list.list.id_chunks.len() as u64;
        rows.unwrap_or(0).div_ceil(u64::from(*size)).max(2 * chunks).max(1)
    };
    if lists.iter().map(pages).sum::<u64>() > most_requests {
        return Ok(None);
    }
    let mut brought = Brought::default();
    for (index, list, size, rows) in lists {
        let companies = match list.planned.stream.lists {
            Lists::Selections => &mut brought.selected,
            _ => &mut brought.members,
        };
        read(index, list, size, rows, api, companies).await?;
    }
    Ok(Some(brought))
}

/// Reads a list and adds its companies.
async fn read(
    index: u32,
    list: &KnownList<'_>,
    limit: u32,
    rows: Option<u64>,
    api: &dyn Answers,
    companies: &mut HashSet<u64>,
) -> Result<(), ExtractError> {
    let chunks = list.list.id_chunks.len();
    let slices = if chunks == 0 {
        vec![String::new()]
    } else {
        (0..chunks).map(|chunk| format!("#{chunk}")).collect()
    };
    for slice in slices {
        let mut offset = 0;
        while rows.is_none_or(|rows| offset < rows) {
            let page = Ask::Page { offset, limit, again: 0, with_count: false };
            let key = RequestKey { list: index, sweep: 1, slice: slice.clone(), ask: page };
            let Some(seen) = ask(&key, list, api, true).await? else { break };
            let before = companies.len();
            companies.extend(seen.companies.iter().map(|company| fingerprint(company)));
            offset += seen.summary.rows.len() as u64;
            // A server that repeats the same page forever ends the reading, too.
            if seen.summary.rows.is_empty() || (rows.is_none() && companies.len() == before) {
                break;
            }
        }
    }
    Ok(())
}
