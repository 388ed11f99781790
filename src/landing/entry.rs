//! Content of the lines of a ledger: requests, where their answers are stored, and the evidence of lists.

use serde::{Deserialize, Serialize};

use crate::selection::SelectionUse;

/// Key of a request. The same plan gives the same keys in every session of a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RequestKey {
    /// Index of the list in the run.
    pub list: u32,
    /// Number of the reading of the slice, from 1.
    pub sweep: u32,
    /// Prefix of the ids in the slice, `#3` for the fourth chunk of ids, or empty for the whole list.
    pub slice: String,
    /// What the request asks for.
    pub ask: Ask,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// The number of rows, before the rows are read.
    CountBefore,
    /// The number of rows, after the rows were read.
    CountAfter,
    /// The number of rows of a slice that is about to be read again.
    CountAgain,
    /// The number of rows that have changed after a moment that is still to come: none, unless the server does not heed
    /// the filter.
    CountToCome,
    /// Rows from a position on.
    Page {
        /// Position of the first row, from 0.
        offset: u64,
        /// Maximum number of rows.
        limit: u32,
        /// How many times the same rows were already asked for in this sweep, because the answer was not usable.
        again: u32,
        /// Whether the answer shall include the number of rows, so that rows and number are from the same moment.
        with_count: bool,
    },
    /// Rows of a numbered page.
    Numbered {
        /// Number of the page, from 1.
        page: u64,
        /// Maximum number of rows.
        size: u32,
        /// How many times the page was already asked for in this sweep.
        again: u32,
    },
    /// All rows in one answer.
    Whole {
        /// How many times the answer was already asked for in this sweep.
        again: u32,
    },
}

/// A list of a run, as the ledger names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunList {
    /// Name of the stream whose endpoint is read.
    pub stream: String,
    /// Label, unique within the stream.
    pub label: String,
    /// Names of the streams that are made from its answers: the stream itself, or several streams that one request
    /// serves.
    pub serves: Vec<String>,
    /// Key of the parent that the list is of, such as the id of a target group; `None` for other lists. Ledgers of
    /// version 0.1.0 call it `target_group`.
    #[serde(default, alias = "target_group", skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// First moment that is asked for, in microseconds since 1970, UTC: of a window of time, or of a change. `None` when
    /// the whole list is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_from_us: Option<i64>,
    /// Last moment that is certainly covered, in microseconds since 1970, UTC; `None` when the whole list is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_to_us: Option<i64>,
}

/// Answers about several companies that landed together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanyAnswers {
    /// Index of the list in the run.
    pub list: u32,
    /// Companies with an answer, such as `FI/09704098`, in the order of the answers.
    pub companies: Vec<String>,
    /// Companies that the server does not know (404).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_found: Vec<String>,
    /// Companies that the server refuses to answer about. Each becomes a reject.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refusal>,
    /// Number of records in the answers, as received.
    pub rows: u64,
    /// Number of those records that cannot be read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unreadable: u64,
    /// Where the bundle is stored; [`super::bundle`] describes its format. `None` when no company was found, or when
    /// no answer is left after an erasure. The first answer has this number, and each further one the next. When
    /// `erase` removes an answer, the answers behind it get lower numbers, while rejects of earlier loads still name
    /// them by the numbers that they had.
    pub at: Option<LandedAt>,
}

/// A company that the server refuses to answer about, such as one whose id fits no URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The company, such as `FI/09704098`.
    pub company: String,
    /// The request and the server's message, in one line.
    pub reason: String,
}

/// Where a page is stored in the landing folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LandedAt {
    /// Number of the page in the run, from 1, in the order of landing.
    pub number: u64,
    /// Number of the segment file.
    pub segment: u32,
    /// Position of its first byte in the segment file.
    pub position: u64,
    /// Compressed length in bytes.
    pub length: u64,
    /// Length of the body as received, in bytes.
    pub raw_length: u64,
    /// Checksum (XXH3, 64 bits) of the body as received.
    pub checksum: u64,
    /// When the answer was received, in microseconds since 1970, UTC.
    pub fetched_at_us: i64,
}

/// What the run was asked to do. This is the first line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Version of the ledger's lines: [`super::ledger::LEDGER_VERSION`].
    pub version: u32,
    /// Time-ordered id of the run.
    pub run_id: String,
    /// When the run first started, in microseconds since 1970, UTC.
    pub started_at_us: i64,
    /// The lists that are known when the run starts, in order.
    pub lists: Vec<RunList>,
    /// Selections as the user gave them, for display; without secrets.
    pub arguments: String,
    /// Hash of everything that decides which requests are made. Only a run with the same fingerprint may be resumed.
    pub fingerprint: String,
    /// How the run uses its selections.
    #[serde(default)]
    pub selection: SelectionUse,
}

/// Something around the JSON of an answer that differs from the API's document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unusual {
    /// The header `Content-Type` is missing or names something other than JSON.
    ContentType,
    /// A byte order mark comes before the JSON.
    ByteOrderMark,
}

impl Unusual {
    /// Name of the field in `etl.schema_drift`.
    pub fn label(self) -> &'static str {
        match self {
            Self::ContentType => "header Content-Type",
            Self::ByteOrderMark => "byte order mark",
        }
    }
}

/// What one session of a run sent and received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Requests sent, retries included.
    pub requests: u64,
    /// Requests sent again.
    pub retries: u64,
    /// Bytes of JSON received.
    pub bytes: u64,
}

/// The evidence of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Index of the list.
    pub list: u32,
    /// Rows received in the sweeps that count, with each position counted once.
    pub rows_received: u64,
    /// Distinct companies, or other records, among the rows. For a list that asks about each company: companies
    /// answered.
    pub distinct_keys: u64,
    /// The server's total before the reading; `None` when it gave none. For a list that asks about each company:
    /// companies to ask about.
    pub total_before: Option<u64>,
    /// The server's total after the reading; `None` when it gave none.
    pub total_after: Option<u64>,
    /// Rows in a full page, as received.
    pub effective_page_size: u64,
    /// Largest number of sweeps that a slice of the list needed.
    pub sweeps: u32,
    /// Whether the evidence adds up.
    pub complete: bool,
    /// Why the evidence does not add up; empty when it does.
    pub reasons: Vec<String>,
    /// Slices and sweeps whose pages make up the list. For a list that is not complete, all pages count.
    pub accepted: Vec<(String, u32)>,
    /// Companies that the server does not know, for a list that asks about each company.
    #[serde(default)]
    pub not_found: u64,
    /// Members of target groups that were not asked about because no selection of the run holds them, for a list that
    /// asks about each company. Asking about them would cost one request each.
    #[serde(default)]
    pub outside: u64,
    /// Number of business ids by which the list was selected.
    #[serde(default)]
    pub ids_asked: u64,
    /// Those business ids that were not received.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_ids: Vec<String>,
    /// Records that were received and cannot be read. They make the list incomplete, and one of the reasons says so.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unreadable: u64,
    /// Whether only what changed was asked for, and the server gave the whole list, because it does not heed the filter.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unfiltered: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Verdict {
    /// Whether the evidence adds up, apart from records that cannot be read. If so, the pages that make up the list
    /// are known.
    pub fn is_proven(&self) -> bool {
        self.complete || (self.unreadable > 0 && self.reasons.len() == 1)
    }
}

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// The first line.
    Opened(Header),
    /// The computer's clock at the start of the run, if it was behind a time that was already written. The times of
    /// the run continue from the written time.
    Clock {
        /// Microseconds since 1970, UTC.
        at_us: i64,
    },
    /// The server's number of rows.
    Counted {
        /// Key of the request.
        key: RequestKey,
        /// The number; `None` when the server does not give one.
        total: Option<u64>,
    },
    /// A page, durable in the landing folder.
    Landed {
        /// Key of the request.
        key: RequestKey,
        /// Where the page is stored.
        at: LandedAt,
    },
    /// 404 for a page: the list ends before it.
    PastEnd {
        /// Key of the request.
        key: RequestKey,
    },
    /// A landed page that can no longer be read. It is fetched again.
    Damaged {
        /// Key of the request.
        key: RequestKey,
    },
    /// A page that could not be read as a whole, and the requests that replace it, in the order of the rows. Each of
    /// these has a line of its own.
    Parted {
        /// Key of the request for the page.
        key: RequestKey,
        /// What the requests for its parts ask for.
        parts: Vec<Ask>,
    },
    /// Answers differ from the API's document in what is around the JSON. Written once for each list and difference.
    Unusual {
        /// Index of the list.
        list: u32,
        /// What differs.
        what: Unusual,
        /// A sample, as received.
        sample: String,
    },
    /// A list that was found while another one was read.
    Found {
        /// Its index in the run.
        index: u32,
        /// The list.
        list: RunList,
    },
    /// Answers about companies, durable in the landing folder.
    Answered(CompanyAnswers),
    /// Answers about companies that can no longer be read. The companies are asked about again.
    AnswersDamaged {
        /// Number of the first answer.
        number: u64,
    },
    /// What a session of the run spent, written when the session ends normally.
    Spent(Spent),
    /// The evidence of a list.
    Judged(Verdict),
    /// The result was published as this generation, and the run is finished.
    Published {
        /// Generation of the warehouse.
        generation: u64,
    },
    /// The run was given up. Its pages are kept as long as those of published runs.
    Abandoned,
}
