//! Writes Parquet with DuckDB's own `COPY`, which is the fastest way and keeps column statistics.
//!
//! Files are compressed with zstd at level 1 instead of DuckDB's 3. Sorted rows compress better, so the file is still
//! smaller than an unsorted one.

use std::path::Path;

use duckdb::Connection;
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::export::commit::manifest::TOOL;
use crate::export::{ExportError, Source, relation::Relation};
use crate::files;
use crate::schema::ddl::{identifier, literal};

/// Largest number of distinct values of a column in a row group that go into a dictionary; DuckDB's default is a fifth
/// of the rows. It is enough for the cities and industry codes of a country. A column with a different value in nearly
/// every row, such as a name or link, gains nothing from a dictionary, and giving up on it after so few values saves a
/// fifth of the time of an export.
const DICTIONARY_VALUES: u32 = 2_000;

/// Writes the rows of `select` to `path` and returns their number.
///
/// # Errors
/// [`ExportError::Damaged`] if the footer of the written file gives another number; else [`ExportError::Table`] or
/// [`ExportError::Path`].
pub(in crate::export) fn write(
    conn: &Connection,
    relation: &Relation,
    select: &str,
    path: &Path,
    row_group_rows: u32,
    source: &Source,
) -> Result<u64, ExportError> {
    let options = format!(
        "COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT {DICTIONARY_VALUES}, \
         ROW_GROUP_SIZE {row_group_rows}, KV_METADATA {{{}}}",
        metadata(relation, source),
    );
    let sql = files::copy_to_parquet(select, path, &options)?;
    let written = conn.execute(&sql, []).map_err(|source| ExportError::table(&relation.name, source))? as u64;
    let found = rows_in_footer(path).map_err(|source| ExportError::table(&relation.name, source))?;
    if written != found {
        return Err(ExportError::Damaged { file: path.to_owned(), written, found });
    }
    Ok(written)
}

/// Key-value metadata of the file: tool, version, table, run and column comments. It is for readers that have the file
/// without its manifest.
fn metadata(relation: &Relation, source: &Source) -> String {
    let mut pairs = vec![
        ("tool", TOOL.to_owned()),
        ("tool_version", env!("CARGO_PKG_VERSION").to_owned()),
        ("table", relation.name.clone()),
        ("column_comments", relation.comments()),
    ];
    pairs.extend(source.run_id.clone().map(|run| ("run_id", run)));
    let pairs: Vec<String> =
        pairs.iter().map(|(key, value)| format!("{}: {}", identifier(key), literal(value))).collect();
    pairs.join(", ")
}

fn rows_in_footer(path: &Path) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
    let file = fs_err::File::open(path)?.into_file();
    let reader = SerializedFileReader::new(file)?;
    Ok(u64::try_from(reader.metadata().file_metadata().num_rows())?)
}
