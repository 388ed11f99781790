//! Faults outside the HTTP server: no server, no address for its name, no trusted certificate, and a clock that jumps.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use futures::FutureExt;
use futures::future::BoxFuture;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use url::Url;
use vainu_etl::clock::{Clock, SkippingClock};
use vainu_etl::extract::{Observer, Unobserved};
use vainu_etl::landing::ledger::RunList;
use vainu_etl::pipeline::{SyncSettings, sync};
use vainu_etl::simulator::{Config, Request, Simulator};

use super::case::ordered;
use super::run::{answered, assert_ends, assert_resumes, bounded, chain, first_generation, run, settings};
use crate::parts::Part;
use crate::support::{Job, assert_equal_rows, expected, with};

/// Companies of a simulator: seven pages.
const COMPANIES: u32 = 600;

/// Starts a simulator on a port that is not assigned automatically, so that another can be started on it later.
async fn on_a_port_of_its_own(configure: impl Fn(&mut Config)) -> (Simulator, u16) {
    let first = 20_000 + u16::try_from(std::process::id() % 5000).unwrap() * 2;
    for port in first..first + 500 {
        let mut config = with(Config::new(COMPANIES), |config| config.port = port);
        configure(&mut config);
        if let Ok(simulator) = Simulator::start(config).await {
            return (simulator, port);
        }
    }
    panic!("no free port");
}

#[tokio::test(flavor = "multi_thread")]
async fn connection_refused() {
    let (simulator, port) = on_a_port_of_its_own(|_| {}).await;
    let job = Job { page_size: 100, ..Job::new() };
    let before = first_generation(&ordered(), &job, &simulator).await;
    let (settings, _) = settings(&ordered(), &job, &simulator);
    simulator.shutdown().await;
    let error = bounded(&settings).await.unwrap_err();
    assert_ends(&error, 4, &["cannot be reached", "Connection refused", "3 attempts"]);
    assert_eq!(fs_err::read(job.warehouse()).unwrap(), before);
    let back = Simulator::start(with(Config::new(COMPANIES), |config| config.port = port)).await.unwrap();
    assert_resumes(&ordered(), &job, &back, &[]).await;
}

/// Notifies when `most` pages have landed.
#[derive(Debug)]
struct Landings {
    most: usize,
    landed: AtomicUsize,
    reached: Notify,
}

impl Observer for Landings {
    fn page_landed(&self, _: &RunList, _: u64, _: bool) {
        if self.landed.fetch_add(1, Ordering::SeqCst) + 1 == self.most {
            self.reached.notify_one();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn server_goes_away_in_mid_run() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("requests.jsonl");
    let (simulator, port) = on_a_port_of_its_own(|config| config.request_log = Some(log.clone())).await;
    let job = Job { page_size: 30, ..Job::new() };
    let before = first_generation(&ordered(), &job, &simulator).await;
    simulator.reconfigure(|config| config.switches.set("latency=30").unwrap());
    fs_err::write(&log, "").unwrap();
    let (settings, _) = settings(&ordered(), &job, &simulator);
    let observer = Landings { most: 5, landed: AtomicUsize::new(0), reached: Notify::new() };
    let leave = async {
        observer.reached.notified().await;
        simulator.shutdown().await;
    };
    let (outcome, ()) = tokio::join!(sync(&settings, &observer, std::future::pending()), leave);
    assert_ends(&outcome.unwrap_err(), 4, &["no connection", "Connection refused"]);
    assert_eq!(fs_err::read(job.warehouse()).unwrap(), before);
    let landed: Vec<Part> = fs_err::read_to_string(&log)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|request| request["status"] == 200 && !request["rows"].is_null())
        .filter_map(|request| {
            let query = serde_json::from_value::<Vec<(String, String)>>(request["query"].clone()).unwrap();
            Part::of_query(request["path"].as_str().unwrap(), &query)
        })
        .collect();
    assert!(landed.len() >= 5, "{landed:?}");
    let back = Simulator::start(with(Config::new(COMPANIES), |config| config.port = port)).await.unwrap();
    assert_resumes(&ordered(), &job, &back, &landed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn host_name_without_an_address() {
    let simulator = Simulator::start(Config::new(50)).await.unwrap();
    let job = Job::new();
    let before = first_generation(&ordered(), &job, &simulator).await;
    let (mut settings, _) = settings(&ordered(), &job, &simulator);
    settings.client.base_url = Url::parse("https://vainu-etl-test.invalid/api/v1").unwrap();
    let error = bounded(&settings).await.unwrap_err();
    assert_ends(&error, 4, &["https://vainu-etl-test.invalid cannot be reached", "cannot be resolved"]);
    assert_eq!(fs_err::read(job.warehouse()).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn certificate_that_nobody_trusts() {
    let simulator = Simulator::start(Config::new(50)).await.unwrap();
    let job = Job::new();
    let before = first_generation(&ordered(), &job, &simulator).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // Made with `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1`, for this test only.
    let certificate = CertificateDer::from(include_bytes!("self-signed.cert.der").as_slice());
    let key =
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(include_bytes!("self-signed.key.der").as_slice()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let refusals = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&refusals);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let refusal = acceptor.accept(stream).await.map(drop).unwrap_err();
            heard.lock().unwrap().push(refusal.to_string());
        }
    });
    let (mut settings, _) = settings(&ordered(), &job, &simulator);
    settings.client.base_url = Url::parse(&format!("https://{address}/api/v1")).unwrap();
    let error = bounded(&settings).await.unwrap_err();
    assert_ends(&error, 4, &["is not trusted", "certificate"]);
    assert_eq!(fs_err::read(job.warehouse()).unwrap(), before);
    while refusals.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let refusals = refusals.lock().unwrap();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert!(refusals[0].contains("alert"), "{refusals:?}");
}

/// A clock whose wall time is in turn 1970 and a century later, and whose monotonic time jumps an hour forward with
/// every landed page. Sleeps are skipped.
#[derive(Debug)]
struct JumpingClock {
    steady: SkippingClock,
    looks: AtomicU64,
    hours: AtomicU64,
}

impl JumpingClock {
    fn new() -> Arc<Self> {
        let steady = SkippingClock::new(SystemTime::now());
        Arc::new(Self { steady, looks: AtomicU64::new(0), hours: AtomicU64::new(0) })
    }

    fn ahead(&self) -> Duration {
        Duration::from_hours(self.hours.load(Ordering::SeqCst))
    }
}

impl Clock for JumpingClock {
    fn now(&self) -> Instant {
        self.steady.now() + self.ahead()
    }

    fn wall(&self) -> SystemTime {
        let century = self.looks.fetch_add(1, Ordering::SeqCst) % 2;
        SystemTime::UNIX_EPOCH + Duration::from_hours(century * 100 * 365 * 24)
    }

    fn sleep_until(&self, at: Instant) -> BoxFuture<'_, ()> {
        let until = at.checked_sub(self.ahead()).unwrap_or(at);
        self.steady.sleep_until(until).boxed()
    }
}

impl Observer for JumpingClock {
    fn page_landed(&self, _: &RunList, _: u64, _: bool) {
        self.hours.fetch_add(1, Ordering::SeqCst);
    }
}

fn with_clock(settings: SyncSettings, clock: &Arc<JumpingClock>) -> SyncSettings {
    let mut settings = settings;
    settings.client.clock = clock.clone();
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_jumps_while_the_server_asks_for_pauses_until_a_date() {
    let simulator = Simulator::start(Config::new(COMPANIES)).await.unwrap();
    simulator.reconfigure(|config| config.switches.set("fault=429:date5@3,503:date5@5,429:date5@7").unwrap());
    let job = Job { page_size: 100, ..Job::new() };
    let clock = JumpingClock::new();
    let settings = with_clock(settings(&ordered(), &job, &simulator).0, &clock);
    let report = sync(&settings, &*clock, std::future::pending()).await.unwrap();
    assert_equal_rows(&job.rows(), &expected(simulator.companies()));
    assert_eq!((report.exit_code, report.retries), (0, 3));
    assert!(clock.looks.load(Ordering::SeqCst) >= 3 && clock.hours.load(Ordering::SeqCst) >= 7);
    // The pauses are measured against the server's `Date`, not against the client's wall clock.
    let longest = clock.steady.sleeps().into_iter().max().unwrap();
    assert!(longest <= Duration::from_secs(5), "{longest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_jumps_past_the_deadline() {
    let simulator = Simulator::start(Config::new(COMPANIES)).await.unwrap();
    let job = Job { page_size: 100, ..Job::new() };
    let before = first_generation(&ordered(), &job, &simulator).await;
    simulator.reconfigure(|_| {});
    let clock = JumpingClock::new();
    let mut settings = with_clock(settings(&ordered(), &job, &simulator).0, &clock);
    settings.client.deadline = Some(clock.now() + Duration::from_mins(30));
    let error = sync(&settings, &*clock, std::future::pending()).await.unwrap_err();
    assert_ends(&error, 8, &["the run's time is up"]);
    assert!(clock.hours.load(Ordering::SeqCst) >= 1);
    assert_eq!(fs_err::read(job.warehouse()).unwrap(), before);
    let landed = answered(&simulator.requests());
    assert!(!landed.is_empty());
    simulator.reconfigure(|_| {});
    assert_resumes(&ordered(), &job, &simulator, &landed).await;
}

/// The queries of the pages that were answered in full.
fn pages(requests: &[Request]) -> Vec<String> {
    let answered = requests.iter().filter(|request| request.status == 200 && request.rows.is_some());
    answered.map(|request| format!("{:?}", request.query)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_country_is_forbidden() {
    let simulator = Simulator::start(Config::new(COMPANIES)).await.unwrap();
    let mut job = Job { page_size: 40, ..Job::new() }.select(&[&["country=FI"], &["country=SE"]]);
    run(&ordered(), &job, &simulator).await.unwrap();
    let before = fs_err::read(job.warehouse()).unwrap();
    simulator.reconfigure(|config| {
        config.forbidden_countries = vec!["SE".to_owned()];
    });
    let error = run(&ordered(), &job, &simulator).await.unwrap_err();
    assert_ends(&error, 3, &["no permission for country SE", "status 403"]);
    let refused = |request: &&Request| request.status == 403 && request.param("country") == Some("SE");
    assert!(simulator.requests().iter().any(|request| refused(&request)));
    assert_eq!(fs_err::read(job.warehouse()).unwrap(), before);
    let landed = pages(&simulator.requests());
    simulator.reconfigure(|config| config.forbidden_countries.clear());
    let report = run(&ordered(), &job, &simulator).await.unwrap_or_else(|error| panic!("{}", chain(&error)));
    assert_eq!((report.exit_code, report.resumed), (0, true));
    assert!(pages(&simulator.requests()).iter().all(|page| !landed.contains(page)));
    let wanted = |company: &serde_json::Value| company["country"] == "FI" || company["country"] == "SE";
    assert_equal_rows(&job.rows(), &expected(simulator.companies().filter(wanted)));
    // Without that country the rest can be loaded.
    simulator.reconfigure(|config| config.forbidden_countries = vec!["SE".to_owned()]);
    job = job.select(&[&["country=FI"]]);
    let settings = settings(&ordered(), &job, &simulator).0;
    assert_eq!(sync(&settings, &Unobserved, std::future::pending()).await.unwrap().exit_code, 0);
}
