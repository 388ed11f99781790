//! Progress of a run: a bar for each stream with rate and time left on a terminal, a line for each list without one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::output::{Kind, Output};
use crate::catalog;
use crate::extract::Observer;
use crate::landing::ledger::{RunList, Verdict};

/// Shows how far a run has come.
#[derive(Debug)]
pub(crate) struct Progress {
    output: Output,
    /// By stream; the name `phase` is the step after fetching.
    bars: Mutex<BTreeMap<String, ProgressBar>>,
    says_resumed: AtomicBool,
}

impl Progress {
    pub(crate) fn new(output: &Output) -> Self {
        Self { output: output.clone(), bars: Mutex::default(), says_resumed: AtomicBool::new(false) }
    }

    /// Takes the bars away.
    pub(crate) fn finish(&self) {
        for bar in self.bars.lock().unwrap_or_else(PoisonError::into_inner).values() {
            bar.finish_and_clear();
        }
    }

    fn bar(&self, stream: &str, unit: &'static str) -> ProgressBar {
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = bars.get(stream) {
            return bar.clone();
        }
        let bar = if self.output.shows_bars() {
            self.output.bars.add(ProgressBar::new(0))
        } else {
            ProgressBar::hidden()
        };
        let style = "{prefix:20} {wide_bar} {human_pos}/{human_len} {msg} · {per_sec} · {eta} left";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        bar.set_prefix(stream.to_owned());
        bar.set_message(unit);
        bars.insert(stream.to_owned(), bar.clone());
        bar
    }
}

/// What the bar of a list counts.
fn unit(list: &RunList) -> &'static str {
    if list.label == crate::extract::COMPANIES { "companies" } else { "rows" }
}

/// What the different things in lists of a stream are.
pub(super) fn things(stream: &str) -> &'static str {
    catalog::stream(stream).map_or("rows", |stream| stream.things)
}

impl Observer for Progress {
    fn list_counted(&self, list: &RunList, total: Option<u64>) {
        self.bar(&list.stream, unit(list)).inc_length(total.unwrap_or(0));
    }

    fn page_landed(&self, list: &RunList, rows: u64, resumed: bool) {
        self.bar(&list.stream, unit(list)).inc(rows);
        if resumed && !self.says_resumed.swap(true, Ordering::Relaxed) {
            let text = "Resuming the unfinished run; pages that have landed are not asked for again.";
            self.output.tell(Kind::Progress, text, Value::Null);
        }
    }

    fn list_judged(&self, list: &RunList, verdict: &Verdict) {
        // There may be hundreds of target groups; the summary counts them.
        if list.parent.is_some() && verdict.complete {
            return;
        }
        let name = format!("{} {}", list.stream, list.label);
        let proof = if verdict.complete {
            "complete".to_owned()
        } else {
            format!("NOT complete: {}", verdict.reasons.join("; "))
        };
        let rows = HumanCount(verdict.rows_received);
        let distinct = HumanCount(verdict.distinct_keys);
        let total = verdict.total_after.map(HumanCount);
        let things = things(&list.stream);
        let text = match (list.label == crate::extract::COMPANIES, total) {
            (true, Some(due)) => format!(
                "{name}: {distinct} of {due} companies answered with {rows} records, {} unknown to the server: {proof}",
                HumanCount(verdict.not_found)
            ),
            (_, Some(total)) => {
                format!(
                    "{name}: {rows} rows, {distinct} different {things}, total {total}, sweeps {}: {proof}",
                    verdict.sweeps
                )
            }
            (_, None) => format!("{name}: {rows} rows, {distinct} different {things}, no total: {proof}"),
        };
        let fields = json!({
            "stream": list.stream,
            "list": list.label,
            "rows": verdict.rows_received,
            "distinct": verdict.distinct_keys,
            "total": verdict.total_after,
            "complete": verdict.complete,
            "reasons": verdict.reasons,
        });
        self.output.tell(Kind::Progress, &text, fields);
    }

    fn phase(&self, name: &'static str) {
        if self.output.shows_bars() && name != "fetching" {
            let bar = self.bar("phase", "");
            bar.set_style(ProgressStyle::default_spinner());
            bar.set_message(name);
            bar.tick();
        }
    }
}
