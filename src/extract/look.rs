//! What the engine wants to know of an answer, found in one look at its body.

use serde::Deserialize;
use serde_json::Value;

use super::ExtractError;
use super::lone::is_no_answer;
use crate::catalog::{Stream, TARGET_GROUPS_STREAM};
use crate::normalise::{EnvelopeError, PageFacts, fingerprints_and_companies, fingerprints_by, parse_single};

/// A body shorter than this is looked at where it is: handing it to another thread takes longer.
const SMALL: usize = 16 << 10;

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Want {
    pub(super) stream: &'static Stream,
    /// Whether anybody asks about the companies of lists.
    pub(super) companies: bool,
}

/// What was seen.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) facts: PageFacts,
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

/// Looks at a body. Who asked quotes it in the error.
pub(super) fn look(want: Want, body: &[u8]) -> Result<Seen, EnvelopeError> {
    let (facts, companies) = if want.companies && want.stream.holds_companies() {
        fingerprints_and_companies(body)?
    } else {
        (fingerprints_by(want.stream, body)?, Vec::new())
    };
    if is_no_answer(want.stream, facts.envelope, body) {
        return Err(EnvelopeError::OtherShape { start: String::new() });
    }
    let groups = if want.stream.name == TARGET_GROUPS_STREAM { groups(body)? } else { Vec::new() };
    Ok(Seen { facts, companies, groups })
}

/// Looks at a body without keeping other requests waiting.
pub(super) async fn aside(
    want: Want,
    body: bytes::Bytes,
) -> Result<Result<Seen, EnvelopeError>, ExtractError> {
    if body.len() < SMALL {
        return Ok(look(want, &body));
    }
    let seen = tokio::task::spawn_blocking(move || look(want, &body)).await;
    seen.map_err(|_| ExtractError::LandingStopped)
}

/// A record that is no target group is passed over here and rejected when it is normalised.
fn groups(body: &[u8]) -> Result<Vec<Group>, EnvelopeError> {
    #[derive(Deserialize)]
    struct Record {
        id: Value,
        #[serde(default)]
        name: Option<String>,
    }
    let group = |record: Record| {
        let id = match record.id {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let name = record.name.unwrap_or_default();
        (!id.is_empty()).then_some(Group { id, name })
    };
    let records = parse_single(body)?.records.into_iter();
    Ok(records.filter_map(|raw| group(serde_json::from_str(raw.get()).ok()?)).collect())
}

/// Ids of the target groups in a landed list of them.
pub(crate) fn target_group_ids(body: &[u8]) -> Vec<String> {
    groups(body).unwrap_or_default().into_iter().map(|group| group.id).collect()
}
