//! Maps fields to the columns of tables, and splits records into fields accordingly.

pub(in crate::normalise) mod nested;
pub(in crate::normalise) mod plan;
pub(in crate::normalise) mod record;
pub(in crate::normalise) mod stream_plan;
