//! Makes the warehouse again from the landed pages, without one request.
//!
//! For each list the latest finished run that read it counts. What only older pages or the published file know
//! (earlier values, companies that disappeared long ago) is not rebuilt; the file replaced stays a generation.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use crate::catalog::{STREAMS, Stream};
use crate::clock;
use crate::error::{Error, SOURCE};
use crate::extract::ExtractError;
use crate::extract::landing::read_page;
use crate::extract::ledger::{self, LandedAt, Verdict};
use crate::extract::runs::{self, LandedRun, RunState};
use crate::load::{ListResult, LoadInput, LoadSettings, RunRecord, StreamInput};
use crate::normalise::LandedPage;
use crate::pipeline::{list_result, publish_with_views, run_id, stage_pages};
use crate::workspace::{Lock, Workspace};

/// What a rebuild did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    /// Generation published.
    pub generation: u64,
    /// Runs whose pages it was made from.
    pub runs: usize,
    /// Rows loaded.
    pub rows: u64,
}

/// A list and the run that read it last.
struct Source<'a> {
    run: &'a LandedRun,
    verdict: &'a Verdict,
}

/// Rebuilds and publishes the warehouse. With `allow_missing_lists`, lists that the published file knows but no
/// landed run holds are left out; else they are an error.
///
/// # Errors
/// Nothing has landed, lists are missing, a page is damaged, or the result cannot be published.
pub fn rebuild(
    warehouse: &Path,
    settings: &LoadSettings,
    keep: usize,
    allow_missing_lists: bool,
) -> Result<Rebuilt, Error> {
    let workspace = Workspace::open(warehouse)?;
    let lock = workspace.lock("rebuild")?;
    let mut finished = runs::list(&workspace.landing_dir())?;
    finished.retain(|run| matches!(run.state, RunState::Published(_)));
    let mut inputs = Vec::new();
    let mut used = HashSet::new();
    let now = clock::now_us();
    let id = run_id(now);
    for stream in STREAMS {
        let sources = latest(&finished, stream);
        if !allow_missing_lists {
            require_all_lists(&workspace, stream, &sources)?;
        }
        used.extend(sources.values().map(|source| source.run.header.run_id.clone()));
        inputs.push(stage_sources(stream, &id, &sources, &workspace)?);
    }
    let damaged = |run: &&LandedRun| run.damaged_lines > 0 && used.contains(&run.header.run_id);
    if let Some(run) = finished.iter().find(damaged) {
        let path = ledger::path_in(&run.folder);
        return Err(ExtractError::DamagedLedger { path, lines: run.damaged_lines }.into());
    }
    if used.is_empty() {
        return Err(Error::NothingLanded { folder: workspace.landing_dir() });
    }
    publish(&workspace, &lock, settings, keep, (id, now), inputs, &used)
}

fn publish(
    workspace: &Workspace,
    lock: &Lock,
    settings: &LoadSettings,
    keep: usize,
    (run_id, started_at_us): (String, i64),
    streams: Vec<StreamInput>,
    used: &HashSet<String>,
) -> Result<Rebuilt, Error> {
    let complete = streams.iter().flat_map(|stream| &stream.lists).all(|list| list.complete);
    let mut names: Vec<&str> = used.iter().map(String::as_str).collect();
    names.sort_unstable();
    let run = RunRecord {
        run_id,
        started_at_us,
        finished_at_us: clock::now_us(),
        status: if complete { "complete" } else { "incomplete" }.to_owned(),
        exit_code: if complete { 0 } else { SOURCE },
        arguments: Some(format!("rebuild from {}", names.join(", "))),
        requests: 0,
        retries: 0,
        bytes: 0,
    };
    let input =
        LoadInput { streams, retired: Vec::new(), run, from_scratch: true, max_deleted_percent: 100.0, keep };
    let published = publish_with_views(workspace, lock, &input, settings)?;
    Ok(Rebuilt { generation: published.generation, runs: used.len(), rows: published.totals.inserted })
}

/// The lists of a stream by label, each with the latest run that read it.
fn latest<'a>(runs: &'a [LandedRun], stream: &Stream) -> BTreeMap<String, Source<'a>> {
    let mut latest = BTreeMap::new();
    for run in runs.iter().filter(|run| run.header.stream == stream.name) {
        for verdict in &run.verdicts {
            latest.insert(run.label(verdict.list).to_owned(), Source { run, verdict });
        }
    }
    latest
}

fn require_all_lists(
    workspace: &Workspace,
    stream: &Stream,
    sources: &BTreeMap<String, Source<'_>>,
) -> Result<(), Error> {
    if !workspace.is_published() {
        return Ok(());
    }
    let mut known = Vec::new();
    let options = crate::query::QueryOptions { format: crate::query::Format::Jsonl, ..Default::default() };
    let sql = format!(
        "SELECT DISTINCT list FROM etl.list_members WHERE stream = {} ORDER BY list",
        crate::schema::ddl::literal(stream.name)
    );
    crate::query::query(workspace.published(), &sql, &options, &mut known)?;
    let lists = String::from_utf8_lossy(&known)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|row| row.get("list").and_then(|list| list.as_str()).map(str::to_owned))
        .filter(|list| !sources.contains_key(list))
        .collect::<Vec<_>>();
    if lists.is_empty() { Ok(()) } else { Err(Error::MissingLists { lists }) }
}

fn stage_sources(
    stream: &'static Stream,
    run_id: &str,
    sources: &BTreeMap<String, Source<'_>>,
    workspace: &Workspace,
) -> Result<StreamInput, Error> {
    let mut pages: Vec<(&Path, u32, LandedAt)> = Vec::new();
    let mut lists: Vec<ListResult> = Vec::new();
    for (index, source) in (0..).zip(sources.values()) {
        lists.push(list_result(source.run, source.verdict));
        let accepted =
            source.run.accepted_pages().into_iter().filter(|(key, _)| key.list == source.verdict.list);
        pages.extend(accepted.map(|(_, at)| (source.run.folder.as_path(), index, at)));
    }
    pages.sort_by_key(|(_, _, at)| std::cmp::Reverse(at.fetched_at_us));
    let pages = (1..).zip(pages).map(|(number, (folder, list, at))| {
        let body = read_page(folder, &at)?;
        Ok(LandedPage { number, list, fetched_at_us: at.fetched_at_us, parent: Vec::new(), body })
    });
    let staged = stage_pages(stream, run_id, pages, &workspace.staging_dir())?;
    Ok(StreamInput { stream, staged, lists })
}
