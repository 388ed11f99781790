//! How an export takes the place of the one before, and what is kept of it.

pub(in crate::export) mod folder;
pub(in crate::export) mod manifest;
pub(in crate::export) mod remembered;
