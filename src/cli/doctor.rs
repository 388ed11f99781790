//! `doctor`: is everything there that a run needs, and does the published file look to a reader as it should?

use std::path::Path;

use clap::Args;
use indicatif::{HumanBytes, HumanCount};

use super::output::{self, Output};
use super::settings::Settings;
use crate::api::{ApiRequest, Client, ClientSettings, ServerTime, proxy_of};
use crate::catalog::PROSPECTS;
use crate::clock::{self, Timeline};
use crate::error::{DESTINATION, Error, SOURCE};
use crate::landing::runs::{self, RunState};
use crate::load;
use crate::pipeline::last_written;
use crate::query::{self, Format, QueryOptions};
use crate::record::fingerprints;
use crate::workspace::{Workspace, WorkspaceError};

/// With less room than this a load is likely to fail: two generations and landed pages of 100,000 companies.
const LITTLE_ROOM: u64 = 500 << 20;
/// A clock that stands before this is wrong: 2026-01-01.
const EARLIEST_US: i64 = 1_767_225_600_000_000;

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

/// Compares the computer's clock with the API's, and with what was written last.
fn clock(warehouse: &Path, server: Option<ServerTime>) -> Finding {
    let now = clock::now_us();
    let text = clock::utc_text(now);
    let found = match server.and_then(|server| Some((server, server.difference()?))) {
        Some((server, difference)) => Err((
            DESTINATION,
            format!("{text} is {difference} the API's {}; set the clock", clock::utc_text(server.server_us)),
        )),
        None if now <= EARLIEST_US => Err((DESTINATION, format!("{text} cannot be; set the clock"))),
        None if server.is_some() => Ok(format!("{text}, as the API's")),
        None => Ok(text),
    };
    let mut finding = Finding::new("clock", found);
    let history = Workspace::inspect(warehouse).ok().and_then(|workspace| {
        if workspace.is_published() {
            return Some(workspace.published().to_owned());
        }
        Some(load::newest(&workspace).ok()??.path)
    });
    let written = last_written(history.as_deref()).ok().flatten();
    if let Some(jump) = Timeline::after(written).jump() {
        finding.notes.push(format!(
            "the warehouse was last written at {}, {} later: one of the two clocks was wrong; times go on from there",
            clock::utc_text(jump.written_us),
            clock::length_text(jump.written_us.abs_diff(jump.clock_us)),
        ));
    }
    finding
}

/// Tries what publishing needs, as a run does before its first request.
fn folder(warehouse: &Path) -> Finding {
    let name = "folder";
    match Workspace::inspect(warehouse)
        .and_then(|workspace| Ok((workspace.lacking_beside_others()?, workspace)))
    {
        Err(error) => Finding::new(name, Err((error.kind().exit_code(), explained(&error, &error.hint())))),
        Ok((notes, workspace)) => {
            let what = format!("a new generation can be put into {}", workspace.folder().display());
            Finding { notes, ..Finding::new(name, Ok(what)) }
        }
    }
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

fn disk(warehouse: &Path) -> Finding {
    let folder = match warehouse.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let found = match free_bytes(folder) {
        Err(error) => Err((DESTINATION, format!("folder {}: {error}", folder.display()))),
        Ok(free) if free < LITTLE_ROOM => {
            Err((DESTINATION, format!("only {} free in {}; make room", HumanBytes(free), folder.display())))
        }
        Ok(free) => Ok(format!("{} free in {}", HumanBytes(free), folder.display())),
    };
    Finding::new("disk", found)
}

fn free_bytes(folder: &Path) -> std::io::Result<u64> {
    let space = rustix::fs::statvfs(folder)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

/// The proxy in use, without its password.
fn proxy(global: &Settings) -> Finding {
    let found = match global.base_url().and_then(|url| Ok(proxy_of(&url)?)) {
        Ok(None) => Ok("none: the API is reached directly".to_owned()),
        Ok(Some(proxy)) => Ok(proxy),
        Err(Error::Api(error)) => {
            Err((error.kind().exit_code(), format!("{error}; {}", error.hint().unwrap_or_default())))
        }
        Err(error) => Err((error.exit_code(), format!("{error}; {}", error.hint().unwrap_or_default()))),
    };
    Finding::new("proxy", found)
}

/// Asks the API for one number; gives its time, too.
fn api(global: &Settings) -> Result<(Option<Finding>, Option<ServerTime>), Error> {
    let mut server = None;
    let found = match global.credentials() {
        Err(error) => {
            let said: Vec<String> =
                std::iter::once(error.to_string()).chain(output::causes(&error)).collect();
            let text = format!("{}; {}", said.join(": "), error.hint().unwrap_or_default());
            Err((error.exit_code(), text))
        }
        Ok((credentials, origin)) => {
            let base_url = global.base_url()?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let request =
                ApiRequest::get(PROSPECTS.endpoint.path).query("country", "FI").query("count", "true");
            let answer = runtime.block_on(async {
                let client = Client::new(ClientSettings::new(base_url, credentials))?;
                let answer = client.send(&request).await;
                server = client.server_time();
                answer
            });
            match answer {
                Err(error) => {
                    let code = Error::Api(error.clone()).exit_code();
                    Err((code, format!("{error}; {}", error.hint().unwrap_or_default())))
                }
                Ok(answer) if answer.status == 404 => {
                    Err((SOURCE, "404 Not Found; check --base-url".to_owned()))
                }
                Ok(answer) => match fingerprints(&answer.body) {
                    Ok(facts) => Ok(format!(
                        "{} accepts the credentials of {origin}; companies in FI: {}; {:.0} ms",
                        global.base_url,
                        facts
                            .count
                            .map_or("no total given".to_owned(), |count| HumanCount(count).to_string()),
                        answer.elapsed.as_secs_f64() * 1000.0
                    )),
                    Err(error) => Err((SOURCE, error.to_string())),
                },
            }
        }
    };
    Ok((Some(Finding::new("api", found)), server))
}

fn lock(warehouse: &Path) -> Finding {
    let found = match Workspace::inspect(warehouse) {
        Err(error) => Err((error.kind().exit_code(), explained(&error, &error.hint()))),
        Ok(workspace) => Ok(match workspace.lock_owner() {
            None => "free".to_owned(),
            Some(owner) => {
                format!("held by process {} since {} ({})", owner.pid, owner.started_at, owner.command)
            }
        }),
    };
    Finding::new("lock", found)
}

/// Reads the published file as a BI tool would: read-only, through a view. Also what lies in it and beside it that is not
/// ours.
fn published_file(warehouse: &Path) -> Finding {
    let name = "warehouse";
    let Ok(workspace) = Workspace::inspect(warehouse) else {
        return Finding::new(name, read_as_reader(warehouse));
    };
    if let Some(path) = workspace.stale_wal() {
        let error = WorkspaceError::StaleWal { path };
        return Finding::new(name, Err((error.kind().exit_code(), explained(&error, &error.hint()))));
    }
    if !workspace.is_published() {
        return Finding::new(name, not_published(&workspace));
    }
    let mut finding = Finding::new(name, read_as_reader(warehouse));
    match load::foreign(workspace.published()) {
        Ok(foreign) if !foreign.is_empty() => finding.notes.push(format!(
            "holds what vainu-etl did not make, and what the next generation will not have: {}; keep it in a file of its \
             own that attaches this one",
            load::named(&foreign)
        )),
        _ => {}
    }
    finding
}

fn not_published(workspace: &Workspace) -> Result<String, (u8, String)> {
    match load::newest(workspace) {
        Ok(None) => Ok("nothing published yet".to_owned()),
        Ok(Some(newest)) => Err((
            DESTINATION,
            format!(
                "{} is gone; `sync` goes on from generation {1}, `rollback` publishes generation {1} again",
                workspace.published().display(),
                newest.number
            ),
        )),
        Err(error) => Err((error.kind().exit_code(), explained(&error, &error.hint()))),
    }
}

fn read_as_reader(warehouse: &Path) -> Result<String, (u8, String)> {
    let mut text = Vec::new();
    let options = QueryOptions { format: Format::Csv, ..QueryOptions::default() };
    let sql = "SELECT (SELECT count(*) FROM companies) AS companies, (SELECT finished_at FROM etl.runs ORDER BY run_id DESC LIMIT 1) AS run";
    query::query(warehouse, sql, &options, &mut text)
        .map_err(|error| (DESTINATION, format!("{error}; {}", error.hint())))?;
    let row = String::from_utf8_lossy(&text).lines().nth(1).unwrap_or_default().to_owned();
    Ok(format!("{}: {} UTC", warehouse.display(), row.replace(',', " companies, last run ")))
}

/// Status texts that nobody knows: nothing is wrong, but nobody can tell whether these companies are live.
fn status_texts(warehouse: &Path) -> Finding {
    const SHOWN: usize = 10;
    let found = if Workspace::inspect(warehouse).is_ok_and(|workspace| workspace.is_published()) {
        let mut texts = Vec::new();
        let sql = "SELECT unknown_value, CAST(rows AS VARCHAR) FROM data_quality \
                   WHERE unknown_value IS NOT NULL ORDER BY rows DESC, unknown_value";
        match query::texts(warehouse, sql, |[text, companies]| texts.push((text, companies))) {
            Err(error) if error.to_string().contains("Table with name data_quality does not exist") => {
                "not known: the published file has no view data_quality yet; the next sync adds it".to_owned()
            }
            Err(error) => format!("not known: {error}; {}", error.hint()),
            Ok(()) if texts.is_empty() => "all known".to_owned(),
            Ok(()) => {
                let shown = texts
                    .iter()
                    .take(SHOWN)
                    .map(|(text, companies)| format!("`{text}` ({companies} companies)"));
                let shown = shown.collect::<Vec<_>>().join(", ");
                let more = texts.len().saturating_sub(SHOWN);
                let more = if more > 0 {
                    format!(" and {more} more, see the view data_quality")
                } else {
                    String::new()
                };
                format!(
                    "{} unknown: {shown}{more}; say what they mean in a CSV file (status_text,status_class with live, \
                     dissolving or gone) and name it in vainu-etl.toml: status_texts = \"own.csv\"",
                    texts.len()
                )
            }
        }
    } else {
        "nothing published yet".to_owned()
    };
    Finding::new("statuses", Ok(found))
}

fn unfinished_run(warehouse: &Path) -> Finding {
    let runs = Workspace::inspect(warehouse).map(|workspace| runs::list(&workspace.landing_dir()));
    let found = match runs {
        Ok(Ok(runs)) => {
            let unfinished = runs.iter().filter(|run| run.state == RunState::Unfinished);
            let names: Vec<&str> = unfinished.map(|run| run.header.run_id.as_str()).collect();
            Ok(if names.is_empty() {
                "none unfinished".to_owned()
            } else {
                format!("unfinished: {}", names.join(", "))
            })
        }
        Ok(Err(error)) => Err((DESTINATION, error.to_string())),
        Err(error) => Err((error.kind().exit_code(), error.to_string())),
    };
    Finding::new("runs", found)
}
