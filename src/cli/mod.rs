//! The command line: one verb per file. The only place that knows clap, terminals and progress bars.

mod completions;
pub(crate) mod config;
mod credentials;
mod csv_options;
mod demo;
mod doctor;
mod erase;
mod export;
mod generations;
mod invocation;
mod job;
mod limits;
mod logging;
mod manual;
mod output;
mod panics;
mod plan;
#[cfg(test)]
mod precedence;
mod progress;
mod publishing;
mod query;
mod rejects;
mod schema;
mod settings;
mod signals;
mod simulate;
mod status;
mod summary;
mod sync;
mod views;

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, FromArgMatches, Parser, Subcommand};

use crate::error::{
    BUDGET, CHECKS, CREDENTIALS, DESTINATION, Error, HUNG_UP, INTERRUPTED, LOCKED, SOURCE, SUCCESS,
    TERMINATED, UNEXPECTED, USAGE,
};
use output::Output;

/// Exports the Vainu company-data API into DuckDB and Parquet, with segmentation views
#[derive(Debug, Parser)]
#[command(name = "vainu-etl", version, max_term_width = 100, after_help = after_help())]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

fn after_help() -> String {
    format!(
        "\
Exit codes: {SUCCESS} done (also: nothing new) · {UNEXPECTED} unexpected · {USAGE} usage or configuration · {CREDENTIALS} credentials refused ·
{SOURCE} source unavailable or list incomplete, resumable · {CHECKS} checks refused to publish · {DESTINATION} destination failed ·
{LOCKED} another run holds the lock · {BUDGET} budget reached, resumable · {INTERRUPTED} interrupted by Ctrl-C, {TERMINATED} by SIGTERM, {HUNG_UP} by
SIGHUP, resumable; a second signal ends at once

Paths in the settings file are relative to its folder; in options and the environment, to the current folder.

Credentials: VAINU_API_KEY, or VAINU_USERNAME and VAINU_PASSWORD, or --api-key-file; never an argument."
    )
}

/// Options of every command
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// Settings file; default `vainu-etl.toml` in the current folder, when it exists
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// The published DuckDB file [default: vainu.duckdb]
    #[arg(long, value_name = "FILE", env = "VAINU_WAREHOUSE", global = true)]
    warehouse: Option<PathBuf>,
    /// Where the API is [default: <https://api.vainu.io/api/v1>]
    #[arg(long, value_name = "URL", env = "VAINU_BASE_URL", global = true)]
    base_url: Option<String>,
    /// File that holds the API key
    #[arg(long, value_name = "FILE", global = true)]
    api_key_file: Option<PathBuf>,
    /// Form of everything on stderr
    #[arg(long, value_name = "FORMAT", default_value = "text", global = true)]
    log_format: logging::LogFormat,
    /// Errors only, no progress
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// More log lines: -v steps, -vv requests, -vvv everything
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Do the whole job against the built-in simulator and show what came out
    Demo(demo::DemoArgs),
    /// Load from the API and publish; resumes an unfinished run by itself
    Sync(Box<sync::SyncArgs>),
    /// Say what `sync` would request and about how long it takes; loads nothing
    Plan(Box<plan::PlanArgs>),
    /// Show the last runs, freshness, an unfinished run and who holds the lock
    Status(status::StatusArgs),
    /// Run SQL on the published file, read-only
    Query(query::QueryArgs),
    /// List the bundled views, or describe one
    Views(views::ViewsArgs),
    /// Write tables and views as Parquet, CSV or XLSX files
    Export(export::ExportArgs),
    /// Print the data dictionary
    Schema(schema::SchemaArgs),
    /// List values and records that did not fit
    Rejects(rejects::RejectsArgs),
    /// Make the warehouse again from the landed pages, without one request
    Rebuild(generations::RebuildArgs),
    /// Publish an earlier generation again
    Rollback(generations::RollbackArgs),
    /// Remove a person or a company from everything that is kept: file, generations, landed pages, exports
    Erase(erase::EraseArgs),
    /// Look at an import of customer data
    Job(job::JobArgs),
    /// Check credentials, clock, disk, lock and the published file as a reader sees it
    Doctor(doctor::DoctorArgs),
    /// Serve the API from generated companies on 127.0.0.1
    Simulate(simulate::SimulateArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
    /// Print the manual pages, or write them to a folder
    Man(manual::ManArgs),
}

/// Parses the arguments, runs the command and returns the process's exit code.
pub fn main() -> ExitCode {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => {
            Output::new(false, logging::asked_for(std::env::args_os())).usage(&error);
            return ExitCode::from(u8::from(error.use_stderr()) * USAGE);
        }
    };
    let output = Output::new(cli.global.quiet, cli.global.log_format);
    panics::say_as_errors(&output);
    // Without handlers the system's own do, except for process 1 of a container.
    if let Err(error) = signals::install() {
        output.say(&format!("Signals are left to the system: {error}."));
    }
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| run(cli, &output)));
    let Ok(outcome) = outcome else { return ExitCode::from(UNEXPECTED) };
    match outcome {
        // Whatever it led to, it has been said already.
        _ if panics::seen() => ExitCode::from(UNEXPECTED),
        Ok(code) => ExitCode::from(code),
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            output.error(&error);
            ExitCode::from(signals::exit_code(error.exit_code()))
        }
    }
}

/// The command line. A variable of an option that is empty counts as not set, as those of the credentials do.
fn parse() -> Result<Cli, clap::Error> {
    let is_empty = |name: &std::ffi::OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let command = command()
        .mut_args(|arg| if arg.get_env().is_some_and(is_empty) { arg.env(None::<&str>) } else { arg });
    let arguments = query::tell_sql_from_options(std::env::args_os());
    Cli::from_arg_matches(&command.try_get_matches_from(arguments)?)
}

fn run(cli: Cli, output: &Output) -> Result<u8, Error> {
    logging::start(cli.global.log_format, cli.global.quiet, cli.global.verbose, output);
    limits::file_size_is_an_error()?;
    let global = settings::Settings::load(cli.global)?;
    match cli.command {
        Command::Demo(args) => demo::run(&args, &global, output),
        Command::Sync(args) => sync::run(&args, &global, output),
        Command::Plan(args) => plan::run(&args, &global, output),
        Command::Status(args) => status::run(&args, &global),
        Command::Query(args) => query::run(&args, &global, output),
        Command::Views(args) => views::run(&args),
        Command::Export(args) => export::run(&args, &global, output),
        Command::Schema(args) => schema::run(&args),
        Command::Rejects(args) => rejects::run(&args, &global, output),
        Command::Rebuild(args) => generations::rebuild(&args, &global, output),
        Command::Rollback(args) => generations::rollback(&args, &global, output),
        Command::Erase(args) => erase::run(&args, &global, output),
        Command::Job(args) => job::run(&args, &global, output),
        Command::Doctor(args) => doctor::run(&args, &global),
        Command::Simulate(args) => simulate::run(&args, output),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => manual::run(&args, output),
    }
}

/// The command line as clap knows it, for the reference in `docs/`.
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}
