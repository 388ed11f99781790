//! Failure points along the order of writes, where a test makes the process fail. Each failure must leave the warehouse
//! usable.
//!
//! `VAINU_ETL_CRASH=POINT:KIND[:N]` makes the N-th pass of a point fail (from 1, the default). `error` returns an I/O
//! error, `panic` panics, `kill` ends the process in a way that nothing can catch (SIGKILL), and `stop` suspends it
//! until SIGCONT. Ignored in builds without debug assertions, where a point compiles to nothing.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The environment variable.
pub const VARIABLE: &str = "VAINU_ETL_CRASH";

macro_rules! points {
    ($($(#[doc = $doc:literal])+ $point:ident => $name:literal,)+) => {
        /// A point along the order of writes. The points are declared in this order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Point {
            $($(#[doc = $doc])+ $point,)+
        }

        impl Point {
            /// All points, in the order in which a run passes them, and after it `erase`.
            pub const ALL: &[Self] = &[$(Self::$point),+];

            /// The name in the environment variable.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$point => $name,)+
                }
            }
        }
    };
}

points! {
    /// The landing folder of a new run exists under a temporary name.
    LandingCreated => "landing-created",
    /// The landing folder has its final name, durably.
    RunOpened => "run-opened",
    /// A page is written to its segment. Once for each page or bundle of answers.
    PageWritten => "page-written",
    /// The segment is synced, the ledger does not have the pages yet. Once for each batch of pages.
    PagesSynced => "pages-synced",
    /// The lines of a batch are written to the ledger.
    LedgerWritten => "ledger-written",
    /// The ledger is synced, and no caller has been told.
    LedgerSynced => "ledger-synced",
    /// The list of a target group is in the ledger, and none of its pages has been requested. Once for each list.
    ListFound => "list-found",
    /// Answers about companies are written to their segment. Once for each bundle.
    AnswersWritten => "answers-written",
    /// Answers about companies are durable and in the ledger. Once for each bundle.
    AnswersLanded => "answers-landed",
    /// The evidence of all lists is in the ledger.
    ListsJudged => "lists-judged",
    /// The rows are staged.
    RowsStaged => "rows-staged",
    /// The next generation exists, with empty tables.
    NextCreated => "next-created",
    /// All rows are merged into the next generation.
    NextFilled => "next-filled",
    /// The next generation is checkpointed, written to disk and closed.
    NextCheckpointed => "next-checkpointed",
    /// The next generation has its views.
    ViewsInstalled => "views-installed",
    /// The next generation passed the checks.
    ChecksPassed => "checks-passed",
    /// The next generation is closed for the last time.
    NextClosed => "next-closed",
    /// The next generation was opened as a reader opens it.
    NextVerified => "next-verified",
    /// The next generation is synced.
    NextSynced => "next-synced",
    /// The published file has a second name that is not yet the name of a generation.
    GenerationBegun => "generation-begun",
    /// The published file is kept as a generation, durably.
    GenerationKept => "generation-kept",
    /// The next generation has replaced the published file.
    Renamed => "renamed",
    /// The rename is durable.
    FolderSynced => "folder-synced",
    /// Surplus generations are removed.
    GenerationsPruned => "generations-pruned",
    /// The ledger says that the run is published.
    RunRecorded => "run-recorded",
    /// The staging folder is emptied.
    StagingEmptied => "staging-emptied",
    /// A surplus run is set aside, its pages are not yet removed. Once for each run.
    RunSetAside => "run-set-aside",
    /// `erase`: the pages of a run are rewritten, the ledger still names the old ones. Once for each run.
    ErasedPagesWritten => "erased-pages-written",
    /// `erase`: the ledger names the new pages, the old ones still exist.
    ErasedLedgerReplaced => "erased-ledger-replaced",
    /// `erase`: the old pages are removed.
    ErasedSegmentsRemoved => "erased-segments-removed",
    /// `erase`: a generation or the published file is rewritten. Once for each file.
    ErasedFileWritten => "erased-file-written",
    /// `erase`: the rewritten file was opened as a reader opens it, and is synced.
    ErasedFileVerified => "erased-file-verified",
    /// `erase`: the rewritten file has replaced the old one, durably.
    ErasedFileReplaced => "erased-file-replaced",
    /// `erase`: everything except the exports is done.
    ErasedWarehouse => "erased-warehouse",
    /// `erase`: an export is rewritten. Once for each export.
    ErasedExport => "erased-export",
}

/// Fails at this point if the environment variable asks for it.
///
/// # Errors
/// The requested error, or an error about an environment variable that cannot be parsed.
#[inline]
pub fn point(point: Point) -> io::Result<()> {
    if cfg!(debug_assertions) { arrive(point) } else { Ok(()) }
}

impl Point {
    /// Whether the point belongs to `erase`, not to a run.
    pub fn is_of_erase(self) -> bool {
        self as usize >= Self::ErasedPagesWritten as usize
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Error,
    Panic,
    Kill,
    Stop,
}

/// The parsed environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Order {
    point: Point,
    kind: Kind,
    /// Which pass of the point fails, from 1.
    nth: u32,
}

impl Order {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let name = parts.next()?;
        let point = Point::ALL.iter().copied().find(|point| point.name() == name)?;
        let kind = match parts.next()? {
            "error" => Kind::Error,
            "panic" => Kind::Panic,
            "kill" => Kind::Kill,
            "stop" => Kind::Stop,
            _ => return None,
        };
        let nth = parts.next().map_or(Some(1), |number| number.parse().ok())?;
        (nth > 0 && parts.next().is_none()).then_some(Self { point, kind, nth })
    }
}

fn arrive(point: Point) -> io::Result<()> {
    static PLAN: OnceLock<Option<Result<Order, String>>> = OnceLock::new();
    static ARRIVALS: AtomicU32 = AtomicU32::new(0);
    let plan = PLAN.get_or_init(|| {
        let text = std::env::var(VARIABLE).ok()?;
        Some(Order::parse(&text).ok_or(text))
    });
    let plan = match plan {
        None => return Ok(()),
        Some(Err(text)) => return Err(io::Error::other(format!("{VARIABLE}={text} is not POINT:KIND[:N]"))),
        Some(Ok(plan)) => plan,
    };
    if plan.point != point || ARRIVALS.fetch_add(1, Ordering::Relaxed) + 1 != plan.nth {
        return Ok(());
    }
    fail(point, plan.kind)
}

fn fail(point: Point, kind: Kind) -> io::Result<()> {
    let name = point.name();
    match kind {
        Kind::Error => Err(io::Error::other(format!("{VARIABLE} asks for an error at {name}"))),
        Kind::Panic => panic!("{VARIABLE} asks for a panic at {name}"),
        Kind::Kill => {
            signal_self(true);
            Ok(())
        }
        Kind::Stop => {
            signal_self(false);
            Ok(())
        }
    }
}

#[cfg(unix)]
fn signal_self(kill: bool) {
    use rustix::process::{Signal, getpid, kill_process};
    // A signal to the own process cannot fail. If it did, the test would notice that the process still runs.
    let _ = kill_process(getpid(), if kill { Signal::KILL } else { Signal::STOP });
}

#[cfg(not(unix))]
fn signal_self(kill: bool) {
    if kill {
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Order, Point};

    #[test]
    fn what_the_environment_asks_for_is_understood_or_refused() {
        let plan = |point, kind, nth| Some(Order { point, kind, nth });
        assert_eq!(Order::parse("renamed:kill"), plan(Point::Renamed, Kind::Kill, 1));
        assert_eq!(Order::parse("page-written:error:3"), plan(Point::PageWritten, Kind::Error, 3));
        assert_eq!(Order::parse("run-opened:panic:1"), plan(Point::RunOpened, Kind::Panic, 1));
        for wrong in ["", "renamed", "renamed:die", "rename:kill", "renamed:kill:0", "renamed:kill:1:2"] {
            assert_eq!(Order::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn no_two_points_have_the_same_name() {
        let names: std::collections::BTreeSet<_> = Point::ALL.iter().map(|point| point.name()).collect();
        assert_eq!(names.len(), Point::ALL.len());
    }
}
