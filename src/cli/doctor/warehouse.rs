//! What is kept: the published file as a reader sees it, its status texts, and runs that are not finished.

use std::path::Path;

use super::{Finding, explained};
use crate::error::DESTINATION;
use crate::landing::runs::{self, RunState};
use crate::load;
use crate::query::{self, Format, QueryOptions};
use crate::workspace::{Workspace, WorkspaceError};

/// Reads the published file as a BI tool would: read-only, through a view. Also what lies in it and beside it that is not
/// ours.
pub(super) fn published_file(warehouse: &Path) -> Finding {
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
pub(super) fn status_texts(warehouse: &Path) -> Finding {
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

pub(super) fn unfinished_run(warehouse: &Path) -> Finding {
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
