//! Turns a body as received into JSON text. No other module does this.
//!
//! A valid body is read as it is, in one pass; nothing else happens unless that fails. Then its text is repaired
//! ([`mend`](super::mend)). If the caller knows that the body is what the server has, and was not damaged by the
//! network, its records are separated even if one of them cannot be read ([`salvage`](super::salvage)). The landed
//! body stays as received, so that every later reading (staging, `rebuild`, a resumed run) gives the same result.

use std::sync::Arc;

use super::error::EnvelopeError;
use super::json_text::{self, Raw};
use super::mend::{BYTE_ORDER_MARK, mend, without_mark};
use super::repairs::Repairs;
use super::salvage::salvage;
use crate::catalog::api::Shape;

/// How much damage in a body is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tolerance {
    /// Values that JSON lacks, and text in another encoding. Every record can be read.
    Values,
    /// Also records that cannot be read: the body is known to be what the server has.
    Records,
    /// Also records that cannot be read, unless the body looks as if it was cut off in the last one.
    RecordsUnlessCut,
}

/// The text of a body, and the repairs that made it JSON.
#[derive(Debug, Clone, Copy)]
pub struct Json<'t> {
    /// The text. It is JSON unless the body is beyond repair.
    pub(crate) text: &'t str,
    /// The repairs; `None` when the text is the body as received.
    pub(crate) repairs: Option<&'t Arc<Repairs>>,
}

impl<'t> Json<'t> {
    /// The bytes of the unreadable record that `part` of the text stands for; `None` when `part` is something else.
    pub(crate) fn unreadable(&self, part: &str) -> Option<&'t [u8]> {
        self.repairs?.unreadable(part)
    }
}

/// Reads a body with `read`, which must fail with [`EnvelopeError::NotJson`] for text that is not JSON.
pub(crate) fn with_json<T>(
    body: &[u8],
    shape: Shape,
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
                    // The place of the error that remains after all repairs, as an offset in the body.
                    error.moved(body, |at| mark + repairs.position(at))
                }
                other => return other,
            }
        }
    };
    if tolerance == Tolerance::Values {
        return Err(error);
    }
    match salvage(json, shape) {
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

/// The text of a body that is JSON only after repair, with unreadable records replaced; `None` for a body that is JSON
/// as it is, and for one that cannot be repaired.
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
    let repaired = with_json(body, Shape::SINGLE, Tolerance::Records, check).ok().flatten()?;
    Some(Repaired { mark, ..repaired })
}

/// A body that is not a page, as a tree of values; `None` when it is not JSON even after repair.
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
    /// The text, which is JSON.
    pub(crate) text: String,
    repairs: Repairs,
    /// Length of the byte order mark in bytes; 0 when there is none.
    mark: usize,
}

impl Repaired {
    /// The offset in the body for an offset in the text that is not inside a repaired place.
    pub(crate) fn position(&self, at: usize) -> usize {
        self.mark + self.repairs.position(at)
    }

    /// Ranges of the body that hold unreadable records, with their bytes.
    pub(crate) fn unreadable(&self) -> impl Iterator<Item = (std::ops::Range<usize>, &[u8])> {
        let ranges = self.repairs.unreadable_ranges().into_iter();
        ranges.map(|(range, received)| (range.start + self.mark..range.end + self.mark, received))
    }
}
