//! What a load is given, and what it gives back.

use std::path::PathBuf;
use std::time::Duration;

use duckdb::Connection;

use crate::catalog::Stream;
use crate::staging::Staged;
use crate::views::StatusText;

/// Everything that one run publishes.
#[derive(Debug)]
pub struct LoadInput {
    /// The streams of the run. The tables of the others are taken over from the previous generation.
    pub streams: Vec<StreamInput>,
    /// Lists of earlier runs that are no more, as stream and list: target groups that a complete list of all of them no
    /// longer shows. They count as complete and empty, and are not asked how much they lose.
    pub retired: Vec<(String, String)>,
    /// The run itself.
    pub run: RunRecord,
    /// Whether the latest reading of selections was of all companies, so that every company is selected; none to let the
    /// lists of the run say so. A rebuild has lists of several runs.
    pub selects_all: Option<bool>,
    /// Leave the previous generation out: a rebuild makes the warehouse from landed pages alone.
    pub from_scratch: bool,
    /// Highest share of its companies that a complete list may lose before the load is refused, 0 to 100. Asked
    /// only of lists of which the previous generation knew at least 100 companies.
    pub max_deleted_percent: f64,
    /// Names of checks that a person accepts whatever they find.
    pub accepted_checks: Vec<String>,
    /// The user's own status texts, for the table `status_texts`.
    pub status_texts: Vec<StatusText>,
    /// Earlier generations to keep; 0 keeps none.
    pub keep: usize,
}

/// What a run read of one stream.
#[derive(Debug)]
pub struct StreamInput {
    /// The stream.
    pub stream: &'static Stream,
    /// Its staged rows and rejects.
    pub staged: Staged,
    /// Its lists; a staged row's `_list` is an index in here.
    pub lists: Vec<ListResult>,
}

/// The evidence of one list; see the columns of `etl.streams`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListResult {
    /// The list's filters, its name in `etl.streams` and `etl.list_members`; unique in the stream.
    pub list: String,
    /// What the list was asked about, as columns and values of the stream's main table: the target group. Empty for a
    /// list of its own, and for one of many companies.
    pub parent: Vec<(&'static str, String)>,
    /// Rows received in the sweep that counts.
    pub rows_received: u64,
    /// Different companies among them.
    pub distinct_keys: u64,
    /// The server's total before the sweep; none when it gave none.
    pub total_before: Option<u64>,
    /// The server's total after the sweep; none when it gave none.
    pub total_after: Option<u64>,
    /// Rows that a full page really held.
    pub effective_page_size: u64,
    /// How often the list, or a part of it, was read.
    pub sweeps: u32,
    /// Whether the evidence adds up. Only then are companies that it no longer holds taken out of it.
    pub complete: bool,
    /// First and last moment that were asked for, microseconds since 1970, UTC; none when time does not matter.
    pub window_us: Option<(i64, i64)>,
    /// Why the evidence does not add up; for the report.
    pub reasons: Vec<String>,
    /// Companies that the server does not know, where each is asked for; for the report.
    pub not_found: u64,
    /// Members of target groups that were not asked about, because no selection of the run holds them; for the report.
    pub outside: u64,
    /// Business ids that the list was chosen by; for the report.
    pub ids_asked: u64,
    /// Those of them that did not come, without country prefix and dash; kept in `etl.ids_not_found`.
    pub missing_ids: Vec<String>,
}

/// The run, as `etl.runs` keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// The run's id.
    pub run_id: String,
    /// When it first started, microseconds since 1970, UTC.
    pub started_at_us: i64,
    /// What the computer's clock said then, microseconds since 1970, UTC: earlier when it was behind what had been written.
    pub clock_us: i64,
    /// When its data were ready, microseconds since 1970, UTC; also the `_deleted_at` of what it deletes.
    pub finished_at_us: i64,
    /// `complete` or `incomplete`.
    pub status: String,
    /// Exit code, 0 or 4.
    pub exit_code: u8,
    /// The selections as given, without secrets.
    pub arguments: Option<String>,
    /// Requests sent, retries included.
    pub requests: u64,
    /// Requests sent again.
    pub retries: u64,
    /// Bytes of JSON received.
    pub bytes: u64,
}

/// What a load may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadSettings {
    /// `DuckDB`'s memory limit in megabytes. What does not fit goes to temporary files in the staging folder.
    pub memory_limit_mb: u64,
    /// Threads, at least 1.
    pub threads: usize,
    /// Most rejects of a stream that are stored, those of earlier runs included; more are counted only.
    pub max_rejects: u64,
}

impl LoadSettings {
    /// Most rejects of a stream that are stored: enough to find what is wrong with a field, and a few megabytes.
    pub const MAX_REJECTS: u64 = 100_000;
}

impl Default for LoadSettings {
    /// 130 MB, with which 1,000,000 prospects are loaded and merged within 300 MiB of resident memory, and as many
    /// threads as the machine has.
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        Self { memory_limit_mb: 130, threads, max_rejects: Self::MAX_REJECTS }
    }
}

/// What a hook reports when it cannot run.
pub type HookError = Box<dyn std::error::Error + Send + Sync>;

/// A hook that changes the new generation.
pub type InstallHook<'a> = &'a dyn Fn(&Connection) -> Result<(), HookError>;

/// A hook that looks for rows that must not be.
pub type CheckHook<'a> = &'a dyn Fn(&Connection) -> Result<Vec<FailedCheck>, HookError>;

/// What is done with the new generation once its tables are filled. Each gets a connection to the file itself,
/// whose current schema is `main`.
#[derive(Clone, Copy)]
pub struct Hooks<'a> {
    /// Creates the views.
    pub install: InstallHook<'a>,
    /// Runs the checks; an empty answer lets the load pass.
    pub check: CheckHook<'a>,
}

impl std::fmt::Debug for Hooks<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Hooks").finish_non_exhaustive()
    }
}

/// A check that found rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedCheck {
    /// Name of the check.
    pub name: String,
    /// Rows that it found, above 0.
    pub rows: u64,
    /// The first of them, one per line.
    pub sample: String,
}

/// A generation that people now read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its number.
    pub generation: u64,
    /// The published file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// What happened in each list, in the order of the input's streams and lists.
    pub lists: Vec<ListCounts>,
    /// What happened to companies, each counted once however many lists hold it; when no list of the run holds
    /// companies, or `already` is true, the sum over the lists.
    pub totals: Counts,
    /// Live companies that no selection holds.
    pub outside: u64,
    /// Selections of earlier runs that still count, with the companies of each; at most 20, and none when the run read no
    /// selection.
    pub other_selections: Vec<(String, u64)>,
    /// Rows of each table of schema `main`, by name.
    pub tables: Vec<(String, u64)>,
    /// True when an earlier attempt of the same run had published already, and this one had nothing to do.
    pub already: bool,
    /// How long each step took, in their order; empty when nothing was done.
    pub steps: Vec<Step>,
}

/// What a load did to the rows of one list: companies, or rows of the stream's main table. A company in two lists counts
/// in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCounts {
    /// Name of the stream.
    pub stream: String,
    /// The list's filters.
    pub list: String,
    /// The counts.
    pub counts: Counts,
}

/// What a load did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Companies or rows that the warehouse did not hold.
    pub inserted: u64,
    /// Those with a changed value, and companies that came back.
    pub updated: u64,
    /// Those seen again as they were.
    pub unchanged: u64,
    /// Companies that disappeared from a complete list and are in no list any more; rows that were not there any more when
    /// their part of the table was read again.
    pub deleted: u64,
    /// Values and records that did not fit, each as often as it came.
    pub rejected: u64,
}

/// One step of a load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What was done.
    pub name: &'static str,
    /// How long it took.
    pub elapsed: Duration,
}
