//! `doctor`: is everything there that a run needs, and does the published file look to a reader as it should?

use std::path::Path;

use clap::Args;
use indicatif::{HumanBytes, HumanCount};

use super::output::{self, Output};
use super::settings::Settings;
use crate::api::{ApiRequest, Client, ClientSettings, proxy_of};
use crate::catalog::PROSPECTS;
use crate::clock;
use crate::error::{DESTINATION, Error, SOURCE};
use crate::extract::runs::{self, RunState};
use crate::normalise::fingerprints;
use crate::query::{self, Format, QueryOptions};
use crate::workspace::Workspace;

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
}

pub(crate) fn run(args: &DoctorArgs, global: &Settings) -> Result<u8, Error> {
    let mut findings = vec![clock_is_plausible(), disk(&global.warehouse)];
    findings.push(lock(&global.warehouse));
    findings.push(published_file(&global.warehouse));
    findings.push(status_texts(&global.warehouse));
    findings.push(unfinished_run(&global.warehouse));
    findings.push(proxy(global));
    if !args.offline {
        findings.push(api(global)?);
    }
    let mut code = 0;
    let mut text = String::new();
    for Finding { name, found } in &findings {
        match found {
            Ok(what) => text.push_str(&format!("ok    {name:12} {what}\n")),
            Err((exit, what)) => {
                text.push_str(&format!("FAIL  {name:12} {what}\n"));
                code = if code == 0 { *exit } else { code };
            }
        }
    }
    Output::data(&crate::terminal::safe_lines(&text))?;
    Ok(code)
}

fn clock_is_plausible() -> Finding {
    let now = clock::now_us();
    let text = clock::utc_text(now);
    let found = if now > EARLIEST_US {
        Ok(text)
    } else {
        Err((DESTINATION, format!("{text} cannot be; set the clock")))
    };
    Finding { name: "clock", found }
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
    Finding { name: "disk", found }
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
    Finding { name: "proxy", found }
}

fn api(global: &Settings) -> Result<Finding, Error> {
    let name = "api";
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
                client.send(&request).await
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
    Ok(Finding { name, found })
}

fn lock(warehouse: &Path) -> Finding {
    let found = match Workspace::inspect(warehouse) {
        Err(error) => Err((error.kind().exit_code(), format!("{error}; {}", error.hint()))),
        Ok(workspace) => Ok(match workspace.lock_owner() {
            None => "free".to_owned(),
            Some(owner) => {
                format!("held by process {} since {} ({})", owner.pid, owner.started_at, owner.command)
            }
        }),
    };
    Finding { name: "lock", found }
}

/// Reads the published file as a BI tool would: read-only, through a view.
fn published_file(warehouse: &Path) -> Finding {
    let found = if Workspace::inspect(warehouse).is_ok_and(|workspace| !workspace.is_published()) {
        Ok("nothing published yet".to_owned())
    } else {
        read_as_reader(warehouse)
    };
    Finding { name: "warehouse", found }
}

fn read_as_reader(warehouse: &Path) -> Result<String, (u8, String)> {
    let mut text = Vec::new();
    let options = QueryOptions { format: Format::Csv, ..QueryOptions::default() };
    let sql = "SELECT (SELECT count(*) FROM companies) AS companies, (SELECT max(finished_at) FROM etl.runs) AS run";
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
            Err(_) => {
                "not known: the published file has no view data_quality yet; the next sync adds it".to_owned()
            }
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
    Finding { name: "statuses", found: Ok(found) }
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
    Finding { name: "runs", found }
}
