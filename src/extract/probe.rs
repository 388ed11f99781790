//! What the engine wants to know of an answer, found in one look at its body.

use super::error_body::is_no_answer;
use super::{ExtractError, SummarisePage};
use crate::catalog::{Paging, Stream, TARGET_GROUPS};
use crate::landing::LandingError;
use crate::record::company_key::{fields_of, string_of};
use crate::record::reading::{Tolerance, with_json};
use crate::record::{EnvelopeError, PageSummary, records_of, summary_and_companies};

/// A body shorter than this is looked at where it is: handing it to another thread takes longer.
const SMALL: usize = 16 << 10;

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Want {
    pub(super) stream: &'static Stream,
    /// Tells the records of its pages apart.
    pub(super) summarise: SummarisePage,
    /// Whether anybody asks about the companies of lists.
    pub(super) companies: bool,
}

/// What was seen.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) facts: PageSummary,
    /// The companies in it, as `FI/09704098`, where they are wanted.
    pub(super) companies: Vec<String>,
    /// The target groups in it.
    pub(super) groups: Vec<Group>,
}

/// A target group as the list of them names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) name: String,
}

/// Looks at a body, as closely as `tolerance` says. Who asked quotes it in the error.
pub(super) fn probe(want: Want, body: &[u8], tolerance: Tolerance) -> Result<Seen, EnvelopeError> {
    let single = want.stream.endpoint.paging == Paging::Single;
    with_json(body, single, tolerance, |json| {
        let (facts, companies) = if want.companies && want.stream.holds_companies() {
            summary_and_companies(json)?
        } else {
            ((want.summarise)(want.stream, json)?, Vec::new())
        };
        if is_no_answer(want.stream, facts.envelope, json.text.as_bytes()) {
            return Err(EnvelopeError::OtherShape { start: String::new() });
        }
        let groups = if want.stream.name == TARGET_GROUPS.name { groups(json.text)? } else { Vec::new() };
        Ok(Seen { facts, companies, groups })
    })
}

/// Looks at a body without keeping other requests waiting.
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

/// A record that is no target group is passed over here and rejected when it is normalised.
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

/// Ids of the target groups in a landed list of them.
pub(crate) fn target_group_ids(body: &[u8]) -> Vec<String> {
    let groups = with_json(body, true, Tolerance::Records, |json| groups(json.text));
    groups.unwrap_or_default().into_iter().map(|group| group.id).collect()
}
