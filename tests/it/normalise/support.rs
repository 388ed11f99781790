//! Pages staged into a folder, and SQL over what was staged.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::rc::Rc;

use duckdb::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use vainu_etl::catalog::{PROSPECTS, Stream};
use vainu_etl::normalise::{LandedPage, StageError, StageOptions, stage};
use vainu_etl::staging::{Drift, DriftKind, Staged, StagedTable};

/// What `stage` gave, and the folder that it wrote.
#[derive(Debug)]
pub(crate) struct Staging {
    pub(crate) staged: Staged,
    _dir: Rc<TempDir>,
}

/// One value of a result as text.
pub(crate) type Text = Option<String>;

/// A text that is not NULL.
#[expect(clippy::unnecessary_wraps, reason = "it is compared with values that can be NULL")]
pub(crate) fn some(text: &str) -> Text {
    Some(text.to_owned())
}

/// A page of list 0, fetched at the first second of 2026.
pub(crate) fn page(number: u64, body: impl Into<Vec<u8>>) -> LandedPage {
    LandedPage { number, fetched_at_us: 1_767_225_600_000_000, body: body.into(), ..LandedPage::default() }
}

/// A company with the key FI/`id` and further fields.
pub(crate) fn company(id: &str, fields: Value) -> Value {
    let mut record = json!({"country": "FI", "business_id": id});
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    record.as_object_mut().unwrap().extend(fields);
    record
}

/// The answer about a company.
pub(crate) fn answer(number: u64, id: &str, body: impl Into<Vec<u8>>) -> LandedPage {
    let parent = vec![("country", "FI".to_owned()), ("business_id", id.to_owned())];
    LandedPage { parent, ..page(number, body) }
}

/// Stages pages, newest first, with that many workers.
pub(crate) fn try_stage(pages: Vec<LandedPage>, workers: usize) -> Result<Staging, StageError> {
    try_stage_of(&PROSPECTS, None, pages, workers)
}

/// Stages pages of a stream, of the tables named or of all.
pub(crate) fn try_stage_of(
    stream: &'static Stream,
    tables: Option<Vec<&'static str>>,
    pages: Vec<LandedPage>,
    workers: usize,
) -> Result<Staging, StageError> {
    let dir = tempfile::tempdir().unwrap();
    let mut options = StageOptions::new(dir.path());
    options.workers = NonZeroUsize::new(workers).unwrap();
    options.batch_rows = 3;
    options.shares = tables.map(|tables| vec![tables]);
    let staged = stage(stream, pages.into_iter().map(Ok::<_, Infallible>), &options)?.remove(0);
    assert_eq!(staged.rows_staged() + staged.records_rejected, staged.records);
    Ok(Staging::of(staged, &Rc::new(dir)))
}

/// Stages pages of a stream with two workers, all tables.
pub(crate) fn staged_of(stream: &'static Stream, pages: Vec<LandedPage>) -> Staging {
    try_stage_of(stream, None, pages, 2).unwrap()
}

/// Stages the pages given with two workers.
pub(crate) fn staged(pages: Vec<LandedPage>) -> Staging {
    try_stage(pages, 2).unwrap()
}

/// Stages one page.
pub(crate) fn staged_page(body: impl Into<Vec<u8>>) -> Staging {
    staged(vec![page(1, body)])
}

impl Staging {
    /// What was staged into that folder.
    pub(crate) fn of(staged: Staged, dir: &Rc<TempDir>) -> Self {
        Self { staged, _dir: Rc::clone(dir) }
    }

    /// Rows of a query over the staged rows, `FROM rows`, or rejects, `FROM rejects`; all values as text.
    pub(crate) fn query(&self, sql: &str) -> Vec<Vec<Text>> {
        let connection = Connection::open_in_memory().unwrap();
        let mut views = vec![("rejects".to_owned(), &self.staged.rejects)];
        if let Some(table) = self.staged.tables.first() {
            views.push(("rows".to_owned(), &table.rows));
        }
        for StagedTable { table, rows, scopes, .. } in &self.staged.tables {
            views.push((table.name.to_owned(), rows));
            views.push((format!("{}_scopes", table.name), scopes));
        }
        for (view, paths) in views {
            if !paths.is_empty() {
                let files = list_of(paths);
                let sql = format!("CREATE VIEW {view} AS SELECT * FROM read_parquet({files})");
                connection.execute_batch(&sql).unwrap();
            }
        }
        let mut statement = connection.prepare(&format!("SELECT COLUMNS(*)::VARCHAR FROM ({sql})")).unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut result = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let columns = row.as_ref().column_count();
            result.push((0..columns).map(|column| row.get(column).unwrap()).collect());
        }
        result
    }

    /// Rows of a query, each as one line, NULL as `-`.
    pub(crate) fn lines(&self, sql: &str) -> Vec<String> {
        let line = |row: Vec<Text>| {
            row.into_iter()
                .map(|value| value.unwrap_or_else(|| "-".to_owned()))
                .collect::<Vec<_>>()
                .join(" | ")
        };
        self.query(sql).into_iter().map(line).collect()
    }

    /// Rows of a query over the rejects with their tables: table, key, field, raw, reason.
    pub(crate) fn reject_lines(&self) -> Vec<String> {
        if self.staged.rejects.is_empty() {
            return Vec::new();
        }
        self.lines("SELECT table_name, key, field, raw, reason FROM rejects ORDER BY ALL")
    }

    /// The only value of a query.
    pub(crate) fn value(&self, sql: &str) -> Text {
        let mut rows = self.query(sql);
        assert_eq!(rows.len(), 1, "{sql}: {rows:?}");
        rows.remove(0).remove(0)
    }

    /// Rejects as key, field, raw and reason, sorted.
    pub(crate) fn rejects(&self) -> Vec<[String; 4]> {
        if self.staged.rejects.is_empty() {
            return Vec::new();
        }
        let sql = "SELECT coalesce(key, '-'), coalesce(field, '-'), raw, reason FROM rejects ORDER BY ALL";
        let text = |row: Vec<Text>| row.into_iter().map(Option::unwrap).collect::<Vec<_>>();
        self.query(sql).into_iter().map(|row| text(row).try_into().unwrap()).collect()
    }

    /// The drift of one kind as field, count and sample.
    pub(crate) fn drift(&self, kind: DriftKind) -> Vec<(&str, u64, Option<&str>)> {
        let of_kind = self.staged.drift.iter().filter(|drift| drift.kind == kind);
        of_kind
            .map(|Drift { field, count, sample, .. }| (field.as_str(), *count, sample.as_deref()))
            .collect()
    }
}

fn list_of(paths: &[PathBuf]) -> String {
    let quoted: Vec<_> = paths.iter().map(|path| format!("'{}'", path.display())).collect();
    format!("[{}]", quoted.join(", "))
}
