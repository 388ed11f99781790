//! Stream `company_leads`: news about one company, from `prospect/{company}/leads/`.

use super::leads::LEAD_TARGETS;
use super::{Endpoint, Lists, Stream, Window};

/// The leads of each company. The API returns those of the last 90 days (the API's document, section
/// `getProspectInfoLeads`), without an id.
pub const COMPANY_LEADS: Stream = Stream {
    name: "company_leads",
    doc: "News about each company, from prospect/leads",
    endpoint: Endpoint {
        window: Some(Window { parameter: None, days: 90 }),
        ..Endpoint::single("prospect/{company}/leads/")
    },
    lists: Lists::Companies,
    by_default: false,
    targets: LEAD_TARGETS,
    documented: &[
        "prospects",
        "prospects.business_id",
        "prospects.company_name",
        "added",
        "title",
        "link",
        "tags",
        "vainu_link",
    ],
};
