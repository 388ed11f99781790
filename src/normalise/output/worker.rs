//! One of the threads that stage: takes pages and writes files of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::normalise::dedup::order::{AbortUnlessDone, Aborted, Turns};
use crate::normalise::drift::DriftTally;
use crate::normalise::mapping::stream_plan::StreamPlan;
use crate::normalise::normaliser::{Counts, LandedPage, Normaliser};
use crate::normalise::output::parquet_file::ParquetFile;
use crate::normalise::stage::{MAX_PAGE_BYTES, StageError, StageOptions};

/// Number of bytes of pages after which a worker writes its rows, even when they are few.
const BATCH_BYTES: usize = 64 << 20;

/// Approximate number of encoded bytes that a worker holds in memory for all of its files together.
const ROW_GROUPS_BYTES: usize = 8 << 20;

/// Why a worker stopped before its end.
#[derive(Debug)]
pub(in crate::normalise) enum Halt {
    /// This worker failed.
    Failed(StageError),
    /// Another worker failed.
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

/// The results of a worker.
#[derive(Debug)]
pub(in crate::normalise) struct Finished {
    /// Files of the wanted tables, in order.
    pub(in crate::normalise) tables: Vec<FinishedTable>,
    /// By share; `None` where nothing was rejected.
    pub(in crate::normalise) rejects: Vec<Option<PathBuf>>,
    /// By part.
    pub(in crate::normalise) drift: Vec<DriftTally>,
    /// By share.
    pub(in crate::normalise) counts: Vec<Counts>,
    pub(in crate::normalise) parsing: Duration,
    pub(in crate::normalise) building: Duration,
}

/// The files that a worker wrote for one table.
#[derive(Debug)]
pub(in crate::normalise) struct FinishedTable {
    pub(in crate::normalise) rows: Option<PathBuf>,
    pub(in crate::normalise) scopes: Option<PathBuf>,
    pub(in crate::normalise) rows_staged: u64,
}

/// The files of one table.
#[derive(Debug)]
struct TableFiles {
    rows: ParquetFile,
    scopes: ParquetFile,
}

/// A worker and its files.
#[derive(Debug)]
pub(in crate::normalise) struct Worker {
    normaliser: Normaliser,
    /// By part; `None` for a part whose table is not wanted.
    tables: Vec<Option<TableFiles>>,
    /// By share.
    rejects: Vec<ParquetFile>,
    batch_rows: usize,
    /// Bytes of the pages whose rows are not yet written.
    pending_bytes: usize,
    parsing: Duration,
    building: Duration,
}

impl TableFiles {
    fn close(self, rows_staged: u64) -> Result<FinishedTable, StageError> {
        Ok(FinishedTable { rows: self.rows.close()?, scopes: self.scopes.close()?, rows_staged })
    }
}

impl Worker {
    pub(in crate::normalise) fn new(index: usize, plan: &Arc<StreamPlan>, options: &StageOptions) -> Self {
        // Scopes are small; rows, and the rejects of their values, are not.
        let row_group = (ROW_GROUPS_BYTES / (plan.wanted().count() + plan.shares)).max(1);
        let file =
            |kind: &str| ParquetFile::new(options.dir.join(format!("{kind}-{index}.parquet")), row_group);
        let tables = plan.parts.iter().map(|part| {
            let name = part.plan.table.name;
            let of_kind = |kind| file(&format!("{name}-{kind}"));
            part.wanted.then(|| TableFiles { rows: of_kind("rows"), scopes: of_kind("scopes") })
        });
        Self {
            tables: tables.collect(),
            normaliser: Normaliser::with_plan(Arc::clone(plan)),
            rejects: (0..plan.shares).map(|share| file(&format!("rejects-{share}"))).collect(),
            batch_rows: options.batch_rows,
            pending_bytes: 0,
            parsing: Duration::ZERO,
            building: Duration::ZERO,
        }
    }

    /// Reads pages until none are left.
    pub(in crate::normalise) fn run(
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
        let rows_staged = self.normaliser.rows_by_part();
        let tables = self.tables.into_iter().zip(rows_staged);
        let tables = tables.filter_map(|(files, rows_staged)| Some(files?.close(rows_staged)));
        let finished = Finished {
            tables: tables.collect::<Result<_, _>>()?,
            rejects: self.rejects.into_iter().map(ParquetFile::close).collect::<Result<_, _>>()?,
            counts: self.normaliser.counts_by_share(),
            drift: self.normaliser.into_drift(),
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
        turns.take(turn, |companies| self.normaliser.mark_among(companies))?;
        let pending = self.normaliser.pending_rows().max(self.normaliser.pending_rejects());
        if pending >= self.batch_rows {
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), StageError> {
        let begin = Instant::now();
        for (files, target) in self.tables.iter_mut().zip(&mut self.normaliser.held.targets) {
            let Some(files) = files else { continue };
            if let Some(rows) = target.take_rows() {
                files.rows.write(&rows.map_err(StageError::Batch)?)?;
            }
            if let Some(scopes) = target.take_scopes() {
                files.scopes.write(&scopes.map_err(StageError::Batch)?)?;
            }
        }
        let rejects = self.normaliser.held.rejects.finish().map_err(StageError::Batch)?;
        for (file, rejects) in self.rejects.iter_mut().zip(rejects) {
            file.write(&rejects)?;
        }
        self.pending_bytes = 0;
        self.building += begin.elapsed();
        Ok(())
    }
}
