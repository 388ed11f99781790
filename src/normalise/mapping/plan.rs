//! Mapping of fields to the columns of a table, derived once from the catalog.

use std::collections::HashMap;

use crate::normalise::mapping::nested::Nested;
use crate::schema::{Kind, Origin, Table};

/// Position of a known field in [`TableMapping::fields`].
pub(in crate::normalise) type Slot = usize;

/// The columns of a table with the fields that feed them.
#[derive(Debug)]
pub(in crate::normalise) struct TableMapping {
    pub(in crate::normalise) table: &'static Table,
    /// Names of the known fields.
    pub(in crate::normalise) fields: Vec<&'static str>,
    /// Objects inside the record that have known fields.
    pub(in crate::normalise) nested: Vec<Nested>,
    /// The table's declared columns, in order.
    pub(in crate::normalise) columns: Vec<ColumnPlan>,
    /// Positions of the key's columns, in the key's order.
    pub(in crate::normalise) key: Vec<usize>,
    /// Fields that every record should have.
    pub(in crate::normalise) documented: Vec<Slot>,
    /// Fields that were not asked for. Nothing of them may be kept anywhere.
    pub(in crate::normalise) hidden: Vec<Slot>,
    /// Fields that another table of the same record takes and reports on.
    pub(in crate::normalise) elsewhere: Vec<Slot>,
    /// Whether fields without a column are neither kept nor reported here, because another table does that.
    pub(in crate::normalise) quiet: bool,
    by_name: HashMap<&'static str, Slot>,
}

/// The mapping of one column.
#[derive(Debug)]
pub(in crate::normalise) struct ColumnPlan {
    pub(in crate::normalise) name: &'static str,
    pub(in crate::normalise) kind: Kind,
    pub(in crate::normalise) origin: Origin,
    /// Whether a record without a value for this column is rejected.
    pub(in crate::normalise) required: bool,
    /// Whether the column is part of the table's key.
    pub(in crate::normalise) in_key: bool,
    /// The column's bit in `_present`.
    pub(in crate::normalise) bit: u64,
    /// Slots of the fields that feed it. The first field with a value wins.
    pub(in crate::normalise) slots: Vec<Slot>,
    /// Columns that its value is made of when none of its fields has a value.
    pub(in crate::normalise) made_of: Vec<MadeOf>,
    /// Position of the column of the same name in the enclosing row; `None` when there is none.
    pub(in crate::normalise) enclosing: Option<usize>,
}

/// A column that another one is made of.
#[derive(Debug)]
pub(in crate::normalise) struct MadeOf {
    pub(in crate::normalise) name: &'static str,
    pub(in crate::normalise) kind: Kind,
    /// Slots of the fields that feed it.
    pub(in crate::normalise) slots: Vec<Slot>,
}

impl TableMapping {
    /// The mapping of all columns of a table.
    pub(in crate::normalise) fn new(table: &'static Table) -> Self {
        Self::of_columns(table, |_| true)
    }

    /// The mapping of those columns of a table whose names `chosen` accepts.
    pub(in crate::normalise) fn of_columns(table: &'static Table, chosen: impl Fn(&str) -> bool) -> Self {
        let mut plan = Self {
            table,
            fields: Vec::new(),
            nested: Vec::new(),
            columns: Vec::new(),
            key: Vec::new(),
            documented: Vec::new(),
            hidden: Vec::new(),
            elsewhere: Vec::new(),
            quiet: false,
            by_name: HashMap::new(),
        };
        let mut bit = Some(1_u64);
        for column in table.columns {
            if chosen(column.name) {
                let (fields, made_of) = column.sources();
                let slots = fields.iter().map(|field| plan.know(field)).collect();
                let made_of = made_of.iter().filter_map(|name| plan.made_of(name)).collect();
                plan.columns.push(ColumnPlan {
                    name: column.name,
                    kind: column.kind,
                    origin: column.origin,
                    required: !column.nullable,
                    in_key: table.key.contains(&column.name),
                    bit: bit.unwrap_or(0),
                    slots,
                    made_of,
                    enclosing: None,
                });
            }
            bit = bit.and_then(|bit| bit.checked_mul(2));
        }
        plan.key = table.key.iter().filter_map(|key| plan.column(key)).collect();
        plan
    }

    /// The column with that name, whether or not it was chosen. A test of the catalog asserts that it exists.
    fn made_of(&mut self, name: &'static str) -> Option<MadeOf> {
        let column = self.table.columns.iter().find(|column| column.name == name)?;
        let slots = column.fields.iter().map(|field| self.know(field)).collect();
        Some(MadeOf { name, kind: column.kind, slots })
    }

    /// Slot of a known field of the record.
    pub(in crate::normalise) fn find(&self, field: &str) -> Option<Slot> {
        self.by_name.get(field).copied()
    }

    /// Name of the field of a slot.
    pub(in crate::normalise) fn field(&self, slot: Slot) -> &'static str {
        self.fields.get(slot).copied().unwrap_or_default()
    }

    /// Whether the slot belongs to the field.
    pub(in crate::normalise) fn is(&self, slot: Slot, field: &str) -> bool {
        self.field(slot) == field
    }

    /// Position of a column.
    pub(in crate::normalise) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Slot of a known field by its name in the catalog, which can be that of a field inside an object.
    pub(in crate::normalise) fn find_path(&self, path: &str) -> Option<Slot> {
        let Some((object, field)) = path.split_once('.') else { return self.find(path) };
        let slot = self.find(object)?;
        self.nested.iter().find(|nested| nested.slot == slot)?.find(field)
    }

    /// Name of a slot's field inside its object; `None` for a field of the record itself.
    pub(in crate::normalise) fn nested_name(&self, slot: Slot) -> Option<&'static str> {
        self.nested.iter().find_map(|nested| nested.name_of(slot))
    }

    /// Whether this table reports what is wrong with a field.
    pub(in crate::normalise) fn tells(&self, slot: Slot) -> bool {
        !self.hidden.contains(&slot) && !self.elsewhere.contains(&slot)
    }

    /// Whether a field feeds a column.
    pub(in crate::normalise) fn feeds(&self, path: &str) -> bool {
        let slot = self.find_path(path);
        self.columns.iter().any(|column| slot.is_some_and(|slot| column.slots.contains(&slot)))
    }

    /// Whether a single value can become a row.
    pub(in crate::normalise) fn takes_values(&self) -> bool {
        self.columns.iter().any(|column| column.origin == Origin::Element)
    }

    /// Whether an object can become a row.
    pub(in crate::normalise) fn takes_objects(&self) -> bool {
        !self.fields.is_empty()
    }

    /// Makes a field known and returns its slot.
    pub(in crate::normalise) fn know(&mut self, path: &'static str) -> Slot {
        let Some((object, field)) = path.split_once('.') else { return self.know_own(path) };
        let object = self.know_own(object);
        if let Some(known) = self.find_path(path) {
            return known;
        }
        let slot = self.fields.len();
        self.fields.push(path);
        if let Some(nested) = self.nested.iter_mut().find(|nested| nested.slot == object) {
            nested.know(field, slot);
        } else {
            self.nested.push(Nested::new(object, field, slot));
        }
        slot
    }

    fn know_own(&mut self, field: &'static str) -> Slot {
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
        for table in STREAMS.iter().flat_map(|stream| stream.targets).map(|target| target.table) {
            let position = |kind| table.columns.iter().position(|column| column.kind == kind);
            if let Some(id) = position(Kind::BusinessId) {
                assert!(position(Kind::Country).is_some_and(|country| country < id), "{}", table.name);
            }
        }
    }
}
