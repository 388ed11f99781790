//! Asks about each company by itself, while the lists that bring the companies are still being read.
//!
//! Answers are landed in bundles: a crash costs at most the requests in flight and the bundle being filled.

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

/// Bytes of a bundle, give or take an answer.
const MOST_BYTES: usize = 512 << 10;
/// How long a bundle waits for more.
const LONGEST_WAIT: Duration = Duration::from_millis(250);
/// Bundles that are being written; with more of them, answers wait.
const BUNDLES_AT_ONCE: usize = 2;
/// After so many refusals the server may refuse all: when they are more than the answers, nothing more is asked.
const MOST_REFUSED: u64 = 20;

/// What came of asking about a company.
enum Outcome {
    /// The answer and the number of its records.
    Answer(bytes::Bytes, u64),
    /// 404: the server does not know it.
    NotFound,
    /// The server does not take the request, as it may for an id of another kind.
    Refused(ExtractError),
}

impl Outcome {
    /// Counts it and adds it to the bundle. Returns the refusal when there are so many that they are no longer about single
    /// companies: each further one would be refused, too.
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
/// Answers in a row that cannot be read, and none between them that can: it is not the records, it is the server.
const MOST_DOUBTED: usize = 8;

/// Asks about all companies that come; returns when no more come and all are answered.
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
                    // What cannot be kept is not asked for.
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

/// What came of asking about a company, or the answer that cannot be read; an error is not about this company alone.
fn outcome_of(asked: Result<AboutCompany, ExtractError>) -> Result<Result<Outcome, Doubtful>, ExtractError> {
    match asked {
        Ok(AboutCompany::Records(body, rows)) => Ok(Ok(Outcome::Answer(body, rows))),
        Ok(AboutCompany::NotFound) => Ok(Ok(Outcome::NotFound)),
        Ok(AboutCompany::Doubtful(answer)) => Ok(Err(answer)),
        Err(refusal) if refusal.is_about_the_request() => Ok(Ok(Outcome::Refused(refusal))),
        Err(error) => Err(error),
    }
}

/// What lies below an error, in one line: the request and the server's words.
fn cause_of(error: &ExtractError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// What has come and is not landed yet.
struct Collected {
    tally: Tally,
    bundle: Bundle,
    /// Answers that cannot be read. They count once another one shows that the server can be.
    doubted: Vec<(String, Doubtful, i64)>,
    /// An answer could be read.
    is_readable: bool,
}

impl Collected {
    /// Whether the bundle is to be landed; all answers in doubt may go into it.
    fn is_full(&self) -> bool {
        self.bundle.len() + self.doubted.len() >= MOST_COMPANIES || self.bundle.body.len() >= MOST_BYTES
    }

    /// Takes in what came of asking about a company; returns the error after which nothing more is asked.
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

    /// Decides at the end about the answers in doubt. Too few to say that it is the server: where they may have been cut off
    /// on their way, the companies count as not answered, and all else is loaded.
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

    /// Takes in the answers with records that cannot be read.
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

/// Complete when every company that was due has an answer, be it that the server does not know it or refuses to say.
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
    };
    source.judged(verdict)
}
