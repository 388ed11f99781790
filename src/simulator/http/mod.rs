//! HTTP: from a request to the bytes of its answer, faults included.

pub(in crate::simulator) mod answer;
pub(in crate::simulator) mod auth;
pub(in crate::simulator) mod brotli;
pub(in crate::simulator) mod delivery;
pub(in crate::simulator) mod digits;
pub(in crate::simulator) mod dress;
pub(in crate::simulator) mod envelope;
pub(in crate::simulator) mod fault;
pub(in crate::simulator) mod gzip;
pub(in crate::simulator) mod journal;
pub(in crate::simulator) mod json;
pub(in crate::simulator) mod listener;
pub(in crate::simulator) mod paging;
pub(in crate::simulator) mod params;
pub(in crate::simulator) mod rate;
pub(in crate::simulator) mod routes;
pub(in crate::simulator) mod server;
pub(in crate::simulator) mod spoil;
pub(in crate::simulator) mod zstd;
