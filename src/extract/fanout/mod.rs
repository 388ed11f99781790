//! Lists that are derived from other lists: those of target groups, and the requests about each company.

pub(in crate::extract) mod companies;
pub(in crate::extract) mod discovery;
pub(in crate::extract) mod queue;
