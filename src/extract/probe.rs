//! Finds out what the engine needs to know about an answer, in one pass over its body.

use super::error_body::is_no_answer;
use super::{ExtractError, SummarisePage};
use crate::catalog::{Lists, Parent, STREAMS, Stream};
use crate::landing::LandingError;
use crate::record::company_key::{fields_of, string_of};
use crate::record::reading::{Json, Tolerance, with_json};
use crate::record::{EnvelopeError, PageSummary, counted, records_of, summary_and_companies};

/// Bodies shorter than this, in bytes, are probed in place: handing them to another thread takes longer.
const SMALL: usize = 16 << 10;

/// What is wanted from an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Want {
    pub(super) stream: &'static Stream,
    /// Summarises the pages of the stream.
    pub(super) summarise: SummarisePage,
    /// Whether the companies in the answer are wanted.
    pub(super) companies: bool,
}

/// What an answer holds.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) summary: PageSummary,
    /// Companies in the answer, such as `FI/09704098`; empty unless they are wanted.
    pub(super) companies: Vec<String>,
    /// The records of the answer as parents of other lists; empty unless lists are found by them.
    pub(super) parents: Vec<ParentRecord>,
}

/// A record that is the parent of lists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ParentRecord {
    pub(super) id: String,
    /// Name for people; empty when it has none.
    pub(super) name: String,
}

/// Probes a body and accepts as much damage as `tolerance` allows. The caller adds the quotation of the body to an
/// error.
pub(super) fn probe(want: Want, body: &[u8], tolerance: Tolerance) -> Result<Seen, EnvelopeError> {
    let shape = want.stream.endpoint.shape();
    with_json(body, shape, tolerance, |json| {
        let (summary, companies) = if want.stream.lists.is_of_answers() {
            // Nothing compares the records of two such answers.
            (counted(json, shape)?, Vec::new())
        } else if want.companies && want.stream.holds_companies() {
            summary_and_companies(json, shape)?
        } else {
            ((want.summarise)(want.stream, json)?, Vec::new())
        };
        if is_no_answer(want.stream, summary.envelope, json.text.as_bytes()) {
            return Err(EnvelopeError::OtherShape { start: String::new() });
        }
        let parents = match parent_of_lists(want.stream) {
            Some(parent) => parents(json.text, want.stream, parent)?,
            None => Vec::new(),
        };
        Ok(Seen { summary, companies, parents })
    })
}

/// Probes a body without blocking other requests.
pub(super) async fn aside(
    want: Want,
    body: bytes::Bytes,
    tolerance: Tolerance,
) -> Result<Result<Seen, EnvelopeError>, ExtractError> {
    if body.len() < SMALL {
        return Ok(probe(want, &body, tolerance));
    }
    let seen = tokio::task::spawn_blocking(move || probe(want, &body, tolerance)).await;
    Ok(seen.map_err(|_| LandingError::Stopped)?)
}

/// The parent that the records of a stream are to the lists of others. `None` when no lists are found by them.
pub(super) fn parent_of_lists(stream: &Stream) -> Option<&'static Parent> {
    STREAMS.iter().find_map(|other| match other.lists {
        Lists::EachOf(parent) if parent.stream == stream.name => Some(parent),
        _ => None,
    })
}

/// Whether lists of other streams are found by the records of this one.
pub(crate) fn is_parent_of_lists(stream: &Stream) -> bool {
    parent_of_lists(stream).is_some()
}

/// Parents in the text of a page. A record without an id is skipped here and rejected when it is normalised.
fn parents(text: &str, stream: &Stream, parent: &Parent) -> Result<Vec<ParentRecord>, EnvelopeError> {
    let field_of = |column: &str| {
        let column = stream.table().columns.iter().find(|known| known.name == column)?;
        column.sources().0.first().copied()
    };
    let id_field = parent.columns.first().and_then(|(_, column)| field_of(column));
    let name_field = parent.name.and_then(field_of);
    let found = |record: &str| {
        let (mut id, mut name) = (None, None);
        for (field, value) in fields_of(record)? {
            if id_field == Some(field.as_str()) {
                id = Some(value);
            } else if name_field == Some(field.as_str()) {
                name = string_of(value);
            }
        }
        let id = id?;
        let id = match id.as_bytes().first()? {
            b'"' => string_of(id)?.trim().to_owned(),
            b'-' | b'0'..=b'9' => id.to_owned(),
            _ => return None,
        };
        (!id.is_empty()).then(|| ParentRecord { id, name: name.unwrap_or_default() })
    };
    Ok(records_of(text, stream.endpoint.shape())?.into_iter().filter_map(found).collect())
}

/// Ids of the parents in a landed page of their list; empty for a stream that is no parent of lists.
pub(crate) fn parent_ids(stream: &Stream, body: &[u8]) -> Vec<String> {
    let Some(parent) = parent_of_lists(stream) else { return Vec::new() };
    let read = |json: Json<'_>| parents(json.text, stream, parent);
    let found = with_json(body, stream.endpoint.shape(), Tolerance::Records, read);
    found.unwrap_or_default().into_iter().map(|parent| parent.id).collect()
}
