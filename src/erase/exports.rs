//! Exports: each export that holds a subject is exported again from the erased warehouse.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::csv::unguarded_sql;
use super::effects::Effects;
use super::rules::Column;
use super::subject::Subject;
use super::tables::Relation;
use super::{Action, EraseError, EraseOptions, Outcome, Touched};
use crate::export::{self, ExportError, ExportFormat, Manifest, ManifestTable, Remembered};
use crate::files::{self, PlainFolder};
use crate::load::rewrite::open_for_search;
use crate::load::{LoadError, LoadSettings};
use crate::query::CsvOptions;
use crate::schema::ddl::{identifier, literal};
use crate::workspace::Workspace;

/// Searches every known export for the subjects, and has `effects` repeat those that hold one. Returns the folders of
/// the exports.
///
/// An export that cannot be searched is added to the problems of the outcome, and the others are still processed.
pub(super) fn erase(
    workspace: &Workspace,
    effects: &dyn Effects,
    options: &EraseOptions,
    outcome: &mut Outcome,
) -> Result<Vec<PathBuf>, EraseError> {
    for dir in &options.forget_exports {
        let dir = absolute(dir)?;
        if export::remembered(workspace)?.iter().any(|known| known.dir == dir) {
            effects.forget_export(&dir)?;
        } else {
            outcome.problems.push(format!("no export to {} is known", dir.display()));
        }
    }
    let forgotten: Vec<PathBuf> =
        options.forget_exports.iter().map(|dir| absolute(dir)).collect::<Result<_, _>>()?;
    let mut all = export::remembered(workspace)?;
    all.retain(|known| !forgotten.contains(&known.dir));
    for dir in &options.exports {
        let dir = absolute(dir)?;
        if all.iter().any(|known| known.dir == dir) {
            continue;
        }
        match export::manifest_of(&dir) {
            Ok(Some(manifest)) => all.push(as_it_was(dir, &manifest)),
            Ok(None) => outcome.untouched_for(&dir, "there is no export in it"),
            Err(error) => outcome.untouched_for(&dir, &explained(&error)),
        }
    }
    for known in &all {
        if let Err(error) = erase_export(workspace, effects, known, &options.subjects, outcome) {
            match error {
                EraseError::Export(error @ ExportError::NewerManifest { .. }) => {
                    outcome.untouched_for(&known.dir, &explained(&error));
                }
                error => outcome.untouched(&format!("the export in {}", known.dir.display()), &error),
            }
        }
    }
    Ok(all.into_iter().map(|known| known.dir).collect())
}

/// The error, with what to do for a manifest that cannot be read: a problem of the outcome has no hint of its own.
fn explained(error: &ExportError) -> String {
    match error {
        ExportError::NewerManifest { .. } => format!("{error}; {}", error.hint()),
        _ => error.to_string(),
    }
}

fn erase_export(
    workspace: &Workspace,
    effects: &dyn Effects,
    known: &Remembered,
    subjects: &[Subject],
    outcome: &mut Outcome,
) -> Result<(), EraseError> {
    if !known.dir.is_dir() {
        outcome.untouched_for(&known.dir, "the folder is not there (any more, or now)");
        return Ok(());
    }
    let manifest = export::manifest_of(&known.dir)?;
    effects.tidy_export(&known.dir)?;
    let Some(manifest) = manifest else { return Ok(()) };
    let place = format!("export {}", known.dir.display());
    let is_affected = match manifest.format {
        ExportFormat::Xlsx => add_workbooks(&place, &manifest, outcome),
        format => search(workspace, (&place, &known.dir), &manifest, format, subjects, outcome)?,
    };
    if is_affected { effects.repeat_export(known, outcome) } else { Ok(()) }
}

/// Adds the workbooks of an export to the outcome. They are not searched: each one that has rows is written again.
/// Returns whether there is one.
fn add_workbooks(place: &str, manifest: &Manifest, outcome: &mut Outcome) -> bool {
    for table in &manifest.tables {
        outcome.add(Touched {
            place: place.to_owned(),
            table: table.name.clone(),
            rows: table.rows,
            action: Action::Changed,
            note: "a workbook is not searched, but written again whole".to_owned(),
        });
    }
    manifest.tables.iter().any(|table| table.rows > 0)
}

/// Searches the Parquet or CSV files of the export in `dir`. Returns whether any row changes.
fn search(
    workspace: &Workspace,
    (place, dir): (&str, &Path),
    manifest: &Manifest,
    format: ExportFormat,
    subjects: &[Subject],
    outcome: &mut Outcome,
) -> Result<bool, EraseError> {
    let failed = |source| LoadError::database("looking for what to erase", dir, source);
    let folder = PlainFolder::of(dir)?;
    let settings = LoadSettings { memory_limit_mb: LOOKING_MB, threads: 1, ..LoadSettings::default() };
    let connection = open_for_search(workspace, None, &settings).map_err(failed)?;
    let mut is_affected = false;
    for table in &manifest.tables {
        let Some(relation) = relation(&folder, table, format, manifest.csv)? else { continue };
        let found = relation.find(&connection, subjects).map_err(failed)?;
        is_affected |= !found.is_empty();
        outcome.add_found(place, &table.name, &found);
    }
    Ok(is_affected)
}

/// Memory limit in megabytes for searching exported files. `DuckDB` holds a whole line of CSV in memory and has buffers
/// for each file.
const LOOKING_MB: u64 = 1000;

/// The files of an exported table as a relation. `None` if the table has no files, or if it is in a workbook.
fn relation(
    folder: &PlainFolder,
    table: &ManifestTable,
    format: ExportFormat,
    csv: CsvOptions,
) -> Result<Option<Relation>, EraseError> {
    if table.files.is_empty() {
        return Ok(None);
    }
    // The manifest says the country of a file's rows. The path does not count.
    let mut by_country: BTreeMap<Option<&str>, Vec<PathBuf>> = BTreeMap::new();
    for file in &table.files {
        by_country.entry(file.country.as_deref()).or_default().push(folder.file(&file.path));
    }
    let in_path = |name: &str| table.partitioned_by.iter().any(|column| column == name);
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let in_files: Vec<&str> = names.iter().copied().filter(|name| !in_path(name)).collect();
    let mut parts = Vec::with_capacity(by_country.len());
    for (country, paths) in by_country {
        let read = match format {
            ExportFormat::Parquet => files::parquet(&paths),
            ExportFormat::Csv => files::csv(&paths, &in_files, csv.delimiter),
            ExportFormat::Xlsx => return Ok(None),
        };
        let country = country.map_or_else(|| "NULL".to_owned(), literal);
        let columns: Vec<String> = names
            .iter()
            .map(|name| match identifier(name) {
                quoted if in_path(name) => format!("CAST({country} AS VARCHAR) AS {quoted}"),
                quoted if format == ExportFormat::Csv => format!("{} AS {quoted}", unguarded_sql(&quoted)),
                quoted => quoted,
            })
            .collect();
        let read = read.map_err(LoadError::from)?;
        parts.push(format!("SELECT {} FROM {read}", columns.join(", ")));
    }
    let columns = table.columns.iter().map(|column| Column {
        name: column.name.clone(),
        kind: column.data_type.clone(),
        nullable: true,
    });
    Ok(Some(Relation {
        schema: "main".to_owned(),
        name: table.name.clone(),
        columns: columns.collect(),
        source: format!("(SELECT *, row_number() OVER () AS \"#\" FROM ({}))", parts.join(" UNION ALL ")),
        row: "\"#\"",
    }))
}

/// An export as its manifest describes it. The manifest does not say whether CSV texts were written raw; `false` is
/// assumed.
fn as_it_was(dir: PathBuf, manifest: &Manifest) -> Remembered {
    Remembered {
        dir,
        tables: manifest.tables.iter().map(|table| table.name.clone()).collect(),
        format: manifest.format,
        partition_by_country: manifest.tables.iter().any(|table| !table.partitioned_by.is_empty()),
        raw_csv: false,
        csv: manifest.csv,
    }
}

/// The folder's path in the form in which the list of exports stores it: canonical. For a folder that does not exist,
/// the absolute path.
fn absolute(dir: &Path) -> std::io::Result<PathBuf> {
    fs_err::canonicalize(dir).or_else(|_| std::path::absolute(dir))
}
