//! What a run would request, and about how long that takes: the counts are asked for, the rest is worked out.

use std::time::{Duration, Instant};

use super::{SyncSettings, plan};
use crate::api::Client;
use crate::catalog::{Lists, Paging, Stream};
use crate::clock;
use crate::error::Error;
use crate::extract::{Brought, Plan, PlannedStream, Total, brought, totals};
use crate::workspace::Workspace;

/// Requests that reading the lists beforehand may take, so that no company is counted twice.
const MOST_READS: u64 = 200;

/// What a run would do.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Estimated {
    /// By endpoint, in the order of the run.
    pub streams: Vec<Estimate>,
    /// Members of target groups that no selection holds; none where there is no selection, or nothing is asked of each
    /// company.
    pub outside: Option<Outside>,
    /// Requests that it took to find out.
    pub spent: u64,
    /// How long an answer took on average.
    pub answer_time: Duration,
}

/// Members of target groups that no selection holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outside {
    /// How many there are, but for those that are new enough.
    pub members: u64,
    /// Whether so many there are; else at most so many, because the lists are too long to be read beforehand.
    pub exact: bool,
    /// Requests that asking about each of them costs.
    pub requests: u64,
    /// Whether the run asks about them, so that its requests are among those of the streams.
    pub asked_about: bool,
}

/// What a run would do for one endpoint.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Estimate {
    /// The stream whose endpoint is asked.
    pub endpoint: &'static str,
    /// The streams that are made of it.
    pub serves: Vec<&'static str>,
    /// Lists that are read.
    pub lists: u64,
    /// Rows that come; none when nobody can tell before asking. Where each company is asked for: companies.
    pub rows: Option<u64>,
    /// Whether `rows` and `requests` are only bounds: the lists are too long to be read beforehand, and some companies may
    /// be in several of them, or be new enough.
    pub at_most: bool,
    /// What `rows` counts: `rows` or `companies`.
    pub unit: &'static str,
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
    let history = super::history(settings, &workspace)?;
    let plan = plan::plan(settings, history.as_deref(), clock::now_us(), None)?;
    let begin = Instant::now();
    let concurrency = u64::from(settings.client.concurrency.get());
    let totals = totals(&plan, &client, 1).await?;
    let wants_reading = wants_reading(&plan, &totals);
    let known = if wants_reading {
        let left = settings
            .client
            .max_requests
            .map_or(MOST_READS, |most| most.saturating_sub(client.stats().requests).min(MOST_READS));
        brought(&plan, &totals, &client, settings.extract.page_size, left).await?
    } else {
        None
    };
    let spent = client.stats().requests;
    let answer_time = begin.elapsed() / u32::try_from(spent.max(1)).unwrap_or(u32::MAX);
    let asked = Asked::of(&plan, &totals, known.as_ref());
    let is_bound = plan.reads_changes() || (wants_reading && known.is_none());
    let streams = plan.streams.iter().map(|planned| {
        let own = totals.iter().filter(|total| total.list.stream == planned.stream.name);
        let (lists, rows, requests, fresh) = if planned.stream.lists.is_of_answers() {
            (1, Some(asked.companies), asked.companies, asked.fresh)
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
            at_most: is_bound && planned.stream.lists.is_of_answers(),
            unit: if planned.stream.lists.is_of_answers() { "companies" } else { "rows" },
            fresh,
            requests,
            time: at_once.max(paced),
        }
    });
    Ok(Estimated { streams: streams.collect(), outside: asked.outside, spent, answer_time })
}

/// Streams of a plan that ask about each company.
fn asking(plan: &Plan) -> impl Iterator<Item = &PlannedStream> {
    plan.streams.iter().filter(|planned| planned.stream.lists.is_of_answers())
}

/// Whether counts alone do not tell how many companies are asked about: several lists bring some, or some are new enough.
fn wants_reading(plan: &Plan, totals: &[Total]) -> bool {
    let bring = |total: &&Total| {
        plan.streams
            .iter()
            .any(|planned| planned.stream.name == total.list.stream && planned.stream.holds_companies())
    };
    let has_fresh = asking(plan).any(|planned| !planned.fresh.is_empty());
    asking(plan).next().is_some()
        && !plan.reads_changes()
        && plan.is_selective()
        && (has_fresh || totals.iter().filter(bring).count() > 1)
}

/// Companies that are asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    companies: u64,
    /// Companies that are new enough, besides.
    fresh: u64,
    outside: Option<Outside>,
}

impl Asked {
    /// By what the lists hold, where they were read; else by their lengths, which is rather too many: those in several lists
    /// are counted several times.
    fn of(plan: &Plan, totals: &[Total], known: Option<&Brought>) -> Self {
        let endpoints = asking(plan).count() as u64;
        let fresh = asking(plan).next().map(|planned| &planned.fresh);
        let asks_members = !plan.passes_members_over();
        let is_fresh = |company: &&u64| fresh.is_some_and(|fresh| fresh.contains(company));
        let outside = |members: u64, exact: bool| {
            (plan.is_selective() && endpoints > 0).then(|| Outside {
                members,
                exact,
                requests: members.saturating_mul(endpoints),
                asked_about: asks_members,
            })
        };
        if let Some(Brought { selected, members }) = known {
            let others = || members.difference(selected);
            let others_fresh = others().filter(is_fresh).count();
            let due_outside = (others().count() - others_fresh) as u64;
            let selected_fresh = selected.iter().filter(is_fresh).count();
            let (more, more_fresh) = if asks_members { (due_outside, others_fresh as u64) } else { (0, 0) };
            return Self {
                companies: (selected.len() - selected_fresh) as u64 + more,
                fresh: selected_fresh as u64 + more_fresh,
                outside: outside(due_outside, true),
            };
        }
        let rows = |selected: bool| {
            let is_chosen = move |lists: Lists| (lists == Lists::Selections) == selected;
            let streams = plan.streams.iter().filter(move |planned| is_chosen(planned.stream.lists));
            let own = streams.filter(|planned| planned.stream.holds_companies()).flat_map(|planned| {
                totals.iter().filter(move |total| total.list.stream == planned.stream.name)
            });
            own.map(|total| total.rows.unwrap_or(total.ids)).sum::<u64>()
        };
        let (selected, members) = (rows(true), rows(false));
        if plan.reads_changes() {
            // Those that changed may be among those that are due.
            let more = if asks_members { members } else { 0 };
            let companies = selected.saturating_add(plan.due.len() as u64).saturating_add(more);
            return Self { companies, fresh: 0, outside: outside(members, members == 0) };
        }
        // Where a list holds all companies, members are among them.
        let all = if plan.is_selective() && asks_members { selected + members } else { selected };
        // Those that are new enough may be of other selections.
        let fresh =
            if plan.is_selective() { 0 } else { fresh.map_or(0, |fresh| fresh.len() as u64).min(all) };
        Self { companies: all - fresh, fresh, outside: outside(members, members == 0) }
    }
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
