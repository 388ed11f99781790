//! Faults: one table, a row per fault, and for each a whole run against a simulator that plays it; for every kind of
//! list that it makes sense for.
//!
//! A row says what the run comes to. Either the published data equal what the simulator holds, or the run ends with
//! an exit code and a message, leaves the published file as it was, and goes on where it stopped once the fault is
//! gone. The simulator's own log proves that the fault was played.

mod case;
mod load;
mod memory;
mod outside;
mod play;
mod records;
mod run;
mod secrets;
mod shared;
mod table;
