//! The thread that owns the files of a run.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::LandingError;
use super::ledger::{CompanyAnswers, Entry, LandedAt, Ledger, RequestKey};
use super::store::segment_path;
use crate::crash::{self, Point};
use crate::workspace::durable;

/// Size in bytes at which a segment file is closed. A segment can exceed it by one page.
pub(super) const SEGMENT_BYTES: u64 = 256 << 20;

/// A page or a bundle, compressed and ready to be written.
pub(super) struct Arrival {
    pub(super) of: Of,
    pub(super) compressed: Vec<u8>,
    pub(super) raw_length: u64,
    pub(super) checksum: u64,
    pub(super) fetched_at_us: i64,
}

/// What is landed.
pub(super) enum Of {
    /// The answer to a request.
    Request(RequestKey),
    /// Answers about companies. The writer fills in where they are stored.
    Companies(CompanyAnswers),
}

impl Of {
    /// How many numbers it takes: one for each answer, so that each answer can be named.
    fn numbers(&self) -> u64 {
        match self {
            Self::Request(_) => 1,
            Self::Companies(answers) => answers.companies.len() as u64,
        }
    }

    fn entry(self, at: LandedAt) -> Entry {
        match self {
            Self::Request(key) => Entry::Landed { key, at },
            Self::Companies(answers) => Entry::Answered(CompanyAnswers { at: Some(at), ..answers }),
        }
    }
}

/// A message to the landing thread, with the channel for its reply.
pub(super) enum Message {
    Page(Arrival, oneshot::Sender<Result<LandedAt, LandingError>>),
    Entry(Entry, oneshot::Sender<Result<(), LandingError>>),
}

/// Time spent on landing, in microseconds, summed over all threads.
#[derive(Debug, Default)]
pub(super) struct Busy(pub(super) AtomicU64);

impl Busy {
    pub(super) fn add(&self, begin: Instant) {
        self.0.fetch_add(u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// State of the landing thread.
pub(super) struct Writer {
    pub(super) folder: PathBuf,
    pub(super) busy: Arc<Busy>,
    pub(super) ledger: Ledger,
    pub(super) segment: u32,
    pub(super) file: Option<fs_err::File>,
    pub(super) position: u64,
    pub(super) next_number: u64,
}

impl Writer {
    pub(super) fn run(&mut self, mut receiver: mpsc::Receiver<Message>) {
        while let Some(first) = receiver.blocking_recv() {
            let mut batch = vec![first];
            while let Ok(next) = receiver.try_recv() {
                batch.push(next);
            }
            let begin = Instant::now();
            self.commit(batch);
            self.busy.add(begin);
        }
    }

    /// Writes a batch: segment, sync, ledger, sync. Replies are sent only after that.
    fn commit(&mut self, batch: Vec<Message>) {
        let mut entries = Vec::with_capacity(batch.len());
        let mut pages = Vec::new();
        let mut notes = Vec::new();
        let mut written = Ok(());
        for message in batch {
            match message {
                Message::Entry(entry, reply) => {
                    if matches!(entry, Entry::Damaged { .. } | Entry::AnswersDamaged { .. }) {
                        // The open segment may be the damaged or missing one. Pages that are fetched again go into a
                        // new segment.
                        written = written.and_then(|()| self.close());
                    }
                    entries.push(entry);
                    notes.push(reply);
                }
                Message::Page(arrival, reply) => {
                    let at = match &written {
                        Ok(()) => self.write(&arrival).map_err(|error| written = Err(error)).ok(),
                        Err(_) => None,
                    };
                    entries.extend(at.clone().map(|at| arrival.of.entry(at)));
                    pages.push((at, reply));
                }
            }
        }
        let synced = written.and_then(|()| if pages.is_empty() { Ok(()) } else { self.sync() });
        let failure = synced.and_then(|()| self.ledger.append(&entries)).err().map(|error| error.to_string());
        if failure.is_some() {
            // The content of the segment is unknown now, and a later sync does not repeat what a failed one did not
            // write. So the next page starts a new segment.
            self.file = None;
        }
        let answer = || match &failure {
            None => Ok(()),
            Some(reason) => Err(LandingError::Write { folder: self.folder.clone(), reason: reason.clone() }),
        };
        for (at, reply) in pages {
            let _ = reply.send(answer().and_then(|()| at.ok_or(LandingError::Stopped)));
        }
        for reply in notes {
            let _ = reply.send(answer());
        }
    }

    fn sync(&self) -> Result<(), LandingError> {
        if let Some(file) = &self.file {
            file.sync_data()?;
            crash::point(Point::PagesSynced)?;
        }
        Ok(())
    }

    /// Syncs the open segment and closes it.
    fn close(&mut self) -> Result<(), LandingError> {
        Ok(self.file.take().map_or(Ok(()), |file| file.sync_data())?)
    }

    fn write(&mut self, arrival: &Arrival) -> Result<LandedAt, LandingError> {
        if self.position >= SEGMENT_BYTES {
            self.close()?;
        }
        if self.file.is_none() {
            while segment_path(&self.folder, self.segment).exists() {
                self.segment += 1;
            }
            let path = segment_path(&self.folder, self.segment);
            self.file = Some(fs_err::OpenOptions::new().create_new(true).append(true).open(path)?);
            durable::sync_folder(&self.folder)?;
            self.position = 0;
        }
        let file = self.file.as_mut().ok_or(LandingError::Stopped)?;
        file.write_all(&arrival.compressed)?;
        crash::point(Point::PageWritten)?;
        if matches!(arrival.of, Of::Companies(_)) {
            crash::point(Point::AnswersWritten)?;
        }
        let length = arrival.compressed.len() as u64;
        let at = LandedAt {
            number: self.next_number,
            segment: self.segment,
            position: self.position,
            length,
            raw_length: arrival.raw_length,
            checksum: arrival.checksum,
            fetched_at_us: arrival.fetched_at_us,
        };
        self.next_number += arrival.of.numbers();
        self.position += length;
        Ok(at)
    }
}
