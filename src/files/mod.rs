//! Paths in statements: the only module that puts a path into a statement for `DuckDB` or opens a database by its
//! path.
//!
//! `DuckDB` reads more from a path than a name. What it reads, and what this module does about it (tried with 1.5.6):
//!
//! | in a path | what `DuckDB` makes of it | here |
//! |---|---|---|
//! | a folder `COLUMN=value` above Parquet or CSV | a column, not the file's own | `hive_partitioning = false` |
//! | `*`, `?`, `[` in a file to read | a pattern | each is written as a class of one character, `[*]` |
//! | the same, and a backslash anywhere | the same, and it cannot be escaped | `PlainFolder`, a link with a plain name |
//! | `?` in a database's path | the end of a URL's path: the log's suffix goes before it | written elsewhere, moved |
//! | `md:`, `sqlite:`, `s3:`, `:memory:`, `~` at the start | extension, no file, home folder | paths are absolute |
//! | `.gz`, `.zst` at the end of a CSV | compressed | `compression = 'none'` |
//!
//! No column comes from a path either: code that reads the folders of an export takes the country of each file from
//! the manifest.

mod elsewhere;
mod plain_folder;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use duckdb::{Config, Connection};

pub(crate) use elsewhere::{make as make_elsewhere, places as places_elsewhere};
pub(crate) use plain_folder::PlainFolder;

/// Characters that make the path of a file to read a pattern. Braces do not.
const PATTERN: [char; 3] = ['*', '?', '['];

/// Longest line of CSV, in bytes. DuckDB's default of 2,000,000 is too short for long texts. 8,000,000 bytes fit into
/// the buffer that DuckDB allocates anyway.
const LONGEST_LINE: u32 = 8_000_000;
const BUFFER: u32 = 1 << 23;

/// A path that cannot be written in a statement for `DuckDB`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the path `{}` {reason}", path.display())]
pub struct PathError {
    /// The path.
    pub path: PathBuf,
    /// Why not.
    reason: &'static str,
}

impl PathError {
    /// The error for a path that is not UTF-8, which `DuckDB` requires.
    pub(crate) fn not_utf8(path: &Path) -> Self {
        Self { path: path.to_owned(), reason: "is not UTF-8" }
    }

    /// What to do next.
    #[expect(clippy::unused_self, reason = "asked for as those of other errors")]
    pub(crate) fn hint(&self) -> &'static str {
        "choose a path that is UTF-8, without backslashes beside `*`, `?` or `[`"
    }
}

/// Opens the database at `path`. It is always a local file, whatever the path begins with.
///
/// # Errors
/// An error from `DuckDB`.
pub(crate) fn open(path: &Path, config: Config) -> duckdb::Result<Connection> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Connection::open_with_flags(path, config)
}

/// `ATTACH` statement for the database at `path` under the name `name`. `options` are DuckDB's.
///
/// # Errors
/// [`PathError`] if `path` is not UTF-8.
pub(crate) fn attach(path: &Path, name: &str, options: &str) -> Result<String, PathError> {
    Ok(format!("ATTACH {} AS {name} ({options})", named(path)?))
}

/// `COPY` statement for the rows of `query` to a Parquet file. `options` are DuckDB's.
///
/// # Errors
/// [`PathError`] if `path` is not UTF-8.
pub(crate) fn copy_to_parquet(query: &str, path: &Path, options: &str) -> Result<String, PathError> {
    Ok(format!("COPY ({query}) TO {} (FORMAT parquet, {options})", named(path)?))
}

/// `SET` statement for the folder of data that does not fit into memory.
///
/// # Errors
/// [`PathError`] if `folder` is not UTF-8.
pub(crate) fn set_temporary(folder: &Path) -> Result<String, PathError> {
    Ok(format!("SET temp_directory = {}", named(folder)?))
}

/// Table expression for the rows of Parquet files, with the columns of the first file. Nothing is read from the paths.
///
/// # Errors
/// [`PathError`] if a path is not UTF-8, or has a backslash beside `*`, `?` or `[`.
pub(crate) fn parquet(files: &[impl AsRef<Path>]) -> Result<String, PathError> {
    let files = patterns(files)?;
    Ok(format!("read_parquet([{files}], hive_partitioning = false, union_by_name = false, filename = false)"))
}

/// Table expression for the rows of CSV files with a header line and these columns, all as text. `DuckDB` detects
/// nothing by itself, and nothing is read from the paths.
///
/// # Errors
/// [`PathError`] if a path is not UTF-8, or has a backslash beside `*`, `?` or `[`.
pub(crate) fn csv(
    files: &[impl AsRef<Path>],
    columns: &[&str],
    delimiter: char,
) -> Result<String, PathError> {
    let files = patterns(files)?;
    let columns: Vec<String> =
        columns.iter().map(|column| format!("{}: 'VARCHAR'", literal(column))).collect();
    Ok(format!(
        "read_csv([{files}], hive_partitioning = false, union_by_name = false, filename = false, \
         compression = 'none', auto_detect = false, columns = {{{}}}, header = true, delim = {}, quote = '\"', \
         escape = '\"', parallel = false, max_line_size = {LONGEST_LINE}, buffer_size = {BUFFER})",
        columns.join(", "),
        literal(&delimiter.to_string()),
    ))
}

/// Whether files in `folder` can be read by its own path.
pub(crate) fn can_be_read(folder: &Path) -> bool {
    // On Windows the backslash separates folders and does not hinder a pattern, and `*` and `?` are not part of a
    // name.
    cfg!(windows) || folder.to_str().is_some_and(|text| !(text.contains(PATTERN) && text.contains('\\')))
}

/// Whether a database in `folder` can be written, and files in it be read, by its own path.
pub(crate) fn can_be_written(folder: &Path) -> bool {
    cfg!(windows) || (can_be_read(folder) && folder.to_str().is_some_and(|text| !text.contains('?')))
}

/// The path as an SQL literal, for statements that take it as it is.
fn named(path: &Path) -> Result<String, PathError> {
    Ok(literal(&text(path)?))
}

/// The paths of files to read, as a list of SQL literals.
fn patterns(files: &[impl AsRef<Path>]) -> Result<String, PathError> {
    let files: Result<Vec<String>, PathError> = files.iter().map(|file| pattern(file.as_ref())).collect();
    Ok(files?.join(", "))
}

/// The path as an SQL literal: a pattern that matches only this path.
fn pattern(path: &Path) -> Result<String, PathError> {
    let text = text(path)?;
    if !text.contains(PATTERN) {
        return Ok(literal(&text));
    }
    if !cfg!(windows) && text.contains('\\') {
        let reason = "has a backslash beside `*`, `?` or `[`: DuckDB has no way to write it";
        return Err(PathError { path: path.to_owned(), reason });
    }
    let mut pattern = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if PATTERN.contains(&character) {
            pattern.extend(['[', character, ']']);
        } else {
            pattern.push(character);
        }
    }
    Ok(literal(&pattern))
}

/// The absolute path as text.
fn text(path: &Path) -> Result<String, PathError> {
    let absolute = std::path::absolute(path).map_or(Cow::Borrowed(path), Cow::Owned);
    let text = absolute.to_str().ok_or_else(|| PathError::not_utf8(path))?;
    // The prefix of long paths on Windows contains a question mark.
    let text = if cfg!(windows) { text.strip_prefix(r"\\?\").unwrap_or(text) } else { text };
    Ok(text.to_owned())
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests;
