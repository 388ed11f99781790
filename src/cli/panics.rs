//! A panic is a fault of ours; it ends the command in words, like any other error.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::sync::atomic::{AtomicBool, Ordering};

use super::output::Output;
use crate::error::Error;

static SEEN: AtomicBool = AtomicBool::new(false);

/// Whether any thread has panicked, which has been said then.
pub(super) fn seen() -> bool {
    SEEN.load(Ordering::Relaxed)
}

/// From now on the first panic of any thread is printed as an error. Later ones only follow from it.
pub(super) fn say_as_errors(output: &Output) {
    let output = output.clone();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload_as_str().is_some_and(crate::query::becomes_an_error) {
            return;
        }
        if SEEN.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut what = panic.payload_as_str().unwrap_or("a panic without a message").to_owned();
        if let Some(place) = panic.location() {
            what.push_str(&format!(" ({}:{})", place.file(), place.line()));
        }
        output.error(&Error::Internal { what });
        let trace = Backtrace::capture();
        if trace.status() == BacktraceStatus::Captured {
            output.backtrace(&trace.to_string());
        }
    }));
}
