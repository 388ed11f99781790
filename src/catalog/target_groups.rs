//! Stream `target_groups`: the list of target groups, from `target_groups/`.

use super::columns::{SYSTEM, text};
use super::{Endpoint, Lists, Stream, Target};
use crate::schema::{Column, Disposition, Kind, Table};

/// The target groups that the user of the API key can see.
pub const TARGET_GROUPS: Stream = Stream {
    name: "target_groups",
    doc: "Target groups: their names and ids, from target_groups",
    things: "target groups",
    endpoint: Endpoint::single("target_groups/"),
    filters: None,
    lists: Lists::Whole,
    by_default: true,
    targets: &[Target::record(&TARGET_GROUPS_TABLE)],
};

/// Table of target groups.
pub static TARGET_GROUPS_TABLE: Table = Table {
    schema: "main",
    name: "target_groups",
    doc: "One row per target group that the key's user owns or was given; one that is gone is taken away.",
    key: &["id"],
    disposition: Disposition::Replace { scope: &[] },
    columns: &[
        text("id", &["id"], "Id of the target group, as in target_group_members.").required(),
        text(
            "name",
            &["name"],
            "Name that its owner gave it, blanks as received; NULL when the API gives none.",
        ),
        Column::new(
            "is_named_target_group",
            &["is_named_target_group"],
            Kind::Boolean,
            "True for a portfolio of chosen companies, false for a saved search; NULL when the API does not say.",
        ),
        Column::new(
            "is_default",
            &["default"],
            Kind::Boolean,
            "Whether it is the user's default target group; NULL when the API does not say.",
        ),
    ],
    system: SYSTEM,
};
