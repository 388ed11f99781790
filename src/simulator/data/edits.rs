//! Changes that tests made to data of companies. The data itself is generated on every access; these are applied to it.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::simulator::Error;
use crate::simulator::data::groups::Group;
use crate::simulator::data::statements::Change;

/// All changes to data of companies and to target groups.
#[derive(Debug, Default)]
pub(in crate::simulator) struct Edits {
    groups_gone: HashSet<u32>,
    members_gone: HashSet<(u32, u32)>,
    /// By company: how many addresses were dropped from the end of its list.
    addresses_gone: HashMap<u32, usize>,
    statements: HashMap<u32, Vec<(i16, Change)>>,
}

impl Edits {
    pub(in crate::simulator) fn remove_group(&mut self, group: &Group) {
        self.groups_gone.insert(group.number);
    }

    pub(in crate::simulator) fn has_group(&self, group: &Group) -> bool {
        !self.groups_gone.contains(&group.number)
    }

    pub(in crate::simulator) fn remove_member(&mut self, group: &Group, index: u32) {
        self.members_gone.insert((group.number, index));
    }

    pub(in crate::simulator) fn has_member(&self, group: &Group, index: u32) -> bool {
        !self.members_gone.contains(&(group.number, index))
    }

    pub(in crate::simulator) fn drop_address(&mut self, index: u32) {
        *self.addresses_gone.entry(index).or_default() += 1;
    }

    pub(in crate::simulator) fn addresses_gone(&self, index: u32) -> usize {
        self.addresses_gone.get(&index).copied().unwrap_or(0)
    }

    /// Records a change to the newest statement of a year.
    pub(in crate::simulator) fn set_statement(
        &mut self,
        index: u32,
        year: i16,
        field: &str,
        value: &Value,
    ) -> Result<(), Error> {
        let change = Change::new(field, value)?;
        self.statements.entry(index).or_default().push((year, change));
        Ok(())
    }

    /// The changes to a company's statements, each with the year of the statement, in the order in which they were
    /// made.
    pub(in crate::simulator) fn statements(&self, index: u32) -> &[(i16, Change)] {
        self.statements.get(&index).map_or(&[], Vec::as_slice)
    }
}
