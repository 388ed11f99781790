//! Division of a table into files.

pub(in crate::export) mod files;
pub(in crate::export) mod partition;
