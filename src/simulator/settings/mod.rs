//! What a simulator is started with, and its switches.

pub(in crate::simulator) mod choices;
pub(in crate::simulator) mod config;
pub(in crate::simulator) mod switches;
