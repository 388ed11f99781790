//! [`Plan`]: what a run reads, decided before anything is read.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::catalog::{Lists, Parent, Stream};
use crate::landing::ledger::RunList;
use crate::record::{EnvelopeError, Json, PageSummary};
use crate::selection::{DetailsFor, List};

/// Label of the list of a stream that asks about each company.
pub const COMPANIES: &str = "companies";

/// Summarises a page, with records told apart by the key of their stream's table. A function of the module that builds
/// rows, because only that one knows keys.
///
/// # Errors
/// The text is not an envelope of records or a count.
pub type SummarisePage = fn(&Stream, Json<'_>) -> Result<PageSummary, EnvelopeError>;

/// What a run reads.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The streams whose endpoints are read.
    pub streams: Vec<PlannedStream>,
    /// Names or ids of the wanted parents of lists, by the name of their stream; all of a stream that is not there, or
    /// whose names are empty.
    pub wanted: BTreeMap<&'static str, Vec<String>>,
    /// Which companies are asked about individually.
    pub details_for: DetailsFor,
    /// Companies, such as `FI/09704098`, that are due to be asked about although the lists show only what changed.
    pub due: Vec<String>,
}

/// What changed in a list since it was last read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changes {
    /// First and last moment of change wanted, in microseconds since 1970, UTC, by the server's clock as far as it is
    /// known.
    pub window_us: (i64, i64),
    /// Companies that the list held when it was last read.
    pub known: u64,
}

/// A stream as a run reads it.
#[derive(Debug, Clone)]
pub struct PlannedStream {
    /// The stream whose endpoint is asked.
    pub stream: &'static Stream,
    /// Names of the streams that are made from the answers: the stream itself, or several streams that one request
    /// serves.
    pub serves: Vec<&'static str>,
    /// Its lists that are known before the run. Those of parents are found later.
    pub lists: Vec<List>,
    /// First and last moment wanted, in microseconds since 1970, UTC; `None` when the stream has no time window.
    pub window_us: Option<(i64, i64)>,
    /// Lists of which only what changed is read, by label. Other lists are read whole.
    pub changes: BTreeMap<String, Changes>,
    /// [Fingerprints](crate::record::fingerprint) of companies that need not be asked about, because loaded data is
    /// recent enough.
    pub fresh: Arc<HashSet<u64>>,
    /// Summarises its pages.
    pub summarise: SummarisePage,
}

impl PlannedStream {
    /// A stream that serves only itself, with these lists. A stream that is read as a whole, or that asks about each
    /// company, has a single list.
    pub fn new(stream: &'static Stream, lists: Vec<List>, summarise: SummarisePage) -> Self {
        let whole = |label: &str| {
            vec![List { label: label.to_owned(), parameters: Vec::new(), id_chunks: Vec::new() }]
        };
        let lists = match stream.lists {
            Lists::Whole if lists.is_empty() => whole("all"),
            Lists::AnswersOf(_) => whole(COMPANIES),
            Lists::EachOf(_) => Vec::new(),
            Lists::Whole | Lists::Selections => lists,
        };
        Self {
            stream,
            serves: vec![stream.name],
            lists,
            window_us: None,
            changes: BTreeMap::new(),
            fresh: Arc::default(),
            summarise,
        }
    }

    /// The name of one of its lists in the ledger.
    pub(super) fn named(&self, label: &str, parent: Option<&str>) -> RunList {
        let window = self.window_us.or(self.changes.get(label).map(|changes| changes.window_us));
        RunList {
            stream: self.stream.name.to_owned(),
            label: label.to_owned(),
            serves: self.serves.iter().map(|name| (*name).to_owned()).collect(),
            parent: parent.map(str::to_owned),
            window_from_us: window.map(|(from, _)| from),
            window_to_us: window.map(|(_, to)| to),
        }
    }
}

impl Plan {
    /// The streams of the plan with a list for each record of another stream, and what these records are to them.
    pub(super) fn of_parents(&self) -> impl Iterator<Item = (&PlannedStream, &'static Parent)> {
        self.streams.iter().filter_map(|planned| match planned.stream.lists {
            Lists::EachOf(parent) => Some((planned, parent)),
            _ => None,
        })
    }

    /// Whether the run selects companies: there are selections, and none of them is of all companies.
    pub fn is_selective(&self) -> bool {
        let mut lists = self
            .streams
            .iter()
            .filter(|planned| planned.stream.lists == Lists::Selections)
            .flat_map(|planned| &planned.lists)
            .peekable();
        lists.peek().is_some() && !lists.any(List::is_everything)
    }

    /// Labels of the lists of the selections.
    pub fn selection_labels(&self) -> Vec<String> {
        let streams = self.streams.iter().filter(|planned| planned.stream.lists == Lists::Selections);
        streams.flat_map(|planned| &planned.lists).map(|list| list.label.clone()).collect()
    }

    /// Whether some lists of companies are read only for what changed.
    pub fn reads_changes(&self) -> bool {
        self.streams.iter().any(|planned| !planned.changes.is_empty())
    }

    /// Whether lists that ask about each company skip members of target groups that no selection holds.
    pub fn passes_members_over(&self) -> bool {
        self.details_for == DetailsFor::Selection && self.is_selective()
    }

    /// The lists that are known before the run, as the header of the ledger names them.
    pub fn known_lists(&self) -> Vec<RunList> {
        let of_stream = |planned: &PlannedStream| {
            planned.lists.iter().map(|list| planned.named(&list.label, None)).collect()
        };
        self.streams.iter().flat_map(|planned| -> Vec<RunList> { of_stream(planned) }).collect()
    }
}
