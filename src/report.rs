//! The report of a run: what was read, with which proof, what changed, and where the time went.

use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::clock::utc_text;
use crate::landing::runs::LandedRun;
use crate::load::{ListCounts, ListResult, LoadInput, Published};
use crate::selection::{country_of, short_id};
use crate::workspace::Workspace;

/// What a run did. Counts are rows or requests, sizes bytes, durations seconds.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Time-ordered id of the run.
    pub run_id: String,
    /// `complete` or `incomplete`.
    pub status: String,
    /// The process's exit code: [`SUCCESS`](crate::error::SUCCESS), or [`SOURCE`](crate::error::SOURCE) when a list is not
    /// proven complete.
    pub exit_code: u8,
    /// When the run first started, UTC.
    pub started_at: String,
    /// When its data were ready, UTC.
    pub finished_at: String,
    /// Whether it went on with an unfinished run.
    pub resumed: bool,
    /// The published file.
    pub warehouse: String,
    /// Its generation.
    pub generation: u64,
    /// Its size.
    pub warehouse_bytes: u64,
    /// Size of all landed pages kept.
    pub landing_bytes: u64,
    /// Requests sent in all sessions of the run, retries included.
    pub requests: u64,
    /// Requests sent again.
    pub retries: u64,
    /// JSON received.
    pub bytes: u64,
    /// Companies seen, each once; rows of all lists when no list of the run holds companies.
    pub rows: u64,
    /// Live companies of the published file that no selection holds; 0 while nothing is selected.
    pub companies_outside: u64,
    /// Members of target groups that no selection of the run holds: not asked about, and what that would have cost.
    pub members_outside: MembersOutside,
    /// Selections of earlier runs that still count, with the companies of each; at most 20.
    pub other_selections: Vec<SelectionLine>,
    /// Rows of each table of schema `main` in the published file.
    pub tables: Vec<TableLine>,
    /// Landed pages that turned out to be damaged and were asked for again.
    pub damaged_pages: u64,
    /// Values and records that did not fit, each as often as it came.
    pub rejects: u64,
    /// Fields that differ from the document.
    pub drift: Vec<DriftLine>,
    /// The proof of each list.
    pub lists: Vec<ListLine>,
    /// Where the time of this session went: the three parts of a run, one after the other.
    pub seconds: Vec<(&'static str, f64)>,
    /// The same in steps. `land` is part of the fetch and runs beside it; `parse` and `build` are the normalising,
    /// added up over its threads; the others are the load's, one after the other.
    pub steps: Vec<(&'static str, f64)>,
}

/// One field that differs from the document.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct DriftLine {
    /// Stream.
    pub stream: String,
    /// The API's field.
    pub field: String,
    /// `unknown`, `missing`, `type` or `precision`.
    pub kind: &'static str,
    /// Records in which it was seen.
    pub count: u64,
}

/// Members of target groups that a run did not ask about by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MembersOutside {
    /// Companies.
    pub members: u64,
    /// Requests that asking about each of them would have cost.
    pub requests: u64,
}

/// A selection of an earlier run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SelectionLine {
    /// Its filters.
    pub list: String,
    /// Companies that it held when it was last read.
    pub companies: u64,
}

/// A table of the published file.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct TableLine {
    /// Its name.
    pub table: String,
    /// Its rows.
    pub rows: u64,
}

/// The proof of one list, and what it changed.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ListLine {
    /// Stream.
    pub stream: String,
    /// The list's filters, the id of its target group, `all` or `companies`.
    pub list: String,
    /// Whether the evidence adds up.
    pub complete: bool,
    /// Why not.
    pub reasons: Vec<String>,
    /// Rows received, each position once; where each company is asked for, records in the answers.
    pub rows_received: u64,
    /// Different companies or rows among them; where each company is asked for, companies answered.
    pub distinct_keys: u64,
    /// The server's total before.
    pub total_before: Option<u64>,
    /// The server's total after.
    pub total_after: Option<u64>,
    /// Rows of a full page.
    pub effective_page_size: u64,
    /// How often it was read.
    pub sweeps: u32,
    /// Companies that the server does not know, where each is asked for.
    pub not_found: u64,
    /// Members of target groups that were not asked about because no selection of the run holds them, where each company is
    /// asked for.
    pub outside: u64,
    /// Business ids that the list was chosen by.
    pub ids_asked: u64,
    /// How many of them did not come.
    pub ids_not_found: u64,
    /// How many of these are one digit short of what ids of their country have.
    pub ids_short: u64,
    /// The first 100 of those that did not come, the short ones first; all of them are in `etl.ids_not_found`.
    pub missing_ids: Vec<String>,
    /// First moment asked for, UTC, where a list is of a window of time.
    pub window_from: Option<String>,
    /// Last moment asked for, UTC.
    pub window_to: Option<String>,
    /// New companies or rows.
    pub inserted: u64,
    /// Companies or rows with changed values.
    pub updated: u64,
    /// Companies or rows without changes.
    pub unchanged: u64,
    /// Companies or rows that disappeared.
    pub deleted: u64,
    /// Rejects from this list.
    pub rejected: u64,
}

/// The line of a list.
fn list_line(list: &ListResult, counted: &ListCounts) -> ListLine {
    let (verdict, country) = (&list.verdict, country_of(&list.list));
    let (short, others): (Vec<&String>, Vec<&String>) =
        verdict.missing_ids.iter().partition(|id| short_id(country, id).is_some());
    ListLine {
        stream: counted.stream.clone(),
        list: list.list.clone(),
        complete: verdict.complete,
        reasons: verdict.reasons.clone(),
        rows_received: verdict.rows_received,
        distinct_keys: verdict.distinct_keys,
        total_before: verdict.total_before,
        total_after: verdict.total_after,
        effective_page_size: verdict.effective_page_size,
        sweeps: verdict.sweeps,
        not_found: verdict.not_found,
        outside: verdict.outside,
        ids_asked: verdict.ids_asked,
        ids_not_found: verdict.missing_ids.len() as u64,
        ids_short: short.len() as u64,
        missing_ids: short.into_iter().chain(others).take(MOST_IDS).cloned().collect(),
        window_from: list.window_us.map(|(from, _)| utc_text(from)),
        window_to: list.window_us.map(|(_, to)| utc_text(to)),
        inserted: counted.counts.inserted,
        updated: counted.counts.updated,
        unchanged: counted.counts.unchanged,
        deleted: counted.counts.deleted,
        rejected: counted.counts.rejected,
    }
}

/// Missing ids that a report names for each list.
const MOST_IDS: usize = 100;

/// The members that the endpoints of a run passed over; each endpoint would have asked about all of them.
fn members_outside(run: &LandedRun) -> MembersOutside {
    let outside = || run.verdicts.iter().map(|verdict| verdict.outside);
    MembersOutside { members: outside().max().unwrap_or(0), requests: outside().sum() }
}

/// Measures the steps of a session.
#[derive(Debug, Clone)]
pub(crate) struct PhaseClock {
    since: Instant,
    ended: Vec<(&'static str, f64)>,
    /// Time that landing took beside the fetch, added up over its threads.
    pub(crate) landing: Duration,
}

impl PhaseClock {
    /// Starts with the first step.
    pub(crate) fn start() -> Self {
        Self { since: Instant::now(), ended: Vec::new(), landing: Duration::ZERO }
    }

    /// Ends the step called `name` and starts the next.
    pub(crate) fn end(&mut self, name: &'static str) {
        self.ended.push((name, self.since.elapsed().as_secs_f64()));
        self.since = Instant::now();
    }
}

impl Report {
    /// Puts the report of a published run together.
    pub(crate) fn new(
        warehouse: &Path,
        workspace: &Workspace,
        run: &LandedRun,
        input: &LoadInput,
        published: &Published,
        resumed: bool,
        phases: PhaseClock,
    ) -> Self {
        let staged = || input.streams.iter().map(|stream| &stream.staged);
        let results = input.streams.iter().flat_map(|stream| stream.lists.iter());
        let counted = published.lists.iter();
        let lists = results.zip(counted).map(|(list, counted)| list_line(list, counted));
        let drift = input
            .streams
            .iter()
            .flat_map(|stream| stream.staged.drift.iter().map(|drift| (stream.stream.name, drift)));
        let drift = drift.map(|(stream, drift)| DriftLine {
            stream: stream.to_owned(),
            field: drift.field.clone(),
            kind: drift.kind.label(),
            count: drift.count,
        });
        let parsing = staged().map(|staged| staged.parsing).sum();
        let building = staged().map(|staged| staged.building).sum();
        let steps = [("land", phases.landing), ("parse", parsing), ("build", building)]
            .into_iter()
            .chain(published.steps.iter().map(|step| (step.name, step.elapsed)))
            .map(|(name, time)| (name, time.as_secs_f64()));
        Self {
            run_id: input.run.run_id.clone(),
            status: input.run.status.clone(),
            exit_code: input.run.exit_code,
            started_at: utc_text(input.run.started_at_us),
            finished_at: utc_text(input.run.finished_at_us),
            resumed,
            warehouse: warehouse.display().to_string(),
            generation: published.generation,
            warehouse_bytes: published.bytes,
            landing_bytes: crate::landing::size_of(&workspace.landing_dir()),
            requests: input.run.requests,
            retries: input.run.retries,
            bytes: input.run.bytes,
            rows: published.totals.inserted + published.totals.updated + published.totals.unchanged,
            tables: published
                .tables
                .iter()
                .map(|(table, rows)| TableLine { table: table.clone(), rows: *rows })
                .collect(),
            companies_outside: published.outside,
            members_outside: members_outside(run),
            other_selections: published
                .other_selections
                .iter()
                .map(|(list, companies)| SelectionLine { list: list.clone(), companies: *companies })
                .collect(),
            damaged_pages: run.damaged_pages,
            rejects: published.totals.rejected,
            drift: drift.collect(),
            lists: lists.collect(),
            seconds: phases.ended,
            steps: steps.collect(),
        }
    }
}
