//! The lines of a ledger as they are in the file, and the answers that they name.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use super::super::LandingError;
use super::super::ledger::{self, CompanyAnswers, Entry, LandedAt};
use crate::workspace::durable;

/// A line of the ledger.
#[derive(Debug)]
pub(super) struct Line {
    /// The text with its checksum, without the line feed.
    pub(super) text: Vec<u8>,
    pub(super) tells: Tells,
}

/// What a line says about landed answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tells {
    /// It names no answer.
    Nothing,
    /// It names the newest answer to its request. Holds the location; `None` when the answer has no body.
    Answer(Option<LandedAt>),
    /// It names an answer that a later line replaces. The bytes are removed, and the line with them.
    Outdated,
}

impl Line {
    /// The entry and the location of its answer; `None` when the line names no answer that counts.
    pub(super) fn answer(&self) -> Option<(Entry, Option<&LandedAt>)> {
        let Tells::Answer(at) = &self.tells else { return None };
        Some((ledger::decode(&self.text)?, at.as_ref()))
    }

    /// Location of the answer that the line names.
    pub(super) fn at(&self) -> Option<&LandedAt> {
        if let Tells::Answer(at) = &self.tells { at.as_ref() } else { None }
    }
}

/// Reads the lines of the ledger in `folder`, and whether the run is unfinished: neither published nor given up.
///
/// # Errors
/// The file cannot be read.
pub(super) fn read(folder: &Path) -> Result<(Vec<Line>, bool), LandingError> {
    let mut lines = Vec::new();
    let (mut pages, mut bundles) = (HashMap::new(), HashMap::new());
    let mut unfinished = true;
    let mut outdated = Vec::new();
    for text in BufReader::new(fs_err::File::open(ledger::path_in(folder))?).split(b'\n') {
        let text = text?;
        if text.is_empty() {
            continue;
        }
        let mut tells = Tells::Nothing;
        // Every entry is listed here, so that a new entry does not compile before it is decided whether it names
        // landed bytes.
        match ledger::decode(&text) {
            Some(Entry::Landed { key, at }) => {
                outdated.extend(pages.insert(key, lines.len()));
                tells = Tells::Answer(Some(at));
            }
            Some(Entry::Damaged { key }) => outdated.extend(pages.remove(&key)),
            Some(Entry::Answered(CompanyAnswers { at, .. })) => {
                outdated.extend(at.as_ref().and_then(|at| bundles.insert(at.number, lines.len())));
                tells = Tells::Answer(at);
            }
            Some(Entry::AnswersDamaged { number }) => outdated.extend(bundles.remove(&number)),
            Some(Entry::Published { .. } | Entry::Abandoned) => unfinished = false,
            Some(
                Entry::Opened(_)
                | Entry::Clock { .. }
                | Entry::Counted { .. }
                | Entry::PastEnd { .. }
                | Entry::Parted { .. }
                | Entry::Unusual { .. }
                | Entry::Found { .. }
                | Entry::Spent(_)
                | Entry::Judged(_),
            )
            | None => {}
        }
        lines.push(Line { text, tells });
    }
    for index in outdated {
        if let Some(line) = lines.get_mut(index) {
            line.tells = Tells::Outdated;
        }
    }
    Ok((lines, unfinished))
}

/// The line of an entry whose answer is now stored at `at`.
pub(super) fn moved(entry: Entry, at: Option<LandedAt>) -> Vec<u8> {
    let entry = match (entry, at) {
        (Entry::Landed { key, .. }, Some(at)) => Entry::Landed { key, at },
        (Entry::Answered(answers), at) => Entry::Answered(CompanyAnswers { at, ..answers }),
        (entry, _) => entry,
    };
    line_of(&entry)
}

/// The line of an entry, without the line feed.
pub(super) fn line_of(entry: &Entry) -> Vec<u8> {
    ledger::encode(entry).trim_end().as_bytes().to_vec()
}

/// Replaces the ledger with these lines, durably.
///
/// # Errors
/// The disk is full or broken.
pub(super) fn replace(folder: &Path, lines: &[Vec<u8>]) -> Result<(), LandingError> {
    let begun = folder.join("ledger.new");
    let mut text = lines.join(&b'\n');
    text.push(b'\n');
    let mut file = fs_err::File::create(&begun)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs_err::rename(&begun, ledger::path_in(folder))?;
    Ok(durable::sync_folder(folder)?)
}
