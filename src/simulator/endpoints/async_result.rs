//! `/api/v1/async_result/batch-import/{id}/`: the state of an import of customer data.

use crate::simulator::data::jobs;
use crate::simulator::http::answer::Answer;
use crate::simulator::http::server::{Asked, Shared};

/// Answers with the state of one job, or 404.
pub(in crate::simulator) fn answer(shared: &Shared, asked: &Asked, id: &str) -> Answer {
    let world = shared.world();
    let Some(job) = jobs::all(&world).find(|job| job.id == id) else {
        return Answer::detail(404, "Not found");
    };
    let mut out = String::new();
    job.write(&world, &format!("{}/api/v1", asked.origin), &mut out);
    Answer::json(out)
}
