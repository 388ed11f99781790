//! Reads values and brackets from the bytes of a body that may be damaged.

use std::ops::Range;

use serde_json::value::RawValue;

use crate::record::mend::{Mended, mend, string_end};

/// Parses the value at the start of the bytes, mended if necessary, and returns its length in bytes. Adds the number
/// of bytes examined to `work`.
pub(super) fn value(json: &[u8], work: &mut usize) -> Option<(usize, Mended)> {
    let mut values = serde_json::Deserializer::from_slice(json).into_iter::<&RawValue>();
    let error = match values.next()? {
        Ok(value) => {
            let length = values.byte_offset();
            *work += length;
            let mut mended = Mended::default();
            mended.copy(value.get().as_bytes())?;
            return Some((length, mended));
        }
        Err(error) => error,
    };
    let place = offset_of(json, &error);
    *work += place;
    if !is_mendable(json, place, &error) {
        return None;
    }
    let length = length_of(json);
    *work += length.unwrap_or(json.len());
    let mended = mend(json.get(..length?)?)?;
    serde_json::from_str::<&RawValue>(&mended.text).ok()?;
    Some((length?, mended))
}

/// Offset in the text at which the parser stopped.
pub(crate) fn offset_of(json: &[u8], error: &serde_json::Error) -> usize {
    let breaks = json.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let line = std::iter::once(0).chain(breaks).nth(error.line().saturating_sub(1)).unwrap_or(0);
    (line + error.column().saturating_sub(1)).min(json.len())
}

/// Whether the parser may have stopped at something that can be mended.
fn is_mendable(json: &[u8], place: usize, error: &serde_json::Error) -> bool {
    let near = json.get(place.saturating_sub(1)..(place + 2).min(json.len())).unwrap_or_default();
    let may_be = |byte: &u8| matches!(byte, b'N' | b'I') || *byte < b' ' || !byte.is_ascii();
    // For bytes that are not UTF-8, the parser reports only where the value ends.
    near.iter().any(may_be) || error.to_string().contains("unicode")
}

/// Length of a value in bytes, determined from its brackets and quotes alone.
fn length_of(json: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0_usize, 0_usize);
    loop {
        match json.get(at)? {
            b'"' => at = string_end(json, at)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => return Some(at),
            _ => {}
        }
        at += 1;
        let ends = depth == 0 && matches!(json.get(at - 1), Some(b'"' | b'}' | b']'));
        if ends
            || (depth == 0 && matches!(json.get(at), None | Some(b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t')))
        {
            return Some(at);
        }
    }
}

/// The first offset from `at` on that is not a blank.
pub(super) fn blank(json: &[u8], at: usize) -> usize {
    let rest = json.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).count()
}

/// Range of the damaged bytes without the comma and blanks at its end. If nothing else is left, the comma stays.
pub(super) fn trimmed(json: &[u8], start: usize, end: usize) -> Range<usize> {
    let damaged = json.get(start..end).unwrap_or_default().trim_ascii_end();
    let inner = damaged.strip_suffix(b",").unwrap_or(damaged).trim_ascii_end();
    let kept = if inner.is_empty() { damaged } else { inner };
    start..start + kept.len()
}

/// Whether brackets are open at the end, outside of a string, and every closed bracket was closed by its own kind.
pub(super) fn is_open(json: &[u8]) -> bool {
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => match string_end(json, at) {
                Some(end) => at = end,
                None => return false,
            },
            b'{' | b'[' => open.push(*byte),
            b'}' if open.pop() != Some(b'{') => return false,
            b']' if open.pop() != Some(b'[') => return false,
            _ => {}
        }
        at += 1;
    }
    !open.is_empty()
}
