//! Computes the rows of the next generation from the staged rows and the previous generation.

pub(in crate::load) mod cells;
pub(in crate::load) mod coalesce;
pub(in crate::load) mod details;
pub(in crate::load) mod members;
pub(in crate::load) mod rekey;
pub(in crate::load) mod replace;
pub(in crate::load) mod scopes;
pub(in crate::load) mod sources;
pub(in crate::load) mod sticky_columns;
