//! Turns a panic of the XLSX writer into an error. The writer panics if its temporary file cannot be written, for
//! example because the disk is full.

use std::{cell::Cell, io, panic::AssertUnwindSafe};

use super::QueryError;

/// Beginning of the panic message when the temporary file cannot be written.
const NO_WRITE: &str = "Couldn't write to xml file";

thread_local! {
    static CAUGHT_HERE: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic with the message `what` becomes an error on this thread, so that the panic hook need not report it.
pub(crate) fn becomes_an_error(what: &str) -> bool {
    CAUGHT_HERE.get() && what.starts_with(NO_WRITE)
}

/// Runs `work`. A panic because of a file that cannot be written becomes [`QueryError::Write`]; any other panic is
/// resumed.
pub(super) fn caught<T>(work: impl FnOnce() -> Result<T, QueryError>) -> Result<T, QueryError> {
    CAUGHT_HERE.set(true);
    let done = std::panic::catch_unwind(AssertUnwindSafe(work));
    CAUGHT_HERE.set(false);
    done.unwrap_or_else(|panic| match panic.downcast_ref::<String>() {
        Some(what) if what.starts_with(NO_WRITE) => {
            let what = what.trim_start_matches(NO_WRITE).trim_start_matches(": ");
            Err(QueryError::Write(io::Error::other(format!(
                "what is put aside for XLSX cannot be written: {what}"
            ))))
        }
        _ => std::panic::resume_unwind(panic),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_that_cannot_be_written_becomes_an_error() {
        let full: Result<(), &str> = Err("no room");
        let error = caught::<()>(|| full.map_err(|why| panic!("{NO_WRITE}: {why:?}")));
        let error = std::error::Error::source(&error.unwrap_err()).unwrap().to_string();
        assert_eq!(error, "what is put aside for XLSX cannot be written: \"no room\"");
        assert!(std::panic::catch_unwind(|| caught::<()>(|| panic!("another"))).is_err());
        assert!(!becomes_an_error(NO_WRITE));
    }
}
