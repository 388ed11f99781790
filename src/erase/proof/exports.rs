//! Reads every row of every file in the folder of an export.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use percent_encoding::percent_decode_str;

use super::super::csv::{COMMA, delimiter, unguarded};
use super::super::subject::Subject;
use super::super::{EraseError, Outcome};
use super::cells::Cells;
use super::database::{text, texts_of};
use super::{Failed, Held, below, take, workbook};
use crate::export::{self, ExportError, Manifest};

/// Reads the files of an export, including files in its folders that no manifest names.
///
/// # Errors
/// The folder or its manifest cannot be read.
pub(super) fn look(dir: &Path, subjects: &[Subject], outcome: &mut Outcome) -> Result<(), EraseError> {
    let manifest = match export::manifest_of(dir) {
        // The erasure has said that it could not read it. The files are read without it.
        Err(ExportError::NewerManifest { .. }) => None,
        manifest => manifest?,
    };
    let countries = countries(dir, manifest.as_ref());
    let declared = manifest.as_ref().map_or(COMMA, |manifest| manifest.csv.delimiter);
    for entry in fs_err::read_dir(dir)? {
        let folder = entry?.path();
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        if !export::is_export(&name) || folder.is_symlink() {
            continue;
        }
        for file in below(&folder, "")? {
            let place = Place::of(&folder, &file, countries.get(&file));
            let extension = file.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
            match extension.as_str() {
                "parquet" => take(&file, parquet(&file, &place, subjects), outcome),
                "csv" => take(&file, csv(&file, &place, declared, subjects), outcome),
                "xlsx" => take(&file, workbook::held(&file, &place, subjects), outcome),
                _ => {}
            }
        }
    }
    Ok(())
}

/// The country of each file's rows, for the files whose country the manifest says.
fn countries(dir: &Path, manifest: Option<&Manifest>) -> BTreeMap<PathBuf, String> {
    let tables = manifest.iter().flat_map(|manifest| &manifest.tables);
    let partitioned = tables.filter(|table| !table.partitioned_by.is_empty());
    let files = partitioned.flat_map(|table| &table.files);
    files.filter_map(|file| Some((dir.join(&file.path), file.country.clone()?))).collect()
}

/// What a file of an export holds.
pub(super) struct Place {
    pub(super) table: String,
    /// Countries that the manifest and the path say for the file's rows. It holds only `None` if neither says one.
    countries: BTreeSet<Option<String>>,
}

impl Place {
    fn of(export: &Path, file: &Path, country: Option<&String>) -> Self {
        let parts = file.strip_prefix(export).unwrap_or(file).components();
        let mut parts = parts.map(|part| part.as_os_str().to_string_lossy().into_owned());
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let table = parts.next().map(|name| decoded(&name)).unwrap_or_default();
        let named = parts.find_map(|part| part.strip_prefix("country=").map(decoded));
        let mut countries: BTreeSet<_> = country.cloned().into_iter().chain(named).map(Some).collect();
        if countries.is_empty() {
            countries.insert(None);
        }
        Self { table, countries }
    }

    /// Whether a row is about a subject, if it is of any of the countries.
    pub(super) fn is_about<'t>(&'t self, cells: &Cells<'_>, cell: impl Fn(usize) -> Option<&'t str>) -> bool {
        self.countries.iter().any(|country| cells.are_about(country.as_deref(), &cell))
    }

    pub(super) fn held(&self, rows: u64) -> Held {
        vec![(format!("the rows of {}", self.table), rows)]
    }
}

fn parquet(path: &Path, place: &Place, subjects: &[Subject]) -> Result<Held, Failed> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(fs_err::File::open(path)?.into_file())?;
    let fields = builder.schema().fields().clone();
    let is_text = |kind: &DataType| matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let texts: Vec<usize> =
        (0..).zip(&fields).filter(|(_, field)| is_text(field.data_type())).map(|(index, _)| index).collect();
    let names: Vec<String> =
        texts.iter().filter_map(|index| fields.get(*index)).map(|field| field.name().clone()).collect();
    let cells = Cells::new("main", &place.table, &names, subjects);
    let mask = ProjectionMask::roots(builder.parquet_schema(), texts);
    let mut rows = 0;
    for batch in builder.with_projection(mask).build()? {
        let batch = plain(&batch?)?;
        let columns: Vec<&StringArray> = texts_of(&batch)?;
        let about = |row: &usize| place.is_about(&cells, |index| text(&columns, index, *row));
        rows += (0..batch.num_rows()).filter(about).count() as u64;
    }
    Ok(place.held(rows))
}

/// The batch with every text column cast to `Utf8`.
fn plain(batch: &RecordBatch) -> Result<RecordBatch, Failed> {
    let schema = batch.schema();
    let columns =
        schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
            Ok((field.name().clone(), arrow::compute::cast(column, &DataType::Utf8)?))
        });
    let columns: Vec<_> = columns.collect::<Result<_, arrow::error::ArrowError>>()?;
    Ok(RecordBatch::try_from_iter(columns)?)
}

/// Rows of a CSV file that are about a subject. `declared` is the delimiter that the manifest names.
fn csv(path: &Path, place: &Place, declared: char, subjects: &[Subject]) -> Result<Held, Failed> {
    let (names, mut reader) = open_csv(path, declared)?;
    let cells = Cells::new("main", &place.table, &names, subjects);
    let mut rows = 0;
    for record in reader.records() {
        let record = record?;
        let about =
            place.is_about(&cells, |index| record.get(index).filter(|text| !text.is_empty()).map(unguarded));
        rows += u64::from(about);
    }
    Ok(place.held(rows))
}

type CsvReader = csv::Reader<std::fs::File>;

/// Opens a CSV file with the delimiter that splits its header into the most names. Returns these names and the reader.
///
/// The candidates are the common delimiters, the one that the header shows, and `declared`, the manifest's, which may not
/// be about this file. With a wrong delimiter a row would be a single field, and no key would be found.
fn open_csv(path: &Path, declared: char) -> Result<(Vec<String>, CsvReader), Failed> {
    let mut header =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(fs_err::File::open(path)?);
    let first = header.records().next().transpose()?;
    let first = first.as_ref().and_then(|names| names.get(0)).unwrap_or_default();
    // If the delimiter is not a comma, the first field as read with commas holds more than the first name.
    let name: String = first.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let mut best: Option<(Vec<String>, CsvReader)> = None;
    for candidate in [COMMA, ';', '\t', '|', delimiter(path, &name)?, declared] {
        let candidate =
            u8::try_from(candidate).ok().filter(u8::is_ascii).ok_or("its delimiter is no ASCII")?;
        let file = fs_err::File::open(path)?.into_file();
        let mut reader = csv::ReaderBuilder::new().delimiter(candidate).flexible(true).from_reader(file);
        let names: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
        if best.as_ref().is_none_or(|(most, _)| names.len() >= most.len()) {
            best = Some((names, reader));
        }
    }
    best.ok_or_else(|| "nothing divides it".into())
}
