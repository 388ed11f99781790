//! Counts how records differ from the API's document, in bounded memory.

use std::collections::BTreeMap;

use super::mapping::plan::{Slot, TableMapping};
use super::mapping::stream_plan::From;
use crate::record::json_text::shortened;
use crate::staging::{Drift, DriftKind};

/// Maximum number of unknown names that are counted one by one. They are the first in alphabetical order, so that the
/// result does not depend on which worker saw which page.
const MAX_NAMES: usize = 1000;
/// The name under which all further names are counted.
const OTHER_NAMES: &str = "…";
/// Maximum number of characters of a sample or of a field's name.
const SAMPLE_CHARS: usize = 200;

/// Position of a value: page in the order of reading, record, field. The sample at the first position is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) page: u64,
    pub(super) record: usize,
    pub(super) field: usize,
}

/// How often something was seen, and its first sample.
#[derive(Debug, Clone, Default)]
struct Seen {
    count: u64,
    first: Option<(Position, String)>,
}

impl Seen {
    fn add(&mut self, place: Position, sample: &str) {
        self.count += 1;
        if self.first.as_ref().is_none_or(|(first, _)| place < *first) {
            self.first = Some((place, shortened(sample, SAMPLE_CHARS).to_owned()));
        }
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        let earlier =
            |(place, _): &(Position, String)| self.first.as_ref().is_none_or(|(first, _)| place < first);
        if other.first.as_ref().is_some_and(earlier) {
            self.first = other.first;
        }
    }

    fn drift(&self, field: &str, kind: DriftKind) -> Drift {
        let sample = self.first.as_ref().map(|(_, sample)| sample.clone());
        Drift { field: field.to_owned(), kind, count: self.count, sample }
    }
}

/// The drift that one worker saw.
#[derive(Debug, Default)]
pub(super) struct DriftTally {
    unknown: BTreeMap<String, Seen>,
    other_names: Seen,
    /// By slot.
    other_type: Vec<Seen>,
    /// By slot.
    rounded: Vec<Seen>,
    /// By slot.
    missing: Vec<u64>,
}

impl DriftTally {
    pub(super) fn new(plan: &TableMapping) -> Self {
        let fields = plan.fields.len();
        let seen = || vec![Seen::default(); fields];
        Self { other_type: seen(), rounded: seen(), missing: vec![0; fields], ..Self::default() }
    }

    /// Counts a field without a column.
    pub(super) fn unknown(&mut self, name: &str, value: &str, place: Position) {
        let name = shortened(name, SAMPLE_CHARS);
        if let Some(seen) = self.unknown.get_mut(name) {
            return seen.add(place, value);
        }
        let full = self.unknown.len() >= MAX_NAMES;
        if full && self.unknown.last_key_value().is_some_and(|(last, _)| name > last.as_str()) {
            return self.other_names.add(place, value);
        }
        self.unknown.entry(name.to_owned()).or_default().add(place, value);
        self.shrink();
    }

    /// Counts a known field with a value of another JSON type than documented.
    pub(super) fn other_type(&mut self, slot: Slot, value: &str, place: Position) {
        if let Some(seen) = self.other_type.get_mut(slot) {
            seen.add(place, value);
        }
    }

    /// Counts a known field with a value that has more digits than its column.
    pub(super) fn rounded(&mut self, slot: Slot, value: &str, place: Position) {
        if let Some(seen) = self.rounded.get_mut(slot) {
            seen.add(place, value);
        }
    }

    /// Counts a documented field that a record lacks.
    pub(super) fn missing(&mut self, slot: Slot) {
        if let Some(count) = self.missing.get_mut(slot) {
            *count += 1;
        }
    }

    /// Adds the counts of another worker.
    pub(super) fn merge(&mut self, other: Self) {
        for (name, seen) in other.unknown {
            self.unknown.entry(name).or_default().merge(seen);
        }
        self.other_names.merge(other.other_names);
        for (mine, theirs) in self.other_type.iter_mut().zip(other.other_type) {
            mine.merge(theirs);
        }
        for (mine, theirs) in self.rounded.iter_mut().zip(other.rounded) {
            mine.merge(theirs);
        }
        for (mine, theirs) in self.missing.iter_mut().zip(other.missing) {
            *mine += theirs;
        }
        self.shrink();
    }

    /// The drift. The name of a field of an array's elements begins with that of the array, as in `contacts.nickname`.
    pub(super) fn drift(&self, plan: &TableMapping, from: From) -> Vec<Drift> {
        let mut unknown = self.unknown.clone();
        if self.other_names.count > 0 {
            unknown.entry(OTHER_NAMES.to_owned()).or_default().merge(self.other_names.clone());
        }
        let unknown = unknown.iter().map(|(name, seen)| seen.drift(name, DriftKind::Unknown));
        let missing = self.missing.iter().map(|count| Seen { count: *count, first: None }).zip(&plan.fields);
        let missing = missing.map(|(seen, name)| seen.drift(name, DriftKind::Missing));
        let other_type = self.other_type.iter().zip(&plan.fields);
        let other_type = other_type.map(|(seen, name)| seen.drift(name, DriftKind::Type));
        let rounded = self.rounded.iter().zip(&plan.fields);
        let rounded = rounded.map(|(seen, name)| seen.drift(name, DriftKind::Precision));
        let all = unknown.chain(missing).chain(other_type).chain(rounded);
        let mut drift: Vec<_> = all.filter(|drift| drift.count > 0).collect();
        if let From::Elements { field, .. } = from {
            for drift in &mut drift {
                drift.field = format!("{field}.{}", drift.field);
            }
        }
        drift
    }

    /// Keeps the first [`MAX_NAMES`] names. A name among the first of all workers is among the first of each worker,
    /// so that none of its counts goes to the others.
    fn shrink(&mut self) {
        while self.unknown.len() > MAX_NAMES {
            if let Some((_, seen)) = self.unknown.pop_last() {
                self.other_names.merge(seen);
            }
        }
    }
}
