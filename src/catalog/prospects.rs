//! Stream `prospects`: companies, from `prospects/filter/`.

use super::columns::{EXTRA, RUN_ID, text};
use super::filters::{FilterKind, FilterSet, filter};
use super::{Cursor, Endpoint, Lists, Paging, Stream, Target};
use crate::schema::{Column, Disposition, Kind, Role, Sharing, Table, Unit};

/// Companies that match the selections.
pub const PROSPECTS: Stream = Stream {
    name: "prospects",
    doc: "Companies: basic information, from prospects/filter",
    things: "companies",
    endpoint: Endpoint {
        max_page_size: 1000,
        // Shown in the API's document, section Filtering examples.
        cursor: Some(Cursor { field: "basic_modified", operator: "gt" }),
        ..Endpoint::new(
            "prospects/filter/",
            Paging::Ordered { order: ("order", "business_id"), slice_by: "business_id__startswith" },
        )
    },
    filters: Some(&PROSPECT_FILTERS),
    lists: Lists::Selections,
    by_default: true,
    targets: &[Target::record(&PROSPECTS_TABLE).without(&[
        "isic_industry_code",
        "turnover_estimate",
        "digitality",
        "sociality",
        "marketility",
        "alexa_rank_global",
        "mother",
        "mother_foreign",
        "description",
    ])],
};

/// The filters of the endpoint: all fields that the API's document, section Supported fields for filtering, lists, and
/// those that only its examples use. The operators are those of the section Supported filter types; each follows two
/// underscores.
pub static PROSPECT_FILTERS: FilterSet = FilterSet {
    filters: &[
        filter("address", FilterKind::Text),
        filter("alexa_rank_global", FilterKind::Number),
        filter("basic_modified", FilterKind::Datetime),
        filter("business_id", FilterKind::BusinessId),
        filter("business_ids", FilterKind::BusinessIds),
        filter("city", FilterKind::Text),
        filter("company_name", FilterKind::Text),
        filter("country", FilterKind::Country),
        filter("development_of_turnover", FilterKind::Number),
        filter("domain", FilterKind::Text),
        filter("industry_code", FilterKind::Code),
        filter("industry_code_2", FilterKind::Code),
        filter("industry_code_5", FilterKind::Code),
        filter("industry_codes", FilterKind::Code),
        filter("isic_industry_code", FilterKind::Code),
        filter("link", FilterKind::Text),
        filter("municipality", FilterKind::Text),
        filter("nstatus", FilterKind::Status),
        filter("phone", FilterKind::Text),
        filter("postal", FilterKind::Postal),
        filter("profit", FilterKind::Number),
        filter("region", FilterKind::Region),
        filter("registration_date", FilterKind::Date),
        filter("staff_number", FilterKind::Number),
        filter("turn_over", FilterKind::Number),
        filter("vainu_score", FilterKind::Number),
        filter("visiting_address", FilterKind::Text),
        filter("visiting_city", FilterKind::Text),
        filter("visiting_municipality", FilterKind::Text),
        filter("visiting_postal", FilterKind::Postal),
    ],
    operators: &["exact", "gt", "gte", "in", "lt", "lte", "ne", "startswith"],
};

/// Table of companies.
pub static PROSPECTS_TABLE: Table = Table {
    schema: "main",
    name: "prospects",
    doc: "One row per company that a load has ever seen; companies that disappeared carry `_deleted_at`.",
    key: &["country", "business_id"],
    disposition: Disposition::Merge,
    columns: &[
        Column::new("country", &["country"], Kind::Country, "Country, ISO 3166-1 alpha-2.").required(),
        Column::new(
            "business_id",
            &["business_id"],
            Kind::BusinessId,
            "National business id without country prefix and dash; one of another kind, such as HRB-12345, as received; unique only together with the country.",
        )
        .required()
        .sharing(Sharing::Rare),
        text("company_name", &["company_name"], "Name as registered.").sharing(Sharing::Rare),
        text("status", &["status"], "Readable status from one of the API's sources; free text."),
        Column::new("registration_date", &["registration_date"], Kind::Date, "Day of registration."),
        text("link", &["link"], "Web site, often without a scheme.").sharing(Sharing::Rare),
        text("phone", &["phone"], "Phone number as published.").sharing(Sharing::Rare),
        Column::new(
            "industry_code",
            &["industry_code", "isic_industry_code", "industry_code_5"],
            Kind::Code { width: 5 },
            "National industry code, five digits: TOL 2008, SNI 2007, SIC 2007 or DB07.",
        ),
        Column::new(
            "industry_division",
            &["industry_code_2"],
            Kind::Code { width: 2 },
            "NACE Rev. 2 division, two digits.",
        ),
        text("address", &["address"], "Postal street address.").sharing(Sharing::Rare),
        text("postal", &["postal"], "Postal code of the address; leading zeros kept."),
        text("city", &["city"], "City of the address."),
        text("municipality", &["municipality"], "Municipality of the address."),
        text(
            "visiting_address",
            &["visiting_address"],
            "Visiting street address; a copy of the postal one where there is no other.",
        )
        .sharing(Sharing::Rare),
        text(
            "visiting_postal",
            &["visiting_postal"],
            "Postal code of the visiting address; leading zeros kept.",
        ),
        text("visiting_city", &["visiting_city"], "City of the visiting address."),
        text("visiting_municipality", &["visiting_municipality"], "Municipality of the visiting address."),
        text(
            "currency_code",
            &["currency_code"],
            "Currency of turn_over_local, ISO 4217; not reliable for FX, the API shows SEK on FI companies.",
        )
        .sharing(Sharing::Common),
        Column::new(
            "turn_over_eur",
            &["turn_over"],
            Kind::Decimal,
            "Latest turnover in euros; NULL when unknown.",
        )
        .unit(Unit::Euro),
        Column::new(
            "turn_over_local",
            &["turn_over_local"],
            Kind::Decimal,
            "Latest turnover in local currency; NULL when unknown.",
        )
        .unit(Unit::LocalCurrency),
        Column::new(
            "turn_over_is_estimate",
            &["turn_over_is_estimate"],
            Kind::Boolean,
            "Whether the turnover is an estimate.",
        ),
        Column::new(
            "turn_over_estimate",
            &["turnover_estimate"],
            Kind::Decimal,
            "Estimated turnover; NULL when there is none.",
        )
        .unit(Unit::Euro),
        Column::new(
            "profit_percent",
            &["profit"],
            Kind::Decimal,
            "Profit as a share of turnover; not an amount of money.",
        )
        .unit(Unit::Percent),
        Column::new(
            "turn_over_growth_percent",
            &["development_of_turnover"],
            Kind::Decimal,
            "Change of turnover on the year before.",
        )
        .unit(Unit::Percent),
        Column::new("staff_number", &["staff_number"], Kind::Integer, "Persons employed; NULL when unknown.")
            .unit(Unit::Persons),
        Column::new(
            "staff_number_is_estimate",
            &["staff_number_is_estimate"],
            Kind::Boolean,
            "Whether the number of staff is an estimate.",
        ),
        text("vainu_link", &["vainu_link"], "The company's page in Vainu.").sharing(Sharing::Rare),
        text("linkedin_id", &["linkedin_id"], "LinkedIn id; digits, kept as text."),
        text("twitter_link", &["twitter_link"], "Twitter address as published; not always a valid URL.")
            .sharing(Sharing::Rare),
        text("facebook_link", &["facebook_link"], "Facebook address as published.").sharing(Sharing::Rare),
        Column::new(
            "digitality",
            &["digitality"],
            Kind::Double,
            "Vainu's score; filled from the detail endpoint.",
        ),
        Column::new(
            "sociality",
            &["sociality"],
            Kind::Double,
            "Vainu's score; filled from the detail endpoint.",
        ),
        Column::new(
            "marketility",
            &["marketility"],
            Kind::Double,
            "Vainu's score; filled from the detail endpoint.",
        ),
        Column::new(
            "alexa_rank_global",
            &["alexa_rank_global"],
            Kind::Integer,
            "Alexa rank of the web site; filled from the detail endpoint.",
        )
        .unit(Unit::Rank),
        Column::new(
            "mother",
            &["mother"],
            Kind::Json,
            "Parent company; the API's type is unknown, kept as JSON.",
        ),
        Column::new(
            "mother_foreign",
            &["mother_foreign"],
            Kind::Json,
            "Foreign parent company; the API's type is unknown, kept as JSON.",
        ),
        text(
            "description",
            &["description"],
            "The company's description of itself; filled from the detail endpoint.",
        ),
    ],
    system: &[
        RUN_ID,
        EXTRA,
        Column::system(Role::FirstSeen, "When a load saw the company first.")
            .unit(Unit::Utc)
            .required(),
        Column::system(Role::LastSeen, "When a load saw the company last.")
            .unit(Unit::Utc)
            .required(),
        Column::system(
            Role::Deleted,
            "When a complete list no longer held the company; NULL while it does.",
        )
        .unit(Unit::Utc),
        Column::system(
            Role::Details,
            "When the company's detail endpoint was last read; NULL when never.",
        )
        .unit(Unit::Utc),
        Column::system(
            Role::Selected,
            "Whether a list of a selection held the company when it was last read, in whatever run; true for every company while the latest selection is all companies. Members of target groups that no selection holds are false.",
        ),
    ],
};
