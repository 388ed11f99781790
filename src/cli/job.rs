//! `job show`: how far an import of customer data is.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray, UInt64Array};
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};

use super::output::Output;
use super::settings::Settings;
use crate::api::{Client, ClientSettings};
use crate::error::{Error, SUCCESS, USAGE};
use crate::job::{self, Company, Job, JobResult};
use crate::query::{self, Format, QueryOptions};

/// Options of `job`
#[derive(Debug, Args)]
pub(crate) struct JobArgs {
    #[command(subcommand)]
    command: JobCommand,
}

#[derive(Debug, Subcommand)]
enum JobCommand {
    #[command(about = SHOW, long_about = show_in_full())]
    Show(ShowArgs),
}

const SHOW: &str = "Show state and progress of an import, and what became of each row";

fn show_in_full() -> String {
    format!(
        "{SHOW}\n\nEnds with {SUCCESS} whatever the state; the state is in the output. An id that the API does not know \
         ends with {USAGE}."
    )
}

/// Options of `job show`
#[derive(Debug, Args)]
struct ShowArgs {
    /// Id of the job, as the answer to the import gave it
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    id: String,
    /// table, csv, json, jsonl, markdown, parquet or xlsx
    ///
    /// `json` is the API's whole answer. The others have one row for each result; `table` begins with a line about the
    /// job, with the others that line goes to stderr.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// Most rows that a table shows
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max_rows: usize,
}

pub(crate) fn run(args: &JobArgs, global: &Settings, output: &Output) -> Result<u8, Error> {
    let JobCommand::Show(args) = &args.command;
    let settings = ClientSettings::new(global.base_url()?, global.credentials()?.0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let job = runtime.block_on(async {
        let client = Client::new(settings)?;
        Ok::<_, Error>(job::show(&client, &args.id).await?)
    })?;
    let options = QueryOptions {
        format: args.format,
        width: Output::width(),
        max_rows: args.max_rows,
        terminal: Output::is_terminal(),
        ..QueryOptions::default()
    };
    let line = headline(&job);
    match args.format {
        Format::Json => {
            let text = serde_json::to_string_pretty(&job.answer)
                .map_err(|error| Error::Internal { what: error.to_string() })?;
            let text = if options.terminal { query::escape_json(&text) } else { text };
            Output::data(&format!("{text}\n"))?;
        }
        Format::Table => {
            Output::data(&crate::terminal::safe_lines(&format!("{line}\n")))?;
            query::write_rows(&rows(&job)?, &options, &mut Output::rows())?;
        }
        _ => {
            output.say(&line);
            query::write_rows(&rows(&job)?, &options, &mut Output::rows())?;
        }
    }
    Ok(0)
}

/// One line about the job.
fn headline(job: &Job) -> String {
    let mut text = format!("Job {}: {}", job.id, job.state);
    if let Some(progress) = &job.progress {
        text.push_str(&format!(", {progress} %"));
    }
    if let Some(created) = &job.created {
        text.push_str(&format!(", created {created}"));
    }
    if let Some(duration) = &job.duration {
        text.push_str(&format!(", duration {duration}"));
    }
    let stored = job.results.iter().filter(|result| result.success == Some(true)).count();
    let failed = job.results.iter().filter(|result| result.error.is_some()).count();
    text.push_str(&format!(". {} results: {stored} stored, {failed} errors.", job.results.len()));
    text
}

/// One row for each result.
fn rows(job: &Job) -> Result<RecordBatch, Error> {
    let text = |of: &dyn Fn(&JobResult) -> Option<String>| -> ArrayRef {
        Arc::new(job.results.iter().map(of).collect::<StringArray>())
    };
    let company = |of: fn(&Company) -> Option<String>| text(&|result| result.company.as_ref().and_then(of));
    let numbers: ArrayRef = Arc::new((1..).take(job.results.len()).collect::<UInt64Array>());
    let success: ArrayRef =
        Arc::new(job.results.iter().map(|result| result.success).collect::<BooleanArray>());
    let columns = [
        ("result", numbers),
        ("asked", text(&|result| Some(result.asked.clone()))),
        ("success", success),
        ("error", text(&|result| result.error.clone())),
        ("country", company(|company| company.country.clone())),
        ("business_id", company(|company| company.business_id.clone())),
        ("company_name", company(|company| company.name.clone())),
        ("customer_data_id", text(&|result| result.customer_data_id.clone())),
        ("number_of_matches", text(&|result| result.number_of_matches.clone())),
        ("possible_matches", text(&possible_matches)),
        ("domain", company(|company| company.domain.clone())),
        ("vid", company(|company| company.vid.clone())),
    ];
    let columns = columns.into_iter().map(|(name, column)| (name, column, true));
    RecordBatch::try_from_iter_with_nullable(columns)
        .map_err(|error| Error::Internal { what: error.to_string() })
}

/// `US/US_DE6240535 VAINU INC.; FI/28229966 Vainu Finland Oy`; none when there are none.
fn possible_matches(result: &JobResult) -> Option<String> {
    let named = |company: &Company| {
        let part = |value: &Option<String>| value.clone().unwrap_or_else(|| "?".to_owned());
        format!("{}/{} {}", part(&company.country), part(&company.business_id), part(&company.name))
    };
    let all: Vec<String> = result.possible.iter().map(named).collect();
    (!all.is_empty()).then(|| all.join("; "))
}
