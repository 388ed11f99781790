//! [`Plan`]: what a run reads, before anything is read.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::ledger::RunList;
use crate::catalog::{Lists, Stream};
use crate::selection::List;

/// Label of the list of a stream that asks about each company.
pub const COMPANIES: &str = "companies";

/// What a run reads.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The streams whose endpoints are read.
    pub streams: Vec<PlannedStream>,
    /// Names or ids of the target groups wanted; empty for all.
    pub target_groups: Vec<String>,
}

/// A stream as a run reads it.
#[derive(Debug, Clone)]
pub struct PlannedStream {
    /// The stream whose endpoint is asked.
    pub stream: &'static Stream,
    /// Names of the streams that are made from the answers: itself, or those whose questions one request answers.
    pub serves: Vec<&'static str>,
    /// Its lists, as far as they are known beforehand: not those of target groups.
    pub lists: Vec<List>,
    /// What is wanted of a stream that looks back only so far.
    pub window: Option<Wanted>,
    /// [Fingerprints](crate::normalise::fingerprint) of companies that need not be asked for: what is known is new enough.
    pub fresh: Arc<HashSet<u64>>,
}

/// The time that lists of a stream are asked for. Times are microseconds since 1970, UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// As far back as the endpoint goes.
    pub earliest_us: i64,
    /// When the run started: what is later comes in the next run.
    pub to_us: i64,
    /// Up to where earlier runs have read each list, by label.
    pub covered_us: BTreeMap<String, i64>,
}

impl Wanted {
    /// A list is read from a day before the end of what is covered: the API's times have no zone, and what it adds may
    /// carry an earlier time.
    const OVERLAP_US: i64 = 24 * 3600 * 1_000_000;

    /// First moment asked for in a list.
    pub fn from_us(&self, label: &str) -> i64 {
        let covered = self.covered_us.get(label).map(|to| to.saturating_sub(Self::OVERLAP_US));
        covered.unwrap_or(self.earliest_us).clamp(self.earliest_us, self.to_us.max(self.earliest_us))
    }
}

impl PlannedStream {
    /// The stream for itself, with those lists; one that holds all there is, or asks about each company, has one.
    pub fn new(stream: &'static Stream, lists: Vec<List>) -> Self {
        let whole = |label: &str| {
            vec![List { label: label.to_owned(), parameters: Vec::new(), id_chunks: Vec::new() }]
        };
        let lists = match stream.lists {
            Lists::Whole if lists.is_empty() => whole("all"),
            Lists::Companies => whole(COMPANIES),
            Lists::TargetGroups => Vec::new(),
            Lists::Whole | Lists::Selections => lists,
        };
        Self { stream, serves: vec![stream.name], lists, window: None, fresh: Arc::default() }
    }

    /// How the ledger names one of its lists.
    pub(super) fn named(&self, label: &str, target_group: Option<&str>) -> RunList {
        RunList {
            stream: self.stream.name.to_owned(),
            label: label.to_owned(),
            serves: self.serves.iter().map(|name| (*name).to_owned()).collect(),
            target_group: target_group.map(str::to_owned),
            window_from_us: self.window.as_ref().map(|wanted| wanted.from_us(label)),
            window_to_us: self.window.as_ref().map(|wanted| wanted.to_us),
        }
    }
}

impl Plan {
    /// The lists that are known beforehand, as the ledger's first line names them.
    pub fn known_lists(&self) -> Vec<RunList> {
        let of_stream = |planned: &PlannedStream| {
            planned.lists.iter().map(|list| planned.named(&list.label, None)).collect()
        };
        self.streams.iter().flat_map(|planned| -> Vec<RunList> { of_stream(planned) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_from_a_day_before_what_is_covered_and_never_from_before_the_endpoint_s_window() {
        let day = Wanted::OVERLAP_US;
        let covered = [("new enough", 90 * day), ("long ago", 10 * day), ("clock was ahead", 200 * day)];
        let covered_us = covered.iter().map(|(label, to)| ((*label).to_owned(), *to)).collect();
        let wanted = Wanted { earliest_us: 41 * day, to_us: 100 * day, covered_us };
        let from = |label| wanted.from_us(label) / day;
        assert_eq!(
            [from("never read"), from("new enough"), from("long ago"), from("clock was ahead")],
            [41, 89, 41, 100]
        );
    }
}
