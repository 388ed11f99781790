//! What the published file says that decides what is asked for: companies that are new enough, times that are covered,
//! lists of target groups.

use std::collections::HashSet;

use crate::catalog::{Lists, STREAMS, Stream};
use crate::error::Error;
use crate::normalise::fingerprint;
use crate::query::texts;
use crate::schema::ddl;
use crate::workspace::Workspace;

/// Microseconds of a day.
pub(super) const DAY_US: i64 = 24 * 3600 * 1_000_000;

/// Fingerprints of the live companies whose details of all those streams were read since that time.
///
/// A company says when its details were read, not which: they count when the run of that time read all those streams.
pub(super) fn fresh(
    workspace: &Workspace,
    streams: &[&'static Stream],
    since_us: i64,
) -> Result<HashSet<u64>, Error> {
    if !workspace.is_published() {
        return Ok(HashSet::new());
    }
    let of_stream = |stream: &&Stream| {
        format!(
            " AND EXISTS (SELECT 1 FROM etl.runs r JOIN etl.streams s ON s.run_id = r.run_id \
             WHERE s.stream = {} AND p._details_at BETWEEN r.started_at AND r.finished_at)",
            ddl::literal(stream.name)
        )
    };
    let sql = format!(
        "SELECT p.country || '/' || p.business_id FROM main.prospects p \
         WHERE p._deleted_at IS NULL AND p._details_at >= make_timestamp({since_us}){}",
        streams.iter().map(of_stream).collect::<String>(),
    );
    let mut fresh = HashSet::new();
    texts(workspace.published(), &sql, |[company]| {
        fresh.insert(fingerprint(&company));
    })?;
    Ok(fresh)
}

/// Up to where earlier runs have read a stream that looks back only so far, microseconds since 1970, UTC.
pub(super) fn covered(workspace: &Workspace, stream: &Stream) -> Result<Option<i64>, Error> {
    let mut covered = None;
    if workspace.is_published() {
        let sql = format!(
            "SELECT CAST(epoch_us(max(window_to)) AS VARCHAR) FROM etl.streams WHERE stream = {} AND complete",
            ddl::literal(stream.name)
        );
        texts(workspace.published(), &sql, |[to]| covered = to.parse().ok())?;
    }
    Ok(covered)
}

/// Lists of that kind that the published file holds and that are not among those that there are, as stream and list.
pub(super) fn retired(
    workspace: &Workspace,
    kind: Lists,
    there_are: &[String],
) -> Result<Vec<(String, String)>, Error> {
    let mut retired = Vec::new();
    let of_kind = STREAMS.iter().filter(|stream| stream.lists == kind);
    for stream in of_kind.filter(|_| workspace.is_published()) {
        let sql = format!(
            "SELECT DISTINCT list FROM etl.list_members WHERE stream = {} ORDER BY list",
            ddl::literal(stream.name)
        );
        texts(workspace.published(), &sql, |[list]| {
            if !there_are.contains(&list) {
                retired.push((stream.name.to_owned(), list));
            }
        })?;
    }
    Ok(retired)
}
