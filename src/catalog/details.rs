//! Stream `details`: all data about a company in one answer, from `prospect/{company}/all/`.

use super::prospect_addresses::PROSPECT_ADDRESSES_TABLE;
use super::{
    COMPANY, CONTACTS_TABLE, Endpoint, FINANCIAL_STATEMENTS_TABLE, Lists, PROSPECTS_TABLE, Stream, Target,
};

/// Companies with their addresses and statements. Their contacts are loaded only when the user names the stream
/// `contacts`.
pub const DETAILS: Stream = Stream {
    name: "details",
    doc: "Each company with scores, description, addresses and statements, from prospect/all",
    things: "companies",
    endpoint: Endpoint::single("prospect/{company}/all/"),
    filters: None,
    lists: Lists::AnswersOf(&COMPANY),
    by_default: false,
    targets: &[
        Target::record(&PROSPECTS_TABLE).without(&[
            "industry_code",
            "municipality",
            "visiting_municipality",
            "currency_code",
            "turn_over_is_estimate",
        ]),
        Target::elements(&PROSPECT_ADDRESSES_TABLE, "prospect_addresses"),
        Target::elements(&FINANCIAL_STATEMENTS_TABLE, "financial_statements"),
        Target::elements(&CONTACTS_TABLE, "contacts").without(&["prospect"]),
    ],
};
