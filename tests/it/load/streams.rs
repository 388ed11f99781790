//! Streams shaped like those of the catalog, for tests of loads of several streams and tables.

use vainu_etl::catalog::{At, Endpoint, Lists, PROSPECTS_TABLE, Paging, Stream, Target};
use vainu_etl::load::{LoadError, LoadInput, Published, publish};
use vainu_etl::schema::{Column, Disposition, Kind, Table, Unit};

use super::rig::{NO_HOOKS, Rig, complete, incomplete};
use crate::staged_fixture::StagedFixture;
use vainu_etl::load::ListResult;

const SYSTEM: &[Column] = &[
    Column::system("_run_id", Kind::Text, "Run that last wrote the row's values.").required(),
    Column::system("_extra", Kind::Json, "Fields without a column."),
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

const fn stream(name: &'static str, lists: Lists, targets: &'static [Target]) -> Stream {
    let endpoint = Endpoint { path: "x/", paging: Paging::Single, max_page_size: 1000, window: None };
    Stream { name, doc: "A stream", endpoint, lists, by_default: false, targets, documented: &[] }
}

pub(super) const GROUPS_TABLE: Table =
    table("t_groups", &["id"], Disposition::Replace { scope: &[] }, &[text("id").required(), text("name")]);
pub(super) const MEMBERS_TABLE: Table = table(
    "t_group_members",
    &["target_group_id", "country", "business_id"],
    Disposition::Replace { scope: &["target_group_id"] },
    &[text("target_group_id").required(), text("country").required(), text("business_id").required()],
);
pub(super) const STATEMENTS_TABLE: Table = table(
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
pub(super) const LEADS_TABLE: Table = table(
    "t_leads",
    &["lead_id"],
    Disposition::Upsert,
    &[text("lead_id").required(), text("title"), text("content_hash")],
);
pub(super) const TAGS_TABLE: Table = table(
    "t_lead_tags",
    &["lead_id", "tag"],
    Disposition::Replace { scope: &["lead_id"] },
    &[text("lead_id").required(), text("tag").required()],
);

const fn record(table: &'static Table) -> Target {
    Target { table, at: At::Record }
}

pub(super) const GROUPS: Stream = stream("t_groups", Lists::Whole, &[record(&GROUPS_TABLE)]);
pub(super) const MEMBERS: Stream =
    stream("t_group_members", Lists::TargetGroups, &[record(&MEMBERS_TABLE), record(&PROSPECTS_TABLE)]);
pub(super) const STATEMENTS: Stream = stream("t_statements", Lists::Companies, &[record(&STATEMENTS_TABLE)]);
pub(super) const DETAILS: Stream = stream("t_details", Lists::Companies, &[record(&PROSPECTS_TABLE)]);
const TAGS_OF_LEADS: &[Target] =
    &[record(&LEADS_TABLE), Target { table: &TAGS_TABLE, at: At::Elements("tags") }];
pub(super) const LEADS: Stream = stream("t_leads", Lists::Whole, TAGS_OF_LEADS);
pub(super) const COMPANY_LEADS: Stream = stream("t_company_leads", Lists::Companies, TAGS_OF_LEADS);

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
