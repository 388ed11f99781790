//! Parquet by DuckDB's own `COPY`: the fastest way there is, and it keeps column statistics.
//!
//! zstd at level 1 instead of DuckDB's 3: sorted rows compress better, so that the file is still smaller than an unsorted
//! one.

use std::path::Path;

use duckdb::Connection;
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::export::commit::manifest::TOOL;
use crate::export::{ExportError, Source, relation::Relation};
use crate::files;
use crate::schema::ddl::{identifier, literal};

/// Values of a column in a row group up to which they go into a dictionary, instead of DuckDB's fifth of the rows. Enough
/// for the cities and industry codes of a country. What nearly every row has its own of, as names and links, saves
/// nothing as a dictionary, and giving up on one after so few values takes a fifth off the time of an export.
const DICTIONARY_VALUES: u32 = 2_000;

/// Writes the rows of `select` and reads the footer back; returns the number of rows.
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

/// Tool, version, table, run and column comments, for readers that see the file without its manifest.
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
