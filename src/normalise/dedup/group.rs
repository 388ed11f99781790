//! What belongs together: the rows of a unit are all the newest or all not.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// What a row of a table is the newest together with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::normalise) enum Unit {
    /// All that the answer about a company says: it is replaced as a whole.
    Answer,
    /// The record that it is a part of.
    Record,
    /// Nothing else: its key decides. The number keeps equal keys of different tables apart.
    Row(u64),
}

/// The units of the page read last, as fingerprints.
#[derive(Debug, Default)]
pub(in crate::normalise) struct Groups {
    fingerprints: Vec<u64>,
    /// Fingerprint of the company that the page is the answer about, and the position of its unit, which there is only
    /// when the page has something for it: an answer without use must not put an older one in the shade.
    company: Option<u64>,
    answer: Option<usize>,
}

impl Groups {
    /// Begins a page: the answer about that company, or a page of a list.
    pub(in crate::normalise) fn begin(&mut self, company: Option<u64>) {
        *self = Self { fingerprints: std::mem::take(&mut self.fingerprints), company, answer: None };
    }

    /// Fingerprint of the company that the page is the answer about.
    pub(in crate::normalise) fn company(&self) -> Option<u64> {
        self.company
    }

    /// Position of the company's unit; none when the page is no answer about one.
    pub(in crate::normalise) fn answer(&mut self) -> Option<usize> {
        let company = self.company?;
        if self.answer.is_none() {
            self.answer = Some(self.add(company));
        }
        self.answer
    }

    /// Position of the unit of a row with that key; of a record without a key the text decides.
    pub(in crate::normalise) fn row(&mut self, table: u64, key: &str, raw: &str) -> usize {
        let text = if key.is_empty() { raw } else { key };
        self.add(xxh3_64_with_seed(text.as_bytes(), table))
    }

    /// The units' fingerprints in their order; there are none afterwards.
    pub(in crate::normalise) fn take(&mut self) -> impl Iterator<Item = u64> {
        self.answer = None;
        self.fingerprints.drain(..)
    }

    fn add(&mut self, fingerprint: u64) -> usize {
        self.fingerprints.push(fingerprint);
        self.fingerprints.len() - 1
    }
}
