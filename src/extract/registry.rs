//! The lists of a run: those of its plan, and those found while it is read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::plan::{Plan, PlannedStream};
use crate::landing::ledger::{Entry, RunList};
use crate::selection::List;

/// A list with everything that is needed to read it.
#[derive(Debug)]
pub(super) struct KnownList<'a> {
    pub(super) planned: &'a PlannedStream,
    pub(super) list: List,
    pub(super) named: RunList,
}

/// All lists known so far, by index.
#[derive(Debug)]
pub(super) struct Registry<'a> {
    known: Mutex<BTreeMap<u32, Arc<KnownList<'a>>>>,
}

impl<'a> Registry<'a> {
    /// The lists of the plan, in its order, and those that an earlier session of the run found.
    pub(super) fn new(plan: &'a Plan, recorded: &[Entry]) -> Self {
        let of_stream = |planned: &'a PlannedStream| {
            let known = move |list: &List| KnownList {
                planned,
                named: planned.named(&list.label, None),
                list: list.clone(),
            };
            planned.lists.iter().map(known)
        };
        let planned = (0..).zip(plan.streams.iter().flat_map(of_stream));
        let found = recorded.iter().filter_map(|entry| match entry {
            Entry::Found { index, list } => {
                let planned = plan.streams.iter().find(|planned| planned.stream.name == list.stream)?;
                Some((*index, derived(planned, list.clone())))
            }
            _ => None,
        });
        let known = planned.chain(found).map(|(index, list)| (index, Arc::new(list))).collect();
        Self { known: Mutex::new(known) }
    }

    /// The list with that index.
    pub(super) fn get(&self, index: u32) -> Arc<KnownList<'a>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.get(&index).expect("a list is known before anything is asked of it"))
    }

    /// Index and list of a parent. The last value is true when the list is new and must be noted in the ledger before
    /// its first request.
    pub(super) fn of_parent(&self, planned: &'a PlannedStream, id: &str) -> (u32, Arc<KnownList<'a>>, bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |list: &&KnownList<'a>| {
            list.named.stream == planned.stream.name && list.named.parent.as_deref() == Some(id)
        };
        if let Some((index, list)) = known.iter().find(|(_, list)| same(&list.as_ref())) {
            return (*index, Arc::clone(list), false);
        }
        let index = known.keys().next_back().map_or(0, |last| last + 1);
        let list = Arc::new(derived(planned, planned.named(id, Some(id))));
        known.insert(index, Arc::clone(&list));
        (index, list, true)
    }

    /// All lists known so far, with their indexes.
    pub(super) fn all(&self) -> Vec<(u32, Arc<KnownList<'a>>)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|(index, list)| (*index, Arc::clone(list))).collect()
    }
}

fn derived(planned: &PlannedStream, named: RunList) -> KnownList<'_> {
    let list = List { label: named.label.clone(), parameters: Vec::new(), id_chunks: Vec::new() };
    KnownList { planned, list, named }
}
