//! The only door to stdout and stderr: data to stdout, everything else to stderr.

use std::io::{IsTerminal, Write};

use indicatif::MultiProgress;

use crate::error::Error;
use crate::terminal;

/// Where a command writes.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    quiet: bool,
    /// Progress bars; messages are printed above them.
    pub(crate) bars: MultiProgress,
}

impl Output {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet, bars: MultiProgress::new() }
    }

    /// Whether progress bars make sense: somebody watches, and nobody asked for silence.
    pub(crate) fn shows_bars(&self) -> bool {
        !self.quiet && std::io::stderr().is_terminal()
    }

    /// Width of the terminal in columns; 100 when stdout is no terminal.
    pub(crate) fn width() -> u16 {
        let terminal = console_width();
        terminal.unwrap_or(100)
    }

    /// Data, to stdout, exactly as given.
    ///
    /// # Errors
    /// stdout cannot be written to; a reader that went away is no error to the user.
    pub(crate) fn data(text: &str) -> Result<(), Error> {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Error::Output)
    }

    /// A line for people, to stderr, unless `--quiet`.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            self.line(&terminal::safe_lines(text));
        }
    }

    /// An error in three parts: what failed, why, what to do next.
    pub(crate) fn error(&self, error: &Error) {
        let mut lines = vec![format!("error: {error}")];
        let mut said = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(next) = cause {
            let text = next.to_string();
            if !said.contains(&text) {
                lines.push(format!("  Caused by: {text}"));
                said = text;
            }
            cause = next.source();
        }
        if let Some(hint) = error.hint() {
            lines.push(format!("hint: {hint}"));
        }
        self.line(&terminal::safe_lines(&lines.join("\n")));
    }

    /// A line to stderr, exactly as given.
    pub(super) fn line(&self, text: &str) {
        self.bars.suspend(|| {
            // Nothing can be said when stderr is gone.
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        });
    }
}

fn console_width() -> Option<u16> {
    let (_, columns) = console::Term::stdout().size_checked()?;
    Some(columns.max(40))
}
