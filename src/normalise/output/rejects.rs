//! Builds record batches of rejects.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayBuilder, BooleanBuilder, Int64Builder, RecordBatch, StringBuilder, UInt32Builder};
use arrow::datatypes::Schema;
use arrow::error::ArrowError;

use crate::normalise::mapping::plan::TableMapping;
use crate::normalise::mapping::record::without_hidden;
use crate::normalise::normaliser::LandedPage;
use crate::normalise::output::parquet_file::ParquetFile;
use crate::normalise::rows::row::CellReject;
use crate::normalise::stage::StageError;
use crate::record::cell::HALF_PAIR;
use crate::record::repairs::{Fault, Repairs};
use crate::staging::{Staged, reject_fields};

/// Size of a row group in encoded bytes.
const ROW_GROUP: usize = 1 << 20;

/// The place of a reject: a record, or an element of a record's array.
#[derive(Debug, Clone, Copy)]
pub(in crate::normalise) struct At<'p> {
    pub(in crate::normalise) page: &'p LandedPage,
    /// Name of the table that the record or element is for.
    pub(in crate::normalise) table: &'static str,
    /// The share that the reject belongs to.
    pub(in crate::normalise) share: usize,
    /// Position of its unit; `None` when the record belongs to no unit.
    pub(in crate::normalise) unit: Option<usize>,
}

/// Why a whole record, or an element of an array, cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::normalise) struct Unusable {
    /// The record's key, as far as it is known: otherwise that of the enclosing record, or of what was asked about.
    pub(in crate::normalise) key: Option<String>,
    /// The API's field that the reason is about.
    pub(in crate::normalise) field: Option<&'static str>,
    pub(in crate::normalise) reason: String,
}

impl Unusable {
    /// For that reason, with neither key nor field.
    pub(in crate::normalise) fn because(reason: &str) -> Self {
        Self { key: None, field: None, reason: reason.to_owned() }
    }
}

/// Rejects that are held, by share, and the repairs of the page that they are read from.
#[derive(Debug)]
pub(in crate::normalise) struct Rejects {
    shares: Vec<Share>,
    /// The repairs in the page being read: rejects hold the text as received.
    pub(in crate::normalise) repaired: Option<Arc<Repairs>>,
}

/// Rejects that are held of one share, and counts of all of its rejects.
#[derive(Debug, Default)]
struct Share {
    builder: Builder,
    /// Position of the unit of each reject of the last page.
    units: Vec<Option<usize>>,
    records: u64,
    cells: u64,
}

/// Names bytes that are not UTF-8 in a reason that would otherwise name half of a surrogate pair.
const NOT_UTF8: &str = "bytes that are not UTF-8";

impl Rejects {
    /// No rejects, with room for those of that many shares.
    pub(in crate::normalise) fn new(shares: usize) -> Self {
        Self { shares: (0..shares).map(|_| Share::default()).collect(), repaired: None }
    }

    /// Number of rejects held.
    pub(in crate::normalise) fn len(&self) -> usize {
        self.shares.iter().map(|share| share.builder.page.len()).sum()
    }

    /// Records rejected whole, and values rejected, so far, of each share.
    pub(in crate::normalise) fn counts(&self) -> impl Iterator<Item = (u64, u64)> {
        self.shares.iter().map(|share| (share.records, share.cells))
    }

    /// Rejects a whole record.
    pub(in crate::normalise) fn record(&mut self, at: At<'_>, raw: &str, unusable: &Unusable) {
        let Unusable { key, field, reason } = unusable;
        let repaired = self.repaired.clone();
        let (raw, reason) = received(repaired.as_deref(), raw, reason);
        let Some(share) = self.shares.get_mut(at.share) else { return };
        share.records += 1;
        share.append(at, key.as_deref(), *field, (&*raw, &*reason));
    }

    /// Rejects a whole record, without the fields that were not asked for.
    pub(in crate::normalise) fn record_of(
        &mut self,
        at: At<'_>,
        plan: &TableMapping,
        raw: &str,
        unusable: &Unusable,
    ) {
        let repaired = self.repaired.clone();
        let as_received =
            |part| repaired.as_ref().map_or(Cow::Borrowed(part), |repairs| repairs.as_received(part));
        let (_, reason) = received(repaired.as_deref(), raw, &unusable.reason);
        let (key, reason) = (unusable.key.clone(), reason.into_owned());
        let kept = without_hidden(plan, raw, as_received);
        self.record(at, &kept, &Unusable { key, field: unusable.field, reason });
    }

    /// Rejects a value of the row with that key.
    pub(in crate::normalise) fn cell(&mut self, at: At<'_>, key: &str, reject: &CellReject<'_>) {
        let repaired = self.repaired.clone();
        let (raw, reason) = received(repaired.as_deref(), reject.raw, reject.reason);
        let Some(share) = self.shares.get_mut(at.share) else { return };
        share.cells += 1;
        share.append(at, Some(key), Some(&reject.field), (&*raw, &*reason));
    }

    /// Marks the rejects of the last page as the newest or not, by their units. `others` applies to rejects without a
    /// unit.
    pub(in crate::normalise) fn mark(&mut self, newest: &[bool], others: bool) {
        for share in &mut self.shares {
            for unit in share.units.drain(..) {
                let newest = unit.map_or(others, |unit| newest.get(unit).copied().unwrap_or_default());
                share.builder.newest.append_value(newest);
            }
        }
    }

    /// Takes the rejects held, as one batch for each share.
    pub(in crate::normalise) fn finish(&mut self) -> Result<Vec<RecordBatch>, ArrowError> {
        self.shares.iter_mut().map(|share| share.builder.finish()).collect()
    }
}

impl Share {
    fn append(&mut self, at: At<'_>, key: Option<&str>, field: Option<&str>, texts: (&str, &str)) {
        self.units.push(at.unit);
        self.builder.append(at, key, field, texts);
    }
}

/// The text as received, and the reason in terms of that text.
fn received<'t>(repaired: Option<&Repairs>, raw: &'t str, reason: &'t str) -> (Cow<'t, str>, Cow<'t, str>) {
    let Some(repairs) = repaired else { return (Cow::Borrowed(raw), Cow::Borrowed(reason)) };
    let reason = match reason.split_once(HALF_PAIR) {
        Some((before, after)) if repairs.has(raw, Fault::NotText) => {
            Cow::Owned([before, NOT_UTF8, after].concat())
        }
        _ => Cow::Borrowed(reason),
    };
    (repairs.as_received(raw), reason)
}

/// A company that was not answered about, because the server does not accept the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The company, such as `FI/09704098`.
    pub company: String,
    /// Why.
    pub reason: String,
}

/// Writes a reject for each refused company of a list into the file at `path`, and adds the file to what was staged of
/// the stream. The rejects belong to no page: their page number is 0, and nothing is newer.
///
/// # Errors
/// The file cannot be written.
pub fn stage_refused(
    staged: &mut Staged,
    list: u32,
    refused: &[Refused],
    path: PathBuf,
) -> Result<(), StageError> {
    let Some(table) = staged.tables.first().map(|staged| staged.table.name) else { return Ok(()) };
    let page = LandedPage { list, ..LandedPage::default() };
    let at = At { page: &page, table, share: 0, unit: None };
    let mut rejects = Builder::default();
    for Refused { company, reason } in refused {
        let raw = company.split_once('/').map_or(company.as_str(), |(_, id)| id);
        let raw = serde_json::Value::from(raw).to_string();
        rejects.append(at, Some(company), Some("business_id"), (&raw, reason));
        rejects.newest.append_value(true);
    }
    let mut file = ParquetFile::new(path, ROW_GROUP);
    file.write(&rejects.finish().map_err(StageError::Batch)?)?;
    staged.rejects.extend(file.close()?);
    Ok(())
}

/// A builder for each column of [`reject_fields`].
#[derive(Debug, Default)]
struct Builder {
    list: UInt32Builder,
    table_name: StringBuilder,
    key: StringBuilder,
    field: StringBuilder,
    raw: StringBuilder,
    reason: StringBuilder,
    page: Int64Builder,
    newest: BooleanBuilder,
}

impl Builder {
    /// Appends all columns but `newest`, which is known only when the whole page has been read.
    fn append(&mut self, at: At<'_>, key: Option<&str>, field: Option<&str>, (raw, reason): (&str, &str)) {
        self.list.append_value(at.page.list);
        self.table_name.append_value(at.table);
        self.key.append_option(key);
        self.field.append_option(field);
        self.raw.append_value(raw);
        self.reason.append_value(reason);
        self.page.append_value(i64::try_from(at.page.number).unwrap_or(i64::MAX));
    }

    fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let builders: [&mut dyn ArrayBuilder; 8] = [
            &mut self.list,
            &mut self.table_name,
            &mut self.key,
            &mut self.field,
            &mut self.raw,
            &mut self.reason,
            &mut self.page,
            &mut self.newest,
        ];
        let arrays = builders.map(ArrayBuilder::finish).to_vec();
        RecordBatch::try_new(Arc::new(Schema::new(reject_fields().to_vec())), arrays)
    }
}
