//! Stream `customer_data`: the account's data about its own customers, from `customer_data/`.

use super::columns::{SYSTEM, text};
use super::filters::{FilterKind, FilterSet, filter};
use super::{Cursor, Endpoint, Lists, Paging, Stream, Target};
use crate::schema::{Column, Disposition, Kind, Table, Unit};

/// Customer data. Only GET is used: PATCH and DELETE of the endpoint change or delete every object that they match (the
/// API's document, section `customer_data`).
pub const CUSTOMER_DATA: Stream = Stream {
    name: "customer_data",
    doc: "What the account keeps about its customers, from customer_data",
    things: "objects",
    endpoint: Endpoint {
        max_page_size: 500,
        // The only time among the documented filters: when the account says that it last updated the object.
        cursor: Some(Cursor { field: "last_update", operator: "gt" }),
        // "Use the query parameter `ordering` to sort based on a field" (the API's document, section Ordering): only
        // `id` is unique.
        ..Endpoint::new("customer_data/", Paging::Numbered { order: ("ordering", "id") })
    },
    filters: Some(&CUSTOMER_DATA_FILTERS),
    lists: Lists::Whole,
    by_default: true,
    targets: &[Target::record(&CUSTOMER_DATA_TABLE)],
};

/// The filters of the endpoint: all fields that the API's document lists as its query parameters, and the operators of
/// its section Query parameters.
pub static CUSTOMER_DATA_FILTERS: FilterSet = FilterSet {
    filters: &[
        filter("last_update", FilterKind::Datetime),
        filter("lost_deals_count", FilterKind::Number),
        filter("open_deals_count", FilterKind::Number),
        filter("owner_email", FilterKind::Text),
        filter("prospect", FilterKind::Text),
        filter("unique_id", FilterKind::Text),
        filter("won", FilterKind::Boolean),
        filter("won_deals_count", FilterKind::Number),
    ],
    operators: &["gt", "gte", "lt", "lte", "ne"],
};

/// Table of customer data.
pub static CUSTOMER_DATA_TABLE: Table = Table {
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
