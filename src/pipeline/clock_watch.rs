//! Says when the computer's clock cannot be right: it is behind what was written before, or goes back in mid-run.

use crate::api::ServerTime;
use crate::clock::{Timeline, length_text, utc_text};

/// Says whether the clock is behind what was written before; with the API's time, which may tell which of them is wrong.
/// Gives whether it said anything.
pub(super) fn tell(timeline: &Timeline, server: Option<ServerTime>) -> bool {
    let Some(jump) = timeline.jump() else { return false };
    let behind = jump.written_us.abs_diff(jump.clock_us);
    tracing::warn!(
        clock = utc_text(jump.clock_us),
        last_written = utc_text(jump.written_us),
        behind = length_text(behind),
        api_date = server.map(|server| utc_text(server.server_us)),
        "The computer's clock is behind the last time that was written to the warehouse: it is wrong now, or it was wrong \
         then. Times that are written go on from the last one until the clock has passed it; nothing else depends on them."
    );
    true
}

/// [`tell`], for a run that ends without an answer of the API; and what the clock did in mid-run.
pub(super) fn tell_rest(timeline: &Timeline, server: Option<ServerTime>, told: bool) {
    if !told {
        tell(timeline, server);
    }
    if let Some(back_us) = timeline.went_back_us() {
        tracing::warn!(
            clock = utc_text(crate::clock::now_us()),
            back = length_text(back_us.unsigned_abs()),
            api_date = server.map(|server| utc_text(server.server_us)),
            "The computer's clock went back while the run was at work: times that are written go on from the latest one."
        );
    }
}
