//! From landed pages to staging files.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use super::planner::{self, Served};
use crate::catalog::{self, STREAMS, Stream};
use crate::error::Error;
use crate::landing::bundle;
use crate::landing::ledger::{LandedAt, Refusal, RunList, Unusual};
use crate::landing::runs::LandedRun;
use crate::landing::{LandingError, read_page};
use crate::normalise::{LandedPage, Refused, StageOptions, stage, stage_refused};
use crate::staging::{Drift, DriftKind, Staged};
use crate::workspace::rights;

/// A stream of a run, staged.
#[derive(Debug)]
pub(crate) struct StagedStream {
    /// The stream that it is loaded as.
    pub(crate) stream: &'static Stream,
    /// Indices of its lists in the run; a staged row's `_list` is a position in here.
    pub(crate) lists: Vec<u32>,
    pub(crate) staged: Staged,
}

/// Where a part of a stream's pages lies.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    /// Folder of the run.
    pub(crate) folder: Arc<Path>,
    /// Position of the list among those that are staged together.
    pub(crate) list: u32,
    /// The stream whose endpoint was asked. `None` for one that this version does not know.
    pub(crate) stream: Option<&'static Stream>,
    /// Key of the parent that the list is of. `None` for a list that is of none.
    pub(crate) parent: Option<Arc<str>>,
    pub(crate) at: LandedAt,
    /// Whether it is answers about several companies.
    pub(crate) is_bundle: bool,
}

/// Normalises the pages of a run into staging files, one folder for each stream.
pub(super) fn stage_run(run: &LandedRun, folder: &Path) -> Result<Vec<StagedStream>, Error> {
    clear(folder)?;
    let mut staged = Vec::new();
    for (endpoint, serves) in served_by(&run.lists.values().collect::<Vec<_>>()) {
        // A list that an earlier session found may be none any more: it was not read to its end, and has no evidence.
        let is_judged = |index: &u32| run.verdicts.iter().any(|verdict| verdict.list == *index);
        let lists: Vec<u32> = run.lists_of(endpoint.name).map(|(index, _)| index).filter(is_judged).collect();
        let (pieces, refused) = (pieces(run, &lists), refused(run, &lists));
        let streams = stage_pieces(endpoint, &serves, pieces, &refused, folder)?;
        for (Served { stream, .. }, mut of_stream) in serves.into_iter().zip(streams) {
            of_stream.drift.extend(unusual(lists.iter().map(|index| (run, *index)), stream));
            staged.push(StagedStream { stream, lists: lists.clone(), staged: of_stream });
        }
    }
    Ok(staged)
}

/// How the answers of lists differ from the document in what is around the JSON, told by the first stream that is made of
/// them.
pub(crate) fn unusual<'r>(lists: impl Iterator<Item = (&'r LandedRun, u32)>, stream: &Stream) -> Vec<Drift> {
    let mut found: BTreeMap<Unusual, Drift> = BTreeMap::new();
    for (run, index) in lists {
        let serves = run.lists.get(&index).and_then(|list| list.serves.first());
        let tells = serves.is_some_and(|name| name == stream.name);
        for (_, what, sample) in run.unusual.iter().filter(|(list, ..)| tells && *list == index) {
            let new = || Drift {
                field: what.label().to_owned(),
                kind: DriftKind::Envelope,
                count: 0,
                sample: Some(sample.clone()),
            };
            found.entry(*what).or_insert_with(new).count += 1;
        }
    }
    found.into_values().collect()
}

/// The endpoints that were asked, and the streams that are made of the answers of each, as the lists of a run say.
pub(crate) fn served_by(lists: &[&RunList]) -> Vec<(&'static Stream, Vec<Served>)> {
    let named = |names: &[String]| -> Vec<&'static Stream> {
        STREAMS.iter().filter(|stream| names.iter().any(|name| name == stream.name)).collect()
    };
    let endpoints = STREAMS.iter().filter_map(|endpoint| {
        let list = lists.iter().find(|list| list.stream == endpoint.name)?;
        Some((endpoint, planner::shared(endpoint, &named(&list.serves))))
    });
    endpoints.collect()
}

/// The pages of lists of a run, newest first; their lists are positions in `lists`.
pub(crate) fn pieces(run: &LandedRun, lists: &[u32]) -> Vec<Piece> {
    let folder: Arc<Path> = Arc::from(run.folder.as_path());
    let of_list = |(index, list): (&u32, &RunList)| {
        (*index, (catalog::stream(&list.stream), list.parent.as_deref().map(Arc::from)))
    };
    let known: HashMap<u32, (Option<&'static Stream>, Option<Arc<str>>)> =
        run.lists.iter().map(of_list).collect();
    let piece = |list: u32, at: LandedAt, is_bundle: bool| {
        let position = lists.iter().position(|own| *own == list)?;
        let list_position = u32::try_from(position).ok()?;
        let (stream, parent) = known.get(&list).cloned().unwrap_or_default();
        Some(Piece { folder: Arc::clone(&folder), list: list_position, stream, parent, at, is_bundle })
    };
    let pages = run.accepted_pages().into_iter().filter_map(|(key, at)| piece(key.list, at, false));
    let bundles = run.answers.values().filter_map(|(list, at)| piece(*list, at.clone(), true));
    let mut pieces: Vec<Piece> = pages.chain(bundles).collect();
    pieces.sort_by_key(|piece| std::cmp::Reverse(piece.at.number));
    pieces
}

/// Companies that lists of a run could not ask about, by the position of the list in `lists`; each once.
pub(crate) fn refused(run: &LandedRun, lists: &[u32]) -> BTreeMap<u32, Vec<Refused>> {
    let mut refused: BTreeMap<u32, Vec<Refused>> = BTreeMap::new();
    for (list, Refusal { company, reason }) in &run.refused {
        let position =
            lists.iter().position(|own| own == list).and_then(|position| u32::try_from(position).ok());
        let Some(position) = position else { continue };
        let refused = refused.entry(position).or_default();
        // Those of a bundle that could no longer be read were asked for again.
        if !refused.iter().any(|known| known.company == *company) {
            refused.push(Refused { company: company.clone(), reason: reason.clone() });
        }
    }
    refused
}

/// Normalises pages, newest first, into a folder of their own below the staging folder, once for all the streams that
/// are made of them. Returns what was staged for each stream. `refused` are the companies that could not be asked for,
/// by the position of their list.
pub(crate) fn stage_pieces(
    endpoint: &'static Stream,
    serves: &[Served],
    pieces: Vec<Piece>,
    refused: &BTreeMap<u32, Vec<Refused>>,
    folder: &Path,
) -> Result<Vec<Staged>, Error> {
    let Some(first) = serves.first() else { return Ok(Vec::new()) };
    let pages = pieces.into_iter().flat_map(|piece| match pages_of(&piece) {
        Ok(pages) => pages.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error)],
    });
    let mut options = StageOptions::new(folder.join(first.stream.name));
    options.shares = Some(serves.iter().map(|served| served.tables.clone()).collect());
    let mut staged = stage(endpoint, pages, &options)?;
    // Each of the streams lacks what the answer would have held for it.
    for (share, staged) in staged.iter_mut().enumerate() {
        for (list, refused) in refused {
            let path = options.dir.join(format!("refused-{share}-{list}.parquet"));
            stage_refused(staged, *list, refused, path)?;
        }
    }
    Ok(staged)
}

/// The page, or the pages that a bundle holds, newest first.
fn pages_of(piece: &Piece) -> Result<Vec<LandedPage>, LandingError> {
    let Piece { folder, list, stream, parent, at, is_bundle } = piece;
    let body = read_page(folder, at)?;
    let values = |key: &str| stream.as_ref()?.lists.parent()?.values(key);
    if !is_bundle {
        let parent = parent.as_deref().and_then(values).unwrap_or_default();
        let page =
            LandedPage { number: at.number, list: *list, fetched_at_us: at.fetched_at_us, parent, body };
        return Ok(vec![page]);
    }
    let damaged =
        || LandingError::Damaged { number: at.number, reason: "it is no bundle of answers".to_owned() };
    let answers = bundle::answers(&body).ok_or_else(damaged)?;
    let pages = (at.number..).zip(answers).map(|(number, answer)| {
        let parent = values(&answer.company).ok_or_else(damaged)?;
        let body = body.get(answer.body).unwrap_or_default().to_vec();
        Ok(LandedPage { number, list: *list, fetched_at_us: answer.fetched_at_us, parent, body })
    });
    let mut pages = pages.collect::<Result<Vec<_>, LandingError>>()?;
    pages.reverse();
    Ok(pages)
}

/// Removes what an earlier session left in the staging folder; what another user left is moved out of the way.
pub(crate) fn clear(folder: &Path) -> Result<(), Error> {
    fs_err::create_dir_all(folder)?;
    Ok(rights::clear(folder)?)
}
