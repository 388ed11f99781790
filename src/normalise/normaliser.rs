//! Turns pages into record batches: the work of one worker.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::error::ArrowError;

use super::dedup::group::Groups;
use super::dedup::order::Companies;
use super::drift::DriftTally;
use super::mapping::stream_plan::StreamPlan;
use super::output::rejects::Rejects;
use super::rows::page::PageReader;
use super::rows::target::Target;
use crate::catalog::Stream;
use crate::record::EnvelopeError;
use crate::record::envelope::parse_text;
use crate::record::reading::{Tolerance, with_json};
use crate::staging::reject_fields;

/// A page as it landed.
#[derive(Debug, Clone, Default)]
pub struct LandedPage {
    /// Number of the page in the run, by which `etl.rejects` names it.
    pub number: u64,
    /// Index of the list that the page belongs to.
    pub list: u32,
    /// When it was fetched: microseconds since 1970-01-01T00:00:00Z.
    pub fetched_at_us: i64,
    /// What the request was about, as names of columns and their values: a company's `country` and `business_id`, or a
    /// `target_group_id`. Empty for pages of lists.
    pub parent: Vec<(&'static str, String)>,
    /// The body as received, decompressed.
    pub body: Vec<u8>,
}

/// Counts of what was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records, including the elements of their arrays: rows and records rejected whole.
    pub records: u64,
    /// Records that became rows.
    pub rows: u64,
    /// Records rejected whole.
    pub records_rejected: u64,
    /// Rejected values in records that became rows.
    pub cells_rejected: u64,
}

impl Counts {
    /// The sum of both.
    #[must_use]
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            records: self.records + other.records,
            rows: self.rows + other.rows,
            records_rejected: self.records_rejected + other.records_rejected,
            cells_rejected: self.cells_rejected + other.cells_rejected,
        }
    }
}

/// Turns pages into record batches with the columns of a stream. Holds the rows until they are taken.
///
/// For each page, call [`read_page`](Self::read_page) and then [`mark_newest`](Self::mark_newest). After any page, the
/// rows and rejects so far can be taken.
#[derive(Debug)]
pub struct Normaliser {
    plan: Arc<StreamPlan>,
    pub(super) held: Held,
    /// Whether each unit of the last page is the newest.
    newest: Vec<bool>,
}

/// What a normaliser holds until it is taken.
#[derive(Debug)]
pub(super) struct Held {
    /// By part.
    pub(super) targets: Vec<Target>,
    pub(super) rejects: Rejects,
    pub(super) units: Groups,
}

impl Normaliser {
    /// A normaliser for the pages of a stream, with all tables.
    pub fn new(stream: &'static Stream) -> Self {
        Self::with_plan(Arc::new(StreamPlan::new(stream, None)))
    }

    pub(super) fn with_plan(plan: Arc<StreamPlan>) -> Self {
        let targets = plan.parts.iter().map(Target::new).collect();
        let held = Held { targets, rejects: Rejects::new(plan.shares), units: Groups::default() };
        Self { plan, held, newest: Vec::new() }
    }

    /// Reads every record of a page, and every element of its arrays, into a row or a reject. `turn` is the page's
    /// place in the order of reading; it decides which sample of a drift is the first.
    ///
    /// # Errors
    /// The body is not a page at all. Anything wrong with single records or values is a reject, even a record that is
    /// not JSON: a page that landed is what the server has.
    pub fn read_page(&mut self, page: &LandedPage, turn: u64) -> Result<(), EnvelopeError> {
        let (plan, held) = (&self.plan, &mut self.held);
        with_json(&page.body, plan.shape, Tolerance::Records, |json| {
            let parsed = parse_text(json.text, plan.shape)?;
            held.rejects.repaired = json.repairs.cloned();
            if let Some(mut reader) = PageReader::new(plan, page, turn) {
                reader.read(json, parsed, held);
            }
            held.rejects.repaired = None;
            Ok(())
        })
    }

    /// Marks each unit of the last page as the newest or not. Calls `is_newest` with the fingerprint of each unit, in
    /// order: that of a row's key, or of the company that the page is the answer about.
    pub fn mark_newest(&mut self, is_newest: impl FnMut(u64) -> bool) {
        self.mark(is_newest, true);
    }

    /// [`Self::mark_newest`] with the companies of the newer pages. Adds the companies of the page to them.
    pub(super) fn mark_among(&mut self, companies: &mut Companies) {
        // An answer without usable records adds nothing, because an older answer may be better. Its rejects are old
        // only if there is a newer answer.
        let answered = self.held.units.company().is_some_and(|company| companies.contains(&company));
        self.mark(|key| companies.insert(key), !answered);
    }

    fn mark(&mut self, is_newest: impl FnMut(u64) -> bool, others: bool) {
        self.newest.clear();
        self.newest.extend(self.held.units.take().map(is_newest));
        for target in &mut self.held.targets {
            target.mark(&self.newest);
        }
        self.held.rejects.mark(&self.newest, others);
    }

    /// Number of rows held for the table that has most of them.
    pub fn pending_rows(&self) -> usize {
        self.held.targets.iter().map(Target::pending).max().unwrap_or_default()
    }

    /// Number of rejects held.
    pub fn pending_rejects(&self) -> usize {
        self.held.rejects.len()
    }

    /// Takes the rows held for the main table: its declared columns, then [`crate::staging::row_fields`].
    ///
    /// # Errors
    /// Rows were not marked, or they do not fit the schema, which would be a mistake in the catalog.
    pub fn take_rows(&mut self) -> Result<RecordBatch, ArrowError> {
        let rows = self.held.targets.get_mut(self.plan.main).and_then(Target::take_rows);
        rows.unwrap_or_else(|| Ok(RecordBatch::new_empty(Arc::new(Schema::empty()))))
    }

    /// Takes the rejects held, with the columns of [`crate::staging::reject_fields`].
    ///
    /// # Errors
    /// Rejects were not marked, or they do not fit the schema.
    pub fn take_rejects(&mut self) -> Result<RecordBatch, ArrowError> {
        let rejects = self.held.rejects.finish()?;
        arrow::compute::concat_batches(&Arc::new(Schema::new(reject_fields().to_vec())), &rejects)
    }

    /// Counts of what was read so far.
    pub fn counts(&self) -> Counts {
        self.counts_by_share().into_iter().fold(Counts::default(), Counts::and)
    }

    /// Counts of what was read so far, by share.
    pub(super) fn counts_by_share(&self) -> Vec<Counts> {
        let count = |(share, (records_rejected, cells_rejected))| {
            let own = self.plan.parts.iter().zip(&self.held.targets).filter(|(part, _)| part.share == share);
            let rows = own.map(|(_, target)| target.counted).sum();
            Counts { records: rows + records_rejected, rows, records_rejected, cells_rejected }
        };
        self.held.rejects.counts().enumerate().map(count).collect()
    }

    /// Number of rows read so far, by part.
    pub(super) fn rows_by_part(&self) -> Vec<u64> {
        self.held.targets.iter().map(|target| target.counted).collect()
    }

    /// The drift seen, by part.
    pub(super) fn into_drift(self) -> Vec<DriftTally> {
        self.held.targets.into_iter().map(|target| target.drift).collect()
    }
}
