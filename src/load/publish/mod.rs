//! Checks and publishes a finished file, and manages earlier generations.

pub(in crate::load) mod foreign;
pub(in crate::load) mod generations;
pub(in crate::load) mod swap;
pub(in crate::load) mod verify;
