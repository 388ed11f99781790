//! Makes the warehouse again from the landed pages, without one request.
//!
//! For each list the latest finished run that read it counts; of companies' details and of leads, which are read in parts,
//! all finished runs. What only older pages or the published file know
//! (earlier values, companies that disappeared long ago) is not rebuilt; the file replaced stays a generation.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use crate::catalog::{self, Lists, STREAMS, Stream};
use crate::clock::Timeline;
use crate::error::{Error, SOURCE};
use crate::extract::{is_parent_of_lists, parent_ids};
use crate::landing::bundle::MOST_COMPANIES;
use crate::landing::ledger::{self, RunList, Verdict};
use crate::landing::runs::{self, LandedRun, RunState};
use crate::landing::{LandingError, read_page};
use crate::load::{self, LoadInput, LoadSettings, Restored, RunRecord, StreamInput};
use crate::pipeline::planner::Served;
use crate::pipeline::{
    Piece, SyncSettings, clear, last_written, list_result, new_run_id, pieces, publish_with_views, refused,
    served_by, stage_pieces, unusual,
};
use crate::schema::Disposition;
use crate::selection::ALL;
use crate::staging::Staged;
use crate::views::StatusText;
use crate::workspace::{Lock, Workspace};

/// What a rebuild did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rebuilt {
    /// Generation published.
    pub generation: u64,
    /// Runs whose pages it was made from.
    pub runs: usize,
    /// Rows of the tables for people.
    pub rows: u64,
}

/// What streams that are made of the same pages are rebuilt from.
#[derive(Debug)]
struct LandedSource<'a> {
    endpoint: &'static Stream,
    serves: Vec<Served>,
    /// Lists by label, each with the latest run that read it.
    latest: BTreeMap<String, ReadRun<'a>>,
    /// Every reading whose pages count, oldest first.
    readings: Vec<ReadRun<'a>>,
}

/// A list as a run read it.
#[derive(Debug, Clone, Copy)]
struct ReadRun<'a> {
    run: &'a LandedRun,
    index: u32,
    list: &'a RunList,
    verdict: &'a Verdict,
}

impl LandedSource<'_> {
    /// Whether both are made of the same pages, so that one reading serves both.
    fn reads_the_same(&self, other: &Self) -> bool {
        let readings = |source: &Self| -> Vec<_> {
            source.readings.iter().map(|reading| (reading.run.folder.clone(), reading.index)).collect()
        };
        self.endpoint.name == other.endpoint.name && readings(self) == readings(other)
    }
}

/// How to rebuild. Start with the default and set single fields.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RebuildSettings {
    /// What building the next generation may use.
    pub load: LoadSettings,
    /// Earlier generations to keep for `rollback`; 0 keeps none.
    pub keep: usize,
    /// Leave out lists that the published file knows but no landed run holds; else they are an error.
    pub allow_missing_lists: bool,
    /// Names of checks that a person accepts whatever they find.
    pub accepted_checks: Vec<String>,
    /// The user's own status texts.
    pub status_texts: Vec<StatusText>,
}

impl Default for RebuildSettings {
    /// As `rebuild` does when nothing is said.
    fn default() -> Self {
        Self {
            load: LoadSettings::default(),
            keep: SyncSettings::KEEP,
            allow_missing_lists: false,
            accepted_checks: Vec::new(),
            status_texts: Vec::new(),
        }
    }
}

/// Rebuilds and publishes the warehouse.
///
/// # Errors
/// Nothing has landed, lists are missing, a page is damaged, or the result cannot be published.
pub fn rebuild(warehouse: &Path, settings: &RebuildSettings) -> Result<Rebuilt, Error> {
    let workspace = Workspace::open(warehouse)?;
    let lock = workspace.lock("rebuild")?;
    workspace.probe(&lock)?;
    // What was known says which lists must not be missing, and stays a generation.
    if let Restored::Generation(generation) = load::restore(&workspace, &lock)? {
        tracing::warn!(
            path = %workspace.published().display(),
            generation,
            "The published file was gone: the newest kept generation is published again until the rebuilt one is made."
        );
    }
    let mut finished = runs::list(&workspace.landing_dir())?;
    let published = workspace.is_published().then(|| workspace.published());
    let is_finished = |run: &LandedRun| matches!(run.state, RunState::Published(_));
    let last_landed = finished.iter().filter(|run| is_finished(run)).map(LandedRun::last_written_us).max();
    let timeline = Timeline::after(last_written(published)?.max(last_landed));
    let id = new_run_id(timeline.started_us(), &finished, published)?;
    finished.retain(is_finished);
    let mut sources: Vec<LandedSource<'_>> = Vec::new();
    let mut used = HashSet::new();
    clear(&workspace.staging_dir())?;
    let parents = parents(&finished)?;
    for stream in STREAMS {
        let Some(source) = source(&finished, stream, &parents) else {
            if !settings.allow_missing_lists {
                require_all_lists(&workspace, stream, &BTreeMap::new())?;
            }
            continue;
        };
        if !settings.allow_missing_lists {
            require_all_lists(&workspace, stream, &source.latest)?;
        }
        used.extend(source.readings.iter().map(|reading| reading.run.header.run_id.clone()));
        match sources.iter_mut().find(|known| known.reads_the_same(&source)) {
            Some(known) => known.serves.extend(source.serves),
            None => sources.push(source),
        }
    }
    let damaged = |run: &&LandedRun| run.damaged_lines > 0 && used.contains(&run.header.run_id);
    if let Some(run) = finished.iter().find(damaged) {
        let path = ledger::path_in(&run.folder);
        return Err(LandingError::DamagedLedger { path, lines: run.damaged_lines }.into());
    }
    if used.is_empty() {
        return Err(Error::NothingLanded { folder: workspace.landing_dir() });
    }
    let mut inputs = Vec::new();
    for source in &sources {
        inputs.extend(stage_source(source, &workspace)?);
    }
    inputs.sort_by_key(|input| STREAMS.iter().position(|stream| stream.name == input.stream.name));
    let selects_all = selects_all(&finished);
    publish(&workspace, &lock, settings, (id, &timeline), Made { streams: inputs, selects_all }, &used)
}

/// What the landed pages were made into.
struct Made {
    streams: Vec<StreamInput>,
    /// Whether the latest selections were of all companies; none when no run read any.
    selects_all: Option<bool>,
}

/// Whether the latest run that read selections read all companies.
fn selects_all(runs: &[LandedRun]) -> Option<bool> {
    let of_run = |run: &LandedRun| {
        let mut labels = selections(run).peekable();
        labels.peek()?;
        Some(labels.any(|label| label == ALL))
    };
    runs.iter().rev().find_map(of_run)
}

/// Labels of the lists of selections that a run read.
fn selections(run: &LandedRun) -> impl Iterator<Item = &str> {
    let is_selecting = |list: &&RunList| {
        catalog::stream(&list.stream).is_some_and(|stream| stream.lists == Lists::Selections)
    };
    run.lists.values().filter(is_selecting).map(|list| list.label.as_str())
}

/// Whether selections of earlier runs count no more after this run: it read all companies, or was told to forget them.
fn ends_others(run: &LandedRun) -> bool {
    let mut labels = selections(run).peekable();
    labels.peek().is_some()
        && run.verdicts.iter().all(|verdict| verdict.complete)
        && (run.header.selection.forgets_others || labels.any(|label| label == ALL))
}

fn publish(
    workspace: &Workspace,
    lock: &Lock,
    settings: &RebuildSettings,
    (run_id, timeline): (String, &Timeline),
    Made { streams, selects_all }: Made,
    used: &HashSet<String>,
) -> Result<Rebuilt, Error> {
    let complete = streams.iter().flat_map(|stream| &stream.lists).all(|list| list.verdict.complete);
    let mut names: Vec<&str> = used.iter().map(String::as_str).collect();
    names.sort_unstable();
    let run = RunRecord {
        run_id,
        started_at_us: timeline.started_us(),
        clock_us: timeline.clock_us(),
        finished_at_us: timeline.now_us(),
        status: if complete { "complete" } else { "incomplete" }.to_owned(),
        exit_code: if complete { 0 } else { SOURCE },
        arguments: Some(format!("rebuild from {}", names.join(", "))),
        requests: 0,
        retries: 0,
        bytes: 0,
    };
    let input = LoadInput {
        streams,
        retired: Vec::new(),
        run,
        selects_all,
        from_scratch: true,
        max_deleted_percent: 100.0,
        accepted_checks: settings.accepted_checks.clone(),
        status_texts: settings.status_texts.clone(),
        keep: settings.keep,
    };
    let published = publish_with_views(workspace, lock, &input, &settings.load)?;
    let rows = published.tables.iter().map(|(_, rows)| rows).sum();
    Ok(Rebuilt { generation: published.generation, runs: used.len(), rows })
}

/// What the finished runs hold of a stream; none when no run read it.
///
/// Of a list the latest reading counts. Where each reading is only of a part, of companies that were due or of a window of
/// time, all of them count.
fn source<'a>(
    runs: &'a [LandedRun],
    stream: &'static Stream,
    parents: &BTreeMap<&str, Vec<String>>,
) -> Option<LandedSource<'a>> {
    // Rows that are only added stay when the parent that showed them is gone.
    let stays = stream.table().disposition == Disposition::Upsert;
    let mut readings: Vec<ReadRun<'a>> = Vec::new();
    for run in runs {
        if stream.lists == Lists::Selections && ends_others(run) {
            readings.retain(|reading| selections(run).any(|label| label == reading.list.label));
        }
        let serving = run.lists.iter().filter(|(_, list)| list.serves.iter().any(|name| name == stream.name));
        for (index, list) in serving {
            let verdict = run.verdicts.iter().find(|verdict| verdict.list == *index);
            let known = stream.lists.parent().and_then(|parent| parents.get(parent.stream));
            let exists = list.parent.as_ref().is_none_or(|id| known.is_none_or(|known| known.contains(id)));
            if let Some(verdict) = verdict.filter(|_| exists || stays) {
                readings.push(ReadRun { run, index: *index, list, verdict });
            }
        }
    }
    // Answers of another endpoint were made into the same tables; those of the latest count.
    let last = readings.last()?;
    let endpoint = catalog::stream(&last.list.stream)?;
    let mut serves: Vec<_> = served_by(&[last.list]).into_iter().flat_map(|(_, serves)| serves).collect();
    serves.retain(|served| served.stream.name == stream.name);
    readings.retain(|reading| reading.list.stream == endpoint.name);
    if stream.lists == Lists::Selections {
        since_whole(&mut readings);
    }
    let latest: BTreeMap<String, ReadRun<'a>> =
        readings.iter().map(|reading| (reading.list.label.clone(), *reading)).collect();
    if !stream.lists.is_of_answers() && !stays && stream.lists != Lists::Selections {
        readings = latest.values().copied().collect();
    }
    Some(LandedSource { endpoint, serves, latest, readings })
}

/// Keeps of each list the last reading of it whole, and the later ones of what changed. A list of which no whole reading
/// is left goes: what changed is not all of it.
fn since_whole(readings: &mut Vec<ReadRun<'_>>) {
    let mut whole = HashSet::new();
    let mut kept = Vec::new();
    for reading in readings.drain(..).rev() {
        let label = reading.list.label.as_str();
        if !whole.contains(label) {
            kept.push(reading);
            if !runs::is_partial(reading.list, reading.verdict) {
                whole.insert(label);
            }
        }
    }
    kept.retain(|reading| whole.contains(reading.list.label.as_str()));
    readings.extend(kept.into_iter().rev());
}

/// Ids of the parents of lists, such as target groups, in the latest list of all of them, by the name of their stream. A
/// stream that no run read is not there.
fn parents(runs: &[LandedRun]) -> Result<BTreeMap<&'static str, Vec<String>>, Error> {
    let mut parents = BTreeMap::new();
    for stream in STREAMS.iter().filter(|stream| is_parent_of_lists(stream)) {
        let lists = |run: &LandedRun| run.lists_of(stream.name).map(|(index, _)| index).collect::<Vec<u32>>();
        let latest = runs.iter().rev().find(|run| !lists(run).is_empty());
        let Some(run) = latest else { continue };
        let mut ids = Vec::new();
        for piece in pieces(run, &lists(run)) {
            ids.extend(parent_ids(stream, &read_page(&piece.folder, &piece.at)?));
        }
        parents.insert(stream.name, ids);
    }
    Ok(parents)
}

fn require_all_lists(
    workspace: &Workspace,
    stream: &Stream,
    sources: &BTreeMap<String, ReadRun<'_>>,
) -> Result<(), Error> {
    if !workspace.is_published() {
        return Ok(());
    }
    let mut lists = Vec::new();
    let sql = format!(
        "SELECT DISTINCT list FROM etl.list_members WHERE stream = {} ORDER BY list",
        crate::schema::ddl::literal(stream.name)
    );
    crate::query::texts(workspace.published(), &sql, |[list]| {
        if !sources.contains_key(&list) {
            lists.push(list);
        }
    })?;
    if lists.is_empty() { Ok(()) } else { Err(Error::MissingLists { lists }) }
}

fn stage_source(source: &LandedSource<'_>, workspace: &Workspace) -> Result<Vec<StreamInput>, Error> {
    let labels: Vec<&String> = source.latest.keys().collect();
    let mut parts: Vec<Piece> = Vec::new();
    // Oldest first: the clocks of two runs do not say which page is newer, the order of the runs does.
    for reading in &source.readings {
        let position = labels.iter().position(|label| **label == reading.list.label);
        let position = position.and_then(|position| u32::try_from(position).ok()).unwrap_or(u32::MAX);
        let own = pieces(reading.run, &[reading.index]);
        parts.extend(own.into_iter().map(|piece| Piece { list: position, ..piece }));
    }
    let order = |piece: &Piece| {
        let run = source.readings.iter().rposition(|reading| reading.run.folder == *piece.folder);
        std::cmp::Reverse((run, piece.at.number))
    };
    parts.sort_by_cached_key(order);
    // Numbers of several runs would be alike.
    for (number, piece) in (0_u64..).zip(&mut parts) {
        piece.at.number = 1 + number * MOST_COMPANIES as u64;
    }
    // What an earlier run could not ask for, a later one may have been told.
    let latest = source.latest.values().zip(0..);
    let refused = latest.flat_map(|(reading, position)| {
        refused(reading.run, &[reading.index]).into_values().map(move |refused| (position, refused))
    });
    let (refused, folder) = (refused.collect(), workspace.staging_dir());
    let staged = stage_pieces(source.endpoint, &source.serves, parts, &refused, &folder)?;
    let lists: Vec<_> =
        source.latest.values().map(|reading| list_result(reading.list, reading.verdict)).collect();
    let input = |(served, mut staged): (&Served, Staged)| {
        let readings = source.readings.iter().map(|reading| (reading.run, reading.index));
        staged.drift.extend(unusual(readings, served.stream));
        StreamInput { stream: served.stream, staged, lists: lists.clone() }
    };
    Ok(source.serves.iter().zip(staged).map(input).collect())
}
