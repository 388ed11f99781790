//! Cuts subjects out of a landed body.
//!
//! A landed body is stored as the server sent it and may be only nearly JSON. It is read in the same way as
//! [`record`](crate::record) reads it. Bytes that are not about a subject stay unchanged.

use super::json::{self, Cut, Edits};
use super::subject::Subject;
use super::tally::Tally;
use crate::record::reading::repaired;

/// The result of [`cut`] on a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CutBody {
    /// The body is not about any subject and stays as it is.
    Same,
    /// The body without the subjects.
    Body(Vec<u8>),
    /// The whole body is about a subject.
    Gone,
}

/// Cuts the subjects out of `body`. A record that cannot be read is removed as a whole if it may name a subject.
///
/// # Errors
/// The body may name a subject, and no records can be told apart in it. The error is the reason in words.
pub(super) fn cut(body: &[u8], subjects: &[Subject], tally: &mut Tally) -> Result<CutBody, String> {
    let text = String::from_utf8_lossy(body);
    if !subjects.iter().any(|subject| subject.may_be_in(&text)) {
        return Ok(CutBody::Same);
    }
    let strictly = std::str::from_utf8(body)
        .map_err(|error| error.to_string())
        .and_then(|text| json::cut(text, subjects, None, tally).map_err(|error| error.to_string()));
    let reason = match strictly {
        Ok(Cut::Same) => return Ok(CutBody::Same),
        Ok(Cut::Text(text)) => return Ok(CutBody::Body(text.into_bytes())),
        Ok(Cut::Gone) => return Ok(CutBody::Gone),
        Err(reason) => reason,
    };
    let repaired = repaired(body).ok_or(reason)?;
    let edits = json::edits(&repaired.text, subjects, None, tally).map_err(|error| error.to_string())?;
    let Edits::At(edits) = edits else { return Ok(CutBody::Gone) };
    let in_body = |(range, new): (std::ops::Range<usize>, String)| {
        (repaired.position(range.start)..repaired.position(range.end), new)
    };
    let mut edits: Vec<_> = edits.into_iter().map(in_body).collect();
    for (range, received) in repaired.unreadable() {
        let text = String::from_utf8_lossy(received);
        let named = (0..).zip(subjects).filter(|(_, subject)| subject.may_be_in(&text));
        let named: Vec<usize> = named.map(|(index, _)| index).collect();
        if !named.is_empty() {
            tally.removed += 1;
            tally.found.extend(named);
            if range.len() == body.trim_ascii().len() {
                return Ok(CutBody::Gone);
            }
            edits.push((range, "null".to_owned()));
        }
    }
    if edits.is_empty() {
        return Ok(CutBody::Same);
    }
    edits.sort_by_key(|(range, _)| range.start);
    let (mut out, mut position) = (Vec::with_capacity(body.len()), 0);
    for (range, new) in &edits {
        out.extend_from_slice(body.get(position..range.start).unwrap_or_default());
        out.extend_from_slice(new.as_bytes());
        position = range.end;
    }
    out.extend_from_slice(body.get(position..).unwrap_or_default());
    Ok(CutBody::Body(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut_of(body: &[u8], subject: &str) -> (Result<CutBody, String>, u64) {
        let subject = Subject::company(subject).or_else(|_| Subject::person(subject)).unwrap();
        let mut tally = Tally::default();
        let cut = cut(body, &[subject], &mut tally);
        (cut, tally.removed)
    }

    #[test]
    fn what_is_only_nearly_json_is_cut_and_the_rest_stays_byte_for_byte() {
        let company = &b"{\"country\":\"FI\",\"business_id\":\"01120389\",\"x\":NaN}"[..];
        let other = &b"{\"country\":\"DK\",\"business_id\":\"2\",\"name\":\"K\xe4\tr\",\"n\":-Infinity}"[..];
        let list = |parts: &[&[u8]]| [b"\xef\xbb\xbf[ ", &parts.concat()[..], b" ]\n"].concat();
        for (body, wanted) in [
            (list(&[company, b" , ", other]), list(&[other])),
            (list(&[other, b",", company, b" , ", other]), list(&[other, b",", other])),
            (list(&[other, b",", company]), list(&[other])),
        ] {
            assert_eq!(cut_of(&body, "FI01120389"), (Ok(CutBody::Body(wanted)), 1));
            assert_eq!(cut_of(&body, "FI7654321"), (Ok(CutBody::Same), 0));
        }
        let person = b"[{\"contacts\":[{\"email\":\"a@b.example\",\"n\":NaN},{\"name\":\"\xe4\"}]}]";
        let wanted = b"[{\"contacts\":[{\"name\":\"\xe4\"}]}]".to_vec();
        assert_eq!(cut_of(person, "a@b.example"), (Ok(CutBody::Body(wanted)), 1));
    }

    #[test]
    fn a_record_that_cannot_be_read_goes_as_a_whole_when_it_may_name_the_subject() {
        let body =
            br#"[{"business_id":"1","n":"a"},{"business_id":"01120389","n":"x},{"business_id":"2","n":"b"}]"#;
        let wanted = br#"[{"business_id":"1","n":"a"},null,{"business_id":"2","n":"b"}]"#.to_vec();
        assert_eq!(cut_of(body, "FI01120389"), (Ok(CutBody::Body(wanted)), 1));
        assert_eq!(cut_of(body, "FI7654321"), (Ok(CutBody::Same), 0));
        let lone = br#"{"business_id":"01120389",}"#;
        assert_eq!(cut_of(lone, "FI01120389"), (Ok(CutBody::Gone), 1));
    }

    #[test]
    fn what_cannot_be_told_apart_is_an_error() {
        assert!(cut_of(b"<html>01120389", "FI01120389").0.is_err());
        assert_eq!(cut_of(b"<html>", "FI01120389").0, Ok(CutBody::Same));
    }
}
