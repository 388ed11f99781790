//! Answers the requests of the plan: from the ledger of the interrupted run, or from the API.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::feed::Feed;
use super::landing::{Landing, read_page};
use super::ledger::{Ask, Entry, LandedAt, RequestKey};
use super::lists::{KnownList, Lists};
use super::look::{self, Seen};
use super::{Answers, ExtractError, ExtractSettings, Observer, Plan, request};
use crate::api::{Answer, ApiError, ApiRequest, ErrorKind};
use crate::normalise::{EnvelopeError, fingerprint};

/// How often an answer that is JSON at first sight but no page is asked for again: an error that a server sends as
/// 200, or a page that was cut where the rest looks whole.
const MOST_UNREADABLE: u32 = 2;

/// What a page says to the pager.
#[derive(Debug, Clone, Default)]
pub(super) struct Page {
    /// Fingerprints of its rows in order.
    pub(super) rows: Vec<u64>,
    /// The server's total, when it was asked for and given.
    pub(super) count: Option<u64>,
    /// Where the server says that there is more.
    pub(super) next: Option<String>,
}

/// An answer that is a page or a count.
struct Reply {
    body: bytes::Bytes,
    seen: Seen,
    /// A large answer keeps its place until its page is durable.
    _rest: Answer,
}

enum Recorded {
    Total(Option<u64>),
    Page(LandedAt),
    PastEnd,
}

/// Where answers come from.
pub(super) struct Source<'a> {
    pub(super) plan: &'a Plan,
    pub(super) lists: Lists<'a>,
    pub(super) feed: Feed,
    pub(super) settings: ExtractSettings,
    pub(super) observer: &'a dyn Observer,
    pub(super) landing: &'a Landing,
    /// Business ids that have come in lists that are chosen by id, as [`id_key`]s.
    ids: Mutex<HashMap<u32, HashSet<u64>>>,
    /// Id and name of each target group that has come.
    groups: Mutex<Vec<look::Group>>,
    api: &'a dyn Answers,
    recorded: Mutex<HashMap<RequestKey, Recorded>>,
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
        let lists = Lists::new(plan, &entries);
        let feed = Feed::new(&lists.all(), &entries, plan.passes_members_over());
        let mut recorded = HashMap::new();
        for entry in entries {
            match entry {
                Entry::Counted { key, total } => drop(recorded.insert(key, Recorded::Total(total))),
                Entry::Landed { key, at } => drop(recorded.insert(key, Recorded::Page(at))),
                Entry::PastEnd { key } => drop(recorded.insert(key, Recorded::PastEnd)),
                Entry::Damaged { key } => drop(recorded.remove(&key)),
                _ => {}
            }
        }
        Self {
            plan,
            lists,
            feed,
            settings,
            observer,
            landing,
            ids: Mutex::default(),
            groups: Mutex::default(),
            api,
            recorded: Mutex::new(recorded),
            slots: Semaphore::new(settings.requests_at_once.max(1)),
        }
    }

    /// Rows asked for in one request of a list.
    pub(super) fn page_size(&self, list: u32) -> u32 {
        let most = self.lists.get(list).planned.stream.endpoint.max_page_size;
        self.settings.page_size.min(most).max(1)
    }

    /// The target groups that have come, each once.
    pub(super) fn groups(&self) -> Vec<look::Group> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner).clone();
        groups.sort();
        groups.dedup_by(|a, b| a.id == b.id);
        groups
    }

    /// The business ids that a list was chosen by and that have not come, in their order.
    pub(super) fn missing_ids(&self, index: u32) -> Vec<String> {
        let list = self.lists.get(index);
        let ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let came = |id: &&String| ids.get(&index).is_some_and(|came| came.contains(&id_key(id)));
        list.list.id_chunks.iter().flatten().filter(|id| !came(id)).cloned().collect()
    }

    /// The number of rows; none when the server answers with something else than a number.
    pub(super) async fn count(&self, key: RequestKey) -> Result<Option<u64>, ExtractError> {
        if let Some(Recorded::Total(total)) = self.take(&key) {
            return Ok(total);
        }
        let list = self.lists.get(key.list);
        let request = request::of_list(&list, &key, self.api.base_url());
        let Some(reply) = self.send(&list, &request).await? else {
            return Err(self.no_such_list(&list, &request));
        };
        let total = reply.seen.facts.count;
        self.note(Entry::Counted { key, total }).await?;
        Ok(total)
    }

    /// One page, durable in the landing folder when this returns. 404 is the end of the list; at its very start
    /// it is an error, unless the server counts no rows.
    pub(super) async fn page(&self, key: RequestKey, total: Option<u64>) -> Result<Page, ExtractError> {
        let list = self.lists.get(key.list);
        match self.take(&key) {
            Some(Recorded::PastEnd) => return Ok(Page::default()),
            Some(Recorded::Page(at)) => {
                if let Some(seen) = self.landed(&list, &key, at).await? {
                    self.observer.page_landed(&list.named, seen.facts.rows.len() as u64, true);
                    return Ok(self.taken_in(&list, key.list, seen));
                }
            }
            _ => {}
        }
        let _slot = self.slots.acquire().await.map_err(|_| ExtractError::LandingStopped)?;
        let request = request::of_list(&list, &key, self.api.base_url());
        let Some(reply) = self.send(&list, &request).await? else {
            if is_start(key.ask) && total != Some(0) {
                return Err(self.no_such_list(&list, &request));
            }
            self.note(Entry::PastEnd { key }).await?;
            return Ok(Page::default());
        };
        let fetched_at = self.landing.now_us();
        let Reply { body, seen, _rest } = reply;
        let landed = self.landing.land(key.clone(), body, fetched_at).await;
        landed.inspect_err(|_| self.api.stop_starting())?;
        self.observer.page_landed(&list.named, seen.facts.rows.len() as u64, false);
        Ok(self.taken_in(&list, key.list, seen))
    }

    /// The answer about one company with the number of its records; none for a company that the server does not know.
    /// It is not landed.
    pub(super) async fn company(
        &self,
        list: &KnownList<'a>,
        company: &str,
    ) -> Result<Option<(bytes::Bytes, u64)>, ExtractError> {
        let request = request::of_company(list, company);
        let reply = self.send(list, &request).await?;
        Ok(reply.map(|Reply { body, seen, .. }| (body, seen.facts.rows.len() as u64)))
    }

    /// Passes on what other lists need of a page.
    fn taken_in(&self, list: &KnownList<'a>, index: u32, seen: Seen) -> Page {
        if !list.list.id_chunks.is_empty() {
            let ids = seen.companies.iter().map(|company| id_key(company));
            self.ids.lock().unwrap_or_else(PoisonError::into_inner).entry(index).or_default().extend(ids);
        }
        for (list, found) in self.feed.add(seen.companies, list.planned.stream.lists) {
            self.observer.list_counted(&self.lists.get(list).named, Some(found));
        }
        self.groups.lock().unwrap_or_else(PoisonError::into_inner).extend(seen.groups);
        Page { rows: seen.facts.rows, count: seen.facts.count, next: seen.facts.next_page }
    }

    /// The page as landed by an earlier session; none when it is damaged, which the ledger then says.
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
            look::look(want, &body)
                .map_err(|error| ExtractError::Damaged { number: at.number, reason: error.to_string() })
        });
        match read.await.map_err(|_| ExtractError::LandingStopped)? {
            Ok(seen) => Ok(Some(seen)),
            Err(ExtractError::Damaged { number, reason }) => {
                tracing::warn!(page = number, reason, "A landed page is damaged and is fetched again.");
                self.note(Entry::Damaged { key: key.clone() }).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn want(&self, list: &KnownList<'a>) -> look::Want {
        let companies = self.feed.is_wanted() || !list.list.id_chunks.is_empty();
        look::Want { stream: list.planned.stream, companies }
    }

    /// Adds to the ledger. What cannot be kept is not asked for: after an error no further request is started.
    pub(super) async fn note(&self, entry: Entry) -> Result<(), ExtractError> {
        self.landing.note(entry).await.inspect_err(|_| self.api.stop_starting())
    }

    /// Starts nothing more: an error was met that every further request would meet too.
    pub(super) fn stop_starting(&self) {
        self.api.stop_starting();
    }

    /// Where the requests go.
    pub(super) fn base_url(&self) -> &url::Url {
        self.api.base_url()
    }

    fn take(&self, key: &RequestKey) -> Option<Recorded> {
        self.recorded.lock().ok()?.remove(key)
    }

    /// Sends the request, again when the answer cannot be read; none for 404.
    async fn send(&self, list: &KnownList<'a>, request: &ApiRequest) -> Result<Option<Reply>, ExtractError> {
        let mut unreadable = 0;
        loop {
            let sent = self.api.send(request).await;
            let mut answer = sent.map_err(|source| self.api_error(list, source))?;
            if answer.status == 404 {
                return Ok(None);
            }
            let body = bytes::Bytes::from(std::mem::take(&mut answer.body));
            let seen = look::aside(self.want(list), body.clone()).await?;
            match seen.map_err(|error| error.quoting(self.api.quote(&body))) {
                Ok(seen) => return Ok(Some(Reply { body, seen, _rest: answer })),
                Err(error) if unreadable < MOST_UNREADABLE => {
                    unreadable += 1;
                    tracing::warn!(%request, %error, "An answer cannot be read; it is asked for again.");
                }
                Err(source) => return Err(self.unreadable(list, request, source)),
            }
        }
    }

    /// After an error that every further request would meet too, no further request is started.
    fn api_error(&self, list: &KnownList<'a>, source: ApiError) -> ExtractError {
        let about_one = list.planned.stream.lists == crate::catalog::Lists::Companies
            || list.named.target_group.is_some();
        let only_this_one = about_one && source.is_about_the_request();
        if !only_this_one && !matches!(source.kind(), ErrorKind::Interrupted | ErrorKind::Budget) {
            self.api.stop_starting();
        }
        ExtractError::Api { stream: list.planned.stream.name, list: list.named.label.clone(), source }
    }

    /// 404 for a list. A target group may go away while it is read, which is no reason to stop everything.
    fn no_such_list(&self, list: &KnownList<'a>, request: &ApiRequest) -> ExtractError {
        if list.named.target_group.is_none() {
            self.api.stop_starting();
        }
        ExtractError::NoSuchList { list: list.named.label.clone(), request: request.to_string() }
    }

    fn unreadable(&self, list: &KnownList<'a>, request: &ApiRequest, source: EnvelopeError) -> ExtractError {
        self.api.stop_starting();
        ExtractError::Envelope {
            stream: list.planned.stream.name,
            list: list.named.label.clone(),
            request: request.to_string(),
            source,
        }
    }
}

/// A business id as it is looked for among those that came: whether zeros lead it is the server's matter.
fn id_key(company: &str) -> u64 {
    let id = company.rsplit('/').next().unwrap_or(company);
    fingerprint(id.trim_start_matches('0'))
}

/// Whether the answer is the beginning of its list.
fn is_start(ask: Ask) -> bool {
    matches!(ask, Ask::Page { offset: 0, .. } | Ask::Numbered { page: 1, .. } | Ask::Whole { .. })
}
