//! The runs whose landed pages are on disk: which are unfinished, which may be removed, and what each holds.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::LandingError;
use super::ledger::{
    self, CompanyAnswers, Entry, Header, LandedAt, Lines, Refusal, RequestKey, RunList, Spent, Unusual,
    Verdict,
};
use super::store;
use crate::catalog;
use crate::crash::{self, Point};
use crate::workspace::rights;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Not finished. The same command resumes it.
    Unfinished,
    /// Published as this generation.
    Published(u64),
    /// Given up.
    Abandoned,
}

/// A run as recorded in its ledger.
#[derive(Debug, Clone)]
pub struct LandedRun {
    /// Folder of its pages.
    pub folder: PathBuf,
    /// What it was asked to do.
    pub header: Header,
    /// The computer's clock when the run started, in microseconds since 1970, UTC. Earlier than the time in the header
    /// if the clock was behind a time that was already written.
    pub clock_us: i64,
    /// How it ended.
    pub state: RunState,
    /// What all sessions of the run spent, in total.
    pub spent: Spent,
    /// Lists by index: those in the header, and those found while the run was extracting.
    pub lists: BTreeMap<u32, RunList>,
    /// Evidence of its lists, in their order; empty until they were read to the end.
    pub verdicts: Vec<Verdict>,
    /// Pages by number: which request each answers, and where it is stored.
    pub pages: BTreeMap<u64, (RequestKey, LandedAt)>,
    /// Answers about companies by the number of the first one in their bundle: index of the list, and where the bundle
    /// is stored.
    pub answers: BTreeMap<u64, (u32, LandedAt)>,
    /// Companies that the server refuses to answer about, each with the index of its list.
    pub refused: Vec<(u32, Refusal)>,
    /// How answers differ from the API's document in what is around the JSON: index of the list, difference, and one
    /// sample.
    pub unusual: Vec<(u32, Unusual, String)>,
    /// Number of pages that were damaged and had to be asked for again.
    pub damaged_pages: u64,
    /// Number of ledger lines that cannot be read. In a finished run, this means that something durable is missing.
    pub damaged_lines: u64,
}

impl LandedRun {
    /// Reads the ledger in `folder`.
    ///
    /// # Errors
    /// There is no readable ledger.
    pub fn read(folder: &Path) -> Result<Self, LandingError> {
        Self::from_lines(folder, ledger::read_lines(folder)?)
    }

    /// Reads the run from the lines of its ledger.
    ///
    /// # Errors
    /// The lines do not begin with a header.
    pub fn from_lines(folder: &Path, lines: Lines) -> Result<Self, LandingError> {
        let Lines { entries, damaged: damaged_lines } = lines;
        let mut entries = entries.into_iter();
        let Some(Entry::Opened(header)) = entries.next() else {
            return Err(LandingError::Ledger { path: ledger::path_in(folder) });
        };
        let mut clock_us = header.started_at_us;
        let mut state = RunState::Unfinished;
        let mut spent = Spent::default();
        let mut damaged_pages = 0;
        let mut verdicts = BTreeMap::new();
        // The latest answer to a request counts; an earlier one was damaged.
        let mut pages: HashMap<RequestKey, LandedAt> = HashMap::new();
        let mut answers = BTreeMap::new();
        let mut refused = Vec::new();
        let mut unusual = Vec::new();
        let mut lists: BTreeMap<u32, RunList> = (0..).zip(header.lists.iter().cloned()).collect();
        for entry in entries {
            match entry {
                Entry::Landed { key, at } => drop(pages.insert(key, at)),
                Entry::Damaged { key } => {
                    damaged_pages += 1;
                    pages.remove(&key);
                }
                Entry::Found { index, list } => drop(lists.insert(index, list)),
                Entry::Answered(CompanyAnswers { list, at, refused: refusals, .. }) => {
                    refused.extend(refusals.into_iter().map(|refusal| (list, refusal)));
                    if let Some(at) = at {
                        answers.insert(at.number, (list, at));
                    }
                }
                Entry::AnswersDamaged { number } => {
                    damaged_pages += 1;
                    answers.remove(&number);
                }
                Entry::Judged(verdict) => drop(verdicts.insert(verdict.list, verdict)),
                Entry::Unusual { list, what, sample } => unusual.push((list, what, sample)),
                Entry::Spent(session) => {
                    spent.requests += session.requests;
                    spent.retries += session.retries;
                    spent.bytes += session.bytes;
                }
                Entry::Published { generation } => state = RunState::Published(generation),
                Entry::Abandoned => state = RunState::Abandoned,
                Entry::Clock { at_us } => clock_us = at_us,
                Entry::Opened(_) | Entry::Counted { .. } | Entry::PastEnd { .. } | Entry::Parted { .. } => {}
            }
        }
        let pages = pages.into_iter().map(|(key, at)| (at.number, (key, at))).collect();
        let verdicts = verdicts.into_values().collect();
        let folder = folder.to_owned();
        Ok(Self {
            folder,
            header,
            clock_us,
            state,
            spent,
            lists,
            verdicts,
            pages,
            answers,
            refused,
            unusual,
            damaged_pages,
            damaged_lines,
        })
    }

    /// The pages that make up the lists, newest first, without answers about companies. For a list that is proven
    /// ([`Verdict::is_proven`]), these are the pages of the accepted sweeps; for any other list, all of its pages.
    pub fn accepted_pages(&self) -> Vec<(RequestKey, LandedAt)> {
        let accepted: HashMap<u32, HashSet<(&str, u32)>> = self
            .verdicts
            .iter()
            .filter(|verdict| verdict.is_proven())
            .map(|verdict| {
                let slices = verdict.accepted.iter().map(|(slice, sweep)| (slice.as_str(), *sweep));
                (verdict.list, slices.collect())
            })
            .collect();
        let counts = |key: &RequestKey| {
            accepted.get(&key.list).is_none_or(|slices| slices.contains(&(key.slice.as_str(), key.sweep)))
        };
        self.pages.values().rev().filter(|(key, _)| counts(key)).cloned().collect()
    }

    /// Lists that are read from the endpoint of a stream, with their indexes.
    pub fn lists_of<'a>(&'a self, stream: &'a str) -> impl Iterator<Item = (u32, &'a RunList)> {
        self.lists.iter().filter(move |(_, list)| list.stream == stream).map(|(index, list)| (*index, list))
    }

    /// The lists that the run read, and whether it read only what changed. Lists of streams that look back only so far are
    /// not among them.
    pub fn readings(&self) -> impl Iterator<Item = (&RunList, bool)> {
        self.verdicts.iter().filter_map(|verdict| {
            let list = self.lists.get(&verdict.list)?;
            let windowed =
                catalog::stream(&list.stream).is_some_and(|stream| stream.endpoint.window.is_some());
            (!windowed).then(|| (list, is_partial(list, verdict)))
        })
    }

    /// The latest time that the run has recorded, in microseconds since 1970, UTC.
    pub fn last_written_us(&self) -> i64 {
        let landed = self.pages.values().map(|(_, at)| at).chain(self.answers.values().map(|(_, at)| at));
        landed.map(|at| at.fetched_at_us).fold(self.header.started_at_us, i64::max)
    }

    /// Size of the folder in bytes.
    pub fn size_bytes(&self) -> u64 {
        store::size_of(&self.folder)
    }
}

/// Whether a list was read only for a window of time, or for what changed.
pub fn is_partial(list: &RunList, verdict: &Verdict) -> bool {
    list.window_from_us.is_some() && !verdict.unfiltered
}

/// Reads the runs in a landing folder, oldest first. A folder whose ledger cannot be read is skipped with a warning.
///
/// # Errors
/// The folder cannot be read. A folder that does not exist is not an error: it holds no runs.
pub fn list(landing: &Path) -> Result<Vec<LandedRun>, LandingError> {
    if !landing.exists() {
        return Ok(Vec::new());
    }
    let mut runs = Vec::new();
    for entry in fs_err::read_dir(landing)? {
        let folder = entry?.path();
        if is_set_aside(&folder) || !ledger::path_in(&folder).exists() {
            continue;
        }
        match LandedRun::read(&folder) {
            Ok(run) => runs.push(run),
            Err(error) => tracing::warn!(
                folder = %folder.display(),
                %error,
                "A landed run cannot be read: its pages are not used. Remove the folder if you do not need them."
            ),
        }
    }
    runs.sort_by(|a, b| a.header.run_id.cmp(&b.header.run_id));
    Ok(runs)
}

/// Removes the pages of finished runs except for the latest `keep`, and those that a rebuild still needs. Unfinished
/// runs stay. A folder that cannot be removed causes a warning, and the next run tries again.
///
/// # Errors
/// The runs cannot be listed.
pub fn prune(landing: &Path, keep: usize) -> Result<(), LandingError> {
    let finished: Vec<LandedRun> =
        list(landing)?.into_iter().filter(|run| run.state != RunState::Unfinished).collect();
    let surplus = finished.len().saturating_sub(keep);
    let needed = needed(&finished);
    for run in finished.iter().take(surplus).filter(|run| !needed.contains(run.header.run_id.as_str())) {
        // Rename first: half a run without its ledger would never be removed.
        let aside = set_aside(&run.folder);
        let removed = fs_err::rename(&run.folder, &aside)
            .and_then(|()| crash::point(Point::RunSetAside))
            .and_then(|()| fs_err::remove_dir_all(&aside));
        if let Err(error) = removed {
            rights::warn_left(&aside, &error);
        }
    }
    Ok(())
}

/// Ids of the published runs without which a list could not be rebuilt: those that read it for what changed, from the last
/// one on that read it whole.
fn needed(finished: &[LandedRun]) -> HashSet<&str> {
    let mut needed = HashSet::new();
    // Whether a whole reading was found, by stream and label.
    let mut found: HashMap<(&str, &str), bool> = HashMap::new();
    let published = finished.iter().rev().filter(|run| matches!(run.state, RunState::Published(_)));
    for run in published {
        for (list, partial) in run.readings() {
            let key = (list.stream.as_str(), list.label.as_str());
            let is_first = !found.contains_key(&key);
            let whole = found.entry(key).or_default();
            if !*whole && (partial || !is_first) {
                needed.insert(run.header.run_id.as_str());
            }
            *whole |= !partial;
        }
    }
    needed
}

/// Removes what a crash left of runs that were being created or removed. The caller must hold the lock.
///
/// # Errors
/// A folder cannot be removed.
pub fn sweep(landing: &Path) -> Result<(), LandingError> {
    for folder in left_over(landing)? {
        fs_err::remove_dir_all(folder)?;
    }
    Ok(())
}

/// [`sweep`] for clean-up only: a folder that cannot be removed causes a warning and is skipped.
pub(crate) fn tidy(landing: &Path) {
    for folder in left_over(landing).unwrap_or_default() {
        if let Err(error) = fs_err::remove_dir_all(&folder) {
            rights::warn_left(&folder, &error);
        }
    }
}

fn left_over(landing: &Path) -> Result<Vec<PathBuf>, LandingError> {
    let mut folders = Vec::new();
    for entry in fs_err::read_dir(landing)? {
        folders.push(entry?.path());
    }
    folders.retain(|folder| is_set_aside(folder));
    Ok(folders)
}

const SET_ASIDE: &str = ".tmp";

/// Name of a run's folder while the run is being created or removed.
pub(super) fn set_aside(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(SET_ASIDE);
    name.into()
}

pub(crate) fn is_set_aside(folder: &Path) -> bool {
    folder.as_os_str().to_string_lossy().ends_with(SET_ASIDE)
}
