//! The ledger of a run: which answers are durable, one checksummed line for each.
//!
//! A line is written only after the page that it names has been synced to disk. Resuming replays the ledger: the run
//! plans the same requests again, and those with a line in the ledger are answered from it instead of from the API.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::LandingError;
pub use super::entry::{
    Ask, CompanyAnswers, Entry, Header, LandedAt, Refusal, RequestKey, RunList, Spent, Unusual, Verdict,
};
use crate::crash::{self, Point};
use crate::workspace::durable;

/// Version of the ledger's lines. A ledger of another version is refused.
pub const LEDGER_VERSION: u32 = 2;

/// The open ledger of a run.
#[derive(Debug)]
pub struct Ledger {
    file: fs_err::File,
    /// Whether the file may end with half a line, because an append failed or a crash interrupted one.
    torn: bool,
}

/// What a ledger file holds.
#[derive(Debug)]
pub struct Lines {
    /// The entries that can be read, the header first.
    pub entries: Vec<Entry>,
    /// Number of lines that fail their checksum. A crash leaves at most one, at the end, and resuming removes it.
    pub damaged: u64,
}

/// Path of the ledger in a run's landing folder.
pub fn path_in(folder: &Path) -> PathBuf {
    folder.join("ledger.jsonl")
}

impl Ledger {
    /// Starts the ledger of a new run. The header is durable when this returns.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn create(folder: &Path, header: &Header) -> Result<Self, LandingError> {
        let file = fs_err::OpenOptions::new().create_new(true).append(true).open(path_in(folder))?;
        let mut ledger = Self { file, torn: false };
        ledger.append(&[Entry::Opened(header.clone())])?;
        Ok(ledger)
    }

    /// Opens the ledger of an interrupted run for appending and returns its entries.
    ///
    /// # Errors
    /// The file cannot be read, or does not begin with a header of this version.
    pub fn resume(folder: &Path) -> Result<(Self, Vec<Entry>), LandingError> {
        let Lines { entries, damaged } = read_lines(folder)?;
        if damaged > 0 {
            let path = path_in(folder);
            tracing::warn!(
                path = %path.display(),
                lines = damaged,
                "The ledger has damaged lines; what they named is asked for again."
            );
            rewrite(folder, &entries)?;
        }
        let file = fs_err::OpenOptions::new().append(true).open(path_in(folder))?;
        // A crash may have left a whole line without its line feed.
        Ok((Self { file, torn: true }, entries))
    }

    /// Appends entries. They are durable when this returns.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub fn append(&mut self, entries: &[Entry]) -> Result<(), LandingError> {
        // Readers skip empty lines, but half a line must not run into the next one.
        let mut text = String::from(if self.torn { "\n" } else { "" });
        text.extend(entries.iter().map(encode));
        self.torn = true;
        self.file.write_all(text.as_bytes())?;
        crash::point(Point::LedgerWritten)?;
        self.file.sync_data()?;
        crash::point(Point::LedgerSynced)?;
        self.torn = false;
        Ok(())
    }
}

/// Replaces the ledger with one that holds only these entries.
fn rewrite(folder: &Path, entries: &[Entry]) -> Result<(), LandingError> {
    let begun = folder.join("ledger.new");
    let mut file = fs_err::File::create(&begun)?;
    file.write_all(entries.iter().map(encode).collect::<String>().as_bytes())?;
    file.sync_all()?;
    fs_err::rename(&begun, path_in(folder))?;
    Ok(durable::sync_folder(folder)?)
}

/// Reads the entries of a ledger, the header first. Lines that fail their checksum are left out: what they record
/// counts as not done and is asked for again.
///
/// # Errors
/// The file cannot be read, or does not begin with a header of this version.
pub fn read(folder: &Path) -> Result<Vec<Entry>, LandingError> {
    read_lines(folder).map(|lines| lines.entries)
}

/// Reads the entries of a ledger and counts the lines that cannot be read.
///
/// # Errors
/// As [`read`].
pub fn read_lines(folder: &Path) -> Result<Lines, LandingError> {
    let path = path_in(folder);
    let mut entries = Vec::new();
    let mut damaged = 0;
    for line in BufReader::new(fs_err::File::open(&path)?).split(b'\n') {
        let line = line?;
        if line.is_empty() {
            continue;
        }
        match decode(&line) {
            Some(entry) => entries.push(entry),
            None => damaged += 1,
        }
    }
    match entries.first() {
        Some(Entry::Opened(header)) if header.version == LEDGER_VERSION => Ok(Lines { entries, damaged }),
        _ => Err(LandingError::Ledger { path }),
    }
}

pub(crate) fn encode(entry: &Entry) -> String {
    let json = serde_json::to_string(entry).expect("an entry has only string keys");
    format!("{:016x} {json}\n", xxh3_64(json.as_bytes()))
}

pub(crate) fn decode(line: &[u8]) -> Option<Entry> {
    let (checksum, json) = line.split_at_checked(16)?;
    let checksum = u64::from_str_radix(std::str::from_utf8(checksum).ok()?, 16).ok()?;
    let json = json.strip_prefix(b" ")?;
    if xxh3_64(json) != checksum {
        return None;
    }
    serde_json::from_slice(json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::SelectionUse;

    fn header() -> Header {
        Header {
            version: LEDGER_VERSION,
            run_id: "r".to_owned(),
            started_at_us: 1,
            lists: vec![RunList {
                stream: "prospects".to_owned(),
                label: "all".to_owned(),
                serves: vec!["prospects".to_owned()],
                parent: None,
                window_from_us: None,
                window_to_us: None,
            }],
            arguments: String::new(),
            fingerprint: "f".to_owned(),
            selection: SelectionUse::default(),
        }
    }

    fn counted(total: u64) -> Entry {
        let key = RequestKey { list: 0, sweep: 1, slice: String::new(), ask: Ask::CountBefore };
        Entry::Counted { key, total: Some(total) }
    }

    #[test]
    fn every_cut_of_the_file_leaves_the_lines_before_it_and_appending_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::create(dir.path(), &header()).unwrap();
        ledger.append(&[counted(1), counted(2)]).unwrap();
        drop(ledger);
        let whole = fs_err::read(path_in(dir.path())).unwrap();
        let header_end = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for cut in header_end..whole.len() {
            fs_err::write(path_in(dir.path()), &whole[..cut]).unwrap();
            let complete_lines = whole[..cut].split(|byte| *byte == b'\n').count() - 1;
            let (mut ledger, entries) = Ledger::resume(dir.path()).unwrap();
            // A line that only lacks its newline is whole.
            assert!((complete_lines..=complete_lines + 1).contains(&entries.len()), "cut at {cut}");
            ledger.append(&[counted(9)]).unwrap();
            let after = read(dir.path()).unwrap();
            assert_eq!(after.len(), entries.len() + 1);
            assert_eq!(after.last(), Some(&counted(9)));
        }
    }

    #[test]
    fn a_flipped_bit_loses_one_line_and_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::create(dir.path(), &header()).unwrap();
        ledger.append(&[counted(1), counted(2), counted(3)]).unwrap();
        drop(ledger);
        let mut bytes = fs_err::read(path_in(dir.path())).unwrap();
        let second = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 30;
        bytes[second] ^= 1;
        fs_err::write(path_in(dir.path()), bytes).unwrap();
        assert_eq!(read(dir.path()).unwrap(), [Entry::Opened(header()), counted(2), counted(3)]);
    }

    #[test]
    fn another_version_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let other = Header { version: LEDGER_VERSION + 1, ..header() };
        Ledger::create(dir.path(), &other).unwrap();
        assert!(matches!(read(dir.path()), Err(LandingError::Ledger { .. })));
    }
}
