//! Table `prospect_addresses`: the offices of a company.

use super::columns::{COMPANY_KEY, OF_BUSINESS_ID, OF_COUNTRY, POSITION, SYSTEM, text};
use crate::schema::{Column, Disposition, Kind, Table};

/// Table of addresses. The API gives them no id.
pub static PROSPECT_ADDRESSES_TABLE: Table = Table {
    schema: "main",
    name: "prospect_addresses",
    doc: "One row per address of a company, its offices included; filled by the stream `details`.",
    key: &["country", "business_id", "position"],
    disposition: Disposition::Replace { scope: COMPANY_KEY },
    columns: &[
        OF_COUNTRY,
        OF_BUSINESS_ID,
        POSITION,
        text("visiting_address", &["visiting_address"], "Visiting street address; NULL when unknown."),
        text(
            "visiting_postal",
            &["visiting_postal"],
            "Postal code of the visiting address, leading zeros kept; NULL when unknown.",
        ),
        text("visiting_city", &["visiting_city"], "City of the visiting address; NULL when unknown."),
        text("address", &["address"], "Postal street address; NULL when unknown."),
        text("postal", &["postal"], "Postal code of the address, leading zeros kept; NULL when unknown."),
        text("city", &["city"], "City of the address; NULL when unknown."),
        text(
            "office_number",
            &["office_number"],
            "Number of the office, kept as text; NULL when it has none.",
        ),
        text("office_name", &["office_name"], "Name of the office; NULL when it has none."),
        Column::new(
            "office_business_id",
            &["business_id"],
            Kind::BusinessId,
            "Business id of the office itself; NULL when it has none, as so far always.",
        ),
    ],
    system: SYSTEM,
};
