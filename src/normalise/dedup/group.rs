//! Units: groups of rows of which either all are the newest or none is.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The unit of a row: what it is the newest together with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::normalise) enum Unit {
    /// The answer about a company, which is replaced as a whole.
    Answer,
    /// The record that the row is a part of.
    Record,
    /// The row alone, by its key. The number keeps equal keys of different tables apart.
    Row(u64),
}

/// The units of the last page, as fingerprints.
#[derive(Debug, Default)]
pub(in crate::normalise) struct Groups {
    fingerprints: Vec<u64>,
    /// Fingerprint of the company that the page is the answer about; `None` for a page of a list.
    company: Option<u64>,
    /// Position of the company's unit; `None` until the page has something for it, because an answer without usable
    /// records must not make an older one count as outdated.
    answer: Option<usize>,
}

impl Groups {
    /// Begins a page. `company` is the company that the page is the answer about; `None` for a page of a list.
    pub(in crate::normalise) fn begin(&mut self, company: Option<u64>) {
        *self = Self { fingerprints: std::mem::take(&mut self.fingerprints), company, answer: None };
    }

    /// Fingerprint of the company that the page is the answer about; `None` for a page of a list.
    pub(in crate::normalise) fn company(&self) -> Option<u64> {
        self.company
    }

    /// Position of the company's unit, which is added at the first call; `None` when the page is not an answer about a
    /// company.
    pub(in crate::normalise) fn answer(&mut self) -> Option<usize> {
        let company = self.company?;
        if self.answer.is_none() {
            self.answer = Some(self.add(company));
        }
        self.answer
    }

    /// Adds the unit of a row with that key and returns its position. For a record without a key, the text decides.
    pub(in crate::normalise) fn row(&mut self, table: u64, key: &str, raw: &str) -> usize {
        let text = if key.is_empty() { raw } else { key };
        self.add(xxh3_64_with_seed(text.as_bytes(), table))
    }

    /// Takes the fingerprints of the units, in order.
    pub(in crate::normalise) fn take(&mut self) -> impl Iterator<Item = u64> {
        self.answer = None;
        self.fingerprints.drain(..)
    }

    fn add(&mut self, fingerprint: u64) -> usize {
        self.fingerprints.push(fingerprint);
        self.fingerprints.len() - 1
    }
}
