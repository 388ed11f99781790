//! Landed pages: every page of every run is searched and, where it is about a subject, rewritten.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::body::{self, CutBody};
use super::bundle;
use super::effects::Effects;
use super::rules::selection_names;
use super::subject::Subject;
use super::tally::Tally;
use super::{Action, EraseError, Outcome, Touched};
use crate::landing::ledger::Entry;
use crate::landing::rewrite::{Change, Rewrite};
use crate::landing::runs::{self, LandedRun};
use crate::workspace::Workspace;

/// Searches the landed pages of all runs, and has `effects` rewrite the runs that hold a subject.
///
/// A page that cannot be read stays as it is and is added to the problems of the outcome. The others are still
/// processed.
pub(super) fn erase(
    workspace: &Workspace,
    effects: &dyn Effects,
    subjects: &[Subject],
    outcome: &mut Outcome,
) -> Result<(), EraseError> {
    let landing = workspace.landing_dir();
    if !landing.exists() {
        return Ok(());
    }
    effects.tidy_landing(&landing)?;
    let entries = fs_err::read_dir(&landing)?.map(|entry| entry.map(|entry| entry.path()));
    let mut folders: Vec<PathBuf> = entries.collect::<Result<_, _>>()?;
    folders.sort();
    for folder in folders.iter().filter(|folder| folder.is_dir() && !runs::is_set_aside(folder)) {
        if let Err(error) = erase_run(folder, effects, subjects, outcome) {
            outcome.untouched(&format!("the landed pages in {}", folder.display()), &error);
        }
    }
    Ok(())
}

fn erase_run(
    folder: &Path,
    effects: &dyn Effects,
    subjects: &[Subject],
    outcome: &mut Outcome,
) -> Result<(), EraseError> {
    let run = LandedRun::read(folder)?;
    let place = format!("landing {}", run.header.run_id);
    let mut streams: BTreeMap<String, InStream> = BTreeMap::new();
    let plan = Rewrite::plan(folder, |entry, body| {
        let stream = list_of(&entry).and_then(|list| run.lists.get(&list)).map(|list| list.stream.clone());
        let mut tally = Tally::default();
        let changed = change(entry, body, subjects, &mut tally)?;
        let of_stream = streams.entry(stream.unwrap_or_default()).or_default();
        of_stream.pages += u64::from(matches!(changed, Change::Replace(..)));
        of_stream.tally.add(&tally);
        Ok(changed)
    })?;
    let given_up =
        if plan.unfinished && plan.has_changes() { "; the run is given up, not resumed" } else { "" };
    for (stream, InStream { tally, pages }) in &streams {
        outcome.found.extend(&tally.found);
        let mut add = |action, rows, note: String| {
            outcome.add(Touched { place: place.clone(), table: stream.clone(), rows, action, note });
        };
        add(Action::Removed, tally.removed, format!("in {pages} landed pages{given_up}"));
        add(Action::Changed, tally.changed, format!("the values that name them{given_up}"));
        add(Action::Left, tally.left, "no country: may be another's id".to_owned());
    }
    for (stream, rows) in selections(&run, subjects) {
        let (place, note) = (place.clone(), "named in a selection of yours".to_owned());
        outcome.add(Touched { place, table: stream, rows, action: Action::Left, note });
    }
    for (number, reason) in &plan.damaged {
        outcome
            .problems
            .push(format!("{place}: page {number} cannot be searched and stays as it is: {reason}"));
    }
    if plan.damaged_lines > 0 {
        outcome.problems.push(format!(
            "{place}: {} lines of the ledger are damaged; pages that only they named are of no use and are removed",
            plan.damaged_lines
        ));
    }
    effects.rewrite_run(plan)
}

/// Rewrites a run as planned, also if only bytes that no line of its ledger names have to go.
pub(super) fn rewrite_run(plan: Rewrite, subjects: &[Subject]) -> Result<(), EraseError> {
    if plan.has_changes() || plan.has_leftovers()? {
        // What was found is counted already, while planning.
        plan.apply(|entry, body| change(entry, body, subjects, &mut Tally::default()))?;
    }
    Ok(())
}

/// What the pages of one stream in a run hold of the subjects.
#[derive(Default)]
struct InStream {
    tally: Tally,
    /// Number of pages that change.
    pages: u64,
}

/// Number of selections that name a subject, by the stream of the list. The selections that the run was started with
/// count under `arguments`.
fn selections(run: &LandedRun, subjects: &[Subject]) -> BTreeMap<String, u64> {
    // Business ids that were asked for and not found are a part of the list's selection, too.
    let in_vain = |index: &u32| {
        let verdict = run.verdicts.iter().find(|verdict| verdict.list == *index);
        verdict.map_or_else(String::new, |verdict| verdict.missing_ids.join(","))
    };
    let lists = run.lists.iter();
    let lists =
        lists.map(|(index, list)| (list.stream.as_str(), format!("{}&{}", list.label, in_vain(index))));
    let mut named = BTreeMap::new();
    for (stream, text) in lists.chain([("arguments", run.header.arguments.clone())]) {
        if subjects.iter().any(|subject| selection_names(&text, subject)) {
            *named.entry(stream.to_owned()).or_default() += 1;
        }
    }
    named
}

/// Index of the list that an entry belongs to. `None` for an entry that is not about a page or a bundle.
fn list_of(entry: &Entry) -> Option<u32> {
    match entry {
        Entry::Landed { key, .. } => Some(key.list),
        Entry::Answered(answers) => Some(answers.list),
        _ => None,
    }
}

/// What happens to a landed body, which is one JSON text or a bundle.
fn change(entry: Entry, landed: &[u8], subjects: &[Subject], tally: &mut Tally) -> Result<Change, String> {
    if let Entry::Answered(answers) = entry {
        let cut = bundle::cut(answers, landed, subjects, tally).map_err(|error| error.to_string())?;
        return Ok(
            cut.map_or(Change::Keep, |(answers, left)| Change::Replace(Entry::Answered(answers), left))
        );
    }
    Ok(match body::cut(landed, subjects, tally)? {
        CutBody::Same => Change::Keep,
        CutBody::Body(left) => Change::Replace(entry, left),
        // A page without records.
        CutBody::Gone => Change::Replace(entry, b"[]".to_vec()),
    })
}
