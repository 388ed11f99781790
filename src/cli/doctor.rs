//! `doctor`: is everything there that a run needs, and does the published file look to a reader as it should?

mod machine;
mod network;
mod warehouse;

use clap::Args;

use super::output::Output;
use super::settings::Settings;
use crate::error::{DESTINATION, Error};
use crate::workspace::Workspace;
use machine::{clock, disk, folder, lock};
use network::{api, proxy};
use warehouse::{published_file, status_texts, unfinished_run};

/// Options of `doctor`
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Send nothing to the API
    #[arg(long)]
    offline: bool,
}

/// One check: what was looked at, what was found.
struct Finding {
    name: &'static str,
    found: Result<String, (u8, String)>,
    /// What is no reason for a run to fail, and yet better known.
    notes: Vec<String>,
}

impl Finding {
    fn new(name: &'static str, found: Result<String, (u8, String)>) -> Self {
        Self { name, found, notes: Vec::new() }
    }
}

pub(crate) fn run(args: &DoctorArgs, global: &Settings) -> Result<u8, Error> {
    let (api, server) = if args.offline { (None, None) } else { api(global)? };
    let mut findings = vec![clock(&global.warehouse, server), disk(&global.warehouse)];
    findings.push(folder(&global.warehouse));
    let hidden = Workspace::inspect(&global.warehouse).is_ok_and(|workspace| !workspace.can_read_state());
    findings.push(if hidden { not_shown("lock") } else { lock(&global.warehouse) });
    findings.push(published_file(&global.warehouse));
    findings.push(status_texts(&global.warehouse));
    findings.push(if hidden { not_shown("runs") } else { unfinished_run(&global.warehouse) });
    findings.push(proxy(global));
    findings.extend(api);
    let mut code = 0;
    let mut text = String::new();
    for Finding { name, found, notes } in &findings {
        match found {
            Ok(what) => text.push_str(&format!("ok    {name:12} {what}\n")),
            Err((exit, what)) => {
                text.push_str(&format!("FAIL  {name:12} {what}\n"));
                code = if code == 0 { *exit } else { code };
            }
        }
        for note in notes {
            text.push_str(&format!("note  {name:12} {note}\n"));
        }
    }
    Output::data(&crate::terminal::safe_lines(&text))?;
    Ok(code)
}

/// What only the owner of the state folder can see.
fn not_shown(name: &'static str) -> Finding {
    let reason = "not shown: the state folder cannot be read; it is its owner's alone".to_owned();
    Finding::new(name, Err((DESTINATION, reason)))
}

/// An error with its causes and what to do.
fn explained(error: &dyn std::error::Error, hint: &str) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(&format!(": {next}"));
        cause = next.source();
    }
    format!("{text}; {hint}")
}
