//! Which fields feed which columns of which tables, and a record taken apart by that.

pub(in crate::normalise) mod nested;
pub(in crate::normalise) mod plan;
pub(in crate::normalise) mod record;
pub(in crate::normalise) mod stream_plan;
