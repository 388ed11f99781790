//! Asks about each company individually, while the lists that bring the companies are still being read.
//!
//! Answers land in bundles: a crash loses at most the requests in flight and the bundle being filled.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::time::Instant;

use crate::extract::fanout::queue::Tally;
use crate::extract::registry::KnownList;
use crate::extract::source::{AboutCompany, Doubtful, Source};
use crate::extract::{ExtractError, worst};
use crate::landing::LandingError;
use crate::landing::bundle::{Bundle, MOST_COMPANIES};
use crate::landing::ledger::Verdict;

/// Size in bytes at which a bundle is full. A bundle can exceed it by one answer.
const MOST_BYTES: usize = 512 << 10;
/// How long a bundle waits for further answers.
const LONGEST_WAIT: Duration = Duration::from_millis(250);
/// Maximum number of bundles that are written at once. Further answers wait.
const BUNDLES_AT_ONCE: usize = 2;
/// Number of refusals that are tolerated. Above it, when refusals outnumber the answers, the server may refuse
/// everything, and no further request starts.
const MOST_REFUSED: u64 = 20;

/// The result of asking about a company.
enum Outcome {
    /// The answer and its number of records.
    Answer(bytes::Bytes, u64),
    /// 404: the server does not know the company.
    NotFound,
    /// The server does not accept the request, for example for an id of another kind.
    Refused(ExtractError),
}

impl Outcome {
    /// Counts the outcome and adds it to the bundle. Returns the refusal when there are too many of them to be about
    /// single companies: each further request would be refused, too.
    fn take_in(
        self,
        company: String,
        at: i64,
        tally: &mut Tally,
        bundle: &mut Bundle,
    ) -> Option<ExtractError> {
        match self {
            Self::Answer(body, rows) => {
                tally.answered += 1;
                tally.rows += rows;
                bundle.add(company, Some((&body[..], rows)), at);
                None
            }
            Self::NotFound => {
                tally.not_found += 1;
                bundle.add(company, None, at);
                None
            }
            Self::Refused(refusal) => {
                tally.refused += 1;
                let reason = cause_of(&refusal);
                tracing::warn!(
                    company,
                    reason,
                    "The server does not answer about a company; it is set aside."
                );
                bundle.refuse(company, reason, at);
                let too_many =
                    tally.refused > MOST_REFUSED && tally.refused > tally.answered + tally.not_found;
                too_many.then_some(refusal)
            }
        }
    }
}
/// Number of unreadable answers, with no readable one since the first of them, that shows that the server is at fault
/// and not the records.
const MOST_DOUBTED: usize = 8;

/// Asks about all companies in the queue. Returns when no more come and all are answered.
pub(in crate::extract) async fn read(source: &Source<'_>, index: u32) -> Result<Verdict, ExtractError> {
    let list = source.lists.get(index);
    let Some((mut companies, tally)) = source.queue.take(index) else {
        return Err(LandingError::Stopped.into());
    };
    if tally != Tally::default() {
        source.observer.page_landed(&list.named, tally.settled(), true);
    }
    let failed = AtomicBool::new(false);
    let queue = futures::stream::poll_fn(|context| companies.poll_recv(context));
    let asks = queue.take_while(|_| futures::future::ready(!failed.load(Ordering::Relaxed))).map(|company| {
        let list = &list;
        async move {
            let outcome = outcome_of(source.company(index, list, &company).await)?;
            Ok((company, outcome, source.landing.now_us()))
        }
    });
    let mut answers = asks.buffer_unordered(source.settings.requests_at_once.max(1));
    let is_readable = tally.answered > tally.unreadable;
    let mut got = Collected { tally, bundle: Bundle::default(), doubted: Vec::new(), is_readable };
    let mut full_at = Instant::now();
    let mut landings = FuturesUnordered::new();
    let mut error = None;
    loop {
        let is_full = got.is_full();
        let waits = landings.len() >= BUNDLES_AT_ONCE;
        if is_full && !waits {
            landings.push(source.landing.land_answers(index, std::mem::take(&mut got.bundle)));
            continue;
        }
        tokio::select! {
            landed = landings.next(), if !landings.is_empty() => {
                if let Some(Err(failure)) = landed {
                    // An answer that cannot be kept is not asked for.
                    source.stop_starting();
                    failed.store(true, Ordering::Relaxed);
                    worst(&mut error, failure.into());
                }
            }
            () = tokio::time::sleep_until(full_at), if !got.bundle.is_empty() && !waits => {
                landings.push(source.landing.land_answers(index, std::mem::take(&mut got.bundle)));
            }
            answer = answers.next(), if !is_full => match answer {
                None => break,
                Some(Ok((company, outcome, at))) => {
                    if got.bundle.is_empty() {
                        full_at = Instant::now() + LONGEST_WAIT;
                    }
                    source.observer.page_landed(&list.named, 1, false);
                    if let Some(failure) = got.take(source, &list, (company, outcome, at)) {
                        failed.store(true, Ordering::Relaxed);
                        worst(&mut error, failure);
                    }
                }
                Some(Err(failure)) => {
                    failed.store(true, Ordering::Relaxed);
                    worst(&mut error, failure);
                }
            },
        }
    }
    if error.is_none() {
        got.settle();
    }
    if !got.bundle.is_empty() {
        landings.push(source.landing.land_answers(index, got.bundle));
    }
    while let Some(landed) = landings.next().await {
        if let Err(failure) = landed {
            worst(&mut error, failure.into());
        }
    }
    match error {
        Some(error) => Err(error),
        None => Ok(verdict(source, index, got.tally)),
    }
}

/// The outcome for a company, or the answer that cannot be read. An error is about more than this company.
fn outcome_of(asked: Result<AboutCompany, ExtractError>) -> Result<Result<Outcome, Doubtful>, ExtractError> {
    match asked {
        Ok(AboutCompany::Records(body, rows)) => Ok(Ok(Outcome::Answer(body, rows))),
        Ok(AboutCompany::NotFound) => Ok(Ok(Outcome::NotFound)),
        Ok(AboutCompany::Doubtful(answer)) => Ok(Err(answer)),
        Err(refusal) if refusal.is_about_the_request() => Ok(Ok(Outcome::Refused(refusal))),
        Err(error) => Err(error),
    }
}

/// The cause of an error, in one line: the request and the server's message.
fn cause_of(error: &ExtractError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// Answers that have come and are not landed yet.
struct Collected {
    tally: Tally,
    bundle: Bundle,
    /// Answers that cannot be read. They count once another answer shows that the server can be read.
    doubted: Vec<(String, Doubtful, i64)>,
    /// Whether any answer could be read.
    is_readable: bool,
}

impl Collected {
    /// Whether the bundle must be landed. All answers in doubt may still go into it, so they count.
    fn is_full(&self) -> bool {
        self.bundle.len() + self.doubted.len() >= MOST_COMPANIES || self.bundle.body.len() >= MOST_BYTES
    }

    /// Takes in the outcome for a company. Returns the error after which no further request starts.
    fn take<'a>(
        &mut self,
        source: &Source<'a>,
        list: &KnownList<'a>,
        (company, outcome, at): (String, Result<Outcome, Doubtful>, i64),
    ) -> Option<ExtractError> {
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(doubtful) => {
                self.doubted.push((company, doubtful, at));
                let too_many = if self.doubted.len() >= MOST_DOUBTED { self.doubted.pop() } else { None };
                return too_many.map(|(_, last, _)| source.unreadable(list, last.broken));
            }
        };
        if matches!(outcome, Outcome::Answer(..)) {
            self.is_readable = true;
            self.take_doubted();
        }
        let refusal = outcome.take_in(company, at, &mut self.tally, &mut self.bundle);
        refusal.inspect(|_| source.stop_starting())
    }

    /// Decides at the end about the answers in doubt, when they are too few to blame the server. If any of them may
    /// have been cut off in transit, their companies count as not answered, and everything else is loaded.
    fn settle(&mut self) {
        if self.is_readable || !self.doubted.iter().any(|(_, answer, _)| answer.may_be_cut) {
            self.take_doubted();
        }
        for (company, Doubtful { broken, .. }, _) in self.doubted.drain(..) {
            tracing::warn!(
                company,
                request = broken.request,
                error = %broken.error,
                "An answer about a company cannot be read and may have been cut off; the next run asks again."
            );
        }
    }

    /// Takes in the answers with unreadable records.
    fn take_doubted(&mut self) {
        for (company, Doubtful { broken, rows, unreadable, .. }, at) in self.doubted.drain(..) {
            tracing::warn!(
                request = broken.request,
                error = %broken.error,
                "An answer about a company cannot be read."
            );
            self.tally.answered += 1;
            self.tally.rows += rows;
            self.tally.unreadable += unreadable;
            self.bundle.add(company, Some((&broken.body[..], rows)), at);
            self.bundle.unreadable += unreadable;
        }
    }
}

/// The evidence. It is complete when every due company has an answer, a 404 or a refusal.
fn verdict(source: &Source<'_>, index: u32, tally: Tally) -> Verdict {
    let due = source.queue.due(index);
    let asked = tally.settled();
    let complete = asked >= due;
    let verdict = Verdict {
        list: index,
        rows_received: tally.rows,
        distinct_keys: tally.answered,
        total_before: Some(due),
        total_after: Some(due),
        effective_page_size: 1,
        sweeps: 1,
        complete,
        reasons: if complete {
            Vec::new()
        } else {
            vec![format!("{asked} of {due} companies were answered")]
        },
        accepted: Vec::new(),
        not_found: tally.not_found,
        outside: source.queue.outside(index),
        ids_asked: 0,
        missing_ids: Vec::new(),
        unreadable: tally.unreadable,
        unfiltered: false,
    };
    source.judged(verdict)
}
