//! Pages in, record batches out: what one worker does.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64;

use super::batch::{Reject, RejectBuilder, RowBuilder};
use super::drift::{DriftTally, Place};
use super::envelope::{EnvelopeError, parse_page};
use super::key;
use super::plan::Plan;
use super::record::{Record, RecordReader};
use super::row::{Row, Source};
use crate::catalog::Stream;

/// One page as it landed.
#[derive(Debug, Clone)]
pub struct LandedPage {
    /// Number of the page in the run; `etl.rejects` names it.
    pub number: u64,
    /// Index of the list that the page is of.
    pub list: u32,
    /// When it was fetched: microseconds since 1970-01-01T00:00:00Z.
    pub fetched_at_us: i64,
    /// The body as received, decompressed.
    pub body: Vec<u8>,
}

/// What was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records: rows and whole rejected records.
    pub records: u64,
    /// Records that became rows.
    pub rows: u64,
    /// Records rejected whole.
    pub records_rejected: u64,
    /// Rejected values of records that became rows.
    pub cells_rejected: u64,
}

/// Turns pages into record batches by the columns of a stream, holding rows until they are taken.
///
/// The steps for a page are [`read_page`](Self::read_page), then [`mark_newest`](Self::mark_newest); after any
/// page the rows and rejects so far can be taken.
#[derive(Debug)]
pub struct Normaliser {
    plan: Arc<Plan>,
    run_id: String,
    reader: RecordReader,
    rows: RowBuilder,
    rejects: RejectBuilder,
    /// Fingerprints of the rows not yet marked.
    unmarked: Vec<u64>,
    pub(super) drift: DriftTally,
    counts: Counts,
}

impl Normaliser {
    /// For the pages of a stream; the run's id goes into the ids of rejects.
    pub fn new(stream: &'static Stream, run_id: &str) -> Self {
        Self::with_plan(Arc::new(Plan::new(stream)), run_id)
    }

    pub(super) fn with_plan(plan: Arc<Plan>, run_id: &str) -> Self {
        Self {
            run_id: run_id.to_owned(),
            reader: RecordReader::default(),
            rows: RowBuilder::new(&plan),
            rejects: RejectBuilder::new(plan.stream.table().name),
            unmarked: Vec::new(),
            drift: DriftTally::new(&plan),
            counts: Counts::default(),
            plan,
        }
    }

    /// Reads every record of a page into a row or a reject. `turn` is the page's place in the order of reading;
    /// it decides which sample of a drift counts as the first.
    ///
    /// # Errors
    /// When the body is no page at all. Whatever is wrong with single records or values is a reject.
    pub fn read_page(&mut self, page: &LandedPage, turn: u64) -> Result<(), EnvelopeError> {
        let parsed = parse_page(&page.body)?;
        let plan = Arc::clone(&self.plan);
        let mut record = Record::new(&plan);
        let mut row = Row::default();
        for (index, raw) in parsed.records.into_iter().enumerate() {
            self.counts.records += 1;
            if !self.reader.read(&plan, raw, &mut record) {
                self.reject_record(page, index, raw, "not a JSON object");
                continue;
            }
            let source =
                Source { plan: &plan, record: &record, place: Place { page: turn, record: index, field: 0 } };
            match row.fill(source, &mut self.drift) {
                Ok(()) => self.append(page, index, &row),
                Err(reason) => self.reject_record(page, index, raw, &reason),
            }
        }
        Ok(())
    }

    /// Says of each row of the page read last, in its order, whether it is the newest of its company, asking
    /// with the company's fingerprint.
    pub fn mark_newest(&mut self, mut is_newest: impl FnMut(u64) -> bool) {
        for key in self.unmarked.drain(..) {
            self.rows.append_newest(is_newest(key));
        }
    }

    /// Number of rows that are held.
    pub fn pending_rows(&self) -> usize {
        self.rows.len()
    }

    /// Number of rejects that are held.
    pub fn pending_rejects(&self) -> usize {
        self.rejects.len()
    }

    /// Takes the rows held: the table's declared columns, then [`crate::staging::row_fields`].
    ///
    /// # Errors
    /// When rows were not marked, or do not fit the schema, which would be a mistake in the catalog.
    pub fn take_rows(&mut self) -> Result<RecordBatch, ArrowError> {
        self.rows.finish()
    }

    /// Takes the rejects held: [`crate::staging::reject_fields`].
    ///
    /// # Errors
    /// When they do not fit the schema.
    pub fn take_rejects(&mut self) -> Result<RecordBatch, ArrowError> {
        self.rejects.finish()
    }

    /// What was read so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn append(&mut self, page: &LandedPage, index: usize, row: &Row<'_>) {
        let key = row.key(&self.plan);
        self.rows.append(row, page.fetched_at_us, page.list);
        self.unmarked.push(key::fingerprint(&key));
        self.counts.rows += 1;
        for (position, reject) in row.rejects.iter().enumerate() {
            let earlier = row.rejects.iter().take(position).filter(|other| other.field == reject.field);
            self.counts.cells_rejected += 1;
            self.rejects.append(&Reject {
                id: self.reject_id(page, index, &reject.field, earlier.count()),
                list: page.list,
                key: Some(&key),
                field: Some(&reject.field),
                raw: reject.raw,
                reason: reject.reason,
                page: page.number,
            });
        }
    }

    fn reject_record(&mut self, page: &LandedPage, index: usize, raw: &RawValue, reason: &str) {
        self.counts.records_rejected += 1;
        self.rejects.append(&Reject {
            id: self.reject_id(page, index, "", 0),
            list: page.list,
            key: None,
            field: None,
            raw: raw.get(),
            reason,
            page: page.number,
        });
    }

    /// The same for the same value of the same run, however often it is normalised.
    fn reject_id(&self, page: &LandedPage, record: usize, field: &str, occurrence: usize) -> u64 {
        let LandedPage { number, list, .. } = page;
        xxh3_64(format!("{}/{list}/{number}/{record}/{occurrence}/{field}", self.run_id).as_bytes())
    }
}
