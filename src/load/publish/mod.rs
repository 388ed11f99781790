//! From a finished file to the published one, and the generations before it.

pub(in crate::load) mod foreign;
pub(in crate::load) mod generations;
pub(in crate::load) mod swap;
pub(in crate::load) mod verify;
