//! Doors to private parsers, for the fuzz targets in `fuzz/` and the test that runs their seeds. Not part of the
//! library: anything here may change or go in any version.

use std::time::{Duration, SystemTime};

use crate::api::retry_after;
#[cfg(feature = "cli")]
use crate::cli::config::ConfigFile;
use crate::landing::ledger::{self, Entry};
use crate::record::reading;
#[cfg(feature = "cli")]
use crate::selection::Selection;

/// How long a `Retry-After` of that value asks to wait.
pub fn wait_of(value: &str, date: Option<&str>, now: SystemTime) -> Option<Duration> {
    retry_after::retry_after(value, date, now)
}

/// The selections of a settings file.
///
/// # Errors
/// With the message that the user would see.
#[cfg(feature = "cli")]
pub fn selections_of(settings: &str) -> Result<Vec<Selection>, String> {
    let file = ConfigFile::parse(settings).map_err(|error| error.to_string())?;
    let selections = file.select.iter().map(Selection::from_table);
    selections.collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// The entry that a line of a ledger holds, given without its line feed.
pub fn entry_of(line: &[u8]) -> Option<Entry> {
    ledger::decode(line)
}

/// The line that an entry becomes, with its line feed.
pub fn line_of(entry: &Entry) -> String {
    ledger::encode(entry)
}

/// The text of a body that is JSON once it is repaired; none of one that is JSON to the letter, or none at all.
pub fn repaired(body: &[u8]) -> Option<String> {
    reading::repaired(body).map(|repaired| repaired.text)
}
