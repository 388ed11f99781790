//! The streams of the API with their endpoints, tables and columns, each declared once.

mod columns;
mod company_leads;
mod contacts;
mod customer_data;
mod details;
pub mod dictionary;
pub mod filters;
mod financial_statements;
mod leads;
mod prospect_addresses;
mod prospects;
mod target_group_members;
mod target_groups;
mod technologies;

use crate::schema::{Disposition, Table};

pub use company_leads::COMPANY_LEADS;
pub use contacts::{CONTACTS, CONTACTS_TABLE};
pub use customer_data::{CUSTOMER_DATA, CUSTOMER_DATA_TABLE};
pub use details::DETAILS;
pub use financial_statements::{FINANCIAL_STATEMENTS, FINANCIAL_STATEMENTS_TABLE};
pub use leads::{LEAD_PROSPECTS_TABLE, LEAD_TAGS_TABLE, LEADS, LEADS_TABLE};
pub use prospect_addresses::PROSPECT_ADDRESSES_TABLE;
pub use prospects::{PROSPECTS, PROSPECTS_TABLE};
pub use target_group_members::{TARGET_GROUP_MEMBERS, TARGET_GROUP_MEMBERS_TABLE};
pub use target_groups::{TARGET_GROUPS, TARGET_GROUPS_TABLE};
pub use technologies::{PROSPECT_TECHNOLOGIES_TABLE, TECHNOLOGIES};

/// One thing that can be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    /// Name on the command line and in `etl.streams`.
    pub name: &'static str,
    /// Description in one sentence, for `--help` and the data dictionary.
    pub doc: &'static str,
    /// The endpoint of its records.
    pub endpoint: Endpoint,
    /// How its records are divided into lists.
    pub lists: Lists,
    /// Whether it is loaded when the user names no stream.
    pub by_default: bool,
    /// Tables that its records feed, the stream's main table first.
    pub targets: &'static [Target],
    /// Fields that the API's document shows in every record of the endpoint. An absent one is reported as drift. Fields
    /// of an array's elements have the array's name in front: `contacts.phone`.
    pub documented: &'static [&'static str],
}

impl Stream {
    /// The stream's main table.
    pub fn table(&self) -> &'static Table {
        self.targets.first().map_or(&PROSPECTS_TABLE, |target| target.table)
    }

    /// Plural name of the things that its lists hold, which `distinct_keys` counts.
    pub fn things(&self) -> &'static str {
        match self.table().name {
            "prospects" | "target_group_members" => "companies",
            "target_groups" => "target groups",
            "financial_statements" => "statements",
            "customer_data" => "objects",
            "contacts" => "contacts",
            "leads" => "leads",
            _ => "rows",
        }
    }

    /// Whether the records in its lists are companies.
    pub fn holds_companies(&self) -> bool {
        let companies =
            |target: &Target| target.at == At::Record && target.table.disposition == Disposition::Merge;
        matches!(self.lists, Lists::Selections | Lists::TargetGroups) && self.targets.iter().any(companies)
    }
}

/// How the records of a stream are divided into lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lists {
    /// One or more lists for each selection of the user.
    Selections,
    /// One list of all records.
    Whole,
    /// One list for each target group.
    TargetGroups,
    /// One list, with one request for each company that the lists of the other streams bring.
    Companies,
}

/// One table that the records of a stream feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The table.
    pub table: &'static Table,
    /// The part of a record that is a row of the table.
    pub at: At,
}

/// The part of a record that is a row of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The record itself.
    Record,
    /// Each element of the array in the field of this name.
    Elements(&'static str),
}

/// An endpoint of the API and how to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// Path below the base URL, with the trailing slash that the API's document gives. `{target_group}` and `{company}`
    /// are replaced by the subject of a request.
    pub path: &'static str,
    /// How its pages are requested.
    pub paging: Paging,
    /// Maximum of rows in a page: 1000 (documented for the API's next version, "Limits and pagination"), or 500 for
    /// customer data (the API's document, section Pagination). [`u32::MAX`] where everything comes in one answer, for
    /// which no limit is documented.
    pub max_page_size: u32,
    /// How far back it reaches. `None` when it returns all records.
    pub window: Option<Window>,
}

/// How far back an endpoint reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Parameter for the start of the period. `None` when the whole window is always returned.
    pub parameter: Option<&'static str>,
    /// Longest period before now, in days.
    pub days: u32,
}

impl Endpoint {
    /// An endpoint that returns everything in one answer.
    const fn single(path: &'static str) -> Self {
        Self { path, paging: Paging::Single, max_page_size: u32::MAX, window: None }
    }
}

impl Target {
    /// Feeds the table with the record itself.
    const fn record(table: &'static Table) -> Self {
        Self { table, at: At::Record }
    }
}

/// How the pages of a list are requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// `limit` and `offset` in a stable order.
    Ordered {
        /// Parameter and value for a stable order. The direction does not matter.
        order: (&'static str, &'static str),
        /// Filter that splits a long list by the first characters of the key.
        slice_by: &'static str,
    },
    /// `limit` and `offset` without a documented order. `count=true` returns the total alone.
    Unordered,
    /// `page` (from 1) and `page_size`. Every page holds the total.
    Numbered {
        /// Parameter and value for a stable order.
        order: (&'static str, &'static str),
    },
    /// Everything in one answer.
    Single,
}

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
