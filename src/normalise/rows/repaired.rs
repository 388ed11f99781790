//! Rejects those values of a row that are not, or not exactly, what was received, because JSON cannot express that.

use std::borrow::Cow;

use crate::normalise::mapping::plan::TableMapping;
use crate::normalise::mapping::record::{Record, Unknown};
use crate::normalise::rows::extra::path_of;
use crate::normalise::rows::row::Row;
use crate::record::json_text::Raw;
use crate::record::repairs::{Fault, Repairs};

const NOT_A_NUMBER: &str = "not a number in JSON; kept as NULL";
const NOT_TEXT: &str = "bytes that are not UTF-8; kept as U+FFFD";

impl<'a> Row<'a> {
    /// Rejects each field whose value is not what was received because of a repair: once, and not when it is already
    /// rejected for another reason. Arrays with tables of their own are left to those tables.
    pub(in crate::normalise) fn check_repairs(
        &mut self,
        plan: &TableMapping,
        record: &Record<'a>,
        repairs: &Repairs,
    ) {
        for (slot, value) in record.known.iter().enumerate() {
            let is_object = plan.nested.iter().any(|nested| nested.slot == slot);
            let is_ours = plan.columns.iter().any(|column| {
                column.slots.contains(&slot) || column.made_of.iter().any(|of| of.slots.contains(&slot))
            });
            if let Some(value) = value
                && is_ours
                && !is_object
                && plan.tells(slot)
            {
                self.check_repaired(Cow::Borrowed(plan.field(slot)), *value, repairs);
            }
        }
        if plan.quiet {
            return;
        }
        let mut unknown = |object: &str, Unknown { name, raw_name, value }: &Unknown<'a>| {
            let path = path_of(object, name);
            if repairs.has(raw_name.text, Fault::NotText) {
                self.check_repaired(path.clone(), *raw_name, repairs);
            }
            self.check_repaired(path, *value, repairs);
        };
        for field in &record.unknown {
            unknown("", field);
        }
        for (nested, fields) in plan.nested.iter().zip(&record.nested) {
            if !plan.hidden.contains(&nested.slot) {
                for field in fields {
                    unknown(plan.field(nested.slot), field);
                }
            }
        }
    }

    fn check_repaired(&mut self, field: Cow<'a, str>, value: Raw<'a>, repairs: &Repairs) {
        let reason = if repairs.has(value.text, Fault::NotANumber) {
            NOT_A_NUMBER
        } else if repairs.has(value.text, Fault::NotText) {
            NOT_TEXT
        } else {
            return;
        };
        if !self.rejects.iter().any(|reject| reject.field == field) {
            self.reject(field, value, reason);
        }
    }
}
