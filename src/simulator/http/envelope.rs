//! The JSON around the rows of a page.

use std::fmt::Write as _;

use crate::simulator::settings::choices::{Count, Envelope};

/// The body of an answer that is only a total.
pub(in crate::simulator) fn count_only(total: u64, shape: Count) -> String {
    if shape == Count::Number { total.to_string() } else { format!("{{\"count\":{total}}}") }
}

/// The body of a page, with its total if there is one. `write` appends the rows as a JSON list.
pub(in crate::simulator) fn page(
    total: Option<u64>,
    envelope: Envelope,
    capacity: usize,
    write: impl FnOnce(&mut String),
) -> String {
    let mut out = String::with_capacity(capacity);
    let is_object = total.is_some() || envelope == Envelope::Results;
    if is_object {
        out.push('{');
        if let Some(total) = total {
            let _ = write!(out, "\"count\":{total},");
        }
        out.push_str("\"results\":");
    }
    write(&mut out);
    if is_object {
        out.push('}');
    }
    out
}
