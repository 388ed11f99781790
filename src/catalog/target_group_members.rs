//! Stream `target_group_members`: the companies in each target group, from `target_group/{target_group}/`.

use super::columns::SYSTEM;
use super::{Endpoint, Lists, PROSPECTS_TABLE, Paging, Stream, TARGET_GROUP, Target};
use crate::schema::{Column, Disposition, Kind, Origin, Table};

/// The members of each target group. The fields of the company itself go to `prospects`.
pub const TARGET_GROUP_MEMBERS: Stream = Stream {
    name: "target_group_members",
    doc: "Companies of each target group, from target_group",
    things: "companies",
    endpoint: Endpoint {
        max_page_size: 1000,
        ..Endpoint::new("target_group/{target_group}/", Paging::Unordered)
    },
    filters: None,
    lists: Lists::EachOf(&TARGET_GROUP),
    by_default: true,
    targets: &[
        Target::record(&TARGET_GROUP_MEMBERS_TABLE),
        Target::record(&PROSPECTS_TABLE).only(&[
            "business_id",
            "company_name",
            "link",
            "isic_industry_code",
            "address",
            "postal",
            "city",
            "country",
            "turn_over",
            "staff_number",
            "development_of_turnover",
            "profit",
        ]),
    ],
};

/// Table of members.
pub static TARGET_GROUP_MEMBERS_TABLE: Table = Table {
    schema: "main",
    name: "target_group_members",
    doc: "One row per company in a target group; a company that left the group is taken away.",
    key: &["target_group_id", "country", "business_id"],
    disposition: Disposition::Replace { scope: &["target_group_id"] },
    columns: &[
        Column::new(
            "target_group_id",
            &[],
            Kind::Text,
            "Target group that was asked for, the id of target_groups.",
        )
        .required()
        .from(Origin::Parent),
        Column::new(
            "country",
            &["country"],
            Kind::Country,
            "Country of the company, ISO 3166-1 alpha-2.",
        )
        .required(),
        Column::new(
            "business_id",
            &["business_id"],
            Kind::BusinessId,
            "Business id of the company, without country prefix and dash; unique only together with the country.",
        )
        .required(),
    ],
    system: SYSTEM,
};
