//! Landing: the bodies of all answered pages, compressed, on disk.
//!
//! One thread owns the files of a run. It takes all messages that arrived since its last sync, writes the pages, syncs
//! the segment, appends the ledger lines and syncs the ledger. Many pages share the two syncs.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use xxhash_rust::xxh3::xxh3_64;

use super::LandingError;
use super::bundle::Bundle;
use super::ledger::{CompanyAnswers, Entry, Header, LandedAt, Ledger, RequestKey};
use super::runs;
use super::writer::{Arrival, Busy, Message, Of, Writer};
use crate::clock::Timeline;
use crate::crash::{self, Point};
use crate::workspace::durable;

/// zstd level of landed pages. Level 1 takes half the time of the default, 3, for a tenth more size.
pub(super) const COMPRESSION_LEVEL: i32 = 1;
/// Number of pages that may wait for the landing thread. Further pages wait while holding their request slot.
const QUEUE: usize = 16;
/// Largest body that is accepted from a ledger, in bytes: a damaged ledger must not make the reader allocate all
/// memory.
const MAX_BODY: u64 = 1 << 30;

/// The landing folder of a run that is being extracted.
#[derive(Debug)]
pub struct Landing {
    folder: PathBuf,
    sender: Option<mpsc::Sender<Message>>,
    writer: Option<JoinHandle<()>>,
    busy: Arc<Busy>,
    timeline: Arc<Timeline>,
}

impl Landing {
    /// Makes the landing folder of a new run.
    ///
    /// # Errors
    /// The folder cannot be made or written to.
    pub fn create(folder: &Path, header: &Header) -> Result<Self, LandingError> {
        Self::create_with(folder, header, &[])
    }

    /// [`Landing::create`] with further entries that the ledger holds from the start.
    pub(crate) fn create_with(folder: &Path, header: &Header, more: &[Entry]) -> Result<Self, LandingError> {
        // A run without a header could not be resumed, nor told apart from a foreign folder. So the folder gets its
        // name only when the header is in it.
        let begun = runs::set_aside(folder);
        fs_err::create_dir_all(&begun)?;
        let mut ledger = Ledger::create(&begun, header)?;
        if !more.is_empty() {
            ledger.append(more)?;
        }
        drop(ledger);
        durable::sync_folder(&begun)?;
        crash::point(Point::LandingCreated)?;
        fs_err::rename(&begun, folder)?;
        if let Some(parent) = folder.parent() {
            durable::sync_folder(parent)?;
        }
        crash::point(Point::RunOpened)?;
        let (ledger, _) = Ledger::resume(folder)?;
        Ok(Self::start(folder, ledger, 1, 1))
    }

    /// Opens the landing folder of an interrupted run and returns the entries of its ledger.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn resume(folder: &Path) -> Result<(Self, Vec<Entry>), LandingError> {
        let (ledger, entries) = Ledger::resume(folder)?;
        let landed = entries.iter().filter_map(|entry| match entry {
            Entry::Landed { at, .. } => Some((at.segment, at.number)),
            Entry::Answered(CompanyAnswers { companies, at: Some(at), .. }) => {
                Some((at.segment, at.number + (companies.len() as u64).saturating_sub(1)))
            }
            // The number must not be given to answers that land later.
            Entry::AnswersDamaged { number } => Some((0, *number)),
            _ => None,
        });
        let (segment, number) = landed.fold((0, 0), |most, next| (most.0.max(next.0), most.1.max(next.1)));
        // Start a new segment. Bytes that a crash left after the last ledger line stay in the old one.
        Ok((Self::start(folder, ledger, segment + 1, number + 1), entries))
    }

    fn start(folder: &Path, ledger: Ledger, segment: u32, number: u64) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let busy = Arc::new(Busy::default());
        let mut writer = Writer {
            folder: folder.to_owned(),
            busy: Arc::clone(&busy),
            ledger,
            segment,
            file: None,
            position: 0,
            next_number: number,
        };
        let writer = std::thread::spawn(move || writer.run(receiver));
        let timeline = Arc::default();
        Self { folder: folder.to_owned(), sender: Some(sender), writer: Some(writer), busy, timeline }
    }

    /// Takes the times of its pages from `timeline`.
    #[must_use]
    pub fn with_timeline(mut self, timeline: Arc<Timeline>) -> Self {
        self.timeline = timeline;
        self
    }

    /// The time to record for something received just now, in microseconds since 1970, UTC.
    pub(crate) fn now_us(&self) -> i64 {
        self.timeline.now_us()
    }

    /// Folder of the run.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Time spent so far on compressing, writing and syncing, summed over all threads.
    pub fn busy(&self) -> Duration {
        Duration::from_micros(self.busy.0.load(Ordering::Relaxed))
    }

    /// Lands one page. The page is durable and counted in the ledger when this returns.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub async fn land(
        &self,
        key: RequestKey,
        body: bytes::Bytes,
        fetched_at_us: i64,
    ) -> Result<LandedAt, LandingError> {
        self.write(Of::Request(key), body, fetched_at_us).await
    }

    /// Lands answers about companies as one page. They are durable and counted in the ledger when this returns.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub(crate) async fn land_answers(&self, list: u32, bundle: Bundle) -> Result<(), LandingError> {
        let Bundle { body, companies, not_found, refused, rows, unreadable, since_us } = bundle;
        let answers = CompanyAnswers { list, companies, not_found, refused, rows, unreadable, at: None };
        if answers.companies.is_empty() {
            return self.note(Entry::Answered(answers)).await;
        }
        self.write(Of::Companies(answers), body.into(), since_us).await?;
        crash::point(Point::AnswersLanded)?;
        Ok(())
    }

    async fn write(&self, of: Of, body: bytes::Bytes, fetched_at_us: i64) -> Result<LandedAt, LandingError> {
        let busy = Arc::clone(&self.busy);
        let arrival = tokio::task::spawn_blocking(move || {
            let begin = Instant::now();
            let compressed = zstd::bulk::compress(&body, COMPRESSION_LEVEL)?;
            let raw_length = body.len() as u64;
            let checksum = xxh3_64(&body);
            busy.add(begin);
            Ok::<_, LandingError>(Arrival { of, compressed, raw_length, checksum, fetched_at_us })
        });
        let arrival = arrival.await.map_err(|_| LandingError::Stopped)??;
        let (reply, answer) = oneshot::channel();
        self.send(Message::Page(arrival, reply)).await?;
        answer.await.map_err(|_| LandingError::Stopped)?
    }

    /// Appends an entry to the ledger. The entry is durable when this returns.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub async fn note(&self, entry: Entry) -> Result<(), LandingError> {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Entry(entry, reply)).await?;
        answer.await.map_err(|_| LandingError::Stopped)?
    }

    async fn send(&self, message: Message) -> Result<(), LandingError> {
        let sender = self.sender.as_ref().ok_or(LandingError::Stopped)?;
        sender.send(message).await.map_err(|_| LandingError::Stopped)
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(writer) = self.writer.take() {
            // The thread ends when the channel is closed. If it panicked, its callers already got an error.
            let _ = writer.join();
        }
    }
}

pub(super) fn segment_path(folder: &Path, segment: u32) -> PathBuf {
    folder.join(format!("pages-{segment:05}.zst"))
}

/// Reads a landed page back.
///
/// # Errors
/// [`LandingError::Damaged`] when the file is missing, cut short, or its bytes fail the checksum.
pub fn read_page(folder: &Path, at: &LandedAt) -> Result<Vec<u8>, LandingError> {
    let damaged = |reason: String| LandingError::Damaged { number: at.number, reason };
    let body = (|| -> std::io::Result<Vec<u8>> {
        let too_large = || std::io::Error::other("the ledger claims a page larger than any");
        let length = usize::try_from(at.length.min(MAX_BODY)).map_err(|_| too_large())?;
        let raw_length = usize::try_from(at.raw_length.min(MAX_BODY)).map_err(|_| too_large())?;
        let mut file = fs_err::File::open(segment_path(folder, at.segment))?;
        file.seek(SeekFrom::Start(at.position))?;
        let mut compressed = vec![0; length];
        file.read_exact(&mut compressed)?;
        zstd::bulk::decompress(&compressed, raw_length)
    })();
    let body = body.map_err(|error| damaged(error.to_string()))?;
    if body.len() as u64 != at.raw_length || xxh3_64(&body) != at.checksum {
        return Err(damaged("checksum does not match".to_owned()));
    }
    Ok(body)
}

/// Total size of all files below `folder`, in bytes; 0 when the folder does not exist.
pub fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = fs_err::read_dir(folder) else { return 0 };
    entries
        .filter_map(Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size_of(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
