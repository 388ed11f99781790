//! Streams shaped like those of the API that have arrays, or whose answers are about one company.

use vainu_etl::catalog::{At, Endpoint, Lists, Paging, Stream, Target};
use vainu_etl::schema::{Column, Disposition, Kind, Origin, Table};

const COUNTRY: Column = Column::new("country", &["country"], Kind::Country, "Country.").required();
const BUSINESS_ID: Column =
    Column::new("business_id", &["business_id"], Kind::BusinessId, "Business id.").required();
const OF_COUNTRY: Column =
    Column::new("country", &[], Kind::Country, "Country.").required().from(Origin::Parent);
const OF_BUSINESS_ID: Column =
    Column::new("business_id", &[], Kind::BusinessId, "Business id.").required().from(Origin::Parent);
const POSITION: Column =
    Column::new("position", &[], Kind::Integer, "Position.").required().from(Origin::Position);
const COMPANY: &[&str] = &["country", "business_id"];
const OF_COMPANY: Disposition = Disposition::Replace { scope: COMPANY };

const fn table(
    name: &'static str,
    key: &'static [&'static str],
    disposition: Disposition,
    columns: &'static [Column],
) -> Table {
    Table { schema: "main", name, doc: "A table.", key, disposition, columns, system: &[] }
}

const DETAILS: Table = table(
    "details",
    COMPANY,
    Disposition::Merge,
    &[COUNTRY, BUSINESS_ID, Column::new("name", &["company_name"], Kind::Text, "Name.")],
);
const STATEMENTS: Table = table(
    "statements",
    &["country", "business_id", "period_end"],
    OF_COMPANY,
    &[
        OF_COUNTRY,
        OF_BUSINESS_ID,
        Column::new("period_end", &["account_period_end"], Kind::Date, "End."),
        Column::new("turn_over", &["turn_over"], Kind::Decimal, "Turnover."),
    ],
);
const CONTACTS: Table = table(
    "contacts",
    &["country", "business_id", "position"],
    OF_COMPANY,
    &[OF_COUNTRY, OF_BUSINESS_ID, POSITION, Column::new("name", &["name"], Kind::Text, "Name.").required()],
);
const TECHNOLOGIES: Table = table(
    "technologies",
    &["country", "business_id", "technology"],
    OF_COMPANY,
    &[
        OF_COUNTRY,
        OF_BUSINESS_ID,
        Column::new("technology", &[], Kind::Text, "Name.").required().from(Origin::Element),
    ],
);

const fn about_a_company(
    name: &'static str,
    targets: &'static [Target],
    documented: &'static [&'static str],
) -> Stream {
    Stream {
        name,
        doc: "A stream.",
        endpoint: Endpoint {
            path: "prospect/{company}/x/",
            paging: Paging::Single,
            max_page_size: 1,
            window: None,
        },
        lists: Lists::Companies,
        by_default: false,
        targets,
        documented,
    }
}

/// One object about a company, with three arrays.
pub(crate) const ALL: Stream = about_a_company(
    "all",
    &[
        Target { table: &DETAILS, at: At::Record },
        Target { table: &STATEMENTS, at: At::Elements("statements") },
        Target { table: &CONTACTS, at: At::Elements("contacts") },
        Target { table: &TECHNOLOGIES, at: At::Elements("technologies") },
    ],
    &["company_name", "contacts", "contacts.name", "statements.turn_over"],
);

/// An array of statements, the company from the request alone.
pub(crate) const FINANCIALS: Stream =
    about_a_company("financials", &[Target { table: &STATEMENTS, at: At::Record }], &["account_period_end"]);

/// Leads with companies and tags, read as a list.
pub(crate) const LEADS: Stream = Stream {
    name: "leads",
    doc: "A stream.",
    endpoint: Endpoint { path: "leads/", paging: Paging::Single, max_page_size: 1, window: None },
    lists: Lists::Whole,
    by_default: false,
    targets: &[
        Target { table: &LEADS_TABLE, at: At::Record },
        Target { table: &LEAD_PROSPECTS, at: At::Elements("prospects") },
        Target { table: &LEAD_TAGS, at: At::Elements("tags") },
    ],
    documented: &[],
};

const LEADS_TABLE: Table = table(
    "leads",
    &["lead_id"],
    Disposition::Upsert,
    &[
        Column::new("lead_id", &["id", "title", "seen"], Kind::Text, "Id.").required().from(Origin::HashOf),
        Column::new("title", &["title"], Kind::Text, "Title."),
        Column::new("seen", &["datetime", "added"], Kind::Timestamp, "When."),
    ],
);
const OF_LEAD: Column = Column::new("lead_id", &[], Kind::Text, "Lead.").required().from(Origin::Parent);
const LEAD_PROSPECTS: Table = table(
    "lead_prospects",
    &["lead_id", "country", "business_id"],
    Disposition::Replace { scope: &["lead_id"] },
    &[OF_LEAD, COUNTRY, BUSINESS_ID],
);
const LEAD_TAGS: Table = table(
    "lead_tags",
    &["lead_id", "position"],
    Disposition::Replace { scope: &["lead_id"] },
    &[OF_LEAD, POSITION, Column::new("tag", &["name"], Kind::Text, "Tag.").from(Origin::Element)],
);

/// Members of a target group, the group from the request.
pub(crate) const MEMBERS: Stream = Stream {
    name: "members",
    doc: "A stream.",
    endpoint: Endpoint {
        path: "group/{target_group}/",
        paging: Paging::Unordered,
        max_page_size: 1000,
        window: None,
    },
    lists: Lists::TargetGroups,
    by_default: false,
    targets: &[Target {
        table: &table(
            "members",
            &["group_id", "country", "business_id"],
            Disposition::Replace { scope: &["group_id"] },
            &[
                Column::new("group_id", &[], Kind::Integer, "Group.").required().from(Origin::Parent),
                COUNTRY,
                BUSINESS_ID,
            ],
        ),
        at: At::Record,
    }],
    documented: &[],
};

/// Things with a number for a key, in numbered pages.
pub(crate) const THINGS: Stream = Stream {
    name: "things",
    doc: "A stream.",
    endpoint: Endpoint {
        path: "things/",
        paging: Paging::Numbered { order: ("order", "id") },
        max_page_size: 1000,
        window: None,
    },
    lists: Lists::Whole,
    by_default: false,
    targets: &[Target {
        table: &table(
            "things",
            &["id"],
            Disposition::Replace { scope: &[] },
            &[Column::new("id", &["id"], Kind::Integer, "Id.").required()],
        ),
        at: At::Record,
    }],
    documented: &[],
};
