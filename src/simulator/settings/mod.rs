//! The configuration of a simulator and its switches.

pub(in crate::simulator) mod choices;
pub(in crate::simulator) mod config;
pub(in crate::simulator) mod switches;
