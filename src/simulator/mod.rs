//! A simulator of the Vainu API v1 on localhost, with generated companies, for tests, `demo` and `simulate`.
//!
//! It is written from the API's document alone (below: "the document") and shares no code with the client, so that both
//! cannot have the same misreading. Where the document is silent or contradicts itself, a switch ([`Switches`]) chooses
//! between the readings. Faults ([`Fault`]) simulate networks and servers that fail.
//!
//! The same seed gives the same companies on every machine, and company `i` does not depend on their number.
//! An endpoint is one file with a function from a request to an answer, and one line in `http::routes::ROUTES`.

mod changes;
mod data;
mod endpoints;
mod error;
mod expected;
mod http;
mod settings;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use error::Error;
pub use http::delivery::Delivery;
pub use http::dress::Compression;
pub use http::fault::{Fault, RetryAfter};
pub use http::journal::Request;
pub use http::spoil::{Damage, Spoil};
pub use settings::choices::{
    Count, Details, Envelope, MemberOrder, NextPage, Numbers, Ordering, PastEnd, StartsWith, UnknownFilter,
};
pub use settings::config::Config;
pub use settings::switches::{Switch, SwitchError, Switches};

use data::world::World;
use http::journal::Journal;
use http::listener::{BreakableListener, Line};
use http::server::Shared;

/// The default API key. It has the form that the document describes, and is worth nothing elsewhere.
pub const DEMO_API_KEY: &str = "dec0de0000000000000000000000000000000000000000000000000000dec0de";

/// How long [`Simulator::shutdown`] waits for requests in progress.
const SHUTDOWN_WAIT: Duration = Duration::from_secs(2);

/// A running simulator. Dropping it stops it without waiting for requests in progress.
#[derive(Debug)]
pub struct Simulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl Simulator {
    /// Generates the companies and starts to listen on 127.0.0.1, in the tokio runtime of the caller.
    ///
    /// # Errors
    /// When the port is taken, the request log cannot be opened, or more companies are requested than there are ids.
    pub async fn start(mut config: Config) -> Result<Self, Error> {
        if config.companies > data::ids::CAPACITY {
            return Err(Error::TooMany { companies: config.companies, most: data::ids::CAPACITY });
        }
        let journal = Journal::open(&config).map_err(|source| Error::Log { source })?;
        let listen = |source| Error::Listen { port: config.port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let anchor = config.now();
        config.now = Timestamp::from_millisecond(anchor).ok();
        let (seed, companies, prefix) = (config.seed, config.companies, config.switches.id_prefix);
        let generate = tokio::task::spawn_blocking(move || World::generate(seed, companies, prefix, anchor));
        let world = generate.await.map_err(|source| Error::Generate { source })?;
        let shared = Arc::new(Shared::new(config, world, journal));
        let service = http::server::router(Arc::clone(&shared)).into_make_service_with_connect_info::<Line>();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move {
            // Serving ends when `stop` is used or dropped. Accepting never fails (see `BreakableListener`).
            let until = async move { stopped.await.unwrap_or_default() };
            let _ = axum::serve(BreakableListener(listener), service).with_graceful_shutdown(until).await;
        });
        Ok(Self { shared, address, stop: Some(stop), server })
    }

    /// The base URL for a client, without a final slash: `http://127.0.0.1:PORT/api/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/api/v1", self.address)
    }

    /// Every request answered since the start or the last [`clear_requests`](Self::clear_requests).
    pub fn requests(&self) -> Vec<Request> {
        self.shared.journal.requests()
    }

    /// Forgets the requests so far. The count of requests goes on, for faults that name a request by its number.
    pub fn clear_requests(&self) {
        self.shared.journal.clear();
    }

    /// Changes the configuration for later requests.
    ///
    /// Counts requests and pages from 1 again and forgets earlier requests. Companies, seed, port and request log stay
    /// as they were at the start.
    pub fn reconfigure(&self, change: impl FnOnce(&mut Config)) {
        let mut config = Config::clone(&self.shared.config());
        change(&mut config);
        self.shared.reconfigure(config);
    }

    /// Stops listening and waits up to 2 seconds for requests in progress.
    pub async fn shutdown(mut self) {
        self.stop.take();
        // A client may keep a connection open for ever. The end of the runtime closes it.
        let _ = tokio::time::timeout(SHUTDOWN_WAIT, &mut self.server).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}
