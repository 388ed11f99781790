//! Lists that come out of lists: those of target groups, and the questions about each company.

pub(in crate::extract) mod companies;
pub(in crate::extract) mod discovery;
pub(in crate::extract) mod queue;
