//! Reads every row of every sheet of a workbook.
//!
//! One row at a time is in memory. Shared strings are the exception: they are in memory all together, so there is a
//! limit for them. Workbooks that this program writes have no shared strings.

use std::io::{BufReader, Read, Seek};
use std::path::Path;

use calamine::{DataRef, Reader, Xlsx, XlsxError};
use zip::ZipArchive;

use super::cells::Cells;
use super::exports::Place;
use super::{Failed, Held};
use crate::erase::subject::Subject;

/// Largest size of a part that is not a sheet, decompressed, in bytes.
const MOST_AT_ONCE: u64 = 1 << 28;
/// Most columns that a sheet can have, a limit of the XLSX format.
const MOST_COLUMNS: usize = 16_384;
/// Name of a column. A row that holds this text is taken for the header.
const KEY: &str = "business_id";

/// Number of rows of the workbook that are about a subject.
pub(super) fn held(path: &Path, place: &Place, subjects: &[Subject]) -> Result<Held, Failed> {
    let open = || fs_err::File::open(path).map(|file| BufReader::new(file.into_file()));
    require_bounded(open()?)?;
    let mut workbook: Xlsx<_> = calamine::open_workbook_from_rs(open()?)?;
    let mut about = 0;
    for name in workbook.sheet_names() {
        let mut cells = match workbook.worksheet_cells_reader(&name) {
            Ok(cells) => cells,
            // A chart sheet, which has no cells.
            Err(XlsxError::NotAWorksheet(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        let mut sheet = Sheet { place, subjects, names: Vec::new(), cells: None, about: 0 };
        let (mut row, mut at) = (Vec::new(), None);
        while let Some(cell) = cells.next_cell()? {
            let (number, column) = cell.get_position();
            if at.replace(number) != Some(number) {
                sheet.take(&row);
                row.clear();
            }
            let column = usize::try_from(column)?;
            if let Some(text) = text_of(cell.get_value()).filter(|_| column < MOST_COLUMNS) {
                row.resize(row.len().max(column + 1), None);
                if let Some(place) = row.get_mut(column) {
                    *place = Some(text);
                }
            }
        }
        sheet.take(&row);
        about += sheet.about;
    }
    Ok(place.held(about))
}

/// Refuses a workbook with a part that is read as a whole and is larger than [`MOST_AT_ONCE`].
fn require_bounded(file: impl Read + Seek) -> Result<(), Failed> {
    let mut archive = ZipArchive::new(file)?;
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index)?;
        let (name, bytes) = (part.name()?, part.size());
        if bytes > MOST_AT_ONCE && !name.to_ascii_lowercase().contains("worksheets/") {
            return Err(format!("its part {name} has {bytes} bytes, which is too much to be held").into());
        }
    }
    Ok(())
}

fn text_of(value: &DataRef<'_>) -> Option<String> {
    Some(match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        _ => return None,
    })
}

/// Takes the rows of a sheet one after the other, and counts those about a subject.
struct Sheet<'p, 's> {
    place: &'p Place,
    subjects: &'s [Subject],
    names: Vec<String>,
    /// `None` until the first row is read, and after the names have changed.
    cells: Option<Cells<'s>>,
    about: u64,
}

impl Sheet<'_, '_> {
    fn take(&mut self, row: &[Option<String>]) {
        if row.is_empty() {
            return;
        }
        // Somebody may have inserted lines above the header.
        let is_header = row.iter().flatten().any(|text| text == KEY);
        if is_header || self.cells.is_none() {
            self.names = row.iter().map(|name| name.clone().unwrap_or_default()).collect();
            self.cells = None;
        }
        if self.names.len() < row.len() {
            // Cells beside the table are checked, too.
            self.names.resize(row.len(), String::new());
            self.cells = None;
        }
        let (place, names, subjects) = (self.place, &self.names, self.subjects);
        let cells = self.cells.get_or_insert_with(|| Cells::new("main", &place.table, names, subjects));
        self.about += u64::from(place.is_about(cells, |index| row.get(index)?.as_deref()));
    }
}
