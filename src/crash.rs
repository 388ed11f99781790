//! Places along the order of writes at which a test makes the process fail, to show that each is survived.
//!
//! `VAINU_ETL_CRASH=POINT:KIND[:N]` makes the N-th arrival (from 1, which is also the default) at a point fail.
//! `error` is an error of the file system, `panic` a panic, `kill` an end that nothing can catch, and `stop` waits
//! until somebody sends SIGCONT. Builds without debug assertions know nothing of this: there a point is no code.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The environment variable.
pub const VARIABLE: &str = "VAINU_ETL_CRASH";

macro_rules! points {
    ($($(#[doc = $doc:literal])+ $point:ident => $name:literal,)+) => {
        /// A place along the order of writes. The points are declared in that order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Point {
            $($(#[doc = $doc])+ $point,)+
        }

        impl Point {
            /// All points, in the order in which a run, and then `erase`, comes by.
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
    /// A new run's landing folder is made, under a name that nobody takes for a run.
    LandingCreated => "landing-created",
    /// The landing folder has its own name, durably.
    RunOpened => "run-opened",
    /// A page is written to its segment; once for each page or bundle of answers.
    PageWritten => "page-written",
    /// The segment is synced, the ledger knows nothing yet; once for each batch of pages.
    PagesSynced => "pages-synced",
    /// The lines of a batch are written to the ledger.
    LedgerWritten => "ledger-written",
    /// The ledger is synced; nobody has been told.
    LedgerSynced => "ledger-synced",
    /// The ledger knows the list of a target group, of which nothing has been asked; once for each.
    ListFound => "list-found",
    /// Answers about companies are written to their segment; once for each bundle.
    AnswersWritten => "answers-written",
    /// Answers about companies are durable and in the ledger; once for each bundle.
    AnswersLanded => "answers-landed",
    /// The evidence of all lists is in the ledger.
    ListsJudged => "lists-judged",
    /// The rows are staged.
    RowsStaged => "rows-staged",
    /// The next generation exists, with empty tables.
    NextCreated => "next-created",
    /// Everything is merged into it.
    NextFilled => "next-filled",
    /// It is written to the disk and closed.
    NextCheckpointed => "next-checkpointed",
    /// It has its views.
    ViewsInstalled => "views-installed",
    /// It passed the checks.
    ChecksPassed => "checks-passed",
    /// It is closed for good.
    NextClosed => "next-closed",
    /// It was opened once more as a reader does.
    NextVerified => "next-verified",
    /// It is synced.
    NextSynced => "next-synced",
    /// The published file has a second name, under which nobody takes it for a generation.
    GenerationBegun => "generation-begun",
    /// The published file is kept as a generation, durably.
    GenerationKept => "generation-kept",
    /// The next generation is in the place of the published file.
    Renamed => "renamed",
    /// The rename is durable.
    FolderSynced => "folder-synced",
    /// Surplus generations are removed.
    GenerationsPruned => "generations-pruned",
    /// The ledger says that the run is published.
    RunRecorded => "run-recorded",
    /// The staging folder is emptied.
    StagingEmptied => "staging-emptied",
    /// A surplus run is set aside, its pages not yet removed; once for each.
    RunSetAside => "run-set-aside",
    /// `erase`: a run's pages are written anew, the ledger still names the old ones; once for each run.
    ErasedPagesWritten => "erased-pages-written",
    /// `erase`: the ledger names the new pages, the old ones are still there.
    ErasedLedgerReplaced => "erased-ledger-replaced",
    /// `erase`: the old pages are gone.
    ErasedSegmentsRemoved => "erased-segments-removed",
    /// `erase`: a generation, or the published file, is written anew; once for each.
    ErasedFileWritten => "erased-file-written",
    /// `erase`: it was opened as a reader does, and is synced.
    ErasedFileVerified => "erased-file-verified",
    /// `erase`: it is in the place of the old one, durably.
    ErasedFileReplaced => "erased-file-replaced",
    /// `erase`: everything but the exports is done.
    ErasedWarehouse => "erased-warehouse",
    /// `erase`: an export is written again; once for each.
    ErasedExport => "erased-export",
}

/// Fails if the environment asks for it.
///
/// # Errors
/// Only the one that was asked for, or one about an environment variable that cannot be understood.
#[inline]
pub fn point(point: Point) -> io::Result<()> {
    if cfg!(debug_assertions) { arrive(point) } else { Ok(()) }
}

impl Point {
    /// Whether it is `erase` that comes by, and not a run.
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

/// What the environment asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Order {
    point: Point,
    kind: Kind,
    /// Which arrival, from 1.
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
    // It cannot fail for the process itself; if it did, the test would see that nothing was killed.
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
