//! Signals that end the process: Ctrl-C (SIGINT), SIGTERM from a service manager or a container, SIGHUP from a terminal.
//!
//! The handlers are there from the start, because process 1 of a container has no other: it would not end at all. What can
//! end in order waits for the first signal with [`Watch`]; a second one, and the first everywhere else, ends the process at
//! once, with 128 and the signal's number as its exit code. Everything on disk survives that, as it survives `kill -9`.

#[cfg(unix)]
pub(crate) use unix::{Watch, end_at_once, exit_code, install};

#[cfg(not(unix))]
pub(crate) use elsewhere::{Watch, end_at_once, exit_code, install};

#[cfg(unix)]
mod unix {
    use std::ffi::c_int;
    use std::io;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::{Arc, LazyLock};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::flag;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    use crate::error::{HUNG_UP, INTERRUPTED, TERMINATED};

    const SIGNALS: [c_int; 3] = [SIGINT, SIGTERM, SIGHUP];

    /// Whether the next signal ends the process at once.
    static AT_ONCE: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| Arc::new(AtomicBool::new(true)));
    /// The signal that came last; 0 before the first.
    static LAST: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

    /// Takes the signals over from the system. One that `nohup` has switched off stays so.
    ///
    /// # Errors
    /// The system refuses a handler.
    pub(crate) fn install() -> io::Result<()> {
        for signal in taken() {
            let number = usize::try_from(signal).unwrap_or_default();
            // In this order: the first handler looks at what the second sets for the next signal.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&AT_ONCE))?;
            flag::register(signal, Arc::clone(&AT_ONCE))?;
            flag::register_usize(signal, Arc::clone(&LAST), number)?;
        }
        Ok(())
    }

    fn taken() -> impl Iterator<Item = c_int> {
        SIGNALS.into_iter().filter(|signal| *signal != SIGHUP || !is_ignored(*signal))
    }

    /// Whether the process was started with the signal ignored, where the system says so.
    fn is_ignored(signal: c_int) -> bool {
        let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        mask.checked_shr(u32::try_from(signal - 1).unwrap_or(u32::MAX)).is_some_and(|bits| bits & 1 == 1)
    }

    /// From now on the next signal ends the process at once.
    pub(crate) fn end_at_once() {
        AT_ONCE.store(true, Ordering::SeqCst);
    }

    /// The exit code of a run that was interrupted names the signal.
    pub(crate) fn exit_code(code: u8) -> u8 {
        let last = u8::try_from(LAST.load(Ordering::SeqCst)).unwrap_or(0);
        if code == INTERRUPTED && last > 0 { 128 + last } else { code }
    }

    /// Waits for the first signal, which then does not end the process.
    #[derive(Debug)]
    pub(crate) struct Watch {
        interrupt: Signal,
        terminate: Signal,
        hang_up: Option<Signal>,
    }

    impl Watch {
        /// Needs a tokio runtime around it.
        ///
        /// # Errors
        /// The system refuses a handler.
        pub(crate) fn begin() -> io::Result<Self> {
            let hang_up = taken().any(|taken| taken == SIGHUP).then(|| signal(SignalKind::hangup()));
            let watch = Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hang_up: hang_up.transpose()?,
            };
            AT_ONCE.store(false, Ordering::SeqCst);
            Ok(watch)
        }

        /// The first signal's name and the exit code that goes with it.
        pub(crate) async fn first(&mut self) -> (&'static str, u8) {
            let hang_up = async {
                match &mut self.hang_up {
                    Some(signal) => drop(signal.recv().await),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = self.interrupt.recv() => ("Ctrl-C", INTERRUPTED),
                _ = self.terminate.recv() => ("SIGTERM", TERMINATED),
                () = hang_up => ("SIGHUP", HUNG_UP),
            }
        }
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::io;
    use std::sync::atomic::{AtomicBool, Ordering};

    static AT_ONCE: AtomicBool = AtomicBool::new(true);

    #[expect(clippy::unnecessary_wraps, reason = "it can fail on other systems")]
    pub(crate) fn install() -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn end_at_once() {
        AT_ONCE.store(true, Ordering::SeqCst);
    }

    pub(crate) fn exit_code(code: u8) -> u8 {
        code
    }

    /// Waits for the first Ctrl-C, which then does not end the process.
    #[derive(Debug)]
    pub(crate) struct Watch;

    impl Watch {
        #[expect(clippy::unnecessary_wraps, reason = "it can fail on other systems")]
        pub(crate) fn begin() -> io::Result<Self> {
            AT_ONCE.store(false, Ordering::SeqCst);
            Ok(Self)
        }

        pub(crate) async fn first(&mut self) -> (&'static str, u8) {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::spawn(async {
                if tokio::signal::ctrl_c().await.is_ok() {
                    #[expect(clippy::exit, reason = "the user insists; whatever is landed is durable")]
                    std::process::exit(i32::from(crate::error::INTERRUPTED));
                }
            });
            ("Ctrl-C", crate::error::INTERRUPTED)
        }
    }
}
