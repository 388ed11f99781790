//! A model of a server that answers a list in any of the ways that it can go wrong: the filter endpoint, a target group, or
//! customer data.
//!
//! It is pure: what it answers follows from its [`Behaviour`] and the order of the requests, so a failing case
//! shrinks to the few switches that it takes.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard};

use futures::future::BoxFuture;
use serde_json::{Value, json};
use url::Url;
use vainu_etl::api::{Answer, ApiError, ApiRequest};
use vainu_etl::extract::Answers;

/// How the list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// By offset under an order, cut by the first characters of ids: `prospects/filter/`.
    Ordered,
    /// By offset, in whatever order: `target_group/{id}/`, of the only target group.
    Unordered,
    /// By number of the page: `customer_data/`.
    Numbered,
}

/// In which order the server gives its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    ById,
    ByIdDescending,
    /// The order asked for is ignored: rows in the order in which they came to be.
    ByAge,
    /// Another order with every request.
    Shuffled,
}

/// What the server says about the length of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Total {
    Right,
    /// Wrong by so many; never below zero.
    Off(i64),
    /// Always this, whatever is asked.
    Always(u64),
    /// `count` is ignored: the answer is a page.
    Ignored,
    /// `{"count": null, "results": []}`.
    Null,
    /// Right when asked alone, absent from pages.
    NotWithPages,
}

/// What `business_id__startswith` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prefix {
    Works,
    Ignored,
    FindsNothing,
}

/// What comes for a position or a page behind the last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// A page without rows.
    Empty,
    /// Status 404.
    NotFound,
    /// The last page once more, where pages have numbers; otherwise a page without rows.
    LastPage,
}

/// A change of the list, made just before the answer to the request of that number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) before: u32,
    pub(crate) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A new row; where it stands depends on the number.
    Insert(u16),
    /// The row at this place, counted round.
    Delete(u16),
}

/// Everything that can be different about a server. [`Behaviour::plain`] is one that does as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Behaviour {
    pub(crate) rows: u32,
    pub(crate) order: Order,
    pub(crate) total: Total,
    /// Most rows in a page from that page number on, sorted by it.
    pub(crate) limits: Vec<(u32, u64)>,
    pub(crate) ignores_limit: bool,
    pub(crate) ignores_offset: bool,
    /// Pages of these numbers have one row fewer, where that leaves one; two when the list changes.
    pub(crate) short: Vec<u32>,
    /// Pages of these numbers have the rows of the page before, where that was of the same slice: a row of another one
    /// would be taken for the slice's own, and when that row has gone from its own slice since, no count shows it.
    pub(crate) repeats: Vec<u32>,
    pub(crate) changes: Vec<Change>,
    pub(crate) end: End,
    /// `{"results": […]}` instead of `[…]`.
    pub(crate) object: bool,
    pub(crate) prefix: Prefix,
    /// Requests sent together are answered in an order of this seed; 0 answers them as they come.
    pub(crate) overtakes: u64,
}

impl Behaviour {
    pub(crate) fn plain(rows: u32) -> Self {
        Self {
            rows,
            order: Order::ById,
            total: Total::Right,
            limits: Vec::new(),
            ignores_limit: false,
            ignores_offset: false,
            short: Vec::new(),
            repeats: Vec::new(),
            changes: Vec::new(),
            end: End::Empty,
            object: false,
            prefix: Prefix::Works,
            overtakes: 0,
        }
    }
}

#[derive(Debug)]
struct State {
    /// Ids with the older rows first.
    rows: Vec<u32>,
    /// Rows that were there when the first request came and have been ever since.
    throughout: HashSet<u32>,
    requests: u32,
    pages: u32,
    /// The slice that the page before was asked for, and its rows.
    last: (String, Vec<u32>),
    /// Most rows that there ever were.
    most: usize,
}

/// The server, which counts what it is asked.
#[derive(Debug)]
pub(crate) struct Server {
    kind: Kind,
    behaviour: Behaviour,
    base_url: Url,
    state: Mutex<State>,
}

impl Server {
    pub(crate) fn new(kind: Kind, behaviour: Behaviour) -> Self {
        // Spread over all first digits, and even: new rows are odd.
        let rows: Vec<u32> = (0..behaviour.rows).map(|row| scattered(u64::from(row)) & !1).collect();
        let throughout: HashSet<u32> = rows.iter().copied().collect();
        assert_eq!(throughout.len(), rows.len(), "the ids of the model are different ones");
        let most = rows.len();
        let state = State { rows, throughout, requests: 0, pages: 0, last: Default::default(), most };
        let base_url = Url::parse("http://127.0.0.1/api/v1/").unwrap();
        Self { kind, behaviour, base_url, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn requests(&self) -> u64 {
        self.state().requests.into()
    }

    /// Ids of the rows that were there from the first request to the last.
    pub(crate) fn throughout(&self) -> HashSet<u32> {
        self.state().throughout.clone()
    }

    /// Most rows that there were at any time.
    pub(crate) fn most_rows(&self) -> u64 {
        self.state().most as u64
    }

    fn answer(&self, request: &ApiRequest) -> Answer {
        if request.to_string().starts_with("GET target_groups/") {
            return answered(200, &json!([{"id": "g", "name": "The only one"}]));
        }
        let mut state = self.state();
        state.requests += 1;
        let number = state.requests;
        for change in self.behaviour.changes.iter().filter(|change| change.before == number) {
            state.change(change.what);
        }
        let parameter = |name: &str| request.query_value(name);
        let rows = self.found(&state, parameter("business_id__startswith").unwrap_or_default());
        let total = self.total(&rows);
        let counts = !matches!(self.behaviour.total, Total::Ignored | Total::Null);
        if self.kind != Kind::Numbered && parameter("count") == Some("true") {
            if counts {
                return answered(200, &json!({"count": total}));
            }
            if self.behaviour.total == Total::Null {
                return answered(200, &json!({"count": null, "results": []}));
            }
        }
        let number = |name: &str, default: u64| parameter(name).map_or(default, |text| text.parse().unwrap());
        let page = match self.kind {
            Kind::Numbered => {
                let size = number("page_size", 20);
                // Pages of as many rows as the server gives at most begin where those before them end.
                let size = if self.behaviour.ignores_limit { u64::MAX } else { self.limit(&state, size) };
                let last = (rows.len() as u64).div_ceil(size).max(1);
                let most = if self.behaviour.end == End::LastPage { last } else { u64::MAX };
                let offset = (number("page", 1).min(most) - 1).saturating_mul(size);
                self.page(&mut state, &rows, offset, size)
            }
            _ => self.page(&mut state, &rows, number("offset", 0), number("limit", 20)),
        };
        let slice = parameter("business_id__startswith").unwrap_or_default();
        let page = self.repeated(&mut state, slice, page);
        if page.is_empty() && self.behaviour.end == End::NotFound {
            return answered(404, &Value::Null);
        }
        answered(200, &self.body(&page, self.count_in_page(parameter("count"), total)))
    }

    /// What a page says of the length of the list; none when nothing, null when that.
    fn count_in_page(&self, count: Option<&str>, total: u64) -> Option<Value> {
        let is_wanted = match self.kind {
            Kind::Ordered => count == Some("include"),
            Kind::Unordered => count.is_none(),
            Kind::Numbered => true,
        };
        match self.behaviour.total {
            _ if !is_wanted => None,
            Total::Null if self.kind == Kind::Numbered => Some(Value::Null),
            Total::Ignored | Total::Null | Total::NotWithPages => None,
            _ => Some(total.into()),
        }
    }

    fn body(&self, page: &[u32], count: Option<Value>) -> Value {
        let key = if self.kind == Kind::Numbered { "id" } else { "business_id" };
        let records: Vec<Value> =
            page.iter().map(|id| json!({"country": "FI", key: format!("{id:08}")})).collect();
        match (self.kind, count) {
            (Kind::Numbered, Some(count)) => {
                json!({"total_results": count, "next_page": null, "prev_page": null, "results": records})
            }
            (_, Some(count)) => json!({"count": count, "results": records}),
            (_, None) if self.behaviour.object => json!({"results": records}),
            (_, None) => json!(records),
        }
    }

    /// The rows that the filter finds, in the order of this request.
    fn found(&self, state: &State, prefix: &str) -> Vec<u32> {
        let passes = |id: &u32| match self.behaviour.prefix {
            _ if prefix.is_empty() => true,
            Prefix::Works => format!("{id:08}").starts_with(prefix),
            Prefix::Ignored => true,
            Prefix::FindsNothing => false,
        };
        let mut rows: Vec<u32> = state.rows.iter().copied().filter(passes).collect();
        match self.behaviour.order {
            Order::ById => rows.sort_unstable(),
            Order::ByIdDescending => rows.sort_unstable_by(|a, b| b.cmp(a)),
            Order::ByAge => {}
            Order::Shuffled => {
                rows.sort_unstable_by_key(|id| scattered(u64::from(*id) << 32 | u64::from(state.requests)));
            }
        }
        rows
    }

    fn total(&self, rows: &[u32]) -> u64 {
        let right = rows.len() as u64;
        match self.behaviour.total {
            Total::Off(wrong) => right.saturating_add_signed(wrong),
            Total::Always(total) => total,
            _ => right,
        }
    }

    fn page(&self, state: &mut State, rows: &[u32], offset: u64, limit: u64) -> Vec<u32> {
        let limit = if self.behaviour.ignores_limit { u64::MAX } else { self.limit(state, limit) };
        state.pages += 1;
        let number = state.pages;
        let offset = if self.behaviour.ignores_offset { 0 } else { offset };
        let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let mut page: Vec<u32> = rows.iter().skip(place(offset)).take(place(limit)).copied().collect();
        // Pages of a single row have no seam that a change could tear: see 0004.
        let least = if self.behaviour.changes.is_empty() { 1 } else { 2 };
        if self.behaviour.short.contains(&number) && page.len() > least {
            page.pop();
        }
        page
    }

    /// Most rows of the next page.
    fn limit(&self, state: &State, asked: u64) -> u64 {
        let number = state.pages + 1;
        let clamp = self.behaviour.limits.iter().rev().find(|(from, _)| *from <= number);
        asked.min(clamp.map_or(u64::MAX, |(_, limit)| *limit))
    }

    /// The page, or the one before it.
    fn repeated(&self, state: &mut State, slice: &str, page: Vec<u32>) -> Vec<u32> {
        let repeats =
            self.behaviour.repeats.contains(&state.pages) && state.pages > 1 && state.last.0 == slice;
        let page = if repeats { state.last.1.clone() } else { page };
        state.last = (slice.to_owned(), page.clone());
        page
    }
}

impl State {
    fn change(&mut self, what: What) {
        match what {
            What::Insert(number) => {
                let id = scattered(u64::from(number) + 1_000_000) | 1;
                if !self.rows.contains(&id) {
                    self.rows.push(id);
                }
            }
            What::Delete(place) => {
                if let Some(place) = usize::from(place).checked_rem(self.rows.len()) {
                    let id = self.rows.remove(place);
                    self.throughout.remove(&id);
                }
            }
        }
        self.most = self.most.max(self.rows.len());
    }
}

impl Answers for Server {
    fn base_url(&self) -> &Url {
        &self.base_url
    }

    fn send<'a>(&'a self, request: &'a ApiRequest) -> BoxFuture<'a, Result<Answer, ApiError>> {
        Box::pin(async move {
            if self.behaviour.overtakes > 0 {
                let seed = self.behaviour.overtakes ^ request.to_string().len() as u64;
                let offset = request.query_value("offset").map_or(0, |text| text.parse().unwrap());
                for _ in 0..scattered(seed.wrapping_add(offset)) % 5 {
                    tokio::task::yield_now().await;
                }
            }
            Ok(self.answer(request))
        })
    }

    fn quote(&self, body: &[u8]) -> String {
        String::from_utf8_lossy(body).into_owned()
    }

    fn stop_starting(&self) {}
}

fn answered(status: u16, body: &Value) -> Answer {
    let body = if status == 404 { Vec::new() } else { body.to_string().into_bytes() };
    Answer::new(status, body)
}

/// A number of up to eight digits that follows from `number` and looks random; different ones for the small numbers
/// that the model uses.
fn scattered(number: u64) -> u32 {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    u32::try_from((mixed ^ (mixed >> 32)) % 100_000_000).unwrap()
}
