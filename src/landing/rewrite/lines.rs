//! The lines of a ledger, each as it stands in the file, and what each tells of.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use super::super::LandingError;
use super::super::ledger::{self, CompanyAnswers, Entry, LandedAt};
use crate::workspace::durable;

/// A line.
#[derive(Debug)]
pub(super) struct Line {
    /// With its checksum, without the line feed.
    pub(super) text: Vec<u8>,
    pub(super) tells: Tells,
}

/// What a line tells of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tells {
    /// Of no answer.
    Nothing,
    /// Of an answer, the newest to what was asked, and where it lies; none when it has no body.
    Answer(Option<LandedAt>),
    /// Of an answer that a later line replaces: its bytes go, and the line with them.
    Outdated,
}

impl Line {
    /// What it says, when that is an answer that counts.
    pub(super) fn answer(&self) -> Option<(Entry, Option<&LandedAt>)> {
        let Tells::Answer(at) = &self.tells else { return None };
        Some((ledger::decode(&self.text)?, at.as_ref()))
    }

    /// Where the answer lies that it tells of.
    pub(super) fn at(&self) -> Option<&LandedAt> {
        if let Tells::Answer(at) = &self.tells { at.as_ref() } else { None }
    }
}

/// The lines of the ledger in `folder`, and whether the run is neither published nor given up.
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
        // Every entry is named here: whoever adds one that tells of landed bytes has to say so.
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

/// The line of an entry whose answer lies there now.
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

/// Puts those lines in the place of the ledger, durably.
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
