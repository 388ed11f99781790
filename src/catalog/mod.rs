//! What the API has: its streams, their endpoints, tables and columns, each declared once.

mod columns;
mod company_leads;
mod contacts;
mod customer_data;
mod details;
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
    /// One sentence for `--help` and the dictionary.
    pub doc: &'static str,
    /// Where its records come from.
    pub endpoint: Endpoint,
    /// What a list of it is.
    pub lists: Lists,
    /// Whether it is loaded when no stream is named.
    pub by_default: bool,
    /// Where its records go, the stream's main table first.
    pub targets: &'static [Target],
    /// Fields that the document shows in every record of the endpoint; one that is absent is reported as drift. Those of an
    /// array's elements are written behind the array's name: `contacts.phone`.
    pub documented: &'static [&'static str],
}

impl Stream {
    /// The stream's main table.
    pub fn table(&self) -> &'static Table {
        self.targets.first().map_or(&PROSPECTS_TABLE, |target| target.table)
    }

    /// What the different things in its lists are called, in the plural: what `distinct_keys` counts.
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

    /// Whether the records of its lists are companies.
    pub fn holds_companies(&self) -> bool {
        let companies =
            |target: &Target| target.at == At::Record && target.table.disposition == Disposition::Merge;
        matches!(self.lists, Lists::Selections | Lists::TargetGroups) && self.targets.iter().any(companies)
    }
}

/// What a list of a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lists {
    /// The companies that one of the user's selections asks for.
    Selections,
    /// All there is: one list.
    Whole,
    /// One list for each target group.
    TargetGroups,
    /// One list, of one request for each company that the other streams bring.
    Companies,
}

/// One table that records of a stream feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The table.
    pub table: &'static Table,
    /// Which part of a record is a row of it.
    pub at: At,
}

/// Which part of a record is a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The record itself.
    Record,
    /// Each element of the array in this field.
    Elements(&'static str),
}

/// Where records come from, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// Path below the base URL, with the trailing slash that the document gives; `{target_group}` and `{company}` stand for
    /// what a request is about.
    pub path: &'static str,
    /// How its pages are asked for.
    pub paging: Paging,
    /// Most rows a page can hold: 1000 for a single request (limits and pagination of the API's next version), 500 of
    /// customer data; no limit is known where everything comes in one answer.
    pub max_page_size: u32,
    /// How far it looks back, where it does not give all there is.
    pub window: Option<Window>,
}

/// How far an endpoint looks back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Parameter for the first moment wanted; none when all of the window always comes.
    pub parameter: Option<&'static str>,
    /// Days before now that can be asked for.
    pub days: u32,
}

impl Endpoint {
    /// An endpoint that gives everything in one answer.
    const fn single(path: &'static str) -> Self {
        Self { path, paging: Paging::Single, max_page_size: u32::MAX, window: None }
    }
}

impl Target {
    /// The record itself is a row of the table.
    const fn record(table: &'static Table) -> Self {
        Self { table, at: At::Record }
    }
}

/// How the pages of a list are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// `limit` and `offset` under a stable order.
    Ordered {
        /// Parameter and value that ask for a stable order. The direction does not matter, the stability does.
        order: (&'static str, &'static str),
        /// Filter that splits a long list by the first characters of its key.
        slice_by: &'static str,
    },
    /// `limit` and `offset`, in an order that nobody promises; `count=true` for the number alone.
    Unordered,
    /// `page` from 1 and `page_size`; every page says the total.
    Numbered {
        /// Parameter and value that ask for a stable order.
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
