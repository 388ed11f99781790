//! Stream `leads`: news about the companies of each target group, from `target_group/{target_group}/leads/`.

use super::columns::{SYSTEM, text};
use super::{Endpoint, Lists, Stream, TARGET_GROUP, Target, Window};
use crate::schema::{Column, Disposition, Kind, Origin, Table};

/// The leads of each target group. The API returns those of the last 60 days at most (the API's document, section
/// `getTargetGroupLeads`).
pub const LEADS: Stream = Stream {
    name: "leads",
    doc: "News about the companies of each target group, from target_group/leads",
    things: "leads",
    endpoint: Endpoint {
        // Without the parameter only leads since the previous day, 00:00, are returned.
        window: Some(Window { parameter: Some("from_datetime"), days: 60 }),
        ..Endpoint::single("target_group/{target_group}/leads/")
    },
    filters: None,
    lists: Lists::EachOf(&TARGET_GROUP),
    by_default: true,
    targets: &[
        Target::record(&LEADS_TABLE).without(&["added", "content_hash"]),
        Target::elements(&LEAD_PROSPECTS_TABLE, "prospects").without(&["country"]),
        Target::elements(&LEAD_TAGS_TABLE, "tags"),
    ],
};

/// Table of leads. An answer holds only recent leads, so a load never deletes any.
pub static LEADS_TABLE: Table = Table {
    schema: "main",
    name: "leads",
    doc: "One row per lead, an article about companies. Leads stay when the API no longer answers them.",
    key: &["lead_id"],
    disposition: Disposition::Upsert,
    columns: &[
        Column::new(
            "lead_id",
            &["id", "link", "title", "published_at"],
            Kind::Text,
            "The API's id; where it gives none, as for the leads of a company, the content_hash.",
        )
        .required()
        .from(Origin::HashOf),
        Column::new(
            "published_at",
            &["datetime", "added"],
            Kind::Timestamp,
            "When Vainu published it, as received: the API names no zone; NULL when unknown.",
        ),
        text("title", &["title"], "Title, blanks around it as received; NULL when the API gives none."),
        text("link", &["link"], "Address of the article; NULL when the API gives none."),
        text(
            "vainu_link",
            &["vainu_link"],
            "Page in Vainu of the company that the lead was found by; NULL when the API gives none.",
        ),
        // The load uses it to recognise a lead with an id and the same one without. Computed, not a field of the API.
        Column::new(
            "content_hash",
            &["content_hash", "link", "title", "published_at"],
            Kind::Text,
            "Hash of link, title and time, the same whether the lead came from a target group or from a company.",
        )
        .required()
        .from(Origin::HashOf),
    ],
    system: SYSTEM,
};

const OF_LEAD: Column =
    Column::new("lead_id", &[], Kind::Text, "The lead, as in leads.").required().from(Origin::Parent);

/// Table of companies that leads name. The API does not give their country, and companies of two countries can have the
/// same business id, so the name is part of the key.
pub static LEAD_PROSPECTS_TABLE: Table = Table {
    schema: "main",
    name: "lead_prospects",
    doc: "One row per company that a lead names, whether it was asked for or not.",
    key: &["lead_id", "business_id", "company_name"],
    disposition: Disposition::Replace { scope: &["lead_id"] },
    columns: &[
        OF_LEAD,
        Column::new(
            "country",
            &["country", "business_id"],
            Kind::Country,
            "Country of the company, ISO 3166-1 alpha-2, where it was asked for; NULL for the others, as the API does not say.",
        )
        .from(Origin::AskedWhenSame),
        Column::new(
            "business_id",
            &["business_id"],
            Kind::BusinessId,
            "Business id of the company, without dash; without the country it can be of several companies.",
        )
        .required(),
        text("company_name", &["company_name"], "Name of the company; NULL when the API gives none."),
    ],
    system: SYSTEM,
};

/// Table of tags of leads.
pub static LEAD_TAGS_TABLE: Table = Table {
    schema: "main",
    name: "lead_tags",
    doc: "One row per tag of a lead.",
    key: &["lead_id", "tag"],
    disposition: Disposition::Replace { scope: &["lead_id"] },
    columns: &[
        OF_LEAD,
        text("tag", &[], "What the lead is about, in the language of the account; no code.")
            .required()
            .from(Origin::Element),
    ],
    system: SYSTEM,
};
