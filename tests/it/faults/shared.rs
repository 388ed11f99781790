//! What many rows of the table begin with, or are compared with: a run that nothing disturbs comes to the same for every
//! row of a kind.

use std::path::{Path, PathBuf};

use vainu_etl::simulator::{Config, Simulator};

use super::case::Case;
use super::run::succeed;
use crate::crashes::files::copy;
use crate::shared;
use crate::support::{Job, with};

/// A simulator with the companies of the case. Its time is the same in all tests of a run, and with it the times in its
/// data.
pub(super) async fn simulator(case: &Case) -> Simulator {
    let config = with(Config::new(case.companies), |config| config.now = Some(shared::now()));
    Simulator::start(config).await.unwrap()
}

/// The folder of a first generation of what a [`simulator`] has at the start.
pub(super) async fn first(case: &Case, simulator: &Simulator) -> PathBuf {
    match shared::find(&format!("faults-{}-first", case.stream.name)) {
        Ok(made) => made,
        Err(making) => {
            undisturbed(case, &case.job(), simulator, making.folder()).await;
            making.done()
        }
    }
}

/// The folder of the generation after [`first`], of what a [`simulator`] has after [`change`](super::run::change).
pub(super) async fn second(case: &Case, simulator: &Simulator, first: &Path) -> PathBuf {
    match shared::find(&format!("faults-{}-second", case.stream.name)) {
        Ok(made) => made,
        Err(making) => {
            let job = case.job();
            copy(first, job.dir.path());
            undisturbed(case, &job, simulator, making.folder()).await;
            making.done()
        }
    }
}

/// Loads into the job's folder, and copies that.
async fn undisturbed(case: &Case, job: &Job, simulator: &Simulator, to: &Path) {
    assert_eq!(succeed(case, job, simulator).await.exit_code, 0);
    copy(job.dir.path(), to);
}
