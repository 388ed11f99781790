//! The files of one table: one, or one for each country.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use duckdb::Connection;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::{
    ExportError, ExportFormat, ExportOptions, ManifestFile, Source, folder::Folder, parquet,
    relation::Relation, rows,
};
use crate::schema::ddl::{identifier, literal};

/// What Hive, Spark and DuckDB read back as NULL from a path.
const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// Everything but these becomes `%XX` in a path: no value can leave its folder, and all file systems take the name.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'-');

/// A file that was written and is not described yet.
pub(super) struct Written {
    /// Below the folder of the export.
    path: PathBuf,
    country: Option<String>,
    rows: u64,
}

/// Writes the rows of `relation`.
pub(super) fn write(
    conn: &Connection,
    relation: &Relation,
    options: &ExportOptions,
    folder: &Folder,
    source: &Source,
) -> Result<Vec<Written>, ExportError> {
    let table = encode(&relation.name);
    let partitioned = options.partition_by_country && relation.has_country();
    let parts = if partitioned { countries(conn, relation)? } else { vec![None] };
    let mut files = Vec::with_capacity(parts.len());
    for (number, part) in parts.into_iter().enumerate() {
        let mut path = PathBuf::from(&table);
        path.extend(part.as_ref().map(Part::folder));
        fs_err::create_dir_all(folder.staging().join(&path))?;
        path.push(format!("part-{number}.{}", options.format));
        let condition = part.as_ref().map(Part::condition);
        let select = relation.select_sql(partitioned, condition.as_deref(), options.format);
        let file = folder.staging().join(&path);
        let rows = match options.format {
            ExportFormat::Parquet => {
                parquet::write(conn, relation, &select, &file, options.row_group_rows, source)?
            }
            ExportFormat::Csv => rows::write(conn, relation, partitioned, &select, &file, options)?,
            ExportFormat::Xlsx => {
                rows::fit_into_a_sheet(conn, relation, condition.as_deref())?;
                rows::write(conn, relation, partitioned, &select, &file, options)?
            }
        };
        files.push(Written { path, country: part.and_then(|part| part.country), rows });
    }
    Ok(files)
}

impl Written {
    /// Syncs the file and describes it, as read back.
    pub(super) fn describe(self, relation: &Relation, folder: &Folder) -> Result<ManifestFile, ExportError> {
        let (bytes, sha256) = checksum(&folder.staging().join(&self.path))?;
        Ok(ManifestFile {
            path: utf8(&Path::new(folder.export_id()).join(&self.path))?.replace('\\', "/"),
            table: relation.name.clone(),
            country: self.country,
            rows: self.rows,
            bytes,
            sha256,
        })
    }
}

/// One country of a partitioned table; `None` for rows without one.
struct Part {
    country: Option<String>,
}

impl Part {
    fn folder(&self) -> String {
        format!("country={}", self.country.as_deref().map_or_else(|| NULL_PARTITION.to_owned(), encode))
    }

    fn condition(&self) -> String {
        self.country
            .as_deref()
            .map_or_else(|| "country IS NULL".into(), |country| format!("country = {}", literal(country)))
    }
}

fn countries(conn: &Connection, relation: &Relation) -> Result<Vec<Option<Part>>, ExportError> {
    let list = || -> duckdb::Result<Vec<Option<Part>>> {
        let name = identifier(&relation.name);
        conn.prepare(&format!("SELECT DISTINCT country FROM \"main\".{name} ORDER BY country NULLS LAST"))?
            .query_map([], |row| Ok(Some(Part { country: row.get(0)? })))?
            .collect()
    };
    list().map_err(|source| ExportError::table(&relation.name, source))
}

fn encode(value: &str) -> String {
    utf8_percent_encode(value, IN_PATH).to_string()
}

/// `path` as text, for SQL and the manifest.
pub(super) fn utf8(path: &Path) -> Result<String, ExportError> {
    path.to_str().map(str::to_owned).ok_or_else(|| ExportError::Path { path: path.to_owned() })
}

/// Syncs the file; returns its size and SHA-256, as read back meanwhile.
fn checksum(path: &Path) -> Result<(u64, String), ExportError> {
    let mut file = fs_err::OpenOptions::new().read(true).write(true).open(path)?;
    let syncing = file.try_clone()?;
    std::thread::scope(|scope| {
        let synced = scope.spawn(move || syncing.sync_all());
        let (mut hash, mut bytes) = (Sha256::new(), 0);
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            hash.update(buffer.get(..read).unwrap_or_default());
            bytes += read as u64;
        }
        synced.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let digits: Vec<String> = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok((bytes, digits.concat()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_cannot_leave_its_folder() {
        let folder = |country: Option<&str>| Part { country: country.map(str::to_owned) }.folder();
        assert_eq!(folder(Some("FI")), "country=FI");
        assert_eq!(folder(Some("../../x")), "country=%2E%2E%2F%2E%2E%2Fx");
        assert_eq!(folder(Some("C:\\é")), "country=C%3A%5C%C3%A9");
        assert_eq!(folder(None), "country=__HIVE_DEFAULT_PARTITION__");
    }
}
