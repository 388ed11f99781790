//! What the lines of a ledger say: requests, where their answers lie, and the evidence of lists.

use serde::{Deserialize, Serialize};

use crate::selection::SelectionUse;

/// A request, as the plan names it; the same plan names it the same way in every session of a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RequestKey {
    /// Index of the list in the run.
    pub list: u32,
    /// Which reading of the slice, from 1.
    pub sweep: u32,
    /// First characters of the ids that the slice holds, `#3` for the fourth chunk of ids, or empty for all.
    pub slice: String,
    /// What is asked.
    pub ask: Ask,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// The number of rows before they are read.
    CountBefore,
    /// The number of rows after they were read.
    CountAfter,
    /// The number of rows of a slice that is to be read again.
    CountAgain,
    /// Rows.
    Page {
        /// Position of the first row.
        offset: u64,
        /// Most rows wanted.
        limit: u32,
        /// How often the same rows were asked for before in this sweep, because the answer was not usable.
        again: u32,
        /// Whether the number of rows is asked for with them, so that both are of one moment.
        with_count: bool,
    },
    /// Rows of a page with a number.
    Numbered {
        /// The number, from 1.
        page: u64,
        /// Most rows wanted.
        size: u32,
        /// How often the page was asked for before in this sweep.
        again: u32,
    },
    /// Everything there is, in one answer.
    Whole {
        /// How often it was asked for before in this sweep.
        again: u32,
    },
}

/// A list of a run, as the ledger names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunList {
    /// Name of the stream whose endpoint is read.
    pub stream: String,
    /// Label, unique in the stream.
    pub label: String,
    /// Names of the streams that are made from it: the stream itself, or those whose questions one request answers.
    pub serves: Vec<String>,
    /// The target group that it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_group: Option<String>,
    /// First moment that is asked for, microseconds since 1970, UTC; none when time does not matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_from_us: Option<i64>,
    /// Last moment that is certainly covered, microseconds since 1970, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_to_us: Option<i64>,
}

/// Answers about several companies that were landed together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanyAnswers {
    /// Index of the list in the run.
    pub list: u32,
    /// The companies answered, as `FI/09704098`, in the order in which the answers lie there.
    pub companies: Vec<String>,
    /// Companies that the server does not know (404).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_found: Vec<String>,
    /// Companies that the server refuses to answer about: each becomes a reject.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refusal>,
    /// Records in the answers as they were received.
    pub rows: u64,
    /// Those of them that cannot be read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unreadable: u64,
    /// Where the answers lie, [`super::bundle`] says how; none when no company was found, or none is left. The first
    /// answer has this number, each further one the next. Where `erase` took an answer out, those behind it have moved
    /// up: rejects of earlier loads name them by the numbers that they had.
    pub at: Option<LandedAt>,
}

/// A company that the server refuses to answer about, such as one whose id fits no URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The company, as `FI/09704098`.
    pub company: String,
    /// The request and what the server said, one line.
    pub reason: String,
}

/// Where a page lies in the landing folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LandedAt {
    /// Number of the page in the run, from 1, in the order of landing.
    pub number: u64,
    /// Number of the segment file.
    pub segment: u32,
    /// First byte in it.
    pub position: u64,
    /// Bytes in it, compressed.
    pub length: u64,
    /// Bytes of the body as received.
    pub raw_length: u64,
    /// Checksum (XXH3, 64 bits) of the body as received.
    pub checksum: u64,
    /// When the answer was received, microseconds since 1970, UTC.
    pub fetched_at_us: i64,
}

/// What the run was asked to do: its first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`super::ledger::LEDGER_VERSION`].
    pub version: u32,
    /// Time-ordered id of the run.
    pub run_id: String,
    /// When it first started, microseconds since 1970, UTC.
    pub started_at_us: i64,
    /// The lists that are known beforehand, in order.
    pub lists: Vec<RunList>,
    /// Selections as given, for people; without secrets.
    pub arguments: String,
    /// Hash over everything that decides which requests are made; only the same may be resumed.
    pub fingerprint: String,
    /// What the run makes of its selections.
    #[serde(default)]
    pub selection: SelectionUse,
}

/// What is around the JSON of an answer and differs from the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unusual {
    /// The header `Content-Type` names something else than JSON, or is missing.
    ContentType,
    /// A byte order mark comes before the JSON.
    ByteOrderMark,
}

impl Unusual {
    /// The field as `etl.schema_drift` names it.
    pub fn label(self) -> &'static str {
        match self {
            Self::ContentType => "header Content-Type",
            Self::ByteOrderMark => "byte order mark",
        }
    }
}

/// How much was asked in one session of a run.
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
    /// Rows received in the sweeps that count, each position once.
    pub rows_received: u64,
    /// Different companies, or other things, among them. Where each company is asked for: companies answered.
    pub distinct_keys: u64,
    /// The server's total before; none when it gave none. Where each company is asked for: companies asked for.
    pub total_before: Option<u64>,
    /// The server's total after; none when it gave none.
    pub total_after: Option<u64>,
    /// Rows of a full page as received.
    pub effective_page_size: u64,
    /// Most sweeps that a slice of the list needed.
    pub sweeps: u32,
    /// Whether the evidence adds up.
    pub complete: bool,
    /// Why not; empty when it does.
    pub reasons: Vec<String>,
    /// Slice and sweep whose pages make up the list. For a list that is not complete all pages count.
    pub accepted: Vec<(String, u32)>,
    /// Companies that the server does not know, where each company is asked for.
    #[serde(default)]
    pub not_found: u64,
    /// Members of target groups that were not asked about because no selection of the run holds them, where each company is
    /// asked for: so many requests they would have cost.
    #[serde(default)]
    pub outside: u64,
    /// Business ids that the list was chosen by.
    #[serde(default)]
    pub ids_asked: u64,
    /// Those of them that did not come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_ids: Vec<String>,
    /// Records that came and cannot be read. They are why the list is not complete, and one of the reasons says so.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unreadable: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Verdict {
    /// Whether the evidence adds up, but for records that cannot be read: then it is known which pages make up the list.
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
    /// What the computer's clock said when the run started, where that is before what was written already: the run's own
    /// times go on from there.
    Clock {
        /// Microseconds since 1970, UTC.
        at_us: i64,
    },
    /// A number of rows; none when the server does not give one.
    Counted {
        /// Which request.
        key: RequestKey,
        /// The answer.
        total: Option<u64>,
    },
    /// A page, durable in the landing folder.
    Landed {
        /// Which request.
        key: RequestKey,
        /// Where it lies.
        at: LandedAt,
    },
    /// 404 where a page was asked for: the list ends before it.
    PastEnd {
        /// Which request.
        key: RequestKey,
    },
    /// A landed page that can no longer be read; it is fetched again.
    Damaged {
        /// Which request.
        key: RequestKey,
    },
    /// A page that could not be read as a whole, and what was asked for instead, in the order of the rows. Each of these has a
    /// line of its own.
    Parted {
        /// Which request.
        key: RequestKey,
        /// Its parts.
        parts: Vec<Ask>,
    },
    /// Answers differ from the document in what is around the JSON; once for each list and way.
    Unusual {
        /// Index of the list.
        list: u32,
        /// What differs.
        what: Unusual,
        /// As it was received.
        sample: String,
    },
    /// A list that was found while another was read.
    Found {
        /// Its index in the run.
        index: u32,
        /// The list.
        list: RunList,
    },
    /// Answers about companies, durable in the landing folder.
    Answered(CompanyAnswers),
    /// Answers about companies that can no longer be read; the companies are asked for again.
    AnswersDamaged {
        /// Number of the first of them.
        number: u64,
    },
    /// What a session of the run has spent, written when it ends in order.
    Spent(Spent),
    /// The evidence of a list.
    Judged(Verdict),
    /// The result was published as this generation; nothing is left to do.
    Published {
        /// Generation of the warehouse.
        generation: u64,
    },
    /// The run is given up; its pages are kept as long as those of published runs.
    Abandoned,
}
