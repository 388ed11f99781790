//! A run that is resumed from any prefix of its ledger ends with the same result, and asks only for the rest.
//!
//! Without normalising and loading, which see nothing of it: they work on the pages that the ledger names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use url::Url;
use vainu_etl::api::{Client, ClientSettings, Credentials};
use vainu_etl::catalog::PROSPECTS;
use vainu_etl::extract::landing::{Landing, read_page};
use vainu_etl::extract::ledger::{self, Entry, Header, LEDGER_VERSION, RequestKey, Verdict};
use vainu_etl::extract::runs::LandedRun;
use vainu_etl::extract::{ExtractSettings, Plan, PlannedStream, Unobserved, extract};
use vainu_etl::secret::Secret;
use vainu_etl::selection::{Selection, lists_of};
use vainu_etl::simulator::{DEMO_API_KEY, Simulator};

use super::files::{copy, folder};
use crate::support::simulator;

/// What the API plays: plain; total unknown; clamped; slices; slices and clamped.
const SERVERS: &[(&[&str], u64)] = &[
    (&[], 25_000),
    (&["count=missing"], 25_000),
    (&["limit-max=13"], 25_000),
    (&[], 60),
    (&["limit-max=7"], 90),
];

struct Extraction {
    verdicts: Vec<Verdict>,
    /// Bodies of the pages that count, by request.
    pages: BTreeMap<RequestKey, Vec<u8>>,
}

async fn read(simulator: &Simulator, slice_rows: u64, run: &Path) -> Extraction {
    let credentials = Credentials::ApiKey(Secret::new(DEMO_API_KEY));
    let mut settings = ClientSettings::new(Url::parse(&simulator.base_url()).unwrap(), credentials);
    settings.concurrency = 2.try_into().unwrap();
    let client = Client::new(settings).unwrap();
    let lists = lists_of(&[Selection::default()]).unwrap();
    let plan = Plan { streams: vec![PlannedStream::new(&PROSPECTS, lists)], ..Plan::default() };
    let settings = ExtractSettings { page_size: 20, slice_rows, requests_at_once: 4 };
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
        };
        (Landing::create(run, &header).unwrap(), Vec::new())
    };
    let read = extract(&plan, &client, &landing, recorded, settings, &Unobserved).await.unwrap();
    let verdicts = read.verdicts;
    for verdict in &verdicts {
        landing.note(Entry::Judged(verdict.clone())).await.unwrap();
    }
    drop(landing);
    let landed = LandedRun::read(run).unwrap().accepted_pages();
    let pages = landed.into_iter().map(|(key, at)| (key, read_page(run, &at).unwrap())).collect();
    Extraction { verdicts, pages }
}

/// What was answered, by request; the ledger has no other names for requests.
fn answered(run: &Path) -> BTreeSet<RequestKey> {
    let entries = ledger::read(run).unwrap();
    let keys = entries.into_iter().filter_map(|entry| match entry {
        Entry::Counted { key, .. } | Entry::Landed { key, .. } | Entry::PastEnd { key } => Some(key),
        _ => None,
    });
    keys.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_prefix_of_a_ledger_leads_to_the_same_end(
        server in 0..SERVERS.len(),
        cuts in proptest::collection::vec(0.0..1.0_f64, 1..4),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let (switches, slice_rows) = SERVERS[server];
            let simulator = simulator(180, switches).await;
            let dir = folder();
            let whole = dir.path().join("whole");
            let undisturbed = read(&simulator, slice_rows, &whole).await;
            assert!(undisturbed.verdicts[0].complete);
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
                let resumed = read(&simulator, slice_rows, &run).await;
                let asked = simulator.requests().len();
                assert_eq!(asked, answered(&run).len() - known.len(), "what was not answered, once");
                assert_eq!(resumed.verdicts, undisturbed.verdicts);
                assert!(resumed.pages == undisturbed.pages, "the same pages with the same bodies");
            }
        });
    }
}
