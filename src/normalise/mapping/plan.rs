//! Which fields feed which column of a table, worked out once from the catalog.

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
    /// Objects inside the record of which fields are known, too.
    pub(in crate::normalise) nested: Vec<Nested>,
    /// The table's declared columns in their order.
    pub(in crate::normalise) columns: Vec<ColumnPlan>,
    /// Positions of the key's columns, in the key's order.
    pub(in crate::normalise) key: Vec<usize>,
    /// Fields that every record should have.
    pub(in crate::normalise) documented: Vec<Slot>,
    /// Fields that nobody asked for: nothing of them may be kept anywhere.
    pub(in crate::normalise) hidden: Vec<Slot>,
    /// Fields that another table of the same record takes up, and tells about.
    pub(in crate::normalise) elsewhere: Vec<Slot>,
    /// Fields without a column are somebody else's matter: neither kept nor reported.
    pub(in crate::normalise) quiet: bool,
    by_name: HashMap<&'static str, Slot>,
}

/// How a column is filled.
#[derive(Debug)]
pub(in crate::normalise) struct ColumnPlan {
    pub(in crate::normalise) name: &'static str,
    pub(in crate::normalise) kind: Kind,
    pub(in crate::normalise) origin: Origin,
    /// A record without this column has no place in the table.
    pub(in crate::normalise) required: bool,
    /// It is part of the table's key.
    pub(in crate::normalise) in_key: bool,
    /// The column's bit in `_present`.
    pub(in crate::normalise) bit: u64,
    /// The fields that feed it, the first that has a value winning.
    pub(in crate::normalise) slots: Vec<Slot>,
    /// The columns that it is made of where these have no value.
    pub(in crate::normalise) made_of: Vec<MadeOf>,
    /// Position of the column of the same name in the row that holds this one.
    pub(in crate::normalise) enclosing: Option<usize>,
}

/// A column that another one is made of.
#[derive(Debug)]
pub(in crate::normalise) struct MadeOf {
    pub(in crate::normalise) name: &'static str,
    pub(in crate::normalise) kind: Kind,
    /// The fields that feed it.
    pub(in crate::normalise) slots: Vec<Slot>,
}

impl TableMapping {
    /// For all columns of a table.
    pub(in crate::normalise) fn new(table: &'static Table) -> Self {
        Self::of_columns(table, |_| true)
    }

    /// For the columns of a table whose names are chosen.
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

    /// The column named, whether it was chosen or not; a test of the catalog asserts that there is one.
    fn made_of(&mut self, name: &'static str) -> Option<MadeOf> {
        let column = self.table.columns.iter().find(|column| column.name == name)?;
        let slots = column.fields.iter().map(|field| self.know(field)).collect();
        Some(MadeOf { name, kind: column.kind, slots })
    }

    /// The slot of a known field of the record.
    pub(in crate::normalise) fn find(&self, field: &str) -> Option<Slot> {
        self.by_name.get(field).copied()
    }

    /// The name of a slot's field.
    pub(in crate::normalise) fn field(&self, slot: Slot) -> &'static str {
        self.fields.get(slot).copied().unwrap_or_default()
    }

    /// Whether the slot is that of the field.
    pub(in crate::normalise) fn is(&self, slot: Slot, field: &str) -> bool {
        self.field(slot) == field
    }

    /// Position of a column.
    pub(in crate::normalise) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The slot of a known field as the catalog writes it: also of one inside an object.
    pub(in crate::normalise) fn find_path(&self, path: &str) -> Option<Slot> {
        let Some((object, field)) = path.split_once('.') else { return self.find(path) };
        let slot = self.find(object)?;
        self.nested.iter().find(|nested| nested.slot == slot)?.find(field)
    }

    /// The name inside its object of a slot's field; none for a field of the record itself.
    pub(in crate::normalise) fn nested_name(&self, slot: Slot) -> Option<&'static str> {
        self.nested.iter().find_map(|nested| nested.name_of(slot))
    }

    /// Whether it is this table's matter what is wrong with a field.
    pub(in crate::normalise) fn tells(&self, slot: Slot) -> bool {
        !self.hidden.contains(&slot) && !self.elsewhere.contains(&slot)
    }

    /// Whether a field feeds a column.
    pub(in crate::normalise) fn feeds(&self, path: &str) -> bool {
        let slot = self.find_path(path);
        self.columns.iter().any(|column| slot.is_some_and(|slot| column.slots.contains(&slot)))
    }

    /// Whether a row can be made of a single value.
    pub(in crate::normalise) fn takes_values(&self) -> bool {
        self.columns.iter().any(|column| column.origin == Origin::Element)
    }

    /// Whether a row can be made of an object.
    pub(in crate::normalise) fn takes_objects(&self) -> bool {
        !self.fields.is_empty()
    }

    /// Makes the field known, and gives its slot.
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
