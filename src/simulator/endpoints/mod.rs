//! The endpoints of the API document: one module for each answers its requests.

pub(in crate::simulator) mod async_result;
pub(in crate::simulator) mod customer_data;
pub(in crate::simulator) mod customer_query;
pub(in crate::simulator) mod fields;
pub(in crate::simulator) mod filter;
pub(in crate::simulator) mod leads_of;
pub(in crate::simulator) mod listing;
pub(in crate::simulator) mod prospect;
pub(in crate::simulator) mod prospects_filter;
pub(in crate::simulator) mod query;
pub(in crate::simulator) mod render;
pub(in crate::simulator) mod target_group;
pub(in crate::simulator) mod target_groups;
