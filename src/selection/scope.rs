//! The scope of a selection: for which companies details are requested, and whether selections of earlier runs still
//! count.

use serde::{Deserialize, Serialize};

/// The companies that get requests of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetailsFor {
    /// Companies that a selection of the run holds. Without a selection, all companies in the lists of the run.
    #[default]
    Selection,
    /// Also members of target groups that no selection holds.
    Members,
}

impl DetailsFor {
    /// The name on the command line and in the settings file.
    pub fn label(self) -> &'static str {
        match self {
            Self::Selection => "selection",
            Self::Members => "members",
        }
    }
}

/// How a run uses its selections. The ledger records it, so that a resumed run and a rebuild use them in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SelectionUse {
    /// The companies that get requests of their own.
    #[serde(default)]
    pub details_for: DetailsFor,
    /// Whether selections of earlier runs that are not part of this run no longer count.
    #[serde(default)]
    pub forgets_others: bool,
}
