use super::*;
use crate::landing::Landing;
use crate::landing::bundle::Bundle;
use crate::landing::ledger::{CompanyAnswers, Header, LEDGER_VERSION};
use crate::landing::runs::{LandedRun, RunState};
use crate::selection::SelectionUse;

/// Lands a bundle with answers about `companies`, and about one company that is not found.
async fn land(landing: &Landing, companies: &[&str]) {
    let mut bundle = Bundle::default();
    for company in companies {
        bundle.add((*company).to_owned(), Some((b"[1]", 1)), 7);
    }
    bundle.add(format!("{}0", companies.first().unwrap()), None, 7);
    landing.land_answers(0, bundle).await.unwrap();
}

fn create(folder: &Path) -> Landing {
    let header = Header {
        version: LEDGER_VERSION,
        run_id: "r".to_owned(),
        started_at_us: 1,
        lists: Vec::new(),
        arguments: String::new(),
        fingerprint: String::new(),
        selection: SelectionUse::default(),
    };
    Landing::create(folder, &header).unwrap()
}

/// The rewrite of a run from which nothing is erased.
fn tidied(folder: &Path) -> Rewrite {
    Rewrite::plan(folder, |_, _| Ok(Change::Keep)).unwrap()
}

/// Companies and first number of each bundle that the ledger names.
fn named(folder: &Path) -> Vec<(Vec<String>, Option<u64>)> {
    let entries = ledger::read(folder).unwrap().into_iter();
    let answers = entries.filter_map(|entry| match entry {
        Entry::Answered(CompanyAnswers { companies, at, .. }) => Some((companies, at.map(|at| at.number))),
        _ => None,
    });
    answers.collect()
}

#[tokio::test]
async fn answers_of_which_none_is_left_have_no_place_and_the_run_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run");
    let landing = create(&folder);
    land(&landing, &["FI/1", "FI/2"]).await;
    land(&landing, &["FI/3"]).await;
    drop(landing);
    let forget = |entry: Entry, body: &[u8]| match entry {
        Entry::Answered(answers) if body.starts_with(b"FI/3 ") => {
            let answers = CompanyAnswers { companies: Vec::new(), not_found: Vec::new(), ..answers };
            Ok(Change::Replace(Entry::Answered(answers), Vec::new()))
        }
        _ => Ok(Change::Keep),
    };
    let plan = Rewrite::plan(&folder, forget).unwrap();
    assert!(plan.has_changes() && plan.unfinished && !plan.has_leftovers().unwrap());
    plan.apply(forget).unwrap();
    let two = vec!["FI/1".to_owned(), "FI/2".to_owned()];
    assert_eq!(named(&folder), [(two, Some(1)), (Vec::new(), None)]);
    let run = LandedRun::read(&folder).unwrap();
    assert_eq!(run.state, RunState::Abandoned);
    let bodies: Vec<_> = run.answers.values().map(|(_, at)| store::read_page(&folder, at).unwrap()).collect();
    assert_eq!(bodies, [b"FI/1 3 7\n[1]\nFI/2 3 7\n[1]\n"]);
    assert!(!tidied(&folder).has_leftovers().unwrap());
}

#[tokio::test]
async fn damaged_answers_go_and_their_number_never_means_others() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run");
    let landing = create(&folder);
    land(&landing, &["FI/1"]).await;
    land(&landing, &["FI/2"]).await;
    landing.note(Entry::AnswersDamaged { number: 2 }).await.unwrap();
    drop(landing);
    let plan = tidied(&folder);
    assert!(!plan.has_changes() && plan.has_leftovers().unwrap());
    plan.apply(|_, _| Ok(Change::Keep)).unwrap();
    assert_eq!(named(&folder), [(vec!["FI/1".to_owned()], Some(1))]);
    assert_eq!(LandedRun::read(&folder).unwrap().state, RunState::Unfinished);
    let (landing, _) = Landing::resume(&folder).unwrap();
    land(&landing, &["FI/2"]).await;
    drop(landing);
    assert_eq!(named(&folder)[1], (vec!["FI/2".to_owned()], Some(3)));
    assert_eq!(LandedRun::read(&folder).unwrap().answers.len(), 2);
    assert!(!tidied(&folder).has_leftovers().unwrap());
}
