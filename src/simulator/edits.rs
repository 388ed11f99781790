//! What tests changed in the target groups; these themselves follow from the companies.

use std::collections::HashSet;

use super::groups::Group;

/// Everything that was changed.
#[derive(Debug, Default)]
pub(super) struct Edits {
    groups_gone: HashSet<u32>,
    members_gone: HashSet<(u32, u32)>,
}

impl Edits {
    pub(super) fn remove_group(&mut self, group: &Group) {
        self.groups_gone.insert(group.number);
    }

    pub(super) fn has_group(&self, group: &Group) -> bool {
        !self.groups_gone.contains(&group.number)
    }

    pub(super) fn remove_member(&mut self, group: &Group, index: u32) {
        self.members_gone.insert((group.number, index));
    }

    pub(super) fn has_member(&self, group: &Group, index: u32) -> bool {
        !self.members_gone.contains(&(group.number, index))
    }
}
