//! `erase`: what is gone, what is as it was, and what a crash, a reader or damage in between does.

mod company;
mod exports;
mod person;
mod rig;
mod spreadsheets;
mod streams;
mod survives;
