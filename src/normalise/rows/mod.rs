//! Turns a record into rows: one cell for each column, `_extra`, rejects, and the rows of its arrays.

pub(in crate::normalise) mod children;
pub(in crate::normalise) mod context;
pub(in crate::normalise) mod extra;
pub(in crate::normalise) mod page;
pub(in crate::normalise) mod repaired;
pub(in crate::normalise) mod row;
pub(in crate::normalise) mod target;
