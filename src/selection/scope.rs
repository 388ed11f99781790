//! How far a selection reaches: who is asked about, and what becomes of selections that a run does not read.

use serde::{Deserialize, Serialize};

/// Which companies are asked about by themselves, each with a request of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetailsFor {
    /// Those that a selection of the run holds; without a selection all that its lists bring.
    #[default]
    Selection,
    /// Members of target groups too, whether a selection holds them or not.
    Members,
}

impl DetailsFor {
    /// The word for it on the command line and in the settings file.
    pub fn label(self) -> &'static str {
        match self {
            Self::Selection => "selection",
            Self::Members => "members",
        }
    }
}

/// What a run makes of its selections. The ledger keeps it: a resumed run and a rebuild decide as the run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SelectionUse {
    /// Who is asked about.
    #[serde(default)]
    pub details_for: DetailsFor,
    /// Whether selections of earlier runs that this one does not read count no more.
    #[serde(default)]
    pub forgets_others: bool,
}
