//! The database connection that builds the next generation.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use duckdb::{Config, Connection, Params};

use super::{LoadError, LoadSettings};
use crate::files;
use crate::schema::{Column, Table, ddl};
use crate::workspace::Workspace;

/// Storage format of every published file: the oldest that has every feature used here, so that the `DuckDB` versions
/// in BI tools can open it.
const STORAGE_VERSION: &str = "v1.2.0";

/// Rows of a row group; half of `DuckDB`'s default.
///
/// A thread that inserts holds an uncompressed row group and then compresses it alone. With the default, 200,000 rows
/// are two groups, and one thread does most of the work. With half of it, a first load of 200,000 rows took 1.2 s
/// instead of 1.9 s on two cores, and a thread needs half of the memory. With a quarter it was slower again.
const ROW_GROUP_ROWS: u32 = 61_440;

/// Rows of a row group of an intermediate Parquet file. Each thread holds a row group in memory until it is full.
const STORED_GROUP_ROWS: u32 = 20_480;

/// Threads while hundreds of small statements are run: tables, views and their comments. With a second one, `DuckDB` wakes
/// it for each of them, and they take twice the time of a processor.
pub(super) const THREADS_OF_MANY_STATEMENTS: i64 = 1;

/// Memory in megabytes that one thread needs for a merge of tables as wide as ours. With less, two threads run out of a
/// limit of 200 MB where one thread does not.
const MERGE_MB_PER_THREAD: u64 = 150;

/// The next generation, attached as `next` to an in-memory connection. The published file is attached as `prev`.
#[derive(Debug)]
pub(super) struct Builder {
    connection: Connection,
    folder: PathBuf,
    has_previous: bool,
    threads: usize,
    /// Threads for joins of wide rows.
    joining_threads: usize,
    /// The layout of the published file, once it has been read.
    previous_layout: OnceCell<Layout>,
}

/// Names of the columns of each table, by schema and name.
type Layout = HashMap<(String, String), Vec<String>>;

impl Builder {
    /// Creates the file `path` with `tables`, all empty. If `has_previous` is true, attaches the published file for
    /// reading.
    pub(super) fn create(
        workspace: &Workspace,
        path: &Path,
        has_previous: bool,
        tables: &[&Table],
        settings: &LoadSettings,
    ) -> Result<Self, LoadError> {
        let folder = workspace.staging_dir();
        let doing = "creating the next generation";
        let temporary = super::publish::swap::Paths::of(workspace).temporary;
        let connection = configure(settings, &temporary)
            .and_then(|config| config.threads(THREADS_OF_MANY_STATEMENTS))
            .and_then(Connection::open_in_memory_with_flags)
            .map_err(|source| LoadError::database(doing, &folder, source))?;
        let most = usize::try_from(settings.memory_limit_mb / MERGE_MB_PER_THREAD).unwrap_or(usize::MAX);
        let joining_threads = settings.threads.min(most).max(1);
        let threads = if has_previous { joining_threads } else { settings.threads.max(1) };
        let previous_layout = OnceCell::new();
        let next = Self { connection, folder, has_previous, threads, joining_threads, previous_layout };
        if has_previous {
            let published = files::attach(workspace.published(), "prev", "READ_ONLY")?;
            next.batch("opening the published file", &published)?;
        }
        next.batch(doing, &format!("{}; USE next;", files::attach(path, "next", &next_options())?))?;
        // In one transaction, since each statement by itself would be synced to the disk.
        let mut sql = "BEGIN; CREATE SCHEMA etl;".to_owned();
        for table in tables {
            sql.push_str(&ddl::create_table(table));
            sql.push_str(&ddl::comments(table));
        }
        sql.push_str("COMMIT;");
        next.batch(doing, &sql)?;
        // A join that just fits into memory holds its rows until all of them are written, and leaves too little memory
        // for writing. Loads of middle sizes failed for that reason, while larger ones, which were joined in parts, did
        // not (decision 0016).
        next.batch(doing, "SET debug_force_external = true")?;
        next.set_threads(threads)?;
        Ok(next)
    }

    /// Whether there is a published file, attached as `prev`.
    pub(super) fn has_previous(&self) -> bool {
        self.has_previous
    }

    /// Runs `work`, which joins wide rows, with as many threads as the memory limit allows.
    pub(super) fn joining<T>(&self, work: impl FnOnce() -> Result<T, LoadError>) -> Result<T, LoadError> {
        self.set_threads(self.joining_threads)?;
        let result = work()?;
        self.set_threads(self.threads)?;
        Ok(result)
    }

    fn set_threads(&self, threads: usize) -> Result<(), LoadError> {
        self.batch("setting the number of threads", &format!("SET threads = {threads}"))
    }

    /// Runs statements.
    pub(super) fn batch(&self, doing: &'static str, sql: &str) -> Result<(), LoadError> {
        self.connection.execute_batch(sql).map_err(|source| self.failed(doing, source))
    }

    /// Runs one statement. Returns the number of rows that it wrote.
    pub(super) fn execute(
        &self,
        doing: &'static str,
        sql: &str,
        params: impl Params,
    ) -> Result<u64, LoadError> {
        let rows = self.connection.execute(sql, params).map_err(|source| self.failed(doing, source))?;
        Ok(u64::try_from(rows).unwrap_or(u64::MAX))
    }

    /// Runs a query and converts each row. All rows are held in memory, so this is for small results only.
    pub(super) fn rows<T>(
        &self,
        doing: &'static str,
        sql: &str,
        params: impl Params,
        row: impl FnMut(&duckdb::Row<'_>) -> duckdb::Result<T>,
    ) -> Result<Vec<T>, LoadError> {
        let rows = self
            .connection
            .prepare(sql)
            .and_then(|mut statement| statement.query_map(params, row)?.collect::<duckdb::Result<Vec<T>>>());
        rows.map_err(|source| self.failed(doing, source))
    }

    /// Runs a query whose result is one number.
    pub(super) fn number(&self, doing: &'static str, sql: &str) -> Result<u64, LoadError> {
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(|source| self.failed(doing, source))
    }

    /// Names of the columns that the table has in the previous generation. Empty if there is no previous generation, or
    /// if it does not have the table.
    pub(super) fn previous_columns(&self, table: &Table) -> Result<Vec<String>, LoadError> {
        if !self.has_previous {
            return Ok(Vec::new());
        }
        let layout = if let Some(layout) = self.previous_layout.get() {
            layout
        } else {
            let layout = self.read_previous_layout()?;
            self.previous_layout.get_or_init(|| layout)
        };
        let key = (table.schema.to_owned(), table.name.to_owned());
        Ok(layout.get(&key).cloned().unwrap_or_default())
    }

    /// Reads the layout of the previous generation. Once for all tables: for each query of its columns, `DuckDB` goes
    /// through those of every database, its own views included.
    fn read_previous_layout(&self) -> Result<Layout, LoadError> {
        let sql = "SELECT schema_name, table_name, column_name FROM duckdb_columns() \
                   WHERE database_name = 'prev' ORDER BY schema_name, table_name, column_index";
        let columns = self.rows("reading the previous layout", sql, [], |row| {
            Ok(((row.get(0)?, row.get(1)?), row.get::<_, String>(2)?))
        })?;
        let mut layout = Layout::new();
        for (table, column) in columns {
            layout.entry(table).or_default().push(column);
        }
        Ok(layout)
    }

    /// A SELECT of the table's columns from the previous generation, with NULL for columns that it does not have yet.
    /// `None` if there is no previous generation, or if it does not have the table.
    pub(super) fn previous(&self, table: &Table) -> Result<Option<String>, LoadError> {
        let known = self.previous_columns(table)?;
        if known.is_empty() {
            return Ok(None);
        }
        let expression = |column: &Column| {
            let name = ddl::identifier(column.name);
            if known.iter().any(|known| known == column.name) {
                name
            } else {
                format!("CAST(NULL AS {}) AS {name}", column.kind.sql_type())
            }
        };
        let columns: Vec<_> = table.all_columns().map(expression).collect();
        Ok(Some(format!("SELECT {} FROM prev.{}", columns.join(", "), table.qualified())))
    }

    /// Copies the rows of `table` from the previous generation unchanged. Returns their number.
    pub(super) fn copy_previous(&self, table: &Table) -> Result<u64, LoadError> {
        let Some(previous) = self.previous(table)? else { return Ok(0) };
        let sql = format!("INSERT INTO next.{} {previous}", table.qualified());
        self.execute("taking over the previous generation", &sql, [])
    }

    /// Writes the result of a query to a Parquet file in the staging folder. Returns the table expression that reads
    /// it. A temporary table of this size would take the memory that the following merge needs.
    pub(super) fn store(&self, doing: &'static str, name: &str, query: &str) -> Result<String, LoadError> {
        let path = self.folder.join(format!("{name}.parquet"));
        let options = format!("COMPRESSION uncompressed, ROW_GROUP_SIZE {STORED_GROUP_ROWS}");
        self.batch(doing, &files::copy_to_parquet(query, &path, &options)?)?;
        Ok(files::parquet(&[path])?)
    }

    /// Checkpoints the file and closes the connection.
    pub(super) fn close(self) -> Result<(), LoadError> {
        let doing = "writing the next generation";
        self.batch(doing, "CHECKPOINT next; USE memory; DETACH next;")?;
        let Self { connection, folder, .. } = self;
        connection.close().map_err(|(_, source)| LoadError::database(doing, &folder, source))
    }

    fn failed(&self, doing: &'static str, source: duckdb::Error) -> LoadError {
        LoadError::database(doing, &self.folder, source)
    }
}

/// Options of ATTACH for a file that will be published.
pub(super) fn next_options() -> String {
    format!("STORAGE_VERSION {}, ROW_GROUP_SIZE {ROW_GROUP_ROWS}", ddl::literal(STORAGE_VERSION))
}

/// Settings of every connection that writes: bounded memory, no network, no vacuum. The file has no deleted rows to
/// vacuum. A later connection does not know our row group size, and vacuuming would only join row groups to larger ones
/// and rewrite all rows.
pub(super) fn configure(settings: &LoadSettings, temporary: &Path) -> Result<Config, duckdb::Error> {
    let threads = i64::try_from(settings.threads.max(1)).unwrap_or(i64::MAX);
    Config::default()
        .enable_autoload_extension(false)?
        .max_memory(&format!("{}MB", settings.memory_limit_mb))?
        .threads(threads)?
        .with("temp_directory", temporary.to_string_lossy())?
        .with("preserve_insertion_order", "false")?
        .with("max_vacuum_tasks", "0")
}
