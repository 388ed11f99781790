//! What a run would request, and about how long that takes: the counts are asked for, the rest is worked out.

use std::time::{Duration, Instant};

use super::{SyncSettings, plan};
use crate::api::Client;
use crate::catalog::{Lists, Paging, Stream};
use crate::clock;
use crate::error::Error;
use crate::extract::{Plan, PlannedStream, Total, totals};
use crate::workspace::Workspace;

/// What a run would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimated {
    /// By endpoint, in the order of the run.
    pub streams: Vec<Estimate>,
    /// Requests that it took to find out.
    pub spent: u64,
    /// How long an answer took on average.
    pub answer_time: Duration,
}

/// What a run would do for one endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The stream whose endpoint is asked.
    pub endpoint: &'static str,
    /// The streams that are made of it.
    pub serves: Vec<&'static str>,
    /// Lists that are read.
    pub lists: u64,
    /// Rows that come; none when nobody can tell before asking. Where each company is asked for: companies.
    pub rows: Option<u64>,
    /// Companies that are not asked for, because what is known of them is new enough.
    pub fresh: u64,
    /// About how many requests.
    pub requests: u64,
    /// About how long they take, with as many in flight as the settings allow.
    pub time: Duration,
}

/// Asks for the length of the lists, and works out the rest.
///
/// # Errors
/// The API does not answer, or the published file cannot be read.
pub async fn estimate(settings: &SyncSettings) -> Result<Estimated, Error> {
    let client = Client::new(settings.client.clone())?;
    let workspace = Workspace::inspect(&settings.warehouse)?;
    let plan = plan::plan(settings, &workspace, clock::now_us())?;
    let begin = Instant::now();
    let concurrency = u64::from(settings.client.concurrency.get());
    let totals = totals(&plan, &client, 1).await?;
    let spent = client.stats().requests;
    let answer_time = begin.elapsed() / u32::try_from(spent.max(1)).unwrap_or(u32::MAX);
    let companies: u64 = companies_of(&plan, &totals);
    let streams = plan.streams.iter().map(|planned| {
        let own = totals.iter().filter(|total| total.list.stream == planned.stream.name);
        let (lists, rows, requests, fresh) = if planned.stream.lists == Lists::Companies {
            let fresh = (planned.fresh.len() as u64).min(companies);
            (1, Some(companies - fresh), companies - fresh, fresh)
        } else {
            let lists: Vec<&Total> = own.collect();
            let rows = lists.iter().map(|total| total.rows).sum();
            let requests = lists.iter().map(|total| requests(planned.stream, total, settings)).sum();
            (lists.len() as u64, rows, requests, 0)
        };
        let times = |one: Duration, count: u64| one.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX));
        let at_once = times(answer_time, requests.div_ceil(concurrency));
        let pace = settings.client.requests_per_second.map(|pace| Duration::try_from_secs_f64(pace.recip()));
        let paced = times(pace.map_or(Duration::ZERO, |pace| pace.unwrap_or(Duration::MAX)), requests);
        Estimate {
            endpoint: planned.stream.name,
            serves: planned.serves.clone(),
            lists,
            rows,
            fresh,
            requests,
            time: at_once.max(paced),
        }
    });
    Ok(Estimated { streams: streams.collect(), spent, answer_time })
}

/// Companies that the lists hold; those in several lists are counted several times, so that it is rather too many.
/// Members of target groups count only where no list holds all companies.
fn companies_of(plan: &Plan, totals: &[Total]) -> u64 {
    let rows = |planned: &PlannedStream| {
        let own = totals.iter().filter(|total| total.list.stream == planned.stream.name);
        own.map(|total| total.rows.unwrap_or(total.ids)).sum::<u64>()
    };
    let of = |lists: Lists| {
        let streams = plan.streams.iter().filter(move |planned| planned.stream.lists == lists);
        streams.filter(|planned| planned.stream.holds_companies())
    };
    let whole = of(Lists::Selections).any(|planned| {
        planned.lists.iter().any(|list| list.parameters.is_empty() && list.id_chunks.is_empty())
    });
    let selected: u64 = of(Lists::Selections).map(rows).sum();
    let members: u64 = of(Lists::TargetGroups).map(rows).sum();
    if whole { selected } else { selected + members }
}

/// Requests that it takes to read a list whose pages are as they should be.
fn requests(stream: &Stream, total: &Total, settings: &SyncSettings) -> u64 {
    let page = u64::from(settings.extract.page_size.min(stream.endpoint.max_page_size)).max(1);
    let rows = total.rows.unwrap_or(total.ids);
    match stream.endpoint.paging {
        // All of it at once; where that is all there is and empty, again.
        Paging::Single => 1,
        // Each page by number, and the empty one behind the last; several of them twice.
        Paging::Numbered { .. } => {
            let pages = rows.div_ceil(page).max(1);
            if pages > 1 { 2 * (pages + 1) } else { 2 }
        }
        Paging::Unordered => 2 + pages(rows, page),
        Paging::Ordered { .. } => {
            let slices = rows.div_ceil(settings.extract.slice_rows.max(1)).max(1);
            // A list that is cut has its parts counted, ten at a time; about twice as many slices come out as are needed.
            let (slices, counts) = if slices > 1 { (slices * 2, slices * 4) } else { (slices, 0) };
            let chunks = total.ids.div_ceil(100).max(1);
            2 * chunks + counts + pages(rows / slices, page) * slices
        }
    }
}

/// Pages that overlap by one row, and two that show where the end is.
fn pages(rows: u64, page: u64) -> u64 {
    if rows == 0 {
        return 1;
    }
    rows.div_ceil(page.saturating_sub(1).max(1)) + 2
}
