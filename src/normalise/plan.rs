//! Which of a record's fields feeds which column, worked out once from the catalog.

use std::collections::HashMap;

use crate::catalog::Stream;
use crate::schema::Kind;

/// Position of a known field in [`Plan::fields`].
pub(super) type Slot = usize;

/// The columns of a stream with the fields that feed them.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) stream: &'static Stream,
    /// Names of the known fields.
    pub(super) fields: Vec<&'static str>,
    /// The table's declared columns in their order.
    pub(super) columns: Vec<ColumnPlan>,
    /// Positions of the key's columns, in the key's order.
    pub(super) key: Vec<usize>,
    /// Fields that every record should have.
    pub(super) documented: Vec<Slot>,
    by_name: HashMap<&'static str, Slot>,
}

/// How a column is filled.
#[derive(Debug)]
pub(super) struct ColumnPlan {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// A record without this column has no place in the table.
    pub(super) required: bool,
    /// The column's bit in `_present`.
    pub(super) bit: u64,
    /// The fields that feed it, the first that has a value winning.
    pub(super) slots: Vec<Slot>,
}

impl Plan {
    pub(super) fn new(stream: &'static Stream) -> Self {
        let mut plan = Self {
            stream,
            fields: Vec::new(),
            columns: Vec::new(),
            key: Vec::new(),
            documented: Vec::new(),
            by_name: HashMap::new(),
        };
        let mut bit = Some(1_u64);
        for column in stream.table().columns {
            let slots = column.fields.iter().map(|field| plan.slot(field)).collect();
            plan.columns.push(ColumnPlan {
                name: column.name,
                kind: column.kind,
                required: !column.nullable,
                bit: bit.unwrap_or(0),
                slots,
            });
            bit = bit.and_then(|bit| bit.checked_mul(2));
        }
        let position = |key: &&str| stream.table().columns.iter().position(|column| column.name == *key);
        plan.key = stream.table().key.iter().filter_map(position).collect();
        plan.documented = stream.documented.iter().filter_map(|field| plan.find(field)).collect();
        plan
    }

    /// The slot of a known field.
    pub(super) fn find(&self, field: &str) -> Option<Slot> {
        self.by_name.get(field).copied()
    }

    /// The name of a slot's field.
    pub(super) fn field(&self, slot: Slot) -> &'static str {
        self.fields.get(slot).copied().unwrap_or_default()
    }

    /// Whether the slot is that of the field.
    pub(super) fn is(&self, slot: Slot, field: &str) -> bool {
        self.field(slot) == field
    }

    fn slot(&mut self, field: &'static str) -> Slot {
        let next = self.fields.len();
        let slot = *self.by_name.entry(field).or_insert(next);
        if slot == next {
            self.fields.push(field);
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::STREAMS;

    #[test]
    fn the_country_is_read_before_the_business_id_whose_prefix_it_is() {
        for stream in STREAMS {
            let position = |kind| stream.table().columns.iter().position(|column| column.kind == kind);
            if let Some(id) = position(Kind::BusinessId) {
                assert!(position(Kind::Country).is_some_and(|country| country < id), "{}", stream.name);
            }
        }
    }
}
