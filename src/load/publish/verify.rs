//! The checks that a new generation has to pass before it is published.

use std::path::{Path, PathBuf};

use duckdb::Connection;

use crate::catalog;
use crate::files;
use crate::load::builder::{Builder, THREADS_OF_MANY_STATEMENTS, configure};
use crate::load::merge::cells::list_of;
use crate::load::{CheckHook, Counts, FailedCheck, InstallHook, LoadError, LoadSettings, rejects};
use crate::schema::{Disposition, Table, ddl, etl};
use crate::workspace::open_marked;

/// Most rows of a failed check that are shown.
const SAMPLES: usize = 5;

/// Names of the checks of companies, which are made during the merge.
const OF_COMPANIES: [&str; 2] = ["staged_rows_add_up", "table_rows_add_up"];

/// Names of the load's own checks, without those of the views.
pub fn check_names() -> Vec<String> {
    let mut names: Vec<String> = OF_COMPANIES.map(str::to_owned).to_vec();
    for table in catalog::tables() {
        if table.schema == "main" && table.disposition != Disposition::Merge {
            names.extend(rows_checks(table));
        }
        names.extend((table != &etl::CHANGES).then(|| unique_key_check(table)));
    }
    names
}

/// Names of the two checks of a table whose rows are replaced: of its staged rows, and of its rows.
pub(in crate::load) fn rows_checks(table: &Table) -> [String; 2] {
    [format!("staged_rows_of_{}_add_up", table.name), format!("rows_of_{}_add_up", table.name)]
}

fn unique_key_check(table: &Table) -> String {
    format!("unique_key_of_{}", table.name)
}

/// Refuses the load if any check failed whose name is not in `accepted`.
pub(in crate::load) fn settle(failed: Vec<FailedCheck>, accepted: &[String]) -> Result<(), LoadError> {
    let (overruled, failed): (Vec<_>, Vec<_>) =
        failed.into_iter().partition(|check| accepted.contains(&check.name));
    for FailedCheck { name, rows, sample } in overruled {
        tracing::warn!(check = name, rows, sample, "A check found something; it is accepted as asked.");
    }
    if failed.is_empty() { Ok(()) } else { Err(LoadError::ChecksRefused { failed }) }
}

/// Checks that no company was lost or doubled between the staged files, the previous generation and the new one.
/// `staged` is the table expression of the staged companies, `rows` the number of rows in their table.
pub(in crate::load) fn companies_add_up(
    next: &Builder,
    table: &Table,
    staged: &str,
    rows: u64,
    totals: Counts,
    accepted: &[String],
) -> Result<(), LoadError> {
    let doing = "counting the rows";
    let newest = next.number(doing, &format!("SELECT count(*) FROM {staged} WHERE _seen_at IS NOT NULL"))?;
    let earlier = match next.previous(table)? {
        Some(previous) => next.number(doing, &format!("SELECT count(*) FROM ({previous})"))?,
        None => 0,
    };
    let seen = totals.inserted + totals.updated + totals.unchanged;
    let mut failed = Vec::new();
    let mut expect = |name: &str, found: u64, expected: u64, what: &str| {
        if found != expected {
            failed.push(FailedCheck {
                name: name.to_owned(),
                rows: found.abs_diff(expected),
                sample: format!("{what}: {found}, expected {expected}"),
            });
        }
    };
    let [staged, table] = OF_COMPANIES;
    expect(staged, newest, seen, "newest staged rows");
    expect(table, rows, earlier + totals.inserted, "rows of the table");
    settle(failed, accepted)
}

/// The new generation, opened by itself. Views are created and checks run on the file that people will open, which is
/// not attached under another name.
#[derive(Debug)]
pub(in crate::load) struct FinishedFile {
    connection: Connection,
    path: PathBuf,
    /// Threads for the checks.
    threads: usize,
}

impl FinishedFile {
    pub(in crate::load) fn open(
        path: &Path,
        settings: &LoadSettings,
        temporary: &Path,
    ) -> Result<Self, LoadError> {
        let connection = configure(settings, temporary)
            .and_then(|config| config.threads(THREADS_OF_MANY_STATEMENTS))
            .and_then(|config| files::open(path, config))
            .map_err(|source| LoadError::database("opening the new generation", path, source))?;
        Ok(Self { connection, path: path.to_owned(), threads: settings.threads.max(1) })
    }

    /// Creates the views in one transaction, since each statement by itself would be synced to the disk.
    pub(in crate::load) fn install(&self, hook: InstallHook<'_>) -> Result<(), LoadError> {
        let failed = |source| LoadError::database("creating the views", &self.path, source);
        self.connection.execute_batch("BEGIN").map_err(failed)?;
        hook(&self.connection).map_err(|source| LoadError::Hook { what: "the views", source })?;
        self.connection.execute_batch("COMMIT").map_err(failed)
    }

    /// Runs the load's own checks and those of the hook.
    pub(in crate::load) fn check(
        &self,
        tables: &[&Table],
        hook: CheckHook<'_>,
        accepted: &[String],
    ) -> Result<(), LoadError> {
        let threads = format!("SET threads = {}", self.threads);
        self.connection
            .execute_batch(&threads)
            .map_err(|source| LoadError::database("setting the number of threads", &self.path, source))?;
        let mut failed = Vec::new();
        // `etl.changes` only grows, by one row for each changed column of a company, and companies are unique.
        for table in tables.iter().filter(|table| **table != &etl::CHANGES) {
            let checked = self.duplicates(table);
            failed.extend(
                checked.map_err(|source| LoadError::database("checking the keys", &self.path, source))?,
            );
        }
        failed
            .extend(hook(&self.connection).map_err(|source| LoadError::Hook { what: "the checks", source })?);
        settle(failed, accepted)
    }

    /// Looks for keys that a table holds more than once. `None` if there are none.
    fn duplicates(&self, table: &Table) -> duckdb::Result<Option<FailedCheck>> {
        // The key of rejects contains whole records. Grouping by these would take more memory than a load may use.
        let is_rejects = table == &etl::REJECTS;
        let key = if is_rejects { rejects::HASH.to_owned() } else { list_of(table.key) };
        let shown: Vec<_> = if is_rejects {
            ["stream", "table_name", "key"].map(|column| format!("any_value({column})")).to_vec()
        } else {
            let names = table.key.iter().map(|key| ddl::identifier(key));
            names.map(|key| format!("coalesce(CAST({key} AS VARCHAR), 'NULL')")).collect()
        };
        let sql = format!(
            "SELECT concat_ws('/', {shown}), count(*) FROM {} GROUP BY {key} HAVING count(*) > 1",
            table.qualified(),
            shown = shown.join(", "),
        );
        let mut statement = self.connection.prepare(&sql)?;
        let mut found = statement.query([])?;
        let (mut rows, mut samples) = (0, Vec::new());
        while let Some(row) = found.next()? {
            rows += 1;
            if samples.len() < SAMPLES {
                samples.push(format!("{}: {} rows", row.get::<_, String>(0)?, row.get::<_, u64>(1)?));
            }
        }
        let name = unique_key_check(table);
        Ok((rows > 0).then(|| FailedCheck { name, rows, sample: samples.join("\n") }))
    }

    /// Checkpoints the file and closes the connection.
    pub(in crate::load) fn close(self) -> Result<(), LoadError> {
        let failed = |source| LoadError::database("writing the new generation", &self.path, source);
        self.connection.execute_batch("CHECKPOINT").map_err(failed)?;
        self.connection.close().map_err(|(_, source)| failed(source))
    }
}

/// Opens the closed file again, as a reader does, and compares it with what was written.
pub(in crate::load) fn reopen(path: &Path, generation: u64, rows: &[(String, u64)]) -> Result<(), LoadError> {
    let differs = |what: String| Err(LoadError::Verification { path: path.to_owned(), what });
    if path.with_extension("duckdb.wal").exists() {
        return differs("a write-ahead log is left beside it".to_owned());
    }
    let (connection, marker) = open_marked(path)?;
    if marker.generation != generation {
        return differs(format!("it says generation {}, not {generation}", marker.generation));
    }
    let failed = |source| LoadError::database("reading the new generation", path, source);
    for (table, expected) in rows {
        let sql = format!("SELECT count(*) FROM {table}");
        let found: u64 = connection.query_row(&sql, [], |row| row.get(0)).map_err(failed)?;
        if found != *expected {
            return differs(format!("{table} has {found} rows, not {expected}"));
        }
    }
    Ok(())
}
