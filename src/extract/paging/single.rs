//! Reads a list that comes in one answer.
//!
//! No change can tear such a list. Unless the server gives a total, the only evidence is that the whole answer came.
//! An empty answer is asked for a second time where it would mean that nothing exists any more.

use crate::catalog::Lists;
use crate::extract::ExtractError;
use crate::extract::paging::coverage::distinct;
use crate::extract::source::Source;
use crate::landing::ledger::{Ask, RequestKey, Verdict};

/// Reads the list with that index.
pub(in crate::extract) async fn read(source: &Source<'_>, index: u32) -> Result<Verdict, ExtractError> {
    let list = source.lists.get(index);
    let key = |again| RequestKey { list: index, sweep: 1, slice: String::new(), ask: Ask::Whole { again } };
    let mut page = source.page(key(0), None).await?;
    if page.rows.is_empty() && list.planned.stream.lists == Lists::Whole {
        page = source.page(key(1), None).await?;
    }
    let received = page.rows.len() as u64;
    let verdict = Verdict {
        list: index,
        rows_received: received,
        distinct_keys: distinct(&page.rows),
        total_before: page.count,
        total_after: page.count,
        effective_page_size: received,
        sweeps: 1,
        complete: page.count.is_none_or(|count| count == received),
        reasons: match page.count {
            Some(count) if count != received => {
                vec![format!("the server's total is {count}, {received} rows were received")]
            }
            _ => Vec::new(),
        },
        accepted: vec![(String::new(), 1)],
        not_found: 0,
        outside: 0,
        ids_asked: 0,
        missing_ids: Vec::new(),
        unreadable: 0,
        unfiltered: false,
    };
    source.observer.list_counted(&list.named, Some(received));
    Ok(source.judged(verdict))
}
