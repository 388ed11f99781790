//! The only door to stdout and stderr: data to stdout, everything else to stderr, as text or as lines of JSON.

use std::io::{IsTerminal, Write};

use indicatif::{MultiProgress, ProgressDrawTarget};
use serde_json::{Map, Value, json};

use super::logging::LogFormat;
use crate::error::Error;
use crate::terminal;

/// What a line on stderr is, in JSON its field `kind`. Log lines have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What is going on.
    Progress,
    /// What a command did.
    Result,
    /// The last of the results of a run, with its whole report.
    Summary,
    /// Recovered, or something to look at.
    Warning,
    /// What failed.
    Error,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Progress => "progress",
            Self::Result => "result",
            Self::Summary => "summary",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// As log lines call it.
    fn level(self) -> &'static str {
        match self {
            Self::Progress | Self::Result | Self::Summary => "INFO",
            Self::Warning => "WARN",
            Self::Error => "ERROR",
        }
    }
}

/// Where a command writes.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    quiet: bool,
    format: LogFormat,
    /// Progress bars; messages are printed above them.
    pub(crate) bars: MultiProgress,
}

impl Output {
    pub(crate) fn new(quiet: bool, format: LogFormat) -> Self {
        // Without bars nothing may move the cursor either.
        let target = if shows_bars(quiet, format) {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Self { quiet, format, bars: MultiProgress::with_draw_target(target) }
    }

    /// Whether progress bars make sense: somebody watches on a terminal that can move its cursor, and nobody asked for
    /// silence or for JSON.
    pub(crate) fn shows_bars(&self) -> bool {
        shows_bars(self.quiet, self.format)
    }

    /// Width of the terminal in columns, to fit a table to; none when stdout is no terminal, which has no width.
    pub(crate) fn width() -> Option<u16> {
        Self::is_terminal().then(|| console_width().unwrap_or(100))
    }

    /// Where rows go that are written as they come.
    pub(crate) fn rows() -> impl Write {
        std::io::stdout()
    }

    /// Whether stdout is a terminal: text from outside is then made harmless.
    pub(crate) fn is_terminal() -> bool {
        std::io::stdout().is_terminal()
    }

    /// Data, to stdout, exactly as given.
    ///
    /// # Errors
    /// stdout cannot be written to; a reader that went away is no error to the user.
    pub(crate) fn data(text: &str) -> Result<(), Error> {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Error::Output)
    }

    /// What a command did, to stderr, unless `--quiet`.
    pub(crate) fn say(&self, text: &str) {
        self.tell(Kind::Result, text, Value::Null);
    }

    /// A line for people, to stderr, unless `--quiet`; where JSON is asked for, with the fields of the object `fields`.
    pub(crate) fn tell(&self, kind: Kind, text: &str, fields: Value) {
        if self.quiet {
            return;
        }
        match self.format {
            LogFormat::Text => self.line(&terminal::safe_lines(text)),
            LogFormat::Json => self.object(kind, text, fields),
        }
    }

    /// Something to look at, and what to do about it; unless `--quiet`.
    pub(crate) fn warn(&self, text: &str, hint: &str) {
        match self.format {
            LogFormat::Text => self.say(&format!("warning: {text}\nhint: {hint}")),
            LogFormat::Json => self.tell(Kind::Warning, text, json!({ "hint": hint })),
        }
    }

    /// A part of the work that failed while the rest went on; `code` is the exit code that it leads to.
    pub(crate) fn failure(&self, text: &str, code: u8) {
        match self.format {
            LogFormat::Text => self.line(&terminal::safe_lines(text)),
            LogFormat::Json => self.object(Kind::Error, text, json!({ "code": code })),
        }
    }

    /// An error in three parts: what failed, why, what to do next.
    pub(crate) fn error(&self, error: &Error) {
        let causes = causes(error);
        match self.format {
            LogFormat::Text => {
                let mut lines = vec![format!("error: {error}")];
                lines.extend(causes.iter().map(|cause| format!("  Caused by: {cause}")));
                lines.extend(error.hint().map(|hint| format!("hint: {hint}")));
                self.line(&terminal::safe_lines(&lines.join("\n")));
            }
            LogFormat::Json => {
                let fields = json!({ "code": super::signals::exit_code(error.exit_code()), "causes": causes, "hint": error.hint() });
                self.object(Kind::Error, &error.to_string(), fields);
            }
        }
    }

    /// What a command line is refused for: clap's own words as text, the same in parts as JSON.
    pub(crate) fn usage(&self, error: &clap::Error) {
        if self.format == LogFormat::Text || !error.use_stderr() {
            // Printing fails only when nobody reads any more.
            let _ = error.print();
            return;
        }
        let text = error.render().to_string();
        let mut parts = text.split("\n\n").map(str::trim).filter(|part| !part.is_empty());
        let what = parts.next().unwrap_or_default();
        let hints: Vec<&str> = parts.map(|part| part.strip_prefix("tip: ").unwrap_or(part)).collect();
        let fields =
            json!({ "code": crate::error::USAGE, "causes": [], "hint": one_line(&hints.join("; ")) });
        self.object(Kind::Error, &one_line(what.strip_prefix("error: ").unwrap_or(what)), fields);
    }

    /// The backtrace of a panic, when the user wants one.
    pub(super) fn backtrace(&self, trace: &str) {
        match self.format {
            LogFormat::Text => self.line(trace),
            LogFormat::Json => self.object(Kind::Error, "backtrace", json!({ "backtrace": trace })),
        }
    }

    /// One JSON object on a line, with the fields that log lines have too.
    fn object(&self, kind: Kind, message: &str, fields: Value) {
        let mut object = Map::new();
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        object.insert("timestamp".to_owned(), now.into());
        object.insert("level".to_owned(), kind.level().into());
        object.insert("kind".to_owned(), kind.name().into());
        object.insert("message".to_owned(), message.into());
        if let Value::Object(fields) = fields {
            object.extend(fields);
        }
        self.line(&Value::Object(object).to_string());
    }

    /// A line to stderr, exactly as given.
    fn line(&self, text: &str) {
        self.bars.suspend(|| {
            // In one piece, so that the lines of two threads do not run into each other. Nothing can be said when stderr
            // is gone.
            let _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
        });
    }
}

/// What led to an error, the nearest first; a cause that the text before it has quoted is left out.
pub(super) fn causes(error: &dyn std::error::Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let text = next.to_string();
        if !said.contains(&text) {
            causes.push(text.clone());
            said = text;
        }
        cause = next.source();
    }
    causes
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shows_bars(quiet: bool, format: LogFormat) -> bool {
    !quiet && format == LogFormat::Text && terminal_takes_escapes(std::io::stderr().is_terminal())
}

/// Whether escape codes may go to a stream: it is a terminal, and one that understands them.
pub(super) fn terminal_takes_escapes(is_terminal: bool) -> bool {
    is_terminal && std::env::var_os("TERM").is_none_or(|name| !name.is_empty() && name != "dumb")
}

fn console_width() -> Option<u16> {
    let (_, columns) = console::Term::stdout().size_checked()?;
    Some(columns.max(40))
}
