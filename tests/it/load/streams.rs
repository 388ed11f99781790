//! Streams shaped like those of the catalog, for tests of loads of several streams and tables.

use vainu_etl::catalog::{COMPANY, Endpoint, Lists, PROSPECTS_TABLE, Stream, TARGET_GROUP, Target};
use vainu_etl::load::{LoadError, LoadInput, Published, publish};
use vainu_etl::schema::{Column, Disposition, Kind, Role, Table, Unit};

use super::rig::{NO_HOOKS, Rig, complete, incomplete};
use crate::staged_fixture::StagedFixture;
use crate::support;
use vainu_etl::load::ListResult;

const SYSTEM: &[Column] = &[
    Column::system(Role::RunId, "Run that last wrote the row's values.").required(),
    Column::system(Role::Extra, "Fields without a column."),
];

const fn text(name: &'static str) -> Column {
    Column::new(name, &[], Kind::Text, "Text.")
}

const fn table(
    name: &'static str,
    key: &'static [&'static str],
    disposition: Disposition,
    columns: &'static [Column],
) -> Table {
    Table { schema: "main", name, doc: "A table.", key, disposition, columns, system: SYSTEM }
}

const fn stream(name: &'static str, lists: Lists) -> Stream {
    support::stream(name, Endpoint::single("x/"), lists)
}

pub(super) static GROUPS_TABLE: Table =
    table("t_groups", &["id"], Disposition::Replace { scope: &[] }, &[text("id").required(), text("name")]);
pub(super) static MEMBERS_TABLE: Table = table(
    "t_group_members",
    &["target_group_id", "country", "business_id"],
    Disposition::Replace { scope: &["target_group_id"] },
    &[text("target_group_id").required(), text("country").required(), text("business_id").required()],
);
pub(super) static STATEMENTS_TABLE: Table = table(
    "t_statements",
    &["country", "business_id", "year", "account_period_end"],
    Disposition::Replace { scope: &["country", "business_id"] },
    &[
        text("country").required(),
        text("business_id").required(),
        Column::new("year", &[], Kind::Integer, "Year.").unit(Unit::Count).required(),
        Column::new("account_period_end", &[], Kind::Date, "Last day."),
        Column::new("turn_over_eur", &[], Kind::Decimal, "Turnover.").unit(Unit::Euro),
    ],
);
pub(super) static LEADS_TABLE: Table = table(
    "t_leads",
    &["lead_id"],
    Disposition::Upsert,
    &[text("lead_id").required(), text("title"), text("content_hash")],
);
pub(super) static TAGS_TABLE: Table = table(
    "t_lead_tags",
    &["lead_id", "tag"],
    Disposition::Replace { scope: &["lead_id"] },
    &[text("lead_id").required(), text("tag").required()],
);

const fn record(table: &'static Table) -> Target {
    Target::record(table)
}

pub(super) const GROUPS: Stream =
    Stream { targets: &[record(&GROUPS_TABLE)], ..stream("t_groups", Lists::Whole) };
pub(super) const MEMBERS: Stream = Stream {
    targets: &[record(&MEMBERS_TABLE), record(&PROSPECTS_TABLE)],
    ..stream("t_group_members", Lists::EachOf(&TARGET_GROUP))
};
pub(super) const STATEMENTS: Stream =
    Stream { targets: &[record(&STATEMENTS_TABLE)], ..stream("t_statements", Lists::AnswersOf(&COMPANY)) };
pub(super) const DETAILS: Stream =
    Stream { targets: &[record(&PROSPECTS_TABLE)], ..stream("t_details", Lists::AnswersOf(&COMPANY)) };
const TAGS_OF_LEADS: &[Target] = &[record(&LEADS_TABLE), Target::elements(&TAGS_TABLE, "tags")];
pub(super) const LEADS: Stream = Stream { targets: TAGS_OF_LEADS, ..stream("t_leads", Lists::Whole) };
pub(super) const COMPANY_LEADS: Stream =
    Stream { targets: TAGS_OF_LEADS, ..stream("t_company_leads", Lists::AnswersOf(&COMPANY)) };

/// A stream with what it staged and its lists.
pub(super) type Part = (&'static Stream, StagedFixture, Vec<ListResult>);

/// The list of a target group.
pub(super) fn group(id: &str, is_complete: bool) -> ListResult {
    let list = if is_complete { complete(id) } else { incomplete(id) };
    ListResult { parent: vec![("target_group_id", id.to_owned())], ..list }
}

impl Rig {
    /// Loads several streams.
    pub(super) fn load_parts(&self, run: &str, parts: Vec<Part>) -> Result<Published, LoadError> {
        self.load_parts_with(run, parts, |_| {})
    }

    pub(super) fn load_parts_with(
        &self,
        run: &str,
        parts: Vec<Part>,
        change: impl FnOnce(&mut LoadInput),
    ) -> Result<Published, LoadError> {
        let mut input: Option<LoadInput> = None;
        for (stream, staged, lists) in parts {
            let mut part = self.input(run, staged, lists);
            part.streams[0].stream = stream;
            match &mut input {
                None => input = Some(part),
                Some(input) => input.streams.append(&mut part.streams),
            }
        }
        let mut input = input.unwrap();
        change(&mut input);
        publish(&self.workspace, &self.lock, &input, &self.settings, NO_HOOKS)
    }
}
