//! What the endpoints would answer, for tests to compare with: rows without totals, pages and placeholders.
//!
//! Companies of countries that the account may not see are among them.

use serde_json::Value;

use super::changes::group;
use super::render::Rows;
use super::{Error, Simulator, target_groups};

impl Simulator {
    /// Every company that is there now, in generation order, as the filter endpoint answers it.
    pub fn companies(&self) -> impl Iterator<Item = Value> {
        let live: Vec<u32> = self.shared.world().in_generation_order().collect();
        live.into_iter().map(|index| {
            let switches = &self.shared.config().switches;
            value(|json| Rows::new(&self.shared.world(), switches).write(index, json))
        })
    }

    /// Every target group, as `/target_groups/` answers it.
    pub fn target_groups(&self) -> Vec<Value> {
        let world = self.shared.world();
        world.groups().map(|group| value(|json| target_groups::write(group, world.seed(), json))).collect()
    }

    /// Every member of a target group in the stable order, as `/target_group/{id}/` answers it.
    ///
    /// # Errors
    /// When no target group has this id.
    pub fn members(&self, id: &str) -> Result<Vec<Value>, Error> {
        let (world, switches) = (self.shared.world(), &self.shared.config().switches);
        let mut rows = Rows::new(&world, switches);
        let members = world.members(group(&world, id)?);
        Ok(members.map(|index| value(|json| rows.write_member(index, json))).collect())
    }
}

/// The JSON that `write` appends.
fn value(write: impl FnOnce(&mut String)) -> Value {
    let mut json = String::new();
    write(&mut json);
    serde_json::from_str(&json).unwrap_or_default()
}
