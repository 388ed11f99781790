//! How `DuckDB` is told of files: the one place in which a path becomes part of a statement, or opens a database.
//!
//! `DuckDB` reads more into a path than a name. What it does, and what stands against it here (tried with 1.5.6):
//!
//! | in a path | what `DuckDB` makes of it | here |
//! |---|---|---|
//! | a folder `COLUMN=value` above Parquet or CSV | a column of its rows, in the place of the file's own | `hive_partitioning = false` |
//! | `*`, `?`, `[` in a file to be read | a pattern | each as a class of one character, `[*]` |
//! | the same, and a backslash anywhere | a pattern in which the backslash parts folders; no way to write it | `Told`, a link with a plain name |
//! | `?` in the path of a database | the end of a URL's path: the log's suffix goes in front of it | it is written elsewhere and moved |
//! | `md:`, `sqlite:`, `s3:`, `:memory:`, `~` at the start | an extension, no file at all, the home folder | paths are absolute |
//! | `.gz`, `.zst` at the end of a CSV | compressed | `compression = 'none'` |
//!
//! Names of columns never come from a path either: whoever reads an export's own folders takes the country of each file
//! from the manifest.

mod elsewhere;
mod told;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use duckdb::{Config, Connection};

pub(crate) use elsewhere::{make as make_elsewhere, places as places_elsewhere};
pub(crate) use told::Told;

/// What makes the path of a file to be read a pattern. Braces do not.
const PATTERN: [char; 3] = ['*', '?', '['];

/// Bytes of a line of CSV. DuckDB's own 2,000,000 are fewer than a long text has; these fit into the buffer that it takes
/// anyway.
const LONGEST_LINE: u32 = 8_000_000;
const BUFFER: u32 = 1 << 23;

/// A path that `DuckDB` cannot be told of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the path `{}` {reason}", path.display())]
pub struct PathError {
    /// The path.
    pub path: PathBuf,
    /// Why not.
    reason: &'static str,
}

impl PathError {
    /// A path that is not UTF-8; `DuckDB` takes no other.
    pub(crate) fn not_utf8(path: &Path) -> Self {
        Self { path: path.to_owned(), reason: "is not UTF-8" }
    }

    /// What to do next.
    #[expect(clippy::unused_self, reason = "asked for as those of other errors")]
    pub(crate) fn hint(&self) -> &'static str {
        "choose a path that is UTF-8, without backslashes beside `*`, `?` or `[`"
    }
}

/// Opens the database at `path`. It is a file of this computer, whatever its name begins with.
///
/// # Errors
/// What `DuckDB` says.
pub(crate) fn open(path: &Path, config: Config) -> duckdb::Result<Connection> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Connection::open_with_flags(path, config)
}

/// `ATTACH` of the database at `path` under a name, with DuckDB's options for it.
///
/// # Errors
/// [`PathError`].
pub(crate) fn attach(path: &Path, name: &str, options: &str) -> Result<String, PathError> {
    Ok(format!("ATTACH {} AS {name} ({options})", named(path)?))
}

/// `COPY` of a query's rows to a Parquet file, with DuckDB's options for it.
///
/// # Errors
/// [`PathError`].
pub(crate) fn copy_to_parquet(query: &str, path: &Path, options: &str) -> Result<String, PathError> {
    Ok(format!("COPY ({query}) TO {} (FORMAT parquet, {options})", named(path)?))
}

/// `SET` of the folder for what does not fit into memory.
///
/// # Errors
/// [`PathError`].
pub(crate) fn set_temporary(folder: &Path) -> Result<String, PathError> {
    Ok(format!("SET temp_directory = {}", named(folder)?))
}

/// The rows of Parquet files as a table expression, with the columns that the first of them has. Nothing comes from
/// their paths.
///
/// # Errors
/// [`PathError`].
pub(crate) fn parquet(files: &[impl AsRef<Path>]) -> Result<String, PathError> {
    let files = patterns(files)?;
    Ok(format!("read_parquet([{files}], hive_partitioning = false, union_by_name = false, filename = false)"))
}

/// The rows of CSV files with a header line and those columns, all as text, as a table expression. Nothing is guessed,
/// and nothing comes from their paths.
///
/// # Errors
/// [`PathError`].
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

/// Whether files in that folder can be read under its own name.
pub(crate) fn can_be_read(folder: &Path) -> bool {
    // On Windows none of these is part of a name, and the backslash parts folders.
    cfg!(windows) || folder.to_str().is_some_and(|text| !(text.contains(PATTERN) && text.contains('\\')))
}

/// Whether a database in that folder can be written, and files in it be read, under its own name.
pub(crate) fn can_be_written(folder: &Path) -> bool {
    cfg!(windows) || (can_be_read(folder) && folder.to_str().is_some_and(|text| !text.contains('?')))
}

/// A path as a literal, where `DuckDB` takes it as it is.
fn named(path: &Path) -> Result<String, PathError> {
    Ok(literal(&text(path)?))
}

/// Paths of files to be read as a list of literals.
fn patterns(files: &[impl AsRef<Path>]) -> Result<String, PathError> {
    let files: Result<Vec<String>, PathError> = files.iter().map(|file| pattern(file.as_ref())).collect();
    Ok(files?.join(", "))
}

/// A path as the literal of a pattern that only it meets.
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

/// The path, absolute, as text.
fn text(path: &Path) -> Result<String, PathError> {
    let absolute = std::path::absolute(path).map_or(Cow::Borrowed(path), Cow::Owned);
    let text = absolute.to_str().ok_or_else(|| PathError::not_utf8(path))?;
    // The prefix of long paths on Windows has a question mark.
    let text = if cfg!(windows) { text.strip_prefix(r"\\?\").unwrap_or(text) } else { text };
    Ok(text.to_owned())
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests;
