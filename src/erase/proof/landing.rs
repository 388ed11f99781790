//! Reads every page in every segment of landed pages, and the ledgers.

use std::path::Path;

use super::super::body::{self, CutBody};
use super::super::bundle;
use super::super::subject::Subject;
use super::super::tally::Tally;
use super::{Failed, Held};
use crate::landing::bundle::answers;
use crate::landing::ledger::{self, CompanyAnswers, Entry};

/// Magic number at the start of a Zstandard frame; each page is one frame.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Largest size of a decompressed page, in bytes. A larger page is not decompressed and counts as damaged.
const MOST: usize = 1 << 30;

/// Number of pages about a subject in a segment of landed pages, or of lines about one in a ledger. `None` if the file
/// is neither.
pub(super) fn held(path: &Path, subjects: &[Subject]) -> Option<Result<Held, Failed>> {
    let name = path.file_name()?.to_str()?;
    if path.extension().is_some_and(|extension| extension == "zst") {
        return Some(pages(path, subjects).map(|pages| vec![("the landed pages".to_owned(), pages)]));
    }
    if ledger::path_in(path.parent()?).file_name()?.to_str()? == name {
        return Some(lines(path, subjects).map(|lines| vec![("the lines".to_owned(), lines)]));
    }
    None
}

fn pages(path: &Path, subjects: &[Subject]) -> Result<u64, Failed> {
    let bytes = fs_err::read(path)?;
    let mut rest = bytes.as_slice();
    let (mut about, mut damaged) = (0, 0);
    while !rest.is_empty() {
        let length = zstd::zstd_safe::find_frame_compressed_size(rest).ok().filter(|length| *length > 0);
        let page = length.and_then(|length| zstd::bulk::decompress(rest.get(..length)?, capacity(rest)).ok());
        match &page {
            Some(page) => about += u64::from(is_about(page, subjects)),
            None => damaged += 1,
        }
        // After a damaged page, the search goes on at the next magic number.
        let next = length.filter(|_| page.is_some()).unwrap_or_else(|| next_mark(rest));
        rest = rest.get(next..).unwrap_or_default();
    }
    if damaged > 0 && about == 0 {
        return Err(format!("{damaged} pages are damaged").into());
    }
    Ok(about)
}

/// Size of the first page in `frames` once decompressed, in bytes, as its frame header says; at most [`MOST`].
fn capacity(frames: &[u8]) -> usize {
    let size = zstd::zstd_safe::get_frame_content_size(frames).ok().flatten();
    size.and_then(|size| usize::try_from(size).ok()).unwrap_or(MOST).min(MOST)
}

/// Offset of the next magic number after the first byte, or the length of `frames` if there is none.
fn next_mark(frames: &[u8]) -> usize {
    let behind = frames.get(1..).unwrap_or_default();
    behind.windows(MAGIC.len()).position(|window| window == MAGIC).map_or(frames.len(), |at| at + 1)
}

/// Whether a landed body is about a subject. True if the body cannot be read and may name one.
fn is_about(landed: &[u8], subjects: &[Subject]) -> bool {
    if answers(landed).is_some_and(|answers| !answers.is_empty()) {
        let none = CompanyAnswers {
            list: 0,
            companies: Vec::new(),
            not_found: Vec::new(),
            refused: Vec::new(),
            rows: 0,
            unreadable: 0,
            at: None,
        };
        return !matches!(bundle::cut(none, landed, subjects, &mut Tally::default()), Ok(None));
    }
    !matches!(body::cut(landed, subjects, &mut Tally::default()), Ok(CutBody::Same))
}

/// Number of lines that name an erased company.
fn lines(path: &Path, subjects: &[Subject]) -> Result<u64, Failed> {
    let lines = ledger::read_lines(path.parent().unwrap_or(path))?;
    let names = |companies: &[String]| {
        companies.iter().any(|company| {
            let is = |subject: &Subject| {
                matches!(subject, Subject::Company { .. }) && subject.to_string() == *company
            };
            subjects.iter().any(is)
        })
    };
    let about = |entry: &&Entry| match entry {
        Entry::Answered(answers) => {
            let refused = answers.refused.iter().map(|refusal| refusal.company.clone());
            names(&answers.companies) || names(&answers.not_found) || names(&refused.collect::<Vec<_>>())
        }
        _ => false,
    };
    Ok(lines.entries.iter().filter(about).count() as u64)
}
