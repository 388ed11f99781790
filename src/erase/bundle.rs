//! Cuts subjects out of a bundle: out of the landed answers about single companies, and out of the ledger entry that
//! names these companies.
//!
//! The answer about an erased company is removed as a whole, and its key with it. All other answers are cut by
//! [`body`](super::body). No country is assumed for their content: a company named in an answer can be of another
//! country than the company that the answer is about.

use super::body::{self, CutBody};
use super::subject::Subject;
use super::tally::Tally;
use crate::landing::bundle;
use crate::landing::ledger::CompanyAnswers;

/// Why a bundle cannot be cut.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BundleError {
    /// The bytes are not a bundle, or the bundle is cut off.
    #[error("it is no bundle of answers")]
    Form,
    /// A body may name a subject and is not JSON.
    #[error("the answer about {company} cannot be cut: {reason}")]
    Body {
        /// Key of the company that the answer is about.
        company: String,
        /// Why the body cannot be cut.
        reason: String,
    },
}

/// Cuts the subjects out of the ledger entry `answers` and out of its `bundle`. `None` if neither is about a subject.
///
/// # Errors
/// [`BundleError`].
pub(super) fn cut(
    mut answers: CompanyAnswers,
    bundle: &[u8],
    subjects: &[Subject],
    tally: &mut Tally,
) -> Result<Option<(CompanyAnswers, Vec<u8>)>, BundleError> {
    let mut left = Vec::with_capacity(bundle.len());
    let mut changed = false;
    for answer in bundle::answers(bundle).ok_or(BundleError::Form)? {
        if is_theirs(&answer.company, subjects, tally) {
            changed = true;
            continue;
        }
        let body = bundle.get(answer.body).unwrap_or_default();
        let failed = |reason: String| BundleError::Body { company: answer.company.clone(), reason };
        let cut = body::cut(body, subjects, tally).map_err(failed)?;
        changed |= cut != CutBody::Same;
        let body = match &cut {
            CutBody::Same => body,
            CutBody::Body(left) => left.as_slice(),
            // An answer without records.
            CutBody::Gone => b"[]",
        };
        bundle::append(&mut left, &answer.company, body, answer.fetched_at_us);
    }
    // Not added to `tally`: the answers of these companies were counted above.
    answers.companies.retain(|company| {
        let goes = is_theirs(company, subjects, &mut Tally::default());
        changed |= goes;
        !goes
    });
    answers.not_found.retain(|company| {
        let goes = is_theirs(company, subjects, tally);
        changed |= goes;
        !goes
    });
    answers.refused.retain(|refusal| {
        let goes = is_theirs(&refusal.company, subjects, tally);
        changed |= goes;
        !goes
    });
    Ok(changed.then_some((answers, left)))
}

/// Whether `company`, a key such as `FI/09704098`, is one of the subjects. If so, it is added to `tally`.
fn is_theirs(company: &str, subjects: &[Subject], tally: &mut Tally) -> bool {
    let is_key =
        |subject: &Subject| matches!(subject, Subject::Company { .. }) && subject.to_string() == company;
    let Some(index) = subjects.iter().position(is_key) else { return false };
    tally.removed += 1;
    tally.found.insert(index);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUNDLE: &[u8] = b"FI/01120389 3 17\n{ }\nDK/01120389 2 18\n[]\nFI/00000001 57 19\n\
        [{\"email\":\"A@b.example\",\"title\":\"CEO\"} , {\"email\": null}]\n";

    fn answers(companies: &[&str], not_found: &[&str]) -> CompanyAnswers {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        CompanyAnswers {
            list: 3,
            companies: owned(companies),
            not_found: owned(not_found),
            refused: Vec::new(),
            rows: 5,
            unreadable: 0,
            at: None,
        }
    }

    fn cut_of(subject: &str) -> (Option<(CompanyAnswers, Vec<u8>)>, Tally) {
        let subject = Subject::company(subject).or_else(|_| Subject::person(subject)).unwrap();
        let mut tally = Tally::default();
        let all = answers(&["FI/01120389", "DK/01120389", "FI/00000001"], &["SE/1", "SE/2"]);
        (cut(all, BUNDLE, &[subject], &mut tally).unwrap(), tally)
    }

    #[test]
    fn the_answer_about_a_company_goes_and_the_others_stay_as_they_are() {
        let (left, tally) = cut_of("FI01120389");
        let (named, bundle) = left.unwrap();
        assert_eq!(bundle, BUNDLE[b"FI/01120389 3 17\n{ }\n".len()..]);
        assert_eq!(named, answers(&["DK/01120389", "FI/00000001"], &["SE/1", "SE/2"]));
        assert_eq!(tally.removed, 1);
    }

    #[test]
    fn a_company_that_the_server_did_not_know_is_named_no_more() {
        let (left, tally) = cut_of("SE1");
        let (named, bundle) = left.unwrap();
        assert_eq!(bundle, BUNDLE);
        assert_eq!(named, answers(&["FI/01120389", "DK/01120389", "FI/00000001"], &["SE/2"]));
        assert_eq!(tally.removed, 1);
        let none =
            cut(answers(&[], &["SE/1"]), b"", &[Subject::company("SE1").unwrap()], &mut Tally::default());
        assert_eq!(none, Ok(Some((answers(&[], &[]), Vec::new()))));
    }

    #[test]
    fn a_person_is_cut_out_of_a_body_and_its_length_is_right() {
        let (left, tally) = cut_of("a@b.example");
        let text = String::from_utf8(left.unwrap().1).unwrap();
        assert!(text.ends_with("FI/00000001 17 19\n[{\"email\": null}]\n"), "{text}");
        assert_eq!((tally.removed, tally.changed), (1, 0));
        assert_eq!(cut_of("c@b.example"), (None, Tally::default()));
    }

    #[test]
    fn what_is_no_bundle_is_an_error_and_not_cut() {
        let cut = |bundle: &[u8]| {
            let subjects = [Subject::person("a@b").unwrap()];
            cut(answers(&["FI/1"], &[]), bundle, &subjects, &mut Tally::default())
        };
        assert_eq!(cut(b"FI/1 5 17\n{}\n"), Err(BundleError::Form));
        let error = cut(b"FI/1 6 17\n<a@b>\n\n").unwrap_err().to_string();
        assert!(error.starts_with("the answer about FI/1 cannot be cut: expected value"), "{error}");
    }
}
