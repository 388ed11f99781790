//! `erase`: a person or a company goes from everything that is kept.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use clap::Args;

use super::output::Output;
use super::settings::Settings;
use crate::erase::{self, Action, EraseOptions, Outcome, Remaining, Subject, SubjectError};
use crate::error::{DESTINATION, Error};
use crate::query::{self, Format, QueryOptions};

/// Options of `erase`
#[derive(Debug, Args)]
#[command(after_help = format!("\
All files are read again at the end. What is left ends with exit code {DESTINATION}, also when it could not be looked at or \
written; see docs/personal-data.md for what is out of reach. An unfinished run that holds what is erased is given up: the next sync reads its list again."))]
pub(crate) struct EraseArgs {
    /// E-mail address of a person; may be given several times
    #[arg(long = "contact", value_name = "EMAIL", required_unless_present = "business_ids")]
    contacts: Vec<String>,
    /// Business id of a company with its country in front, as FI09704098, or as tables have it, as DE/HRB-12345; may be
    /// given several times
    #[arg(long = "business-id", value_name = "ID")]
    business_ids: Vec<String>,
    /// Say what would be touched, and touch nothing
    #[arg(long)]
    dry_run: bool,
    /// An export of this warehouse that it does not remember, such as one that was moved; may be given several times
    #[arg(long = "export", value_name = "DIR")]
    exports: Vec<PathBuf>,
    /// An export that is gone for good and is not to be looked for again; may be given several times
    #[arg(long = "forget-export", value_name = "DIR")]
    forget_exports: Vec<PathBuf>,
    /// table, csv, json, jsonl, markdown, parquet or xlsx
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

pub(crate) fn run(args: &EraseArgs, global: &Settings, output: &Output) -> Result<u8, Error> {
    let persons = args.contacts.iter().map(|text| Subject::person(text));
    let companies = args.business_ids.iter().map(|text| Subject::company(text));
    let mut subjects =
        persons.chain(companies).collect::<Result<Vec<_>, _>>().map_err(|error| usage(&error))?;
    let mut seen = std::collections::HashSet::new();
    subjects.retain(|subject| seen.insert(subject.clone()));
    let options =
        EraseOptions { subjects, exports: args.exports.clone(), forget_exports: args.forget_exports.clone() };
    let act = if args.dry_run { erase::dry_run } else { erase::erase };
    let outcome = act(&global.warehouse, &options)?;
    let format = QueryOptions {
        format: args.format,
        width: Output::width(),
        max_rows: usize::MAX,
        terminal: Output::is_terminal(),
        ..QueryOptions::default()
    };
    if args.format != Format::Table || !outcome.touched.is_empty() {
        query::write_rows(&rows(&outcome)?, &format, &mut Output::rows())?;
    }
    say(&options, &outcome, output);
    say_next(args.dry_run, &outcome, output);
    Ok(if outcome.problems.is_empty() && outcome.remaining.is_empty() { 0 } else { DESTINATION })
}

fn usage(error: &SubjectError) -> Error {
    Error::Usage { message: error.to_string(), hint: error.hint().to_owned() }
}

/// What people need to know besides the table.
fn say(options: &EraseOptions, outcome: &Outcome, output: &Output) {
    for (index, subject) in options.subjects.iter().enumerate() {
        if !outcome.found.contains(&index) {
            output.say(&format!("Nothing of {subject} was found."));
        }
    }
    for problem in &outcome.problems {
        output.failure(&format!("not done: {problem}"), DESTINATION);
    }
    for Remaining { path, what } in &outcome.remaining {
        let text = format!(
            "still there: {what} in `{}`: the file was put there or changed meanwhile, or nothing of ours names it; remove \
             it if you do not need it, then run the same command again",
            path.display()
        );
        output.failure(&text, DESTINATION);
    }
    if outcome.remaining.is_empty() && outcome.looked_at > 0 {
        output.say(&format!("Looked again at {} files.", outcome.looked_at));
    }
}

/// What is left to do for people.
fn say_next(is_dry_run: bool, outcome: &Outcome, output: &Output) {
    // Workbooks are written again whomever they hold.
    let any =
        !outcome.found.is_empty() && outcome.touched.iter().any(|touched| touched.action != Action::Left);
    if is_dry_run {
        output.say("Nothing was touched: --dry-run.");
    } else if any {
        output.say(
            "The next sync brings back what Vainu still delivers: have it removed there, or leave it out by your filters.",
        );
    }
    if outcome.touched.iter().any(|touched| touched.action == Action::Left) {
        output.say("Rows that are `left` need your own decision; the note says why.");
    }
}

fn rows(outcome: &Outcome) -> Result<RecordBatch, Error> {
    let touched = || outcome.touched.iter();
    let columns: [(&str, ArrayRef); 5] = [
        ("place", Arc::new(touched().map(|row| Some(row.place.as_str())).collect::<StringArray>())),
        ("table", Arc::new(touched().map(|row| Some(row.table.as_str())).collect::<StringArray>())),
        ("rows", Arc::new(touched().map(|row| row.rows).collect::<UInt64Array>())),
        ("action", Arc::new(touched().map(|row| Some(row.action.name())).collect::<StringArray>())),
        ("note", Arc::new(touched().map(|row| Some(row.note.as_str())).collect::<StringArray>())),
    ];
    RecordBatch::try_from_iter(columns).map_err(|error| Error::Internal { what: error.to_string() })
}
