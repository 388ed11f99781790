//! [`Tally`]: counts of what was found of the subjects in a text.

use std::collections::BTreeSet;

/// Counts of what was found of the subjects in a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Objects and array elements removed.
    pub(super) removed: u64,
    /// Values set to null, and texts with an address replaced.
    pub(super) changed: u64,
    /// Objects that stay because they have the id of a company and no country.
    pub(super) left: u64,
    /// Indexes of the subjects that were found.
    pub(super) found: BTreeSet<usize>,
}

impl Tally {
    /// Adds the counts of another text.
    pub(super) fn add(&mut self, other: &Self) {
        self.removed += other.removed;
        self.changed += other.changed;
        self.left += other.left;
        self.found.extend(&other.found);
    }
}
