//! Which row of a company is the newest, when several pages hold the company.

pub(in crate::normalise) mod group;
pub(in crate::normalise) mod order;
