//! Answers about single companies, many of them landed as one page.
//!
//! A page for each company would cost a ledger line, a sync and a zstd frame for a few hundred bytes. In a bundle,
//! each answer follows a header line: the company, the length of the answer in bytes, and the time it was received in
//! microseconds since 1970, UTC.
//!
//! ```text
//! FI/09704098 27 1732500000000000
//! [{"year":2024, "id":"..."}]
//! ```

use std::ops::Range;

use super::ledger::Refusal;

/// Maximum number of companies in a bundle.
pub const MOST_COMPANIES: usize = 64;

/// Answers to be landed together.
#[derive(Debug, Default)]
pub(crate) struct Bundle {
    pub(crate) body: Vec<u8>,
    /// Companies with an answer, in the order of the answers.
    pub(crate) companies: Vec<String>,
    /// Companies that the server does not know (404).
    pub(crate) not_found: Vec<String>,
    /// Companies that the server refuses to answer about.
    pub(crate) refused: Vec<Refusal>,
    /// Number of records in the answers.
    pub(crate) rows: u64,
    /// Number of those records that cannot be read.
    pub(crate) unreadable: u64,
    /// When the first of them was received, in microseconds since 1970, UTC.
    pub(crate) since_us: i64,
}

impl Bundle {
    /// Number of companies in the bundle.
    pub(crate) fn len(&self) -> usize {
        self.companies.len() + self.not_found.len() + self.refused.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a company that the server refuses to answer about.
    pub(crate) fn refuse(&mut self, company: String, reason: String, refused_at_us: i64) {
        if self.is_empty() {
            self.since_us = refused_at_us;
        }
        self.refused.push(Refusal { company, reason });
    }

    /// Adds the answer about a company: its body and its number of records, or `None` when the server does not know
    /// the company.
    pub(crate) fn add(&mut self, company: String, answer: Option<(&[u8], u64)>, fetched_at_us: i64) {
        if self.is_empty() {
            self.since_us = fetched_at_us;
        }
        let Some((body, rows)) = answer else {
            self.not_found.push(company);
            return;
        };
        append(&mut self.body, &company, body, fetched_at_us);
        self.companies.push(company);
        self.rows += rows;
    }
}

/// Appends the answer about a company to the body of a bundle.
pub(crate) fn append(bundle: &mut Vec<u8>, company: &str, answer: &[u8], fetched_at_us: i64) {
    bundle.extend_from_slice(format!("{company} {} {fetched_at_us}\n", answer.len()).as_bytes());
    bundle.extend_from_slice(answer);
    bundle.push(b'\n');
}

/// One answer in a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The company that was asked about, such as `FI/09704098`.
    pub company: String,
    /// When the answer was received, in microseconds since 1970, UTC.
    pub fetched_at_us: i64,
    /// Range of its body in the bundle.
    pub body: Range<usize>,
}

/// The answers in a bundle, in order; `None` when the bytes are not a bundle.
pub fn answers(bundle: &[u8]) -> Option<Vec<Answer>> {
    let mut answers = Vec::new();
    let mut at = 0;
    while at < bundle.len() {
        let rest = bundle.get(at..)?;
        let line_end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = std::str::from_utf8(rest.get(..line_end)?).ok()?;
        // A company's id can contain a space; the two numbers cannot.
        let mut parts = line.rsplitn(3, ' ');
        let fetched_at_us = parts.next()?.parse().ok()?;
        let length: usize = parts.next()?.parse().ok()?;
        let company = parts.next()?.to_owned();
        let begin = at + line_end + 1;
        let end = begin.checked_add(length)?;
        if bundle.get(end) != Some(&b'\n') {
            return None;
        }
        answers.push(Answer { company, fetched_at_us, body: begin..end });
        at = end + 1;
    }
    Some(answers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_out_as_they_went_in_whatever_bytes_they_hold() {
        let mut bundle = Bundle::default();
        let given: [(&str, &[u8]); 4] = [
            ("FI/1", b"[]"),
            ("DK/2 3", b"{\"a\":\"\\n\"}\n\nDK/9 1 1\n"),
            ("US/DE_6", b""),
            ("FI/4", b"\n"),
        ];
        for (at, (company, body)) in (100..).zip(given) {
            bundle.add(company.to_owned(), Some((body, 1)), at);
        }
        bundle.add("FI/404".to_owned(), None, 7);
        assert_eq!((bundle.len(), bundle.rows, bundle.since_us), (5, 4, 100));
        let read = answers(&bundle.body).unwrap();
        let found: Vec<_> = read
            .iter()
            .map(|answer| (answer.company.as_str(), &bundle.body[answer.body.clone()], answer.fetched_at_us))
            .collect();
        let expected: Vec<_> = (100..).zip(given).map(|(at, (company, body))| (company, body, at)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_cut_bundle_is_none() {
        let mut bundle = Bundle::default();
        bundle.add("FI/1".to_owned(), Some((b"[1,2]", 2)), 5);
        bundle.add("FI/2".to_owned(), Some((b"[3]", 1)), 6);
        let first = bundle.body.len() / 2;
        for cut in 1..bundle.body.len() {
            let read = answers(&bundle.body[..cut]);
            // A cut between two answers leaves a valid bundle. The checksum of the page detects that one.
            assert!(read.is_none_or(|read| read.len() == 1 && cut >= first), "{cut}");
        }
    }
}
