//! What the system would end the process for, and what is an error instead.

/// Makes a write beyond the limit on file sizes (`ulimit -f`) fail like one to a full disk. Without this the signal
/// `SIGXFSZ` ends the process without a word.
#[cfg(unix)]
pub(super) fn file_size_is_an_error() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _entered = runtime.enter();
    // The handler stays when the runtime goes; that it does nothing is the point.
    signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop)
}

/// Only Unix has such a limit.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same form as on Unix")]
pub(super) fn file_size_is_an_error() -> std::io::Result<()> {
    Ok(())
}
