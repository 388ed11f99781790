//! Which row of a company is the latest, when several pages have it.

pub(in crate::normalise) mod group;
pub(in crate::normalise) mod order;
