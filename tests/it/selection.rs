//! A selection is what the user selected: who is asked about, which companies count, and what becomes of selections that
//! are no longer read.

mod kept;
mod plan;
mod reach;
mod rig;
mod words;
