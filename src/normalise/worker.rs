//! One of the threads that stage: takes pages, writes its own files.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::drift::DriftTally;
use super::newest::{AbortUnlessDone, Aborted, Turns};
use super::normaliser::{Counts, LandedPage, Normaliser};
use super::parquet_file::ParquetFile;
use super::plan::Plan;
use super::stage::{MAX_PAGE_BYTES, StageError, StageOptions};

/// Bytes of pages after which a worker writes its rows, however few they are.
const BATCH_BYTES: usize = 64 << 20;

/// Why a worker stopped before its end.
#[derive(Debug)]
pub(super) enum Halt {
    /// It failed.
    Failed(StageError),
    /// Another one failed.
    Aborted,
}

impl From<StageError> for Halt {
    fn from(error: StageError) -> Self {
        Self::Failed(error)
    }
}

impl From<Aborted> for Halt {
    fn from(_: Aborted) -> Self {
        Self::Aborted
    }
}

/// What a worker did.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) rows: Option<PathBuf>,
    pub(super) rejects: Option<PathBuf>,
    pub(super) drift: DriftTally,
    pub(super) counts: Counts,
    pub(super) parsing: Duration,
    pub(super) building: Duration,
}

/// A worker and its files.
#[derive(Debug)]
pub(super) struct Worker {
    normaliser: Normaliser,
    rows: ParquetFile,
    rejects: ParquetFile,
    batch_rows: usize,
    /// Bytes of the pages whose rows are not yet written.
    pending_bytes: usize,
    parsing: Duration,
    building: Duration,
}

impl Worker {
    pub(super) fn new(index: usize, plan: Arc<Plan>, run_id: &str, options: &StageOptions) -> Self {
        let file = |kind| ParquetFile::new(options.dir.join(format!("{kind}-{index}.parquet")));
        Self {
            normaliser: Normaliser::with_plan(plan, run_id),
            rows: file("rows"),
            rejects: file("rejects"),
            batch_rows: options.batch_rows,
            pending_bytes: 0,
            parsing: Duration::ZERO,
            building: Duration::ZERO,
        }
    }

    /// Takes pages until there are none left.
    pub(super) fn run(
        mut self,
        turns: &Turns,
        next_page: impl Fn() -> Result<Option<(u64, LandedPage)>, Halt>,
    ) -> Result<Finished, Halt> {
        let guard = AbortUnlessDone::new(turns);
        while let Some((turn, page)) = next_page()? {
            if turns.is_aborted() {
                return Err(Halt::Aborted);
            }
            self.page(&page, turn, turns)?;
        }
        self.write()?;
        let finished = Finished {
            rows: self.rows.close()?,
            rejects: self.rejects.close()?,
            counts: self.normaliser.counts(),
            drift: self.normaliser.drift,
            parsing: self.parsing,
            building: self.building,
        };
        guard.done();
        Ok(finished)
    }

    fn page(&mut self, page: &LandedPage, turn: u64, turns: &Turns) -> Result<(), Halt> {
        let (number, bytes) = (page.number, page.body.len());
        if bytes > MAX_PAGE_BYTES {
            return Err(StageError::PageTooLarge { page: number, bytes }.into());
        }
        if self.pending_bytes + bytes > BATCH_BYTES {
            self.write()?;
        }
        let begin = Instant::now();
        let read = self.normaliser.read_page(page, turn);
        self.parsing += begin.elapsed();
        read.map_err(|source| StageError::Page { page: number, source })?;
        self.pending_bytes += bytes;
        turns.take(turn, |companies| self.normaliser.mark_newest(|key| companies.insert(key)))?;
        let pending = self.normaliser.pending_rows().max(self.normaliser.pending_rejects());
        if pending >= self.batch_rows {
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), StageError> {
        let begin = Instant::now();
        self.rows.write(&self.normaliser.take_rows().map_err(StageError::Batch)?)?;
        self.rejects.write(&self.normaliser.take_rejects().map_err(StageError::Batch)?)?;
        self.pending_bytes = 0;
        self.building += begin.elapsed();
        Ok(())
    }
}
