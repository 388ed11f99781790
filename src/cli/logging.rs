//! Log lines on stderr, as text or JSON, printed above the progress bars.

use std::io::{IsTerminal, Write};

use indicatif::MultiProgress;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::output::{Output, terminal_takes_escapes};

/// Form of the log lines
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object per line, whatever the line says: logs, progress, results, summary, errors
    Json,
}

/// Starts logging for the process: warnings by default, more with `-v`, errors only with `-q`.
pub(crate) fn start(format: LogFormat, quiet: bool, verbose: u8, output: &Output) {
    let level = match (quiet, verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, 2) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    };
    let writer = AboveBars(output.bars.clone());
    let builder = tracing_subscriber::fmt().with_max_level(level).with_writer(writer).with_ansi(coloured());
    // A second start, as in tests that call commands in one process, keeps the first.
    let _ = match format {
        LogFormat::Text => builder.with_target(verbose > 1).compact().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}

/// Whether log lines are coloured: only on a terminal that takes escape codes, and not where `NO_COLOR` is set
/// (<https://no-color.org>).
fn coloured() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && terminal_takes_escapes(std::io::stderr().is_terminal())
}

/// What the command line asks for, also where clap cannot read it: the value of the last `--log-format`.
pub(crate) fn asked_for(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> LogFormat {
    let mut format = LogFormat::Text;
    let mut follows = false;
    // Behind `--` nothing is an option.
    for argument in arguments.into_iter().take_while(|argument| argument != "--") {
        let text = argument.to_string_lossy();
        let value = if follows { Some(&*text) } else { text.strip_prefix("--log-format=") };
        if let Some(value) = value {
            format = if value == "json" { LogFormat::Json } else { LogFormat::Text };
        }
        follows = text == "--log-format";
    }
    format
}

#[derive(Clone)]
struct AboveBars(MultiProgress);

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // Whole: a line that goes out in parts may have another in its middle.
        self.0.suspend(|| std::io::stderr().lock().write_all(bytes)).map(|()| bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().lock().flush()
    }
}

impl<'a> MakeWriter<'a> for AboveBars {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_known_before_the_command_line_is() {
        let cases: &[(&[&str], LogFormat)] = &[
            (&[], LogFormat::Text),
            (&["snyc"], LogFormat::Text),
            (&["--log-format", "json", "snyc"], LogFormat::Json),
            (&["snyc", "--log-format=json"], LogFormat::Json),
            (&["sync", "--log-format", "text", "--nonsense"], LogFormat::Text),
            (&["sync", "--log-format", "yaml"], LogFormat::Text),
            (&["sync", "--log-format"], LogFormat::Text),
            (&["query", "--", "--log-format", "json"], LogFormat::Text),
            (&["query", "json"], LogFormat::Text),
        ];
        for (arguments, expected) in cases {
            assert_eq!(asked_for(arguments.iter().map(Into::into)), *expected, "{arguments:?}");
        }
    }
}
