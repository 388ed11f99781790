//! A whole run: lock, land, prove, normalise, load, publish. The file to read second, after `lib.rs`.

mod changes;
mod clock_watch;
mod estimate;
mod landing;
mod plan;
pub mod planner;
mod publish;
mod refetch;
mod staging;
mod watermarks;

use std::collections::BTreeMap;
use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::api::{Client, ClientSettings};
use crate::catalog::{Lists, Stream};
use crate::crash::{self, Point};
use crate::error::Error;
use crate::extract::{Extracted, Plan, extract};
use crate::landing::Landing;
use crate::landing::ledger::{self, Entry, Spent};
use crate::landing::runs::{self, LandedRun};
use crate::load::{self, Restored};
use crate::report::{PhaseClock, Report};
use crate::selection::{DetailsFor, List};
use crate::views::StatusText;
use crate::workspace::{Lock, Workspace};

pub use crate::extract::{ExtractSettings, Observer, Unobserved};
pub use crate::landing::ledger::{RunList, Verdict};
pub use crate::load::{Generation, LoadSettings, generations, rollback};
pub use estimate::{Estimate, Estimated, Outside, estimate};
use landing::Opened;
pub(crate) use landing::new_run_id;
pub(crate) use publish::{list_result, publish_with_views};
use staging::StagedStream;
pub(crate) use staging::{Piece, clear, pieces, refused, served_by, stage_pieces, unusual};
pub(crate) use watermarks::last_written;

/// How often damaged pages are fetched again in one session before that is an error.
const MOST_REPAIRS: u32 = 2;

/// What a run does and how. Start with [`SyncSettings::new`] and set single fields.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own that a caller makes")]
pub struct SyncSettings {
    /// The published file.
    pub warehouse: PathBuf,
    /// What is loaded; what it needs is loaded with it.
    pub streams: Vec<&'static Stream>,
    /// The lists of the selections.
    pub lists: Vec<List>,
    /// The lists of customer data; none for all of it.
    pub customer_lists: Vec<List>,
    /// Names or ids of the target groups wanted; empty for all.
    pub target_groups: Vec<String>,
    /// Which companies are asked about by themselves.
    pub details_for: DetailsFor,
    /// Let selections of earlier runs that this run does not read count no more.
    pub forget_selections: bool,
    /// How old what is known of a single company may be before it is asked for again; none to ask in every run.
    pub details_max_age: Option<Duration>,
    /// Read everything, also what is new enough.
    pub full: bool,
    /// How old the last whole reading of a list may be before the list is read whole again, instead of only for what
    /// changed. `None` to read every list whole in each run.
    pub full_every: Option<Duration>,
    /// How far before the last reading the search for what changed begins: the clock and the zone of the API are unknown.
    pub overlap: Duration,
    /// What the server takes for now, microseconds since 1970: where lists that are of a window of time end. None is the
    /// start of the run.
    pub now_us: Option<i64>,
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
    /// Names of checks that a person accepts whatever they find.
    pub accepted_checks: Vec<String>,
    /// The user's own status texts, beside those that come with the program.
    pub status_texts: Vec<StatusText>,
    /// Runs whose landed pages are kept, this one included; at least 1.
    pub keep_raw: usize,
    /// Give up an unfinished run of the same selections instead of resuming it.
    pub restart: bool,
    /// Begin the history anew: nothing that was published before is carried over. It stays a generation.
    pub restart_history: bool,
}

impl SyncSettings {
    /// How far before the last reading the search for what changed begins unless told otherwise.
    pub const OVERLAP: Duration = Duration::from_hours(6);
    /// Earlier generations kept unless told otherwise.
    pub const KEEP: usize = 3;
    /// Runs whose landed pages are kept unless told otherwise.
    pub const KEEP_RAW: usize = 3;
    /// Share of a list's companies that may disappear unless told otherwise, in per cent.
    pub const MAX_DELETED_PERCENT: f64 = 50.0;

    /// All companies with everything that is loaded when no stream is named.
    pub fn new(warehouse: impl Into<PathBuf>, client: ClientSettings) -> Self {
        let requests_at_once =
            usize::try_from(client.concurrency.get()).unwrap_or(usize::MAX).saturating_mul(2);
        Self {
            warehouse: warehouse.into(),
            streams: planner::default_streams(),
            lists: vec![List::all()],
            customer_lists: Vec::new(),
            target_groups: Vec::new(),
            details_for: DetailsFor::default(),
            forget_selections: false,
            details_max_age: None,
            full: false,
            full_every: None,
            overlap: Self::OVERLAP,
            now_us: None,
            arguments: String::new(),
            client,
            extract: ExtractSettings { requests_at_once, ..ExtractSettings::default() },
            load: LoadSettings::default(),
            keep: Self::KEEP,
            max_deleted_percent: Self::MAX_DELETED_PERCENT,
            accepted_checks: Vec::new(),
            status_texts: Vec::new(),
            keep_raw: Self::KEEP_RAW,
            restart: false,
            restart_history: false,
        }
    }
}

/// Loads the lists and publishes the result; goes on with an unfinished run of the same selections.
///
/// When `stop` completes, no further request is started; what is in flight is landed.
///
/// # Errors
/// Whatever keeps the result from being published. Lists that are not complete are no error: the report says so,
/// and its exit code is [`SOURCE`](crate::error::SOURCE).
pub async fn sync(
    settings: &SyncSettings,
    observer: &dyn Observer,
    stop: impl Future<Output = ()>,
) -> Result<Report, Error> {
    let client = Client::new(settings.client.clone())?;
    let workspace = Workspace::open(&settings.warehouse)?;
    // Held to the very end: whoever comes next may go on with this run, and empties the staging folder.
    let lock = Arc::new(workspace.lock("sync")?);
    // What would fail in hours is better known now.
    workspace.probe(&lock)?;
    // What an earlier session left there may be what fills the disk.
    clear(&workspace.staging_dir())?;
    if !settings.restart_history {
        let restored = load::restore(&workspace, &lock)?;
        if let Restored::Generation(generation) = restored {
            tracing::warn!(
                path = %workspace.published().display(),
                generation,
                "The published file was gone: the newest kept generation is published again, and the run goes on from \
                 it. To begin anew instead, run sync with --restart-history."
            );
        }
    }
    warn_of_foreign_relations(&workspace);
    let outcome = run(settings, &client, &workspace, &lock, observer, stop).await;
    if outcome.is_err()
        && let Err(error) = clear(&workspace.staging_dir())
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
    let history = history(settings, workspace)?;
    let history = history.as_deref();
    let Opened { landing, recorded, plan, resumed, timeline } = landing::open(settings, workspace, history)?;
    let mut phases = PhaseClock::start();
    let work = fetch_and_stage(
        settings,
        &plan,
        client,
        (workspace, history),
        &landing,
        recorded,
        observer,
        &mut phases,
    );
    let outcome = {
        tokio::pin!(work);
        let mut told = false;
        let told_of_clock = async {
            told = clock_watch::tell(&timeline, client.server_time_known().await);
            std::future::pending::<()>().await;
        };
        let outcome = tokio::select! {
            outcome = &mut work => Some(outcome),
            () = stop => None,
            () = told_of_clock => None,
        };
        let outcome = if let Some(outcome) = outcome {
            outcome
        } else {
            client.stop_starting();
            work.await
        };
        clock_watch::tell_rest(&timeline, client.server_time(), told);
        outcome
    };
    let stats = client.stats();
    let spent = Spent { requests: stats.requests, retries: stats.retries, bytes: stats.bytes };
    let noted = landing.note(Entry::Spent(spent)).await;
    let (staged, retired) = outcome?;
    noted?;
    observer.phase("loading");
    let run = LandedRun::read(landing.folder())?;
    let ahead_us = client.server_time().map_or(0, |time| time.clock_us.saturating_sub(time.server_us));
    let input = publish::load_input(settings, &run, staged, retired, timeline.now_us(), ahead_us);
    let (input, published) =
        publish::publish(workspace.clone(), Arc::clone(lock), input, settings.load.clone()).await?;
    phases.end("load");
    let generation = published.generation;
    let noted = landing.note(Entry::Published { generation }).await;
    noted.map_err(|source| Error::NotRecorded { generation, source })?;
    phases.landing = landing.busy();
    drop(landing);
    tidy(workspace, settings.keep_raw);
    Ok(Report::new(&settings.warehouse, workspace, &run, &input, &published, resumed, phases))
}

/// Removes what a published run no longer needs. No reason to fail for what is published; the next run tries again.
fn tidy(workspace: &Workspace, keep_raw: usize) {
    let emptied = || -> Result<(), Error> {
        crash::point(Point::RunRecorded)?;
        clear(&workspace.staging_dir())?;
        Ok(crash::point(Point::StagingEmptied)?)
    };
    let pruned = || -> Result<(), Error> { Ok(runs::prune(&workspace.landing_dir(), keep_raw.max(1))?) };
    for error in [emptied().err(), pruned().err()].into_iter().flatten() {
        tracing::warn!(%error, cause = error.source().map(tracing::field::display), "Not everything is tidied up.");
    }
}

/// The file that says what earlier loads have brought: the published one, or, when it is gone, the newest that is kept;
/// none for who begins anew.
fn history(settings: &SyncSettings, workspace: &Workspace) -> Result<Option<PathBuf>, Error> {
    if settings.restart_history {
        return Ok(None);
    }
    if workspace.is_published() {
        return Ok(Some(workspace.published().to_owned()));
    }
    Ok(load::newest(workspace)?.map(|newest| newest.path))
}

/// Names what people have put into the published file: the next generation is made without it.
fn warn_of_foreign_relations(workspace: &Workspace) {
    if !workspace.is_published() {
        return;
    }
    match load::foreign(workspace.published()) {
        Ok(foreign) if foreign.is_empty() => {}
        Ok(foreign) => tracing::warn!(
            not_ours = load::named(&foreign),
            "The published file holds what vainu-etl did not make: it is not carried over to the next generation, and \
             stays in the earlier one as long as that is kept. Keep it in a file of its own that attaches this one."
        ),
        Err(error) => {
            tracing::debug!(%error, "It is not known whether the published file holds what is not ours.");
        }
    }
}

/// Reads all lists and stages their pages. A landed page that turns out to be damaged is fetched again.
#[expect(clippy::too_many_arguments, reason = "they belong to one run, and nothing else takes them together")]
async fn fetch_and_stage(
    settings: &SyncSettings,
    plan: &Plan,
    client: &Client,
    (workspace, history): (&Workspace, Option<&Path>),
    landing: &Landing,
    mut recorded: Vec<Entry>,
    observer: &dyn Observer,
    phases: &mut PhaseClock,
) -> Result<(Vec<StagedStream>, Vec<(String, String)>), Error> {
    let mut repairs = 0;
    loop {
        observer.phase("fetching");
        let Extracted { verdicts, parents } =
            extract(plan, client, landing, recorded, settings.extract, observer).await?;
        for verdict in &verdicts {
            landing.note(Entry::Judged(verdict.clone())).await?;
        }
        crash::point(Point::ListsJudged)?;
        phases.end("fetch");
        observer.phase("normalising");
        let run = LandedRun::read(landing.folder())?;
        let folder = workspace.staging_dir();
        let staged = tokio::task::spawn_blocking(move || staging::stage_run(&run, &folder)).await;
        let outcome = staged.map_err(|error| Error::Internal { what: error.to_string() })?;
        phases.end("normalise");
        if outcome.is_ok() {
            crash::point(Point::RowsStaged)?;
        }
        match refetch::damaged_page(&outcome) {
            Some(number) if repairs < MOST_REPAIRS => {
                repairs += 1;
                refetch::note_damaged(landing, number).await?;
                recorded = ledger::read(landing.folder())?;
            }
            _ => return Ok((outcome?, retired(settings, plan, history, &verdicts, &parents)?)),
        }
    }
}

/// Lists of earlier runs that count no more: those of parents, such as target groups, that are gone, and other selections where
/// this run reads all companies or is told to forget them. A run with a list that is not complete retires none.
fn retired(
    settings: &SyncSettings,
    plan: &Plan,
    history: Option<&Path>,
    verdicts: &[Verdict],
    parents: &BTreeMap<&'static str, Vec<String>>,
) -> Result<Vec<(String, String)>, Error> {
    if !verdicts.iter().all(|verdict| verdict.complete) {
        return Ok(Vec::new());
    }
    let mut retired = Vec::new();
    for (stream, ids) in parents {
        let is_of = |lists: Lists| matches!(lists, Lists::EachOf(parent) if parent.stream == *stream);
        retired.extend(watermarks::retired(history, is_of, ids)?);
    }
    let labels = plan.selection_labels();
    if !labels.is_empty() && (settings.forget_selections || !plan.is_selective()) {
        retired.extend(watermarks::retired(history, |lists| lists == Lists::Selections, &labels)?);
    }
    Ok(retired)
}
