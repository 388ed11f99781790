//! Who holds the lock, and for how long.

use vainu_etl::crash::Point;
use vainu_etl::workspace::Workspace;

use super::rig::{Load, Rig};
use super::stopped::{go_on, stopped_at};
use crate::support::stderr;

/// Another run would empty the staging folder and go on with the same landed pages.
#[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has points to fail at")]
#[test]
fn the_lock_is_held_until_the_run_is_recorded_and_everything_tidied_up() {
    let rig = Rig::new(Load::Prospects);
    for point in [Point::Renamed, Point::RunRecorded, Point::StagingEmptied] {
        let stopped = stopped_at(&rig, point);
        let workspace = Workspace::inspect(&rig.warehouse()).unwrap();
        assert_eq!(workspace.lock_owner().map(|owner| owner.pid), Some(stopped.id()), "{point:?}");
        let refused = rig.sync().output().unwrap();
        assert_eq!(refused.status.code(), Some(7), "{}", stderr(&refused));
        assert_eq!(go_on(stopped).status.code(), Some(0));
        assert_eq!(workspace.lock_owner(), None);
    }
}
