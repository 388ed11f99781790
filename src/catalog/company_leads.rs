//! Stream `company_leads`: news about one company, from `prospect/{company}/leads/`.

use super::{
    COMPANY, Endpoint, LEAD_PROSPECTS_TABLE, LEAD_TAGS_TABLE, LEADS_TABLE, Lists, Stream, Target, Window,
};

/// The leads of each company. The API returns those of the last 90 days (the API's document, section
/// `getProspectInfoLeads`), without an id.
pub const COMPANY_LEADS: Stream = Stream {
    name: "company_leads",
    doc: "News about each company, from prospect/leads",
    things: "leads",
    endpoint: Endpoint {
        window: Some(Window { parameter: None, days: 90 }),
        ..Endpoint::single("prospect/{company}/leads/")
    },
    filters: None,
    lists: Lists::AnswersOf(&COMPANY),
    by_default: false,
    targets: &[
        Target::record(&LEADS_TABLE).without(&["id", "datetime", "content_hash"]),
        Target::elements(&LEAD_PROSPECTS_TABLE, "prospects").without(&["country"]),
        Target::elements(&LEAD_TAGS_TABLE, "tags"),
    ],
};
