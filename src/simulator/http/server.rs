//! The HTTP server: from a request to its answer, with faults, authentication and the request log.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::response::Response;
use jiff::Timestamp;

use crate::simulator::Config;
use crate::simulator::data::world::World;
use crate::simulator::endpoints::listing::Lists;
use crate::simulator::http::answer::Answer;
use crate::simulator::http::auth;
use crate::simulator::http::delivery::respond;
use crate::simulator::http::dress::dress;
use crate::simulator::http::fault::{Fault, RetryAfter};
use crate::simulator::http::journal::{Journal, Request};
use crate::simulator::http::listener::Line;
use crate::simulator::http::paging::Pages;
use crate::simulator::http::params;
use crate::simulator::http::rate::Rate;
use crate::simulator::http::routes::{self, Place};

/// Most bytes of a request's body. A larger body is read as empty.
const MAX_BODY: usize = 64 << 20;

/// State shared by all requests of a simulator.
#[derive(Debug)]
pub(in crate::simulator) struct Shared {
    config: RwLock<Arc<Config>>,
    world: RwLock<World>,
    pub(in crate::simulator) lists: Lists,
    /// State of the pages of the filter endpoint.
    pages: Mutex<Pages>,
    /// State of the pages of target groups.
    member_pages: Mutex<Pages>,
    /// State of the pages of customer data.
    customer_pages: Mutex<Pages>,
    pub(in crate::simulator) journal: Journal,
    received: AtomicU64,
    rate: Rate,
    kept: Mutex<HashMap<u64, String>>,
}

impl Shared {
    pub(in crate::simulator) fn new(config: Config, world: World, journal: Journal) -> Self {
        Self {
            config: RwLock::new(Arc::new(config)),
            world: RwLock::new(world),
            lists: Lists::default(),
            pages: Mutex::default(),
            member_pages: Mutex::default(),
            customer_pages: Mutex::default(),
            journal,
            received: AtomicU64::new(0),
            rate: Rate::default(),
            kept: Mutex::default(),
        }
    }

    /// The configuration for requests that arrive now.
    pub(in crate::simulator) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the configuration, and forgets all earlier requests and pages.
    pub(in crate::simulator) fn reconfigure(&self, config: Config) {
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
        for mut pages in [self.pages(), self.member_pages(), self.customer_pages()] {
            *pages = Pages::default();
        }
        self.received.store(0, Ordering::Relaxed);
        self.lists.clear();
        self.kept().clear();
        self.journal.clear();
    }

    /// The companies. They do not change while the guard is held.
    pub(in crate::simulator) fn world(&self) -> RwLockReadGuard<'_, World> {
        self.world.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the companies and empties the caches of lists and pages.
    pub(in crate::simulator) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut world);
        self.lists.clear();
        self.kept().clear();
        result
    }

    /// Bodies of pages for the switch `remember`, by a hash of their rows and total.
    pub(in crate::simulator) fn kept(&self) -> MutexGuard<'_, HashMap<u64, String>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::simulator) fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::simulator) fn member_pages(&self) -> MutexGuard<'_, Pages> {
        self.member_pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::simulator) fn customer_pages(&self) -> MutexGuard<'_, Pages> {
        self.customer_pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in the form that endpoints get.
#[derive(Debug)]
pub(in crate::simulator) struct Asked {
    pub(in crate::simulator) config: Arc<Config>,
    /// Number of the request, from 1.
    pub(in crate::simulator) sequence: u64,
    time: Timestamp,
    method: String,
    path: String,
    raw_query: Option<String>,
    pub(in crate::simulator) query: Vec<(String, String)>,
    pub(in crate::simulator) body: String,
    /// The origin of the request's URL: `http://127.0.0.1:PORT`.
    pub(in crate::simulator) origin: String,
    is_authenticated: bool,
    /// The credentials as received, for debug pages. Empty unless the switch `echo` is on.
    echo: String,
}

/// The service that answers every path.
pub(in crate::simulator) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(handle).with_state(shared)
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: axum::extract::Request,
) -> Response {
    let sequence = shared.received.fetch_add(1, Ordering::Relaxed) + 1;
    let config = shared.config();
    let asked = read(Arc::clone(&config), sequence, request).await;
    let switches = &config.switches;
    if !switches.latency.is_zero() {
        tokio::time::sleep(switches.latency).await;
    }
    let fault = if shared.rate.refuses(switches.rate_limit, Instant::now()) {
        Some(Fault::Status { code: 429, retry_after: Some(RetryAfter::Seconds(1)), html: false })
    } else {
        Fault::of_request(switches, config.seed, sequence)
    };
    let replaced = fault.and_then(|fault| fault.answer(switches, &path_and_query(&asked), &asked.echo));
    // Making a list of a million companies takes a while. On this thread it does not hold up other requests.
    let worker = Arc::clone(&shared);
    let work = move || {
        let is_right = replaced.is_none();
        let mut answer = replaced.unwrap_or_else(|| route(&worker, &asked));
        let dressed = if is_right { dress(&asked.config.switches, &mut answer) } else { None };
        (asked, answer, dressed)
    };
    let date_off = switches.date_off;
    let (asked, mut answer, dressed) = match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => {
            return respond(Answer::detail(500, &error.to_string()));
        }
    };
    shared.journal.record(Request {
        sequence,
        time: asked.time,
        method: asked.method,
        path: asked.path,
        query: asked.query,
        body: asked.body,
        authenticated: asked.is_authenticated,
        status: answer.status,
        rows: answer.rows,
        fault: fault.map(Fault::label).or(dressed),
    });
    if date_off != 0 {
        answer = answer.with_header("date", off(date_off));
    }
    match fault.and_then(Fault::delivery) {
        None => respond(answer),
        Some(delivery) => delivery.respond(answer, &line).await,
    }
}

/// The header `Date` of a server whose clock is off by this many seconds.
fn off(seconds: i64) -> String {
    let length = Duration::from_secs(seconds.unsigned_abs());
    let now = SystemTime::now();
    let shifted = if seconds < 0 { now.checked_sub(length) } else { now.checked_add(length) };
    httpdate::fmt_http_date(shifted.unwrap_or(now))
}

async fn read(config: Arc<Config>, sequence: u64, request: axum::extract::Request) -> Asked {
    let time = Timestamp::now();
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await.unwrap_or_default();
    Asked {
        sequence,
        time,
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        raw_query: parts.uri.query().map(str::to_owned),
        query: params::pairs(parts.uri.query().unwrap_or_default()),
        body: String::from_utf8_lossy(&body).into_owned(),
        origin: origin(&parts),
        is_authenticated: auth::is_right(&config, &parts.headers),
        echo: if config.switches.echo { auth::echo(&parts.headers) } else { String::new() },
        config,
    }
}

/// The origin for absolute links, made as by Django: from the header `Host`, or in HTTP/2 from the URL.
fn origin(parts: &Parts) -> String {
    let header = parts.headers.get(HOST).and_then(|value| value.to_str().ok());
    let host = header.or_else(|| parts.uri.authority().map(Authority::as_str)).unwrap_or_default();
    format!("http://{host}")
}

fn path_and_query(asked: &Asked) -> String {
    asked.raw_query.as_ref().map_or_else(|| asked.path.clone(), |query| format!("{}?{query}", asked.path))
}

/// The answer without faults. The checks have Django's order: path, credentials, method.
fn route(shared: &Shared, asked: &Asked) -> Answer {
    let (route, segment) = match routes::place(&asked.path) {
        Place::Endpoint(route, segment) => (route, segment),
        Place::WithSlash => {
            let query = asked.raw_query.as_ref().map_or(String::new(), |query| format!("?{query}"));
            return Answer::empty(301).with_header("location", format!("{}/{query}", asked.path));
        }
        Place::Nowhere => return Answer::detail(404, "Not found"),
    };
    if let Some(refusal) = auth::refusal(&asked.config, asked.is_authenticated) {
        return refusal;
    }
    if !route.methods.contains(&asked.method.as_str()) {
        let answer = Answer::detail(405, &format!("Method \"{}\" not allowed.", asked.method));
        return answer.with_header("allow", route.methods.join(", "));
    }
    (route.answer)(shared, asked, &segment)
}
