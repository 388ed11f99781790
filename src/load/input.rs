//! Input and result of a load.

use std::path::PathBuf;
use std::time::Duration;

use duckdb::Connection;

use crate::catalog::Stream;
use crate::landing::ledger::Verdict;
use crate::staging::Staged;
use crate::views::StatusText;

/// Everything that one load publishes.
#[derive(Debug)]
pub struct LoadInput {
    /// The streams of the run. Tables of other streams are copied from the previous generation.
    pub streams: Vec<StreamInput>,
    /// Stream and list of lists of earlier runs that no longer exist: target groups that the complete list of target
    /// groups does not show any more. They count as complete and empty, and `max_deleted_percent` does not apply to
    /// them.
    pub retired: Vec<(String, String)>,
    /// The run itself.
    pub run: RunRecord,
    /// Whether the latest selection read is all companies, so that every company is selected. `None` derives it from
    /// the lists of the run. A rebuild has to set it, since its lists come from several runs.
    pub selects_all: Option<bool>,
    /// Ignore the previous generation: for a rebuild, which makes the warehouse from landed pages alone, and for `sync
    /// --restart-history`.
    pub from_scratch: bool,
    /// Highest share of its companies or rows that a complete list may lose before the load is refused, 0 to 100.
    /// Applies only to lists of which the previous generation has at least 100 companies or rows.
    pub max_deleted_percent: f64,
    /// Names of checks whose findings a person accepts.
    pub accepted_checks: Vec<String>,
    /// The user's status texts, for the table `status_texts`.
    pub status_texts: Vec<StatusText>,
    /// Number of earlier generations to keep; 0 keeps none.
    pub keep: usize,
}

/// What a run read of one stream.
#[derive(Debug)]
pub struct StreamInput {
    /// The stream's declaration.
    pub stream: &'static Stream,
    /// Its staged rows and rejects.
    pub staged: Staged,
    /// The stream's lists. The `_list` of a staged row is an index into this list.
    pub lists: Vec<ListResult>,
}

/// A list of a run, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListResult {
    /// The list's filters. They are its name in `etl.streams` and `etl.list_members`, unique within the stream.
    pub list: String,
    /// The target group that the list is about, as columns and values of the stream's main table. Empty for a list that
    /// is not about a target group, and for one of answers about several companies.
    pub parent: Vec<(&'static str, String)>,
    /// First and last moment that were asked for, microseconds since 1970, UTC. `None` for a list that was read whole.
    pub window_us: Option<(i64, i64)>,
    /// When the reading began, microseconds since 1970, UTC, by the server's clock as far as it is known. `None` if that is
    /// not known, as after a rebuild: the next run then reads the list whole.
    pub read_at_us: Option<i64>,
    /// The evidence, as in the columns of `etl.streams`. Companies that the list no longer holds are removed from it
    /// only if the evidence is complete. The missing ids are kept in `etl.ids_not_found`.
    pub verdict: Verdict,
}

impl ListResult {
    /// Whether the list was read whole, and the evidence is complete. Only then has the list lost what it did not show.
    pub fn is_whole(&self) -> bool {
        self.verdict.complete && self.window_us.is_none()
    }
}

/// The run as recorded in `etl.runs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Id of the run.
    pub run_id: String,
    /// When the run first started, microseconds since 1970, UTC. Never earlier than times already written (decision
    /// 0023).
    pub started_at_us: i64,
    /// The computer's clock at that moment, microseconds since 1970, UTC. Earlier than `started_at_us` if the clock was
    /// behind the times already written.
    pub clock_us: i64,
    /// When the run's data were ready, microseconds since 1970, UTC. It is also the `_deleted_at` of companies that
    /// this load deletes.
    pub finished_at_us: i64,
    /// `complete` or `incomplete`.
    pub status: String,
    /// The exit code of the run, which is published only if that is 0 or the one for an incomplete list.
    pub exit_code: u8,
    /// The selections as given, without secrets; `None` for NULL.
    pub arguments: Option<String>,
    /// Number of requests sent, retries included.
    pub requests: u64,
    /// Number of requests that were retries.
    pub retries: u64,
    /// Bytes of JSON received.
    pub bytes: u64,
}

/// Limits of a load.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadSettings {
    /// `DuckDB`'s memory limit in megabytes. Data that do not fit go to temporary files in the staging folder.
    pub memory_limit_mb: u64,
    /// Number of threads, at least 1.
    pub threads: usize,
    /// Most rejects of a stream that are stored, including those of earlier runs. Further ones are only counted.
    pub max_rejects: u64,
}

impl LoadSettings {
    /// Default of `max_rejects`: enough to find what is wrong with a field, in a few megabytes.
    pub const MAX_REJECTS: u64 = 100_000;
}

impl Default for LoadSettings {
    /// 130 MB, which loads and merges 1,000,000 prospects within 300 MiB of resident memory, and as many threads as the
    /// machine has.
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        Self { memory_limit_mb: 130, threads, max_rejects: Self::MAX_REJECTS }
    }
}

/// Error of a hook that cannot run.
pub type HookError = Box<dyn std::error::Error + Send + Sync>;

/// A hook that changes the new generation.
pub type InstallHook<'a> = &'a dyn Fn(&Connection) -> Result<(), HookError>;

/// A hook that looks for rows that must not exist.
pub type CheckHook<'a> = &'a dyn Fn(&Connection) -> Result<Vec<FailedCheck>, HookError>;

/// What is done with the new generation after its tables are filled. Each hook gets a connection to the file itself,
/// whose current schema is `main`.
#[derive(Clone, Copy)]
pub struct Hooks<'a> {
    /// Creates the views.
    pub install: InstallHook<'a>,
    /// Runs the checks. The load is accepted if the result is empty.
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
    /// Number of rows that it found, above 0.
    pub rows: u64,
    /// The first of these rows, one per line.
    pub sample: String,
}

/// A published generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Number of the generation.
    pub generation: u64,
    /// Path of the published file.
    pub path: PathBuf,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// What happened in each list, in the order of the input's streams and lists.
    pub lists: Vec<ListCounts>,
    /// Counts of companies, each counted once however many lists hold it. If no list of the run holds companies, or if
    /// `already` is true, the sum over the lists.
    pub totals: Counts,
    /// Number of live companies that no selection holds.
    pub outside: u64,
    /// Selections of earlier runs that still count, with the number of companies of each. At most 20; empty if the run
    /// read no selection.
    pub other_selections: Vec<(String, u64)>,
    /// Number of rows of each table of schema `main`, by the table's name.
    pub tables: Vec<(String, u64)>,
    /// True if an earlier attempt of the same run had already published, and this one had nothing to do.
    pub already: bool,
    /// How long each step took, in their order. Empty if `already` is true.
    pub steps: Vec<Step>,
}

/// What a load did to the rows of one list: to companies, or to rows of the stream's main table. A company in two lists
/// counts in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCounts {
    /// Name of the stream.
    pub stream: String,
    /// The list's filters.
    pub list: String,
    /// What happened to the rows.
    pub counts: Counts,
}

/// Numbers of companies or rows, by what a load did to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Companies or rows that were not in the warehouse.
    pub inserted: u64,
    /// Companies or rows with a changed value, and companies that came back.
    pub updated: u64,
    /// Companies or rows that were seen again without a change.
    pub unchanged: u64,
    /// Companies that disappeared from a complete list and are in no other list. Rows that were missing when their part
    /// of the table was read again.
    pub deleted: u64,
    /// Values and records that did not fit, each counted as often as it came.
    pub rejected: u64,
}

/// One step of a load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Name of the step.
    pub name: &'static str,
    /// How long it took.
    pub elapsed: Duration,
}
