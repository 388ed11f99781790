//! A whole run: lock, land, prove, normalise, load, publish. The file to read second, after `main.rs`.

mod hand_over;
mod landing;
mod staging;

use std::error::Error as _;
use std::path::PathBuf;
use std::sync::Arc;

use crate::api::{Client, ClientSettings};
use crate::catalog::Stream;
use crate::crash::{self, Point};
use crate::error::Error;
use crate::extract::landing::Landing;
use crate::extract::ledger::{self, Entry, Spent};
use crate::extract::runs::{self, LandedRun};
use crate::extract::{ExtractError, ExtractSettings, Observer, extract};
use crate::load::LoadSettings;
use crate::normalise::StageError;
use crate::report::{PhaseClock, Report};
use crate::selection::List;
use crate::staging::Staged;
use crate::workspace::{Lock, Workspace};

pub(crate) use hand_over::{list_result, publish_with_views};
pub(crate) use landing::run_id;
pub(crate) use staging::stage_pages;

/// How often damaged pages are fetched again in one session before that is an error.
const MOST_REPAIRS: u32 = 2;

/// What a run does and how.
#[derive(Debug, Clone)]
pub struct SyncSettings {
    /// The published file.
    pub warehouse: PathBuf,
    /// What is loaded.
    pub stream: &'static Stream,
    /// The lists of the selections.
    pub lists: Vec<List>,
    /// The selections as given, for `etl.runs`; without secrets.
    pub arguments: String,
    /// How to talk to the API.
    pub client: ClientSettings,
    /// How lists are read.
    pub extract: ExtractSettings,
    /// What building the next generation may use.
    pub load: LoadSettings,
    /// Earlier generations to keep for `rollback`; 0 keeps none.
    pub keep: usize,
    /// Highest share of its companies that a complete list may lose before the load is refused, 0 to 100.
    pub max_deleted_percent: f64,
    /// Runs whose landed pages are kept, this one included; at least 1.
    pub keep_raw: usize,
    /// Give up an unfinished run of the same selections instead of resuming it.
    pub restart: bool,
}

/// Loads the lists and publishes the result; goes on with an unfinished run of the same selections.
///
/// When `stop` completes, no further request is started; what is in flight is landed.
///
/// # Errors
/// Whatever keeps the result from being published. Lists that are not complete are no error: the report says so,
/// and its exit code is 4.
pub async fn sync(
    settings: &SyncSettings,
    observer: &dyn Observer,
    stop: impl Future<Output = ()>,
) -> Result<Report, Error> {
    let client = Client::new(settings.client.clone())?;
    let workspace = Workspace::open(&settings.warehouse)?;
    // Held to the very end: whoever comes next may go on with this run, and empties the staging folder.
    let lock = Arc::new(workspace.lock("sync")?);
    // What an earlier session left there may be what fills the disk.
    staging::clear(&workspace.staging_dir())?;
    let outcome = run(settings, &client, &workspace, &lock, observer, stop).await;
    if outcome.is_err()
        && let Err(error) = staging::clear(&workspace.staging_dir())
    {
        tracing::warn!(%error, "The staging folder is not emptied.");
    }
    outcome
}

async fn run(
    settings: &SyncSettings,
    client: &Client,
    workspace: &Workspace,
    lock: &Arc<Lock>,
    observer: &dyn Observer,
    stop: impl Future<Output = ()>,
) -> Result<Report, Error> {
    let (landing, recorded) = landing::open(settings, workspace)?;
    let resumed = recorded.len() > 1;
    let mut phases = PhaseClock::start();
    let work = fetch_and_stage(settings, client, workspace, &landing, recorded, observer, &mut phases);
    let outcome = {
        tokio::pin!(work);
        tokio::pin!(stop);
        tokio::select! {
            outcome = &mut work => outcome,
            () = &mut stop => {
                client.stop_starting();
                work.await
            }
        }
    };
    let stats = client.stats();
    let spent = Spent { requests: stats.requests, retries: stats.retries, bytes: stats.bytes };
    let noted = landing.note(Entry::Spent(spent)).await;
    let staged = outcome?;
    noted?;
    observer.phase("loading");
    let run = LandedRun::read(landing.folder())?;
    let input = hand_over::load_input(settings, &run, staged);
    let (input, published) =
        hand_over::publish(workspace.clone(), Arc::clone(lock), input, settings.load.clone()).await?;
    phases.end("load");
    let generation = published.generation;
    let noted = landing.note(Entry::Published { generation }).await;
    noted.map_err(|source| Error::NotRecorded { generation, source })?;
    phases.landing = landing.busy();
    drop(landing);
    if let Err(error) = tidy(workspace, settings.keep_raw) {
        // No reason to fail for what is published; the next run tries again.
        tracing::warn!(%error, cause = error.source().map(tracing::field::display), "Not everything is tidied up.");
    }
    Ok(Report::new(&settings.warehouse, workspace, &run, &input, &published, resumed, phases))
}

/// Removes what a published run no longer needs.
fn tidy(workspace: &Workspace, keep_raw: usize) -> Result<(), Error> {
    crash::point(Point::RunRecorded)?;
    staging::clear(&workspace.staging_dir())?;
    crash::point(Point::StagingEmptied)?;
    Ok(runs::prune(&workspace.landing_dir(), keep_raw.max(1))?)
}

/// Reads all lists and stages their pages. A landed page that turns out to be damaged is fetched again.
async fn fetch_and_stage(
    settings: &SyncSettings,
    client: &Client,
    workspace: &Workspace,
    landing: &Landing,
    mut recorded: Vec<Entry>,
    observer: &dyn Observer,
    phases: &mut PhaseClock,
) -> Result<Staged, Error> {
    let stream = settings.stream;
    let mut repairs = 0;
    loop {
        observer.phase("fetching");
        let verdicts =
            extract(settings.stream, &settings.lists, client, landing, recorded, settings.extract, observer)
                .await?;
        for verdict in &verdicts {
            landing.note(Entry::Judged(verdict.clone())).await?;
        }
        crash::point(Point::ListsJudged)?;
        phases.end("fetch");
        observer.phase("normalising");
        let run = LandedRun::read(landing.folder())?;
        let folder = workspace.staging_dir();
        let staged = tokio::task::spawn_blocking(move || staging::stage_run(stream, &run, &folder)).await;
        let outcome = staged.map_err(|error| Error::Internal { what: error.to_string() })?;
        phases.end("normalise");
        if outcome.is_ok() {
            crash::point(Point::RowsStaged)?;
        }
        match damaged_page(&outcome) {
            Some(number) if repairs < MOST_REPAIRS => {
                repairs += 1;
                let run = LandedRun::read(landing.folder())?;
                if let Some((key, _)) = run.pages.get(&number) {
                    tracing::warn!(page = number, "A landed page is damaged and is fetched again.");
                    landing.note(Entry::Damaged { key: key.clone() }).await?;
                }
                recorded = ledger::read(landing.folder())?;
            }
            _ => return outcome,
        }
    }
}

/// The landed page that could not be read, when that is what failed.
fn damaged_page(outcome: &Result<Staged, Error>) -> Option<u64> {
    let Err(Error::Stage(StageError::Read(source))) = outcome else { return None };
    match source.downcast_ref::<ExtractError>() {
        Some(ExtractError::Damaged { number, .. }) => Some(*number),
        _ => None,
    }
}
