//! A run that is resumed from any prefix of its ledger ends with the same result, and asks only for the rest.
//!
//! Without normalising and loading, which see nothing of it: they work on the pages that the ledger names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use url::Url;
use vainu_etl::api::{Client, ClientSettings, Credentials};
use vainu_etl::catalog::{PROSPECTS, Stream};
use vainu_etl::extract::{ExtractSettings, Plan, PlannedStream, Unobserved, extract};
use vainu_etl::landing::bundle;
use vainu_etl::landing::ledger::{self, Entry, Header, LEDGER_VERSION, RequestKey, Verdict};
use vainu_etl::landing::runs::LandedRun;
use vainu_etl::landing::{Landing, read_page};
use vainu_etl::normalise::page_summary;
use vainu_etl::pipeline::planner::default_streams;
use vainu_etl::secret::Secret;
use vainu_etl::selection::SelectionUse;
use vainu_etl::selection::{Selection, lists_of};
use vainu_etl::simulator::{DEMO_API_KEY, Simulator};

use super::files::{copy, folder};
use super::rig::Load;
use crate::support::{simulator, with};

/// What is read, what the API plays, and rows of a slice. Companies alone: plain; total unknown; clamped; slices; slices
/// and clamped. Everything: plain; clamped; without numbers, with companies that it knows nothing of.
const SERVERS: &[(Load, &[&str], u64)] = &[
    (Load::Prospects, &[], 25_000),
    (Load::Prospects, &["count=missing"], 25_000),
    (Load::Prospects, &["limit-max=13"], 25_000),
    (Load::Prospects, &[], 60),
    (Load::Prospects, &["limit-max=7"], 90),
    (Load::Default, &[], 25_000),
    (Load::Default, &["limit-max=13"], 40),
    (Load::Default, &["count=missing", "past-end=404", "details=some-missing"], 25_000),
];

/// What was asked and answered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    Request(RequestKey),
    Company(u32, String),
}

struct Extraction {
    verdicts: Vec<Verdict>,
    /// Bodies of the pages that count and of the answers about companies.
    bodies: BTreeMap<Question, Vec<u8>>,
}

fn plan(load: Load, simulator: &Simulator) -> Plan {
    let streams: Vec<&'static Stream> =
        if load == Load::Prospects { vec![&PROSPECTS] } else { default_streams() };
    let now_us = simulator.now().as_microsecond();
    let planned = streams.into_iter().map(|stream| {
        let lists = lists_of(&[Selection::default()]).unwrap();
        let lists = if *stream == PROSPECTS { lists } else { Vec::new() };
        let window_us = stream.endpoint.window.map(|_| (now_us - 59 * 24 * 3600 * 1_000_000, now_us));
        PlannedStream { window_us, ..PlannedStream::new(stream, lists, page_summary) }
    });
    Plan { streams: planned.collect(), ..Plan::default() }
}

async fn read(load: Load, simulator: &Simulator, slice_rows: u64, run: &Path) -> Extraction {
    let credentials = Credentials::ApiKey(Secret::new(DEMO_API_KEY));
    let mut settings = ClientSettings::new(Url::parse(&simulator.base_url()).unwrap(), credentials);
    settings.concurrency = 2.try_into().unwrap();
    let client = Client::new(settings).unwrap();
    let plan = plan(load, simulator);
    let settings = with(ExtractSettings::default(), |settings| {
        settings.page_size = 20;
        settings.slice_rows = slice_rows;
        settings.requests_at_once = 4;
    });
    let (landing, recorded) = if run.exists() {
        Landing::resume(run).unwrap()
    } else {
        let header = Header {
            version: LEDGER_VERSION,
            run_id: "r".to_owned(),
            started_at_us: 1,
            lists: plan.known_lists(),
            arguments: String::new(),
            fingerprint: "f".to_owned(),
            selection: SelectionUse::default(),
        };
        (Landing::create(run, &header).unwrap(), Vec::new())
    };
    let read = extract(&plan, &client, &landing, recorded, settings, &Unobserved).await.unwrap();
    let verdicts = read.verdicts;
    for verdict in &verdicts {
        landing.note(Entry::Judged(verdict.clone())).await.unwrap();
    }
    drop(landing);
    Extraction { verdicts, bodies: bodies(&LandedRun::read(run).unwrap()) }
}

fn bodies(run: &LandedRun) -> BTreeMap<Question, Vec<u8>> {
    let pages = run.accepted_pages().into_iter();
    let mut bodies: BTreeMap<Question, Vec<u8>> =
        pages.map(|(key, at)| (Question::Request(key), read_page(&run.folder, &at).unwrap())).collect();
    for (list, at) in run.answers.values() {
        let body = read_page(&run.folder, at).unwrap();
        for answer in bundle::answers(&body).unwrap() {
            let before = bodies.insert(Question::Company(*list, answer.company), body[answer.body].to_vec());
            assert_eq!(before, None, "a company is answered once");
        }
    }
    bodies
}

/// What was answered, companies that the server does not know included.
fn answered(run: &Path) -> BTreeSet<Question> {
    let entries = ledger::read(run).unwrap().into_iter();
    let questions = entries.flat_map(|entry| match entry {
        Entry::Counted { key, .. } | Entry::Landed { key, .. } | Entry::PastEnd { key } => {
            vec![Question::Request(key)]
        }
        Entry::Answered(answers) => {
            let companies = answers.companies.into_iter().chain(answers.not_found);
            companies.map(|company| Question::Company(answers.list, company)).collect()
        }
        _ => Vec::new(),
    });
    questions.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn any_prefix_of_a_ledger_leads_to_the_same_end(
        server in 0..SERVERS.len(),
        cuts in proptest::collection::vec(0.0..1.0_f64, 1..4),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let (load, switches, slice_rows) = SERVERS[server];
            let simulator = simulator(180, switches).await;
            let dir = folder();
            let whole = dir.path().join("whole");
            let undisturbed = read(load, &simulator, slice_rows, &whole).await;
            assert!(undisturbed.verdicts.iter().all(|verdict| verdict.complete), "{:?}", undisturbed.verdicts);
            let run = dir.path().join("cut");
            fs_err::create_dir(&run).unwrap();
            copy(&whole, &run);
            // A crash, a resume, and a crash in the resume: each cuts what is there then.
            for cut in cuts {
                let path = ledger::path_in(&run);
                let bytes = fs_err::read(&path).unwrap();
                let header = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
                #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position in a small file")]
                let length = header + ((bytes.len() - header) as f64 * cut) as usize;
                fs_err::write(&path, &bytes[..length]).unwrap();
                let known = answered(&run);
                simulator.clear_requests();
                let resumed = read(load, &simulator, slice_rows, &run).await;
                let asked = simulator.requests().len();
                assert_eq!(asked, answered(&run).len() - known.len(), "what was not answered, once");
                assert_eq!(resumed.verdicts, undisturbed.verdicts);
                assert!(resumed.bodies == undisturbed.bodies, "the same answers with the same bodies");
            }
        });
    }
}
