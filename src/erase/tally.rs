//! [`Tally`]: what was found of the subjects in a text.

use std::collections::BTreeSet;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Objects and elements taken out.
    pub(super) removed: u64,
    /// Values set to null, and texts with an address replaced.
    pub(super) changed: u64,
    /// Objects with the id of a company and without a country, which stay.
    pub(super) left: u64,
    /// Which of the subjects.
    pub(super) found: BTreeSet<usize>,
}

impl Tally {
    /// Adds what was found elsewhere.
    pub(super) fn add(&mut self, other: &Self) {
        self.removed += other.removed;
        self.changed += other.changed;
        self.left += other.left;
        self.found.extend(&other.found);
    }
}
