//! Answers the requests of a run: from the ledger of the interrupted run, or from the API.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::bisect::positions;
use super::fanout::queue::CompanyQueue;
use super::probe::{self, Seen};
use super::registry::{KnownList, Registry};
use super::{Answers, ExtractError, ExtractSettings, Observer, Plan, request};
use crate::api::{Answer, ApiError, ApiRequest, ErrorKind};
use crate::landing::ledger::{Ask, Entry, LandedAt, RequestKey, Unusual, Verdict};
use crate::landing::{Landing, LandingError, read_page};
use crate::record::reading::{Tolerance, has_byte_order_mark};
use crate::record::{EnvelopeError, fingerprint};

/// How many times an answer that is not a page is asked for again. It can be an error sent with status 200, or a page
/// that was cut off although it looks whole.
const MOST_UNREADABLE: u32 = 2;

/// A page as the pager needs it.
#[derive(Debug, Clone, Default)]
pub(super) struct Page {
    /// Fingerprints of its rows, in order.
    pub(super) rows: Vec<u64>,
    /// The server's total; `None` when it was not asked for or not given.
    pub(super) count: Option<u64>,
    /// The server's link to the next page; `None` when there is none.
    pub(super) next: Option<String>,
}

/// An answer that is a page or a count.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) body: bytes::Bytes,
    pub(super) seen: Seen,
    /// The answer without its body. A large answer keeps its place until its page is durable.
    pub(super) rest: Option<Answer>,
}

/// An answer that is still not JSON after it was asked for again.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) request: String,
    pub(super) body: bytes::Bytes,
    pub(super) error: EnvelopeError,
}

/// The result of a request.
#[derive(Debug)]
pub(super) enum Got {
    Reply(Reply),
    NotFound,
    Broken(Broken),
}

/// The result of a request about a company.
#[derive(Debug)]
pub(super) enum AboutCompany {
    NotFound,
    /// A body and its number of records.
    Records(bytes::Bytes, u64),
    /// A body with unreadable records.
    Doubtful(Doubtful),
}

/// An answer about a company with unreadable records.
#[derive(Debug)]
pub(super) struct Doubtful {
    pub(super) broken: Broken,
    pub(super) rows: u64,
    pub(super) unreadable: u64,
    /// Whether the answer may have been cut off in transit.
    pub(super) may_be_cut: bool,
}

enum Recorded {
    Total(Option<u64>),
    Page(LandedAt),
    PastEnd,
    Parts(Vec<Ask>),
}

/// The source of answers.
pub(super) struct Source<'a> {
    pub(super) plan: &'a Plan,
    pub(super) lists: Registry<'a>,
    pub(super) queue: CompanyQueue,
    pub(super) settings: ExtractSettings,
    pub(super) observer: &'a dyn Observer,
    pub(super) landing: &'a Landing,
    /// Business ids received in lists that are selected by id, as [`id_key`]s, by index of the list.
    ids: Mutex<HashMap<u32, HashSet<u64>>>,
    /// Parents of lists that were received, by the name of their stream.
    parents: Mutex<HashMap<&'static str, Vec<probe::ParentRecord>>>,
    api: &'a dyn Answers,
    recorded: Mutex<HashMap<RequestKey, Recorded>>,
    /// Fingerprints of the unreadable records, by index of the list.
    unreadable: Mutex<HashMap<u32, HashSet<u64>>>,
    /// Differences around the JSON that are already in the ledger.
    unusual: Mutex<HashSet<(u32, Unusual)>>,
    /// Bounds the bodies in memory: a request holds a permit until its page is durable.
    slots: Semaphore,
}

impl<'a> Source<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        api: &'a dyn Answers,
        landing: &'a Landing,
        entries: Vec<Entry>,
        settings: ExtractSettings,
        observer: &'a dyn Observer,
    ) -> Self {
        let lists = Registry::new(plan, &entries);
        let queue = CompanyQueue::new(&lists.all(), &entries, plan.passes_members_over());
        let (mut recorded, mut unusual) = (HashMap::new(), HashSet::new());
        for entry in entries {
            match entry {
                Entry::Counted { key, total } => drop(recorded.insert(key, Recorded::Total(total))),
                Entry::Landed { key, at } => drop(recorded.insert(key, Recorded::Page(at))),
                Entry::PastEnd { key } => drop(recorded.insert(key, Recorded::PastEnd)),
                Entry::Parted { key, parts } => drop(recorded.insert(key, Recorded::Parts(parts))),
                Entry::Damaged { key } => drop(recorded.remove(&key)),
                Entry::Unusual { list, what, .. } => drop(unusual.insert((list, what))),
                _ => {}
            }
        }
        Self {
            plan,
            lists,
            queue,
            settings,
            observer,
            landing,
            ids: Mutex::default(),
            parents: Mutex::default(),
            api,
            recorded: Mutex::new(recorded),
            unreadable: Mutex::default(),
            unusual: Mutex::new(unusual),
            slots: Semaphore::new(settings.requests_at_once.max(1)),
        }
    }

    /// Rows asked for in one request of a list.
    pub(super) fn page_size(&self, list: u32) -> u32 {
        let most = self.lists.get(list).planned.stream.endpoint.max_page_size;
        self.settings.page_size.min(most).max(1)
    }

    /// The parents of lists that were received of a stream, each once.
    pub(super) fn parents(&self, stream: &str) -> Vec<probe::ParentRecord> {
        let parents = self.parents.lock().unwrap_or_else(PoisonError::into_inner);
        let mut parents = parents.get(stream).cloned().unwrap_or_default();
        parents.sort();
        parents.dedup_by(|a, b| a.id == b.id);
        parents
    }

    /// Business ids that select a list and were not received, in their order.
    pub(super) fn missing_ids(&self, index: u32) -> Vec<String> {
        let list = self.lists.get(index);
        let ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let came = |id: &&String| ids.get(&index).is_some_and(|came| came.contains(&id_key(id)));
        list.list.id_chunks.iter().flatten().filter(|id| !came(id)).cloned().collect()
    }

    /// Asks for the number of rows; `None` when the answer holds no number.
    pub(super) async fn count(&self, key: RequestKey) -> Result<Option<u64>, ExtractError> {
        if let Some(Recorded::Total(total)) = self.take(&key) {
            return Ok(total);
        }
        let list = self.lists.get(key.list);
        let request = self.request(&list, &key);
        let total = match self.ask(&list, &request, key.list, MOST_UNREADABLE).await? {
            Got::Reply(reply) => reply.seen.summary.count,
            Got::NotFound => return Err(self.no_such_list(&list, &request)),
            Got::Broken(broken) => return Err(self.unreadable(&list, broken)),
        };
        self.note(Entry::Counted { key, total }).await?;
        Ok(total)
    }

    /// Whether the server gave a whole list although only what changed was asked for, which `total` rows of it make
    /// suspicious. One request tells: as many rows that change after a moment to come are all of them.
    pub(super) async fn is_unfiltered(&self, index: u32, total: Option<u64>) -> Result<bool, ExtractError> {
        let list = self.lists.get(index);
        let Some(changes) = list.planned.changes.get(&list.named.label) else { return Ok(false) };
        let many = total.is_some_and(|total| total > 0 && total.saturating_mul(2) >= changes.known);
        if !many {
            return Ok(false);
        }
        let key = RequestKey { list: index, sweep: 1, slice: String::new(), ask: Ask::CountToCome };
        let unfiltered = self.count(key).await?.is_some_and(|to_come| to_come > 0);
        if unfiltered {
            tracing::warn!(
                list = list.named.label,
                "The server does not heed the filter for what changed: it gave the whole list, which is loaded as such."
            );
        }
        Ok(unfiltered)
    }

    /// Asks for one page, which is durable in the landing folder when this returns. 404 is the end of the list. At the
    /// start of the list it is an error, unless the server counts no rows.
    pub(super) async fn page(&self, key: RequestKey, total: Option<u64>) -> Result<Page, ExtractError> {
        let list = self.lists.get(key.list);
        match self.take_parts(&key) {
            Some(parts) => self.page_of_parts(&list, &key, parts).await,
            None => self.whole_page(&list, key, total).await,
        }
    }

    /// [`Source::page`] for a page that was not split into parts.
    pub(super) async fn whole_page(
        &self,
        list: &KnownList<'a>,
        key: RequestKey,
        total: Option<u64>,
    ) -> Result<Page, ExtractError> {
        match self.take(&key) {
            Some(Recorded::PastEnd) => return Ok(Page::default()),
            Some(Recorded::Page(at)) => {
                if let Some(seen) = self.landed(list, &key, at).await? {
                    self.observer.page_landed(&list.named, seen.summary.records, true);
                    return Ok(self.taken_in(list, key.list, seen));
                }
            }
            _ => {}
        }
        let slot = self.slot().await?;
        let request = self.request(list, &key);
        match self.ask(list, &request, key.list, MOST_UNREADABLE).await? {
            Got::Reply(reply) => self.land(list, key, reply).await,
            Got::NotFound => {
                if is_start(key.ask) && total != Some(0) {
                    return Err(self.no_such_list(list, &request));
                }
                self.note(Entry::PastEnd { key }).await?;
                Ok(Page::default())
            }
            Got::Broken(broken) if positions(key.ask).is_some() => {
                drop(slot);
                self.in_parts(list, key, broken).await
            }
            Got::Broken(broken) => match self.salvaged(list, &broken, Tolerance::RecordsUnlessCut).await? {
                Some(seen) => {
                    tracing::warn!(%request, error = %broken.error, "Records of an answer cannot be read.");
                    self.land(list, key, Reply { body: broken.body, seen, rest: None }).await
                }
                None => Err(self.unreadable(list, broken)),
            },
        }
    }

    /// Lands the answer to a request and returns its page.
    pub(super) async fn land(
        &self,
        list: &KnownList<'a>,
        key: RequestKey,
        reply: Reply,
    ) -> Result<Page, ExtractError> {
        let fetched_at = self.landing.now_us();
        let Reply { body, seen, rest: _rest } = reply;
        let index = key.list;
        let landed = self.landing.land(key, body, fetched_at).await;
        landed.inspect_err(|_| self.api.stop_starting())?;
        self.observer.page_landed(&list.named, seen.summary.records, false);
        Ok(self.taken_in(list, index, seen))
    }

    /// Asks about one company. The answer is not landed.
    pub(super) async fn company(
        &self,
        index: u32,
        list: &KnownList<'a>,
        company: &str,
    ) -> Result<AboutCompany, ExtractError> {
        let request = request::of_company(list, company);
        match self.ask(list, &request, index, MOST_UNREADABLE).await? {
            Got::NotFound => Ok(AboutCompany::NotFound),
            Got::Reply(Reply { body, seen, .. }) => Ok(AboutCompany::Records(body, seen.summary.records)),
            Got::Broken(broken) => {
                let Some(seen) = self.salvaged(list, &broken, Tolerance::Records).await? else {
                    return Err(self.unreadable(list, broken));
                };
                let whole = self.salvaged(list, &broken, Tolerance::RecordsUnlessCut).await?;
                Ok(AboutCompany::Doubtful(Doubtful {
                    broken,
                    rows: seen.summary.records,
                    unreadable: seen.summary.unreadable.len() as u64,
                    may_be_cut: whole.is_none(),
                }))
            }
        }
    }

    /// What an answer holds apart from unreadable records; `None` when more than these is wrong with it.
    pub(super) async fn salvaged(
        &self,
        list: &KnownList<'a>,
        broken: &Broken,
        tolerance: Tolerance,
    ) -> Result<Option<Seen>, ExtractError> {
        Ok(probe::aside(self.want(list), broken.body.clone(), tolerance).await?.ok())
    }

    /// Waits for the right to hold a body in memory.
    pub(super) async fn slot(&self) -> Result<SemaphorePermit<'_>, ExtractError> {
        Ok(self.slots.acquire().await.map_err(|_| LandingError::Stopped)?)
    }

    pub(super) fn request(&self, list: &KnownList<'a>, key: &RequestKey) -> ApiRequest {
        request::of_list(list, key, self.api.base_url())
    }

    /// Completes a list's evidence with its unreadable records, and tells the observer.
    pub(super) fn judged(&self, mut verdict: Verdict) -> Verdict {
        let unreadable = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        verdict.unreadable += unreadable.get(&verdict.list).map_or(0, |records| records.len() as u64);
        if verdict.unreadable > 0 {
            let plural = if verdict.unreadable == 1 { "" } else { "s" };
            verdict.complete = false;
            verdict.reasons.push(format!("{} record{plural} unreadable", verdict.unreadable));
        }
        self.observer.list_judged(&self.lists.get(verdict.list).named, &verdict);
        verdict
    }

    /// Tells the observer how many further companies the asking lists have.
    pub(super) fn queued(&self, more: Vec<(u32, u64)>) {
        for (list, found) in more {
            self.observer.list_counted(&self.lists.get(list).named, Some(found));
        }
    }

    /// Passes on what other lists need from a page.
    fn taken_in(&self, list: &KnownList<'a>, index: u32, seen: Seen) -> Page {
        if !list.list.id_chunks.is_empty() {
            let ids = seen.companies.iter().map(|company| id_key(company));
            self.ids.lock().unwrap_or_else(PoisonError::into_inner).entry(index).or_default().extend(ids);
        }
        if !seen.summary.unreadable.is_empty() {
            let mut unreadable = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
            unreadable.entry(index).or_default().extend(&seen.summary.unreadable);
        }
        let changed = list.planned.changes.contains_key(&list.named.label);
        self.queued(self.queue.add(&seen.companies, list.planned.stream.lists, changed));
        if !seen.parents.is_empty() {
            let mut parents = self.parents.lock().unwrap_or_else(PoisonError::into_inner);
            parents.entry(list.planned.stream.name).or_default().extend(seen.parents);
        }
        Page { rows: seen.summary.rows, count: seen.summary.count, next: seen.summary.next_page }
    }

    /// A page that an earlier session landed; `None` when it is damaged, which is then noted in the ledger.
    async fn landed(
        &self,
        list: &KnownList<'a>,
        key: &RequestKey,
        at: LandedAt,
    ) -> Result<Option<Seen>, ExtractError> {
        let folder = self.landing.folder().to_owned();
        let want = self.want(list);
        let read = tokio::task::spawn_blocking(move || {
            let body = read_page(&folder, &at)?;
            probe::probe(want, &body, Tolerance::Records)
                .map_err(|error| LandingError::Damaged { number: at.number, reason: error.to_string() })
        });
        match read.await.map_err(|_| LandingError::Stopped)? {
            Ok(seen) => Ok(Some(seen)),
            Err(LandingError::Damaged { number, reason }) => {
                tracing::warn!(page = number, reason, "A landed page is damaged and is fetched again.");
                self.note(Entry::Damaged { key: key.clone() }).await?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn want(&self, list: &KnownList<'a>) -> probe::Want {
        let companies = self.queue.is_wanted() || !list.list.id_chunks.is_empty();
        probe::Want { stream: list.planned.stream, summarise: list.planned.summarise, companies }
    }

    /// Adds an entry to the ledger. An answer that cannot be kept is not asked for: after an error, no further request
    /// starts.
    pub(super) async fn note(&self, entry: Entry) -> Result<(), ExtractError> {
        Ok(self.landing.note(entry).await.inspect_err(|_| self.api.stop_starting())?)
    }

    /// Starts no further request, after an error that every request would meet.
    pub(super) fn stop_starting(&self) {
        self.api.stop_starting();
    }

    /// Base URL of the requests.
    pub(super) fn base_url(&self) -> &url::Url {
        self.api.base_url()
    }

    fn take(&self, key: &RequestKey) -> Option<Recorded> {
        self.recorded.lock().ok()?.remove(key)
    }

    /// The requests that replaced a page, when it was split into parts.
    fn take_parts(&self, key: &RequestKey) -> Option<Vec<Ask>> {
        let mut recorded = self.recorded.lock().ok()?;
        if !matches!(recorded.get(key), Some(Recorded::Parts(_))) {
            return None;
        }
        match recorded.remove(key) {
            Some(Recorded::Parts(parts)) => Some(parts),
            _ => None,
        }
    }

    /// Sends a request of the list with that index, up to `again` more times when the answer cannot be read.
    pub(super) async fn ask(
        &self,
        list: &KnownList<'a>,
        request: &ApiRequest,
        index: u32,
        again: u32,
    ) -> Result<Got, ExtractError> {
        let mut unreadable = 0;
        loop {
            let sent = self.api.send(request).await;
            let mut answer = sent.map_err(|source| self.api_error(list, source))?;
            if answer.status == 404 {
                return Ok(Got::NotFound);
            }
            let body = bytes::Bytes::from(std::mem::take(&mut answer.body));
            let seen = probe::aside(self.want(list), body.clone(), Tolerance::Values).await?;
            match seen.map_err(|error| error.quoted_by(self.api, &body)) {
                Ok(seen) => {
                    self.note_unusual(index, answer.unusual_type.take(), &body).await?;
                    return Ok(Got::Reply(Reply { body, seen, rest: Some(answer) }));
                }
                Err(error) if unreadable < again => {
                    unreadable += 1;
                    tracing::warn!(%request, %error, "An answer cannot be read; it is asked for again.");
                }
                Err(error) => {
                    let broken = Broken { request: request.to_string(), body, error };
                    if broken.error.place().is_none() {
                        return Err(self.unreadable(list, broken));
                    }
                    return Ok(Got::Broken(broken));
                }
            }
        }
    }

    /// Notes what is around the JSON and differs from the API's document, the first time that it comes in a list.
    async fn note_unusual(
        &self,
        list: u32,
        content_type: Option<String>,
        body: &[u8],
    ) -> Result<(), ExtractError> {
        let mark = has_byte_order_mark(body).then(|| (Unusual::ByteOrderMark, "EF BB BF".to_owned()));
        let content_type = content_type.map(|name| (Unusual::ContentType, name));
        for (what, sample) in content_type.into_iter().chain(mark) {
            // A header can differ each time. The first one is the sample.
            if self.unusual.lock().unwrap_or_else(PoisonError::into_inner).insert((list, what)) {
                self.note(Entry::Unusual { list, what, sample }).await?;
            }
        }
        Ok(())
    }

    /// The error of a request. No further request starts, unless the error is about this request alone or follows from
    /// another one.
    fn api_error(&self, list: &KnownList<'a>, source: ApiError) -> ExtractError {
        let about_one = list.planned.stream.lists.is_of_answers() || list.named.parent.is_some();
        let only_this_one = about_one && source.is_about_the_request();
        if !only_this_one && !matches!(source.kind(), ErrorKind::Interrupted | ErrorKind::Budget) {
            self.api.stop_starting();
        }
        ExtractError::Api { stream: list.planned.stream.name, list: list.named.label.clone(), source }
    }

    /// The error of 404 for a list. A parent, such as a target group, may be deleted while its list is read, which does not stop the run.
    fn no_such_list(&self, list: &KnownList<'a>, request: &ApiRequest) -> ExtractError {
        if list.named.parent.is_none() {
            self.api.stop_starting();
        }
        ExtractError::NoSuchList { list: list.named.label.clone(), request: request.to_string() }
    }

    /// The error of an answer that cannot be read. No further request starts.
    pub(super) fn unreadable(&self, list: &KnownList<'a>, broken: Broken) -> ExtractError {
        self.api.stop_starting();
        ExtractError::Envelope {
            stream: list.planned.stream.name,
            list: list.named.label.clone(),
            request: broken.request,
            source: broken.error,
        }
    }
}

/// A business id in the form in which ids are compared: the server decides whether it writes leading zeros.
fn id_key(company: &str) -> u64 {
    let id = company.split_once('/').map_or(company, |(_, id)| id);
    let id: String = id.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    fingerprint(id.trim_start_matches('0'))
}

impl EnvelopeError {
    /// The same error with its quotation of the body made safe to print.
    pub(super) fn quoted_by(self, api: &dyn Answers, body: &[u8]) -> Self {
        let quotation = match self.place() {
            Some(at) => api.quote_around(body, at),
            None => api.quote(body),
        };
        self.quoting(quotation)
    }
}

/// Whether the request asks for the start of its list.
fn is_start(ask: Ask) -> bool {
    matches!(ask, Ask::Page { offset: 0, .. } | Ask::Numbered { page: 1, .. } | Ask::Whole { .. })
}
