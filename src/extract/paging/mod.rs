//! How a list is read and when its evidence adds up, for each way in which an endpoint gives its pages.
//!
//! `ordered` reads pages under one order: `slicer` cuts a long list into slices, `slice` reads one of them until
//! `coverage` shows no gap, and `reconcile` weighs the readings of all slices. `unordered`, `numbered` and `single`
//! are the other ways.

mod coverage;
pub(in crate::extract) mod numbered;
pub(in crate::extract) mod ordered;
mod reconcile;
pub(in crate::extract) mod single;
mod slice;
mod slice_read;
mod slicer;
pub(in crate::extract) mod unordered;
