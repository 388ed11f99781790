//! Turns landed pages into Parquet files, on all cores.

use std::error::Error;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use super::dedup::order::Turns;
use super::drift::DriftTally;
use super::mapping::stream_plan::StreamPlan;
use super::normaliser::LandedPage;
use super::output::worker::{Finished, Halt, Worker};
use crate::catalog::Stream;
use crate::record::EnvelopeError;
use crate::staging::{Staged, StagedTable};

/// Maximum size of a page, in bytes. The texts of a page must fit one Arrow array, which holds 2 GiB.
pub(super) const MAX_PAGE_BYTES: usize = 512 << 20;

/// Options for staging.
#[derive(Debug, Clone)]
pub struct StageOptions {
    /// Folder for the files, created when missing. It is for one stream only: files of an earlier staging are
    /// overwritten.
    pub dir: PathBuf,
    /// Number of threads. Each holds one page, a batch of at most 64 MB of pages, and 8 MB of encoded row groups.
    pub workers: NonZeroUsize,
    /// Number of rows after which a worker writes a batch. A page is never split, so a batch can exceed this by one
    /// page.
    pub batch_rows: usize,
    /// Names of the wanted tables of the stream, divided into shares, one for each stream that is made of the pages;
    /// `None` for all tables in one share. Nothing is kept of other tables, not even in rejects.
    pub shares: Option<Vec<Vec<&'static str>>>,
}

impl StageOptions {
    /// Options for that folder, with as many workers as the machine has cores, 8192 rows in a batch, and all tables.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        let workers = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { dir: dir.into(), workers, batch_rows: 8192, shares: None }
    }
}

/// Why pages could not be staged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// A landed page could not be read.
    #[error("cannot read a landed page")]
    Read(#[source] Box<dyn Error + Send + Sync>),
    /// A landed page is not a page.
    #[error("landed page {page} cannot be normalised")]
    Page {
        /// Number of the page.
        page: u64,
        /// What is wrong with it.
        #[source]
        source: EnvelopeError,
    },
    /// A landed page is too large.
    #[error("landed page {page} has {bytes} bytes, more than the {MAX_PAGE_BYTES} that a page may have")]
    PageTooLarge {
        /// Number of the page.
        page: u64,
        /// Size of the page in bytes.
        bytes: usize,
    },
    /// A folder or file could not be created; the path is in the source.
    #[error("cannot create a staging file")]
    Create(#[source] std::io::Error),
    /// A file could not be written.
    #[error("cannot write the staging file {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// Rows do not fit the schema of their table.
    #[error("rows do not fit the columns of their table")]
    Batch(#[source] arrow::error::ArrowError),
    /// A worker panicked; the panic's message is on standard error.
    #[error("a worker stopped unexpectedly")]
    WorkerStopped,
}

impl StageError {
    /// What to do next, where there is something to do.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Read(_) | Self::Page { .. } => Some(
                "the landing folder was changed after its run: `vainu-etl sync` fetches what is damaged again",
            ),
            Self::PageTooLarge { .. } => Some("run `vainu-etl sync` with a smaller `--page-size`"),
            Self::Create(_) | Self::Write { .. } => Some("check free space and permissions of the folder"),
            Self::Batch(_) | Self::WorkerStopped => Some("this is a mistake in vainu-etl; please report it"),
        }
    }
}

/// Turns landed pages into Parquet files of rows and of rejects. Returns what was staged for each share of the options.
///
/// Each page is read once, however many shares there are. A reject belongs to the share of its table. A record that is
/// rejected whole is one reject: of the share of the stream's main table, or of the first share if that table is not
/// wanted.
///
/// The pages come **newest first**: the first row of a company gets `_newest`, later ones do not. What a record holds
/// for other tables is marked like its row. When a page is the answer about one company, all of it is marked alike.
///
/// Workers take pages from the iterator as they become free, so that no more pages are in memory than there are
/// workers. The same pages give the same rows, rejects and drift, however many workers there are. Only the file of a
/// row, and its order in the file, may differ.
///
/// # Errors
/// A page cannot be read or is not a page, or a file cannot be written. Anything wrong with single records or values
/// is a reject, not an error. After an error, the folder may hold incomplete files.
pub fn stage<E>(
    stream: &'static Stream,
    pages: impl Iterator<Item = Result<LandedPage, E>> + Send,
    options: &StageOptions,
) -> Result<Vec<Staged>, StageError>
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    fs_err::create_dir_all(&options.dir).map_err(StageError::Create)?;
    let plan = Arc::new(StreamPlan::new(stream, options.shares.as_deref()));
    let turns = Turns::default();
    let pages = Mutex::new((0..).zip(pages.fuse()));
    let next_page = || {
        let next = pages.lock().map_err(|_| Halt::Aborted)?.next();
        match next {
            None => Ok(None),
            Some((turn, Ok(page))) => Ok(Some((turn, page))),
            Some((_, Err(error))) => Err(Halt::Failed(StageError::Read(error.into()))),
        }
    };
    let results: Vec<_> = thread::scope(|scope| {
        let spawn = |index| {
            let worker = Worker::new(index, &plan, options);
            let (turns, next_page) = (&turns, &next_page);
            scope.spawn(move || worker.run(turns, next_page))
        };
        let workers: Vec<_> = (0..options.workers.get()).map(spawn).collect();
        let stopped = |_| Err(Halt::Failed(StageError::WorkerStopped));
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(stopped)).collect()
    });
    collect(&plan, results)
}

/// Adds up the results of the workers, by share. A failure takes precedence over the workers that stopped because of it.
fn collect(plan: &StreamPlan, results: Vec<Result<Finished, Halt>>) -> Result<Vec<Staged>, StageError> {
    let mut tables: Vec<_> = plan.wanted().map(|part| StagedTable::new(part.plan.table)).collect();
    let mut shares: Vec<_> = (0..plan.shares).map(|_| Staged::default()).collect();
    let mut drift: Vec<_> = plan.parts.iter().map(|part| DriftTally::new(&part.plan)).collect();
    let mut aborted = false;
    for result in results {
        match result {
            Ok(finished) => {
                for (table, finished) in tables.iter_mut().zip(finished.tables) {
                    table.rows.extend(finished.rows);
                    table.scopes.extend(finished.scopes);
                    table.rows_staged += finished.rows_staged;
                }
                for ((share, rejects), counts) in shares.iter_mut().zip(finished.rejects).zip(finished.counts)
                {
                    share.rejects.extend(rejects);
                    share.records += counts.records;
                    share.records_rejected += counts.records_rejected;
                    share.cells_rejected += counts.cells_rejected;
                }
                if let Some(first) = shares.first_mut() {
                    first.parsing += finished.parsing;
                    first.building += finished.building;
                }
                drift.iter_mut().zip(finished.drift).for_each(|(all, one)| all.merge(one));
            }
            Err(Halt::Failed(error)) => return Err(error),
            Err(Halt::Aborted) => aborted = true,
        }
    }
    if aborted {
        return Err(StageError::WorkerStopped);
    }
    for (part, table) in plan.wanted().zip(tables) {
        if let Some(share) = shares.get_mut(part.share) {
            share.tables.push(table);
        }
    }
    for (position, share) in shares.iter_mut().enumerate() {
        share.drift = plan.drift(position, &drift);
    }
    Ok(shares)
}
