//! Finds out what the engine needs to know about an answer, in one pass over its body.

use super::error_body::is_no_answer;
use super::{ExtractError, SummarisePage};
use crate::catalog::{Lists, Paging, Stream, TARGET_GROUPS};
use crate::landing::LandingError;
use crate::record::company_key::{fields_of, string_of};
use crate::record::reading::{Tolerance, with_json};
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
    /// Target groups in the answer.
    pub(super) groups: Vec<Group>,
}

/// A target group as its list names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) name: String,
}

/// Probes a body and accepts as much damage as `tolerance` allows. The caller adds the quotation of the body to an
/// error.
pub(super) fn probe(want: Want, body: &[u8], tolerance: Tolerance) -> Result<Seen, EnvelopeError> {
    let single = want.stream.endpoint.paging == Paging::Single;
    with_json(body, single, tolerance, |json| {
        let (summary, companies) = if want.stream.lists == Lists::Companies {
            // Nothing compares the records of two such answers.
            (counted(json)?, Vec::new())
        } else if want.companies && want.stream.holds_companies() {
            summary_and_companies(json)?
        } else {
            ((want.summarise)(want.stream, json)?, Vec::new())
        };
        if is_no_answer(want.stream, summary.envelope, json.text.as_bytes()) {
            return Err(EnvelopeError::OtherShape { start: String::new() });
        }
        let groups = if want.stream.name == TARGET_GROUPS.name { groups(json.text)? } else { Vec::new() };
        Ok(Seen { summary, companies, groups })
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

/// Target groups in the text of a page. A record that is not a target group is skipped here and rejected when it is
/// normalised.
fn groups(text: &str) -> Result<Vec<Group>, EnvelopeError> {
    let group = |record: &str| {
        let (mut id, mut name) = (None, None);
        for (field, value) in fields_of(record)? {
            match field.as_str() {
                "id" => id = Some(value),
                "name" => name = string_of(value),
                _ => {}
            }
        }
        let id = id?;
        let id = match id.as_bytes().first()? {
            b'"' => string_of(id)?.trim().to_owned(),
            b'-' | b'0'..=b'9' => id.to_owned(),
            _ => return None,
        };
        (!id.is_empty()).then(|| Group { id, name: name.unwrap_or_default() })
    };
    Ok(records_of(text)?.into_iter().filter_map(group).collect())
}

/// Ids of the target groups in a landed page of their list.
pub(crate) fn target_group_ids(body: &[u8]) -> Vec<String> {
    let groups = with_json(body, true, Tolerance::Records, |json| groups(json.text));
    groups.unwrap_or_default().into_iter().map(|group| group.id).collect()
}
