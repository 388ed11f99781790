//! The queue: the companies that lists bring, on their way to the lists that ask about each.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::catalog::Lists;
use crate::extract::registry::KnownList;
use crate::landing::ledger::{CompanyAnswers, Entry};
use crate::record::fingerprint;

/// Passes each company on once. It holds eight bytes for each company, and the id until the company is asked about.
#[derive(Debug)]
pub(in crate::extract) struct CompanyQueue {
    known: Mutex<Known>,
    queues: Vec<Queue>,
    /// Whether members of target groups that no selection holds are skipped.
    passes_members_over: bool,
}

/// Fingerprints of the companies that have come.
#[derive(Debug, Default)]
struct Known {
    /// Companies that were passed on.
    seen: HashSet<u64>,
    /// Companies that a target group brought before any selection did.
    members: HashSet<u64>,
}

/// The companies that a list still has to ask about.
#[derive(Debug)]
struct Queue {
    list: u32,
    /// Companies whose loaded data is recent enough.
    fresh: Arc<HashSet<u64>>,
    /// Companies that earlier sessions of the run asked about.
    answered: HashSet<u64>,
    earlier: Tally,
    /// Number of companies that are due, including those of earlier sessions.
    due: AtomicU64,
    sender: Mutex<Option<UnboundedSender<String>>>,
    receiver: Mutex<Option<UnboundedReceiver<String>>>,
}

/// What a list has received so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::extract) struct Tally {
    pub(in crate::extract) answered: u64,
    pub(in crate::extract) not_found: u64,
    /// Companies that the server refuses to answer about.
    pub(in crate::extract) refused: u64,
    pub(in crate::extract) rows: u64,
    pub(in crate::extract) unreadable: u64,
}

impl Tally {
    /// Companies that need no further request.
    pub(in crate::extract) fn settled(&self) -> u64 {
        self.answered + self.not_found + self.refused
    }
}

impl CompanyQueue {
    /// The queue for those lists of a run that ask about companies.
    pub(in crate::extract) fn new(
        lists: &[(u32, Arc<KnownList<'_>>)],
        recorded: &[Entry],
        passes_members_over: bool,
    ) -> Self {
        let asking = lists.iter().filter(|(_, list)| list.planned.stream.lists.is_of_answers());
        let queues = asking.map(|(index, list)| Queue::new(*index, list, recorded)).collect();
        Self { known: Mutex::default(), queues, passes_members_over }
    }

    /// Whether any list asks about companies.
    pub(in crate::extract) fn is_wanted(&self) -> bool {
        !self.queues.is_empty()
    }

    /// Adds the companies of a list of kind `of`, except those that came before. A company that has `changed` is asked
    /// about however recent its loaded data is. Returns for each asking list how many further companies it has to ask
    /// about.
    pub(in crate::extract) fn add(&self, companies: &[String], of: Lists, changed: bool) -> Vec<(u32, u64)> {
        let mut more: Vec<(u32, u64)> = self.queues.iter().map(|queue| (queue.list, 0)).collect();
        if companies.is_empty() {
            return Vec::new();
        }
        let waits = self.passes_members_over && of != Lists::Selections;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for company in companies {
            let key = fingerprint(company);
            if waits {
                if !known.seen.contains(&key) {
                    known.members.insert(key);
                }
            } else if known.seen.insert(key) {
                for (queue, (_, more)) in self.queues.iter().zip(&mut more) {
                    *more += u64::from(queue.add(key, company, changed));
                }
            }
        }
        more.retain(|(_, more)| *more > 0);
        more
    }

    /// Closes the queue: no further company comes.
    pub(in crate::extract) fn close(&self) {
        for queue in &self.queues {
            queue.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }

    /// The companies that a list has to ask about, as they come, and what it received in earlier sessions; `None` when
    /// the list does not ask about companies, or has them already.
    pub(in crate::extract) fn take(&self, list: u32) -> Option<(UnboundedReceiver<String>, Tally)> {
        let queue = self.queues.iter().find(|queue| queue.list == list)?;
        let receiver = queue.receiver.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some((receiver, queue.earlier))
    }

    /// Number of companies that a list does not ask about because no selection holds them, without those that are
    /// recent enough. Asking about them would cost one request each. Correct only when no further company comes.
    pub(in crate::extract) fn outside(&self, list: u32) -> u64 {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = self.queues.iter().find(|queue| queue.list == list);
        let fresh = |key: &&u64| queue.is_some_and(|queue| queue.fresh.contains(key));
        known.members.difference(&known.seen).filter(|key| !fresh(key)).count() as u64
    }

    /// Number of companies that a list has to ask about in all sessions of the run, as far as they have come.
    pub(in crate::extract) fn due(&self, list: u32) -> u64 {
        let queue = self.queues.iter().find(|queue| queue.list == list);
        queue.map_or(0, |queue| queue.due.load(Ordering::Relaxed))
    }
}

impl Queue {
    fn new(list: u32, known: &KnownList<'_>, recorded: &[Entry]) -> Self {
        let (answered, earlier) = answered(list, recorded);
        let (sender, receiver) = unbounded_channel();
        Self {
            list,
            fresh: Arc::clone(&known.planned.fresh),
            answered,
            earlier,
            due: AtomicU64::new(0),
            sender: Mutex::new(Some(sender)),
            receiver: Mutex::new(Some(receiver)),
        }
    }

    /// Whether the company is due, now or in an earlier session of the run.
    fn add(&self, key: u64, company: &str, changed: bool) -> bool {
        let was_answered = self.answered.contains(&key);
        if !was_answered && !changed && self.fresh.contains(&key) {
            return false;
        }
        self.due.fetch_add(1, Ordering::Relaxed);
        if !was_answered && let Some(sender) = &*self.sender.lock().unwrap_or_else(PoisonError::into_inner) {
            // The list may have stopped after an error, which it reports itself.
            let _ = sender.send(company.to_owned());
        }
        true
    }
}

/// The companies that the ledger has answers about, except for answers that can no longer be read, and their counts.
fn answered(list: u32, recorded: &[Entry]) -> (HashSet<u64>, Tally) {
    let damaged: HashSet<u64> = recorded
        .iter()
        .filter_map(|entry| match entry {
            Entry::AnswersDamaged { number } => Some(*number),
            _ => None,
        })
        .collect();
    let (mut keys, mut tally) = (HashSet::new(), Tally::default());
    for entry in recorded {
        let Entry::Answered(CompanyAnswers { list: of, companies, not_found, refused, rows, unreadable, at }) =
            entry
        else {
            continue;
        };
        if *of != list || at.as_ref().is_some_and(|at| damaged.contains(&at.number)) {
            continue;
        }
        let refusals = refused.iter().map(|refusal| &refusal.company);
        keys.extend(companies.iter().chain(not_found).chain(refusals).map(|company| fingerprint(company)));
        tally.answered += companies.len() as u64;
        tally.not_found += not_found.len() as u64;
        tally.refused += refused.len() as u64;
        tally.rows += rows;
        tally.unreadable += unreadable;
    }
    (keys, tally)
}
