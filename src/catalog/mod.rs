//! The streams of the API with their endpoints, tables and columns, each declared once.

pub mod api;
mod columns;
mod company_leads;
mod contacts;
mod customer_data;
mod details;
pub mod dictionary;
mod endpoint;
pub mod filters;
mod financial_statements;
mod leads;
mod prospect_addresses;
mod prospects;
mod stream;
mod target_group_members;
mod target_groups;
mod technologies;

use crate::schema::Table;

pub use company_leads::COMPANY_LEADS;
pub use contacts::{CONTACTS, CONTACTS_TABLE};
pub use customer_data::{CUSTOMER_DATA, CUSTOMER_DATA_FILTERS, CUSTOMER_DATA_TABLE};
pub use details::DETAILS;
pub use endpoint::{Cursor, Endpoint, Paging, Window};
pub use financial_statements::{FINANCIAL_STATEMENTS, FINANCIAL_STATEMENTS_TABLE};
pub use leads::{LEAD_PROSPECTS_TABLE, LEAD_TAGS_TABLE, LEADS, LEADS_TABLE};
pub use prospect_addresses::PROSPECT_ADDRESSES_TABLE;
pub use prospects::{PROSPECT_FILTERS, PROSPECTS, PROSPECTS_TABLE};
pub use stream::{At, Documented, Lists, Parent, Stream, Target};
pub use target_group_members::{TARGET_GROUP_MEMBERS, TARGET_GROUP_MEMBERS_TABLE};
pub use target_groups::{TARGET_GROUPS, TARGET_GROUPS_TABLE};
pub use technologies::{PROSPECT_TECHNOLOGIES_TABLE, TECHNOLOGIES};

/// Target groups as parents: their members, and the leads of each.
pub static TARGET_GROUP: Parent = Parent {
    stream: "target_groups",
    noun: "target group",
    parameter: "target_group",
    columns: &[("target_group_id", "id")],
    name: Some("name"),
};

/// Companies as parents: what the API tells about each by itself.
pub static COMPANY: Parent = Parent {
    stream: "prospects",
    noun: "company",
    parameter: "company",
    columns: &[("country", "country"), ("business_id", "business_id")],
    name: None,
};

/// Every stream, in the order in which they are loaded.
pub const STREAMS: &[Stream] = &[
    PROSPECTS,
    TARGET_GROUPS,
    TARGET_GROUP_MEMBERS,
    FINANCIAL_STATEMENTS,
    LEADS,
    CUSTOMER_DATA,
    DETAILS,
    CONTACTS,
    TECHNOLOGIES,
    COMPANY_LEADS,
];

/// The stream with that name. `None` when the API has none.
pub fn stream(name: &str) -> Option<&'static Stream> {
    STREAMS.iter().find(|stream| stream.name == name)
}

/// Every table of the warehouse: those of the streams, then those of schema `etl`.
pub fn tables() -> Vec<&'static Table> {
    let mut tables: Vec<&'static Table> = Vec::new();
    let of_streams = STREAMS.iter().flat_map(|stream| stream.targets).map(|target| target.table);
    for table in of_streams.chain(crate::schema::etl::TABLES.iter().copied()) {
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    tables
}

/// A table with more columns does not compile.
const _: () = {
    let mut streams = STREAMS;
    while let [stream, rest @ ..] = streams {
        let mut targets = stream.targets;
        while let [target, rest @ ..] = targets {
            assert!(target.table.columns.len() <= Table::MOST_COLUMNS, "a table declares too many columns");
            targets = rest;
        }
        streams = rest;
    }
};

#[cfg(test)]
mod tests;
