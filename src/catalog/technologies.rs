//! Stream `technologies`: technologies that companies use, and their basic information, from `prospect/{company}/`.

use super::columns::{COMPANY, OF_BUSINESS_ID, OF_COUNTRY, SYSTEM, text};
use super::{At, Endpoint, Lists, PROSPECTS_TABLE, Stream, Target};
use crate::schema::{Disposition, Origin, Table};

/// Companies with their technologies, which no other endpoint returns.
pub const TECHNOLOGIES: Stream = Stream {
    name: "technologies",
    doc: "Technologies of each company, with its basic information and scores, from prospect",
    endpoint: Endpoint::single("prospect/{company}/"),
    lists: Lists::Companies,
    by_default: false,
    targets: &[
        Target::record(&PROSPECTS_TABLE),
        Target { table: &PROSPECT_TECHNOLOGIES_TABLE, at: At::Elements("technologies") },
    ],
    documented: &[
        "business_id",
        "status",
        "registration_date",
        "company_name",
        "link",
        "phone",
        "industry_code_2",
        "industry_code_5",
        "industry_code",
        "address",
        "postal",
        "city",
        "visiting_address",
        "visiting_postal",
        "visiting_city",
        "country",
        "turn_over",
        "turn_over_local",
        "turnover_estimate",
        "profit",
        "development_of_turnover",
        "staff_number",
        "staff_number_is_estimate",
        "vainu_link",
        "linkedin_id",
        "twitter_link",
        "facebook_link",
        "technologies",
        "digitality",
        "sociality",
        "marketility",
        "alexa_rank_global",
        "mother",
        "mother_foreign",
    ],
};

/// Table of technologies.
pub const PROSPECT_TECHNOLOGIES_TABLE: Table = Table {
    schema: "main",
    name: "prospect_technologies",
    doc: "One row per technology that a company was seen to use.",
    key: &["country", "business_id", "technology"],
    disposition: Disposition::Replace { scope: COMPANY },
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
