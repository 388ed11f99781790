//! Streams shaped like those of the API that have arrays, or whose answers are about one company.

use vainu_etl::catalog::{COMPANY as COMPANY_PARENT, Endpoint, Lists, Paging, Parent, Stream, Target};
use vainu_etl::schema::{Column, Disposition, Kind, Origin, Table};

use crate::support::stream;

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

static DETAILS: Table = table(
    "details",
    COMPANY,
    Disposition::Merge,
    &[COUNTRY, BUSINESS_ID, Column::new("name", &["company_name"], Kind::Text, "Name.")],
);
static STATEMENTS: Table = table(
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
static CONTACTS: Table = table(
    "contacts",
    &["country", "business_id", "position"],
    OF_COMPANY,
    &[OF_COUNTRY, OF_BUSINESS_ID, POSITION, Column::new("name", &["name"], Kind::Text, "Name.").required()],
);
static TECHNOLOGIES: Table = table(
    "technologies",
    &["country", "business_id", "technology"],
    OF_COMPANY,
    &[
        OF_COUNTRY,
        OF_BUSINESS_ID,
        Column::new("technology", &[], Kind::Text, "Name.").required().from(Origin::Element),
    ],
);

const fn about_a_company(name: &'static str) -> Stream {
    stream(name, Endpoint::single("prospect/{company}/x/"), Lists::AnswersOf(&COMPANY_PARENT))
}

/// One object about a company, with three arrays.
pub(crate) const ALL: Stream = Stream {
    targets: &[
        Target::record(&DETAILS).only(&["company_name"]),
        Target::elements(&STATEMENTS, "statements").only(&["turn_over"]),
        Target::elements(&CONTACTS, "contacts"),
        Target::elements(&TECHNOLOGIES, "technologies").only(&[]),
    ],
    ..about_a_company("all")
};

/// An array of statements, the company from the request alone.
pub(crate) const FINANCIALS: Stream = Stream {
    targets: &[Target::record(&STATEMENTS).only(&["account_period_end"])],
    ..about_a_company("financials")
};

/// Leads with companies and tags, read as a list.
pub(crate) const LEADS: Stream = Stream {
    targets: &[
        Target::record(&LEADS_TABLE).only(&[]),
        Target::elements(&LEAD_PROSPECTS, "prospects").only(&[]),
        Target::elements(&LEAD_TAGS, "tags").only(&[]),
    ],
    ..stream("leads", Endpoint::single("leads/"), Lists::Whole)
};

static LEADS_TABLE: Table = table(
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
static LEAD_PROSPECTS: Table = table(
    "lead_prospects",
    &["lead_id", "country", "business_id"],
    Disposition::Replace { scope: &["lead_id"] },
    &[OF_LEAD, COUNTRY, BUSINESS_ID],
);
static LEAD_TAGS: Table = table(
    "lead_tags",
    &["lead_id", "position"],
    Disposition::Replace { scope: &["lead_id"] },
    &[OF_LEAD, POSITION, Column::new("tag", &["name"], Kind::Text, "Tag.").from(Origin::Element)],
);

/// The parent of [`MEMBERS`], whose key is a number.
static GROUP: Parent = Parent {
    stream: "groups",
    noun: "group",
    parameter: "target_group",
    columns: &[("group_id", "id")],
    name: None,
};

/// Members of a target group, the group from the request.
pub(crate) const MEMBERS: Stream = Stream {
    targets: &[Target::record(&MEMBERS_TABLE).only(&[])],
    ..stream("members", Endpoint::new("group/{target_group}/", Paging::Unordered), Lists::EachOf(&GROUP))
};

static MEMBERS_TABLE: Table = table(
    "members",
    &["group_id", "country", "business_id"],
    Disposition::Replace { scope: &["group_id"] },
    &[
        Column::new("group_id", &[], Kind::Integer, "Group.").required().from(Origin::Parent),
        COUNTRY,
        BUSINESS_ID,
    ],
);

/// Things with a number for a key, in numbered pages.
pub(crate) const THINGS: Stream = Stream {
    targets: &[Target::record(&THINGS_TABLE).only(&[])],
    ..stream("things", Endpoint::new("things/", Paging::Numbered { order: ("order", "id") }), Lists::Whole)
};

static THINGS_TABLE: Table = table(
    "things",
    &["id"],
    Disposition::Replace { scope: &[] },
    &[Column::new("id", &["id"], Kind::Integer, "Id.").required()],
);
