//! The generated companies and all data about them.

pub(in crate::simulator) mod clock;
pub(in crate::simulator) mod company;
pub(in crate::simulator) mod contacts;
pub(in crate::simulator) mod country;
pub(in crate::simulator) mod customers;
pub(in crate::simulator) mod edits;
pub(in crate::simulator) mod groups;
pub(in crate::simulator) mod ids;
pub(in crate::simulator) mod industries;
pub(in crate::simulator) mod jobs;
pub(in crate::simulator) mod leads;
pub(in crate::simulator) mod news;
pub(in crate::simulator) mod offices;
pub(in crate::simulator) mod people;
pub(in crate::simulator) mod places;
pub(in crate::simulator) mod profile;
pub(in crate::simulator) mod rng;
pub(in crate::simulator) mod statements;
pub(in crate::simulator) mod text;
pub(in crate::simulator) mod values;
pub(in crate::simulator) mod words;
pub(in crate::simulator) mod world;
