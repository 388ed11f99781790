//! Answers the requests of the plan: from the ledger of the interrupted run, or from the API.

use std::collections::HashMap;
use std::sync::Mutex;

use tokio::sync::Semaphore;
use url::Url;

use super::landing::{Landing, read_page};
use super::ledger::{Ask, Entry, LandedAt, RequestKey};
use super::{Answers, ExtractError, ExtractSettings, Observer};
use crate::api::{Answer, ApiError, ApiRequest, ErrorKind};
use crate::catalog::{Paging, Stream};
use crate::clock;
use crate::normalise::{EnvelopeError, PageFacts, fingerprints};
use crate::selection::List;

/// A URL longer than this is sent as a POST with the same parameters in its body: servers and proxies commonly
/// refuse request lines of 8 KiB, some of 4 KiB.
const LONGEST_URL: usize = 2000;
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
}

/// An answer that is a page or a count.
struct Reply {
    body: bytes::Bytes,
    facts: PageFacts,
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
    pub(super) stream: &'static Stream,
    pub(super) lists: &'a [List],
    pub(super) settings: ExtractSettings,
    pub(super) observer: &'a dyn Observer,
    api: &'a dyn Answers,
    landing: &'a Landing,
    recorded: Mutex<HashMap<RequestKey, Recorded>>,
    /// Bounds the bodies in memory: a request holds a permit until its page is durable.
    slots: Semaphore,
}

impl<'a> Source<'a> {
    pub(super) fn new(
        stream: &'static Stream,
        lists: &'a [List],
        api: &'a dyn Answers,
        landing: &'a Landing,
        entries: Vec<Entry>,
        settings: ExtractSettings,
        observer: &'a dyn Observer,
    ) -> Self {
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
        let slots = Semaphore::new(settings.requests_at_once.max(1));
        Self { stream, lists, settings, observer, api, landing, recorded: Mutex::new(recorded), slots }
    }

    pub(super) fn label(&self, list: u32) -> &str {
        self.lists.get(list as usize).map_or("", |list| &list.label)
    }

    /// The number of rows; none when the server answers with something else than a number.
    pub(super) async fn count(&self, key: RequestKey) -> Result<Option<u64>, ExtractError> {
        if let Some(Recorded::Total(total)) = self.take(&key) {
            return Ok(total);
        }
        let request = self.request(&key);
        let Some(reply) = self.send(&key, &request).await? else {
            return Err(self.no_such_list(&key, &request));
        };
        let total = reply.facts.count;
        self.note(Entry::Counted { key, total }).await?;
        Ok(total)
    }

    /// One page, durable in the landing folder when this returns. 404 is the end of the list; at its very start
    /// it is an error, unless the server counts no rows.
    pub(super) async fn page(&self, key: RequestKey, total: Option<u64>) -> Result<Page, ExtractError> {
        match self.take(&key) {
            Some(Recorded::PastEnd) => return Ok(Page::default()),
            Some(Recorded::Page(at)) => {
                if let Some(page) = self.landed(&key, at).await? {
                    self.observer.page_landed(self.label(key.list), page.rows.len() as u64, true);
                    return Ok(page);
                }
            }
            _ => {}
        }
        let _slot = self.slots.acquire().await.map_err(|_| ExtractError::LandingStopped)?;
        let request = self.request(&key);
        let Some(reply) = self.send(&key, &request).await? else {
            if matches!(key.ask, Ask::Page { offset: 0, .. }) && total != Some(0) {
                return Err(self.no_such_list(&key, &request));
            }
            self.note(Entry::PastEnd { key }).await?;
            return Ok(Page::default());
        };
        let fetched_at = clock::now_us();
        let Reply { body, facts, _rest } = reply;
        let landed = self.landing.land(key.clone(), body, fetched_at).await;
        landed.inspect_err(|_| self.api.stop_starting())?;
        self.observer.page_landed(self.label(key.list), facts.rows.len() as u64, false);
        Ok(Page { rows: facts.rows, count: facts.count })
    }

    /// The page as landed by an earlier session; none when it is damaged, which the ledger then says.
    async fn landed(&self, key: &RequestKey, at: LandedAt) -> Result<Option<Page>, ExtractError> {
        let folder = self.landing.folder().to_owned();
        let read = tokio::task::spawn_blocking(move || {
            let body = read_page(&folder, &at)?;
            fingerprints(&body)
                .map_err(|error| ExtractError::Damaged { number: at.number, reason: error.to_string() })
        });
        match read.await.map_err(|_| ExtractError::LandingStopped)? {
            Ok(facts) => Ok(Some(Page { rows: facts.rows, count: facts.count })),
            Err(ExtractError::Damaged { number, reason }) => {
                tracing::warn!(page = number, reason, "A landed page is damaged and is fetched again.");
                self.note(Entry::Damaged { key: key.clone() }).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Adds to the ledger. What cannot be kept is not asked for: after an error no further request is started.
    async fn note(&self, entry: Entry) -> Result<(), ExtractError> {
        self.landing.note(entry).await.inspect_err(|_| self.api.stop_starting())
    }

    fn take(&self, key: &RequestKey) -> Option<Recorded> {
        self.recorded.lock().ok()?.remove(key)
    }

    /// Sends the request, again when the answer cannot be read; none for 404.
    async fn send(&self, key: &RequestKey, request: &ApiRequest) -> Result<Option<Reply>, ExtractError> {
        let mut unreadable = 0;
        loop {
            let sent = self.api.send(request).await;
            let mut answer = sent.map_err(|source| self.api_error(key, source))?;
            if answer.status == 404 {
                return Ok(None);
            }
            let body = bytes::Bytes::from(std::mem::take(&mut answer.body));
            let facts = facts(body.clone()).await?;
            match facts.map_err(|error| error.quoting(self.api.quote(&body))) {
                Ok(facts) => return Ok(Some(Reply { body, facts, _rest: answer })),
                Err(error) if unreadable < MOST_UNREADABLE => {
                    unreadable += 1;
                    tracing::warn!(%request, %error, "An answer cannot be read; it is asked for again.");
                }
                Err(source) => return Err(self.unreadable(key, request, source)),
            }
        }
    }

    /// After an error that every further request would meet too, no further request is started.
    fn api_error(&self, key: &RequestKey, source: ApiError) -> ExtractError {
        if !matches!(source.kind(), ErrorKind::Interrupted | ErrorKind::Budget) {
            self.api.stop_starting();
        }
        ExtractError::Api { stream: self.stream.name, list: self.label(key.list).to_owned(), source }
    }

    fn no_such_list(&self, key: &RequestKey, request: &ApiRequest) -> ExtractError {
        self.api.stop_starting();
        ExtractError::NoSuchList { list: self.label(key.list).to_owned(), request: request.to_string() }
    }

    fn unreadable(&self, key: &RequestKey, request: &ApiRequest, source: EnvelopeError) -> ExtractError {
        self.api.stop_starting();
        ExtractError::Envelope {
            stream: self.stream.name,
            list: self.label(key.list).to_owned(),
            request: request.to_string(),
            source,
        }
    }

    /// The request as it is sent.
    fn request(&self, key: &RequestKey) -> ApiRequest {
        let mut parameters = self.parameters(key);
        match key.ask {
            Ask::CountBefore | Ask::CountAfter | Ask::CountAgain => {
                parameters.push(("count".to_owned(), one("true")));
            }
            Ask::Page { offset, limit, with_count, .. } => {
                if let Paging::Ordered { order: (order, by), .. } = self.stream.endpoint.paging {
                    parameters.push((order.to_owned(), one(by)));
                }
                parameters.push(("limit".to_owned(), one(&limit.to_string())));
                parameters.push(("offset".to_owned(), one(&offset.to_string())));
                if with_count {
                    parameters.push(("count".to_owned(), one("include")));
                }
            }
        }
        encode(self.stream.endpoint.path, &parameters, self.api.base_url())
    }

    fn parameters(&self, key: &RequestKey) -> Vec<(String, Vec<String>)> {
        let Some(list) = self.lists.get(key.list as usize) else { return Vec::new() };
        let mut parameters = list.parameters.clone();
        if let Some(chunk) = key.slice.strip_prefix('#') {
            let ids = chunk.parse::<usize>().ok().and_then(|chunk| list.id_chunks.get(chunk));
            parameters.push(("business_ids".to_owned(), ids.cloned().unwrap_or_default()));
        } else if let Paging::Ordered { slice_by, .. } = self.stream.endpoint.paging
            && !key.slice.is_empty()
        {
            parameters.push((slice_by.to_owned(), one(&key.slice)));
        }
        parameters
    }
}

/// What a page says to the pager, or why the body is none.
async fn facts(body: bytes::Bytes) -> Result<Result<PageFacts, EnvelopeError>, ExtractError> {
    let facts = tokio::task::spawn_blocking(move || fingerprints(&body)).await;
    facts.map_err(|_| ExtractError::LandingStopped)
}

fn one(value: &str) -> Vec<String> {
    vec![value.to_owned()]
}

/// A GET, or a POST of the same parameters where a URL would be too long or an element of a list holds a comma,
/// which a comma-separated list cannot escape.
fn encode(path: &str, parameters: &[(String, Vec<String>)], base_url: &Url) -> ApiRequest {
    let comma = parameters.iter().any(|(key, values)| is_list(key) && values.iter().any(|v| v.contains(',')));
    let mut get = ApiRequest::get(path);
    for (key, values) in parameters {
        get = get.query(key, values.join(","));
    }
    let fits = get.url_length(base_url).is_ok_and(|length| length <= LONGEST_URL);
    if !comma && fits {
        return get;
    }
    let body = parameters.iter().map(|(key, values)| (key.clone(), json_value(key, values)));
    ApiRequest::post_json(path, serde_json::Value::Object(body.collect()))
}

/// Whether the API splits the parameter's value at its commas.
fn is_list(key: &str) -> bool {
    key.ends_with("__in") || key == "business_ids"
}

fn json_value(key: &str, values: &[String]) -> serde_json::Value {
    match values {
        [single] if matches!(key, "limit" | "offset") => {
            single.parse::<u64>().map_or_else(|_| single.clone().into(), Into::into)
        }
        [single] if !is_list(key) => single.clone().into(),
        many => many.into(),
    }
}
