//! Publishing an export: the switch from the earlier one, the manifest, and the list of past exports.

pub(in crate::export) mod folder;
pub(in crate::export) mod manifest;
pub(in crate::export) mod remembered;
