//! Which files a table becomes.

pub(in crate::export) mod files;
pub(in crate::export) mod partition;
