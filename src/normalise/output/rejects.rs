//! Builds record batches of rejects, each with an id of its own.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayBuilder, BooleanBuilder, Int64Builder, RecordBatch, StringBuilder, UInt32Builder};
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use xxhash_rust::xxh3::xxh3_64;

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
    /// Position of the record in the page.
    pub(in crate::normalise) record: usize,
    /// For a part other than the main one: its table, and the position in the array.
    pub(in crate::normalise) part: Option<(&'static str, usize)>,
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

/// Rejects that are held, and counts of all rejects.
#[derive(Debug)]
pub(in crate::normalise) struct Rejects {
    run_id: String,
    builder: Builder,
    /// Position of the unit of each reject of the last page.
    units: Vec<Option<usize>>,
    pub(in crate::normalise) records: u64,
    pub(in crate::normalise) cells: u64,
    /// The repairs in the page being read: rejects hold the text as received.
    pub(in crate::normalise) repaired: Option<Arc<Repairs>>,
}

/// Names bytes that are not UTF-8 in a reason that would otherwise name half of a surrogate pair.
const NOT_UTF8: &str = "bytes that are not UTF-8";

impl Rejects {
    pub(in crate::normalise) fn new(run_id: &str) -> Self {
        Self {
            run_id: run_id.to_owned(),
            builder: Builder::default(),
            units: Vec::new(),
            records: 0,
            cells: 0,
            repaired: None,
        }
    }

    /// Number of rejects held.
    pub(in crate::normalise) fn len(&self) -> usize {
        self.builder.page.len()
    }

    /// Rejects a whole record.
    pub(in crate::normalise) fn record(&mut self, at: At<'_>, raw: &str, unusable: &Unusable) {
        self.records += 1;
        self.units.push(at.unit);
        let id = self.id(at, "", 0);
        let Unusable { key, field, reason } = unusable;
        let (raw, reason) = self.received(raw, reason);
        self.builder.append(at, id, key.as_deref(), *field, (&*raw, &*reason));
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
        let received =
            |part| repaired.as_ref().map_or(Cow::Borrowed(part), |repairs| repairs.as_received(part));
        let (_, reason) = self.received(raw, &unusable.reason);
        let (key, reason) = (unusable.key.clone(), reason.into_owned());
        let kept = without_hidden(plan, raw, received);
        self.record(at, &kept, &Unusable { key, field: unusable.field, reason });
    }

    /// Rejects a value of the row with that key. `occurrence` tells several rejects of the same field apart.
    pub(in crate::normalise) fn cell(
        &mut self,
        at: At<'_>,
        key: &str,
        reject: &CellReject<'_>,
        occurrence: usize,
    ) {
        self.cells += 1;
        self.units.push(at.unit);
        let id = self.id(at, &reject.field, occurrence);
        let (raw, reason) = self.received(reject.raw, reject.reason);
        self.builder.append(at, id, Some(key), Some(&reject.field), (&*raw, &*reason));
    }

    /// The text as received, and the reason in terms of that text.
    fn received<'t>(&self, raw: &'t str, reason: &'t str) -> (Cow<'t, str>, Cow<'t, str>) {
        let Some(repairs) = &self.repaired else { return (Cow::Borrowed(raw), Cow::Borrowed(reason)) };
        let reason = match reason.split_once(HALF_PAIR) {
            Some((before, after)) if repairs.has(raw, Fault::NotText) => {
                Cow::Owned([before, NOT_UTF8, after].concat())
            }
            _ => Cow::Borrowed(reason),
        };
        (repairs.as_received(raw), reason)
    }

    /// Marks the rejects of the last page as the newest or not, by their units. `others` applies to rejects without a
    /// unit.
    pub(in crate::normalise) fn mark(&mut self, newest: &[bool], others: bool) {
        for unit in self.units.drain(..) {
            let newest = unit.map_or(others, |unit| newest.get(unit).copied().unwrap_or_default());
            self.builder.newest.append_value(newest);
        }
    }

    /// Rejects a company, such as `FI/09704098`, that the server refuses to answer about. The reject belongs to no
    /// page, so nothing is newer.
    fn refused(&mut self, list: u32, table: &'static str, refusal: &Refused) {
        let page = LandedPage { list, ..LandedPage::default() };
        let Refused { company, reason } = refusal;
        let id = xxh3_64(format!("{}/{list}/refused/{company}", self.run_id).as_bytes());
        let raw = company.split_once('/').map_or(company.as_str(), |(_, id)| id);
        let raw = serde_json::Value::from(raw).to_string();
        let at = At { page: &page, table, record: 0, part: None, unit: None };
        self.builder.append(at, id, Some(company), Some("business_id"), (&raw, reason));
        self.builder.newest.append_value(true);
    }

    /// Takes the rejects held.
    pub(in crate::normalise) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        self.builder.finish()
    }

    /// Id of a reject: the same for the same value of the same run, however often it is normalised.
    fn id(&self, at: At<'_>, field: &str, occurrence: usize) -> u64 {
        let At { page: LandedPage { number, list, .. }, record, part, .. } = at;
        let run = &self.run_id;
        let text = match part {
            None => format!("{run}/{list}/{number}/{record}/{occurrence}/{field}"),
            Some((table, element)) => {
                format!("{run}/{list}/{number}/{record}/{table}/{element}/{occurrence}/{field}")
            }
        };
        xxh3_64(text.as_bytes())
    }
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
/// the stream. The rejects belong to no page, so their page number is 0.
///
/// # Errors
/// The file cannot be written.
pub fn stage_refused(
    staged: &mut Staged,
    (run_id, list): (&str, u32),
    refused: &[Refused],
    path: PathBuf,
) -> Result<(), StageError> {
    let Some(table) = staged.tables.first().map(|staged| staged.table.name) else { return Ok(()) };
    let mut rejects = Rejects::new(run_id);
    for refusal in refused {
        rejects.refused(list, table, refusal);
    }
    let mut file = ParquetFile::new(path, ROW_GROUP);
    file.write(&rejects.finish().map_err(StageError::Batch)?)?;
    staged.rejects.extend(file.close()?);
    Ok(())
}

/// A builder for each column of [`reject_fields`].
#[derive(Debug, Default)]
struct Builder {
    id: StringBuilder,
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
    fn append(
        &mut self,
        at: At<'_>,
        id: u64,
        key: Option<&str>,
        field: Option<&str>,
        (raw, reason): (&str, &str),
    ) {
        self.id.append_value(format!("{id:016x}"));
        self.list.append_value(at.page.list);
        self.table_name.append_value(at.table);
        self.key.append_option(key);
        self.field.append_option(field);
        self.raw.append_value(raw);
        self.reason.append_value(reason);
        self.page.append_value(i64::try_from(at.page.number).unwrap_or(i64::MAX));
    }

    fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let builders: [&mut dyn ArrayBuilder; 9] = [
            &mut self.id,
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
