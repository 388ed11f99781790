//! Progress of a run: a bar with rate, pages and time left on a terminal, one line per list without one.

use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use super::output::Output;
use crate::extract::Observer;
use crate::extract::ledger::Verdict;

/// Shows how far a run has come.
#[derive(Debug)]
pub(crate) struct Progress {
    output: Output,
    stream: &'static str,
    bar: ProgressBar,
    pages: AtomicU64,
}

impl Progress {
    pub(crate) fn new(output: &Output, stream: &'static str) -> Self {
        let bar =
            if output.shows_bars() { output.bars.add(ProgressBar::new(0)) } else { ProgressBar::hidden() };
        let style = "{prefix:10} {wide_bar} {human_pos}/{human_len} rows · {per_sec} · {msg} · {eta} left";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        bar.set_prefix(stream);
        bar.set_message("0 pages");
        Self { output: output.clone(), stream, bar, pages: AtomicU64::new(0) }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Progress {
    fn list_counted(&self, _list: &str, total: Option<u64>) {
        self.bar.inc_length(total.unwrap_or(0));
    }

    fn page_landed(&self, _list: &str, rows: u64, resumed: bool) {
        let pages = self.pages.fetch_add(1, Ordering::Relaxed) + 1;
        self.bar.set_message(format!("{} pages", HumanCount(pages)));
        self.bar.inc(rows);
        if resumed && pages == 1 {
            self.output.say("Resuming the unfinished run; pages that have landed are not asked for again.");
        }
    }

    fn list_judged(&self, list: &str, verdict: &Verdict) {
        let total =
            verdict.total_after.map_or("no total".to_owned(), |total| format!("total {}", HumanCount(total)));
        let proof = if verdict.complete {
            "complete".to_owned()
        } else {
            format!("NOT complete: {}", verdict.reasons.join("; "))
        };
        self.output.say(&format!(
            "{} {list}: {} rows, {} companies, {total}, sweeps {}: {proof}",
            self.stream,
            HumanCount(verdict.rows_received),
            HumanCount(verdict.distinct_keys),
            verdict.sweeps,
        ));
    }

    fn phase(&self, name: &'static str) {
        if self.output.shows_bars() {
            self.bar.set_style(ProgressStyle::default_spinner());
            self.bar.set_message(name);
            self.bar.tick();
        }
    }
}
