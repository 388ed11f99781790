//! Every point × {error, panic, kill} × {first load, second load, resume of a resume} × {companies alone, everything}.
//!
//! Here, each point is met in each situation and with each kind, in chains: the run that follows a crash crashes at
//! the next point. `make soak` adds every combination by itself.

use vainu_etl::crash::Point;

use super::dump::{Dump, assert_same, dump};
use super::rig::{Kind, Load, Rig, is_tidying};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Situation {
    /// Nothing is published.
    First,
    /// A generation is published, and the API has changed since.
    Second,
    /// As before, and a run was killed while it fetched, and its resume too.
    Resumed,
}

impl Situation {
    /// Whether a run comes by the point.
    fn meets(self, load: Load, point: Point) -> bool {
        match point {
            Point::AnswersWritten | Point::AnswersLanded => load == Load::Default,
            // The sessions before may have found them all.
            Point::ListFound => load == Load::Default && self != Self::Resumed,
            Point::GenerationBegun | Point::GenerationKept | Point::RunSetAside => self != Self::First,
            Point::LandingCreated | Point::RunOpened => self != Self::Resumed,
            _ => !point.is_of_erase(),
        }
    }
}

/// A warehouse before the run, and what the file has to hold before and after it.
struct Base {
    rig: Rig,
    old: Option<Dump>,
    new: Dump,
}

impl Base {
    fn new(load: Load, situation: Situation) -> Self {
        let rig = Rig::new(load);
        if situation != Situation::First {
            rig.succeed();
            rig.change();
        }
        let undisturbed = Rig::like(&rig);
        undisturbed.succeed();
        undisturbed.assert_equal_to_source();
        undisturbed.assert_tidy();
        if situation == Situation::Resumed {
            rig.crash(Point::PageWritten, Kind::Kill, 3);
            rig.crash(Point::LedgerWritten, Kind::Kill, 3);
        }
        let old = dump(&rig.warehouse());
        Self { rig, old, new: dump(&undisturbed.warehouse()).unwrap() }
    }

    /// Crashes at each point in turn, each time in the run that goes on with the one before, then lets it succeed.
    fn survives(&self, steps: &[(Point, Kind)]) {
        let rig = Rig::like(&self.rig);
        let mut recorded = false;
        for (point, kind) in steps {
            let place = format!("{}:{kind:?}", point.name());
            rig.crash(*point, *kind, nth(*point));
            let switched = *point as usize >= Point::Renamed as usize;
            let wanted = if switched { Some(&self.new) } else { self.old.as_ref() };
            assert_same(dump(&rig.warehouse()).as_ref(), wanted, &place);
            recorded = *point as usize >= Point::RunRecorded as usize
                || (is_tidying(*point) && *kind == Kind::Error);
        }
        rig.succeed();
        rig.assert_equal_to_source();
        rig.assert_tidy();
        // After a recorded run the same command makes a new one.
        if !recorded {
            assert_same(
                dump(&rig.warehouse()).as_ref(),
                Some(&self.new),
                &format!("{steps:?}, then resumed"),
            );
        }
    }
}

/// Which arrival: in the middle of the pages or lists for the one that comes with each. Of the points that come with each batch
/// of pages or entries, however many these are, only the second is before the publishing in any case.
fn nth(point: Point) -> u32 {
    match point {
        Point::PageWritten | Point::ListFound => 3,
        Point::PagesSynced | Point::LedgerWritten | Point::LedgerSynced => 2,
        _ => 1,
    }
}

/// Points that the run which goes on may not come by again: it comes by them only while it publishes and is over
/// afterwards, or has found all lists already.
const ALONE: [Point; 5] = [
    Point::ListFound,
    Point::FolderSynced,
    Point::GenerationsPruned,
    Point::StagingEmptied,
    Point::RunSetAside,
];

/// All points in that situation; `turn` chooses which kind is whose.
fn chains(load: Load, situation: Situation, turn: usize) {
    let base = Base::new(load, situation);
    let met: Vec<(Point, Kind)> = (turn..)
        .zip(Point::ALL)
        .map(|(turn, point)| (*point, Kind::ALL[turn % Kind::ALL.len()]))
        .filter(|(point, _)| situation.meets(load, *point))
        .collect();
    let (alone, chain): (Vec<_>, Vec<_>) = met.into_iter().partition(|(point, _)| ALONE.contains(point));
    base.survives(&chain);
    for step in alone {
        base.survives(&[step]);
    }
}

/// Every combination by itself.
#[expect(clippy::print_stdout, reason = "a long test says what it did")]
fn alone(situation: Situation) {
    for load in Load::ALL {
        let base = Base::new(load, situation);
        let mut fired = 0;
        for point in Point::ALL.iter().copied().filter(|point| situation.meets(load, *point)) {
            for kind in Kind::ALL {
                base.survives(&[(point, kind)]);
                fired += 1;
            }
        }
        println!("{load:?}, {situation:?}: {fired} crashes fired and survived");
    }
}

#[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has points to fail at")]
#[test]
fn every_point_of_a_first_load_is_survived() {
    chains(Load::Prospects, Situation::First, 0);
}

#[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has points to fail at")]
#[test]
fn every_point_of_a_second_load_is_survived() {
    chains(Load::Prospects, Situation::Second, 1);
}

#[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has points to fail at")]
#[test]
fn every_point_of_a_resumed_resume_is_survived() {
    chains(Load::Prospects, Situation::Resumed, 2);
}

#[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has points to fail at")]
#[test]
fn every_point_of_a_first_load_of_everything_is_survived() {
    chains(Load::Default, Situation::First, 1);
}

#[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has points to fail at")]
#[test]
fn every_point_of_a_second_load_of_everything_is_survived() {
    chains(Load::Default, Situation::Second, 2);
}

#[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has points to fail at")]
#[test]
fn every_point_of_a_resumed_resume_of_everything_is_survived() {
    chains(Load::Default, Situation::Resumed, 0);
}

#[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has points to fail at")]
#[test]
#[ignore = "long: part of `make soak`"]
fn soak_every_kind_at_every_point_of_a_first_load() {
    alone(Situation::First);
}

#[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has points to fail at")]
#[test]
#[ignore = "long: part of `make soak`"]
fn soak_every_kind_at_every_point_of_a_second_load() {
    alone(Situation::Second);
}

#[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has points to fail at")]
#[test]
#[ignore = "long: part of `make soak`"]
fn soak_every_kind_at_every_point_of_a_resumed_resume() {
    alone(Situation::Resumed);
}
