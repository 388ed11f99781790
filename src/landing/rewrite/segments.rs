//! The new segments of a run that is rewritten, and the bytes of the old ones.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::super::LandingError;
use super::super::ledger::LandedAt;
use super::super::store::{COMPRESSION_LEVEL, segment_path};
use super::super::writer::SEGMENT_BYTES;
use crate::workspace::durable;

/// The new segments.
pub(super) struct Segments {
    folder: PathBuf,
    next: u32,
    /// Number, file and write position of the open segment.
    open: Option<(u32, fs_err::File, u64)>,
}

impl Segments {
    pub(super) fn after(folder: &Path, last: Option<u32>) -> Self {
        Self { folder: folder.to_owned(), next: last.map_or(1, |last| last + 1), open: None }
    }

    pub(super) fn write_body(&mut self, at: &LandedAt, body: &[u8]) -> Result<LandedAt, LandingError> {
        let compressed = zstd::bulk::compress(body, COMPRESSION_LEVEL)?;
        let at = LandedAt { raw_length: body.len() as u64, checksum: xxh3_64(body), ..at.clone() };
        self.write_raw(&at, &compressed)
    }

    /// Writes compressed bytes and returns their location.
    pub(super) fn write_raw(&mut self, at: &LandedAt, compressed: &[u8]) -> Result<LandedAt, LandingError> {
        if self.open.as_ref().is_some_and(|(_, _, position)| *position >= SEGMENT_BYTES) {
            self.sync()?;
        }
        let (segment, mut file, position) = if let Some(open) = self.open.take() {
            open
        } else {
            let path = segment_path(&self.folder, self.next);
            self.next += 1;
            (self.next - 1, fs_err::OpenOptions::new().create_new(true).append(true).open(path)?, 0)
        };
        file.write_all(compressed)?;
        let length = compressed.len() as u64;
        self.open = Some((segment, file, position + length));
        Ok(LandedAt { segment, position, length, ..at.clone() })
    }

    /// Syncs the open segment and closes it. The next page begins a new file.
    pub(super) fn sync(&mut self) -> Result<(), LandingError> {
        if let Some((_, file, _)) = self.open.take() {
            file.sync_all()?;
        }
        Ok(durable::sync_folder(&self.folder)?)
    }
}

/// The compressed bytes at a location, without checking them.
pub(super) fn raw(folder: &Path, at: &LandedAt) -> std::io::Result<Vec<u8>> {
    let path = segment_path(folder, at.segment);
    if at.length > fs_err::metadata(&path)?.len() {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    let mut file = fs_err::File::open(path)?;
    file.seek(SeekFrom::Start(at.position))?;
    let mut bytes = Vec::new();
    file.take(at.length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == at.length { Ok(bytes) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}
