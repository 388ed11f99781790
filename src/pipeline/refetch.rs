//! What was landed and can no longer be read is fetched again.

use crate::error::Error;
use crate::landing::ledger::Entry;
use crate::landing::runs::LandedRun;
use crate::landing::{Landing, LandingError, bundle, read_page};
use crate::normalise::StageError;

/// The landed page that could not be read, when that is what failed.
pub(super) fn damaged_page<T>(outcome: &Result<T, Error>) -> Option<u64> {
    let Err(Error::Stage(StageError::Read(source))) = outcome else { return None };
    match source.downcast_ref::<LandingError>() {
        Some(LandingError::Damaged { number, .. }) => Some(*number),
        _ => None,
    }
}

/// Says in the ledger that this page, and all others of the run that cannot be read, are to be fetched again. One is
/// seldom alone: with a segment all is lost that lay in it.
pub(super) async fn note_damaged(landing: &Landing, number: u64) -> Result<(), Error> {
    let run = LandedRun::read(landing.folder())?;
    let found = tokio::task::spawn_blocking(move || damaged(&run, number)).await;
    for (page, entry) in found.map_err(|error| Error::Internal { what: error.to_string() })? {
        tracing::warn!(page, "A landed page is damaged and is fetched again.");
        landing.note(entry).await?;
    }
    Ok(())
}

/// Number and entry of each page and bundle of answers that counts and is damaged, the known one among them.
fn damaged(run: &LandedRun, known: u64) -> Vec<(u64, Entry)> {
    let pages = run.accepted_pages().into_iter().filter_map(|(key, at)| {
        let is_damaged = at.number == known || read_page(&run.folder, &at).is_err();
        is_damaged.then_some((at.number, Entry::Damaged { key }))
    });
    let bundles = run.answers.values().filter_map(|(_, at)| {
        let is_whole = || read_page(&run.folder, at).is_ok_and(|body| bundle::answers(&body).is_some());
        let number = at.number;
        (number == known || !is_whole()).then_some((number, Entry::AnswersDamaged { number }))
    });
    pages.chain(bundles).collect()
}
