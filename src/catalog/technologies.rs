//! Stream `technologies`: technologies that companies use, and their basic information, from `prospect/{company}/`.

use super::columns::{COMPANY_KEY, OF_BUSINESS_ID, OF_COUNTRY, SYSTEM, text};
use super::{COMPANY, Endpoint, Lists, PROSPECTS_TABLE, Stream, Target};
use crate::schema::{Disposition, Origin, Table};

/// Companies with their technologies, which no other endpoint returns.
pub const TECHNOLOGIES: Stream = Stream {
    name: "technologies",
    doc: "Technologies of each company, with its basic information and scores, from prospect",
    things: "companies",
    endpoint: Endpoint::single("prospect/{company}/"),
    filters: None,
    lists: Lists::AnswersOf(&COMPANY),
    by_default: false,
    targets: &[
        Target::record(&PROSPECTS_TABLE).without(&[
            "isic_industry_code",
            "municipality",
            "visiting_municipality",
            "currency_code",
            "turn_over_is_estimate",
            "description",
        ]),
        Target::elements(&PROSPECT_TECHNOLOGIES_TABLE, "technologies"),
    ],
};

/// Table of technologies.
pub static PROSPECT_TECHNOLOGIES_TABLE: Table = Table {
    schema: "main",
    name: "prospect_technologies",
    doc: "One row per technology that a company was seen to use.",
    key: &["country", "business_id", "technology"],
    disposition: Disposition::Replace { scope: COMPANY_KEY },
    columns: &[
        OF_COUNTRY,
        OF_BUSINESS_ID,
        text(
            "technology",
            &[],
            "Name as received: a product, a product with its version, a language, or an untranslated label such as `_(\"BLOG\")`.",
        )
        .required()
        .from(Origin::Element),
    ],
    system: SYSTEM,
};
