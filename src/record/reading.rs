//! What JSON means here: the one place where a body as received becomes text that is JSON.
//!
//! A good body is read as it is, in one pass; nothing else is looked at unless that fails. Then its text is repaired
//! ([`mend`](super::mend)), and where a caller knows that the body is what the server has, not what the network made of it, its
//! records are told apart although one of them cannot be read ([`salvage`](super::salvage)). The landed body stays as received:
//! whoever reads it again (staging, `rebuild`, a resumed run) sees the same.

use std::sync::Arc;

use super::error::EnvelopeError;
use super::json_text::{self, Raw};
use super::mend::{BYTE_ORDER_MARK, mend, without_mark};
use super::repairs::Repairs;
use super::salvage::salvage;

/// How much may be wrong with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tolerance {
    /// Values that JSON lacks, and how text is written; every record can be read.
    Values,
    /// Records, too: the body is known to be what the server has.
    Records,
    /// Records, unless the last one looks as if the body was cut off in it.
    RecordsUnlessCut,
}

/// The text of a body, and what was repaired to make it JSON.
#[derive(Debug, Clone, Copy)]
pub struct Json<'t> {
    /// Text; JSON unless the body is beyond repair.
    pub(crate) text: &'t str,
    /// What was repaired; none when the text is the body.
    pub(crate) repairs: Option<&'t Arc<Repairs>>,
}

impl<'t> Json<'t> {
    /// The bytes of a record that cannot be read, when that is what `part` of the text stands for.
    pub(crate) fn unreadable(&self, part: &str) -> Option<&'t [u8]> {
        self.repairs?.unreadable(part)
    }
}

/// Reads a body with `read`, which fails with [`EnvelopeError::NotJson`] for what is no JSON. `single`: an object that is no
/// envelope is a record.
pub(crate) fn with_json<T>(
    body: &[u8],
    single: bool,
    tolerance: Tolerance,
    mut read: impl FnMut(Json<'_>) -> Result<T, EnvelopeError>,
) -> Result<T, EnvelopeError> {
    let as_it_is = match std::str::from_utf8(body) {
        Ok(text) => match read(Json { text, repairs: None }) {
            Err(error @ EnvelopeError::NotJson { .. }) => error,
            other => return other,
        },
        Err(error) => EnvelopeError::not_text(body, error.valid_up_to()),
    };
    let json = without_mark(body);
    let mark = body.len() - json.len();
    let error = match mend(json) {
        None => as_it_is,
        Some(mended) => {
            let (text, repairs) = (mended.text, mended.repairs);
            let repairs = Arc::new(repairs.of_text(&text));
            match read(Json { text: &text, repairs: Some(&repairs) }) {
                Err(error @ EnvelopeError::NotJson { .. }) => {
                    // Where all that was repaired is not the reason.
                    error.moved(body, |at| mark + repairs.position(at))
                }
                other => return other,
            }
        }
    };
    if tolerance == Tolerance::Values {
        return Err(error);
    }
    match salvage(json, single) {
        Some(salvaged) if !(salvaged.may_be_cut && tolerance == Tolerance::RecordsUnlessCut) => {
            let (text, repairs) = (salvaged.mended.text, salvaged.mended.repairs);
            let repairs = Arc::new(repairs.of_text(&text));
            read(Json { text: &text, repairs: Some(&repairs) }).map_err(|_| error)
        }
        _ => Err(error),
    }
}

/// Whether the body begins with a byte order mark.
pub(crate) fn has_byte_order_mark(body: &[u8]) -> bool {
    body.starts_with(BYTE_ORDER_MARK)
}

/// The text of a body that is JSON once it is repaired, records that cannot be read included; none of one that is JSON as it
/// is, and of one that is none.
pub(crate) fn repaired(body: &[u8]) -> Option<Repaired> {
    let check = |json: Json<'_>| -> Result<Option<Repaired>, EnvelopeError> {
        serde_json::from_str::<&serde_json::value::RawValue>(json.text)
            .map_err(|source| EnvelopeError::not_json(json.text.as_bytes(), source))?;
        Ok(json.repairs.map(|repairs| Repaired {
            text: json.text.to_owned(),
            repairs: Repairs::clone(repairs),
            mark: 0,
        }))
    };
    let mark = body.len() - without_mark(body).len();
    let repaired = with_json(body, true, Tolerance::Records, check).ok().flatten()?;
    Some(Repaired { mark, ..repaired })
}

/// A body that is no page as a tree of values; none of what is no JSON, also after it was repaired.
pub(crate) fn value_of(body: &[u8]) -> Option<serde_json::Value> {
    serde_json::from_slice(body).ok().or_else(|| {
        let repaired = repaired(body)?;
        let (text, _) = json_text::mended(Raw::of(&repaired.text));
        serde_json::from_str(&text).ok()
    })
}

/// A repaired body.
#[derive(Debug)]
pub(crate) struct Repaired {
    /// JSON.
    pub(crate) text: String,
    repairs: Repairs,
    /// Bytes of the byte order mark.
    mark: usize,
}

impl Repaired {
    /// The position in the body of a position in the text that is not inside a repaired place.
    pub(crate) fn position(&self, at: usize) -> usize {
        self.mark + self.repairs.position(at)
    }

    /// Where in the body records stand that cannot be read, with their bytes.
    pub(crate) fn unreadable(&self) -> impl Iterator<Item = (std::ops::Range<usize>, &[u8])> {
        let ranges = self.repairs.unreadable_ranges().into_iter();
        ranges.map(|(range, received)| (range.start + self.mark..range.end + self.mark, received))
    }
}
