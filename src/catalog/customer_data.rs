//! Stream `customer_data`: the account's data about its own customers, from `customer_data/`.

use super::columns::{SYSTEM, text};
use super::{Endpoint, Lists, Paging, Stream, Target};
use crate::schema::{Column, Disposition, Kind, Table, Unit};

/// Customer data. Only GET is used: PATCH and DELETE of the endpoint change or delete every object that they match (the
/// API's document, section `customer_data`).
pub const CUSTOMER_DATA: Stream = Stream {
    name: "customer_data",
    doc: "What the account keeps about its customers, from customer_data",
    endpoint: Endpoint {
        path: "customer_data/",
        // "Use the query parameter `ordering` to sort based on a field" (the API's document, section Ordering): only
        // `id` is unique.
        paging: Paging::Numbered { order: ("ordering", "id") },
        max_page_size: 500,
        window: None,
    },
    lists: Lists::Whole,
    by_default: true,
    targets: &[Target::record(&CUSTOMER_DATA_TABLE)],
    documented: &[
        "owner_email",
        "unique_id",
        "won_deals_count",
        "open_deals_count",
        "lost_deals_count",
        "notes",
        "last_update",
        "won",
        "origin",
        "modified",
        "created",
        "prospect_info.vid",
        "prospect_info.company_name",
        "prospect_info.business_id",
        "prospect_info.country",
        "prospect_info.domain",
        "id",
        "prospect",
    ],
};

/// Table of customer data.
pub const CUSTOMER_DATA_TABLE: Table = Table {
    schema: "main",
    name: "customer_data",
    doc: "One row per object of customer data, of which a company has one at most; one that is gone is taken away.",
    key: &["id"],
    disposition: Disposition::Replace { scope: &[] },
    columns: &[
        text("id", &["id"], "Vainu's id of the object.").required(),
        text("unique_id", &["unique_id"], "The account's own id of the customer; NULL when it gave none."),
        text(
            "owner_email",
            &["owner_email"],
            "Address of the user who owns the customer; NULL when nobody does.",
        ),
        count("won_deals_count", &["won_deals_count"], "Deals won; NULL when unknown."),
        count("open_deals_count", &["open_deals_count"], "Deals still open; NULL when unknown."),
        count("lost_deals_count", &["lost_deals_count"], "Deals lost; NULL when unknown."),
        Column::new(
            "is_won",
            &["won"],
            Kind::Boolean,
            "Whether any deal was won; NULL when the API does not say.",
        ),
        text("notes", &["notes"], "Free text of the account; NULL when there is none."),
        time(
            "last_update",
            &["last_update"],
            "When the account says that it last updated it; NULL when it never said.",
        ),
        text("origin", &["origin"], "What made the object, `PublicApi` for the API; NULL when unknown."),
        time("created_at", &["created"], "When the object was made; NULL when unknown."),
        time("modified_at", &["modified"], "When the object was last changed; NULL when unknown."),
        Column::new(
            "vid",
            &["prospect", "prospect_info.vid"],
            Kind::Code { width: 1 },
            "Vainu's own number of the company, kept as text; NULL when it is matched with none.",
        ),
        Column::new(
            "country",
            &["prospect_info.country"],
            Kind::Country,
            "Country of the company, ISO 3166-1 alpha-2; NULL when it is matched with none.",
        ),
        Column::new(
            "business_id",
            &["prospect_info.business_id"],
            Kind::BusinessId,
            "Business id of the company, without country prefix and dash; NULL when it is matched with none.",
        ),
        text(
            "company_name",
            &["prospect_info.company_name"],
            "Name of the company; NULL when it is matched with none.",
        ),
        text("domain", &["prospect_info.domain"], "Web domain of the company; NULL when unknown."),
    ],
    system: SYSTEM,
};

const fn count(name: &'static str, fields: &'static [&'static str], doc: &'static str) -> Column {
    Column::new(name, fields, Kind::Integer, doc).unit(Unit::Count)
}

const fn time(name: &'static str, fields: &'static [&'static str], doc: &'static str) -> Column {
    Column::new(name, fields, Kind::Timestamp, doc).unit(Unit::Utc)
}
