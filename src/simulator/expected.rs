//! What the endpoints would answer, for tests to compare with: rows without totals, pages and placeholders.
//!
//! Companies of countries that the account may not see are among them.

use serde_json::Value;

use super::Simulator;
use super::render::Rows;

impl Simulator {
    /// Every company that is there now, in generation order, as the filter endpoint answers it.
    pub fn companies(&self) -> impl Iterator<Item = Value> {
        let live: Vec<u32> = self.shared.world().in_generation_order().collect();
        live.into_iter().map(|index| {
            let switches = &self.shared.config().switches;
            value(|json| Rows::new(&self.shared.world(), switches).write(index, json))
        })
    }
}

/// The JSON that `write` appends.
fn value(write: impl FnOnce(&mut String)) -> Value {
    let mut json = String::new();
    write(&mut json);
    serde_json::from_str(&json).unwrap_or_default()
}
