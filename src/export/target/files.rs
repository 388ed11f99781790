//! The files of one table: one file, or one file per country.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use duckdb::Connection;
use sha2::{Digest, Sha256};

use crate::export::commit::folder::Folder;
use crate::export::format::parquet;
use crate::export::format::rows;
use crate::export::target::partition::{self, Parts};
use crate::export::{
    ExportError, ExportFormat, ExportOptions, ManifestFile, ManifestTable, Source, relation::Relation,
};
use crate::files::PathError;

/// A written file that has no manifest entry yet.
pub(in crate::export) struct Written {
    /// Path below the folder of the export.
    path: PathBuf,
    country: Option<String>,
    rows: u64,
}

/// The written files of a table.
pub(in crate::export) struct Files {
    written: Vec<Written>,
    /// Whether the country is in the path and not in the files.
    by_country: bool,
    /// Why the table is not partitioned although that was requested; `None` otherwise.
    whole_because: Option<String>,
}

/// Writes the rows of `relation` to files in the staging folder of the export.
pub(in crate::export) fn write(
    conn: &Connection,
    relation: &Relation,
    options: &ExportOptions,
    folder: &Folder,
    source: &Source,
) -> Result<Files, ExportError> {
    let table = partition::encode(&relation.name);
    let asked = options.partition_by_country && relation.has_country();
    let parts = if asked { partition::parts(conn, relation)? } else { Parts::Whole(None) };
    let (countries, whole_because) = match parts {
        Parts::Whole(why) => (vec![None], why),
        Parts::Countries(countries) => (countries.into_iter().map(Some).collect(), None),
    };
    let by_country = countries.iter().all(Option::is_some);
    let mut written = Vec::with_capacity(countries.len());
    for (number, country) in countries.into_iter().enumerate() {
        let mut path = PathBuf::from(&table);
        path.extend(country.as_deref().map(partition::folder));
        fs_err::create_dir_all(folder.staging().join(&path))?;
        path.push(format!("part-{number}.{}", options.format));
        let condition = country.as_deref().map(partition::condition);
        let select = relation.select_sql(by_country, condition.as_deref(), options.format);
        let file = folder.staging().join(&path);
        let rows = match options.format {
            ExportFormat::Parquet => {
                parquet::write(conn, relation, &select, &file, options.row_group_rows, source)?
            }
            ExportFormat::Csv => rows::write(conn, relation, by_country, &select, &file, options)?,
            ExportFormat::Xlsx => {
                rows::fit_into_a_sheet(conn, relation, condition.as_deref())?;
                rows::write(conn, relation, by_country, &select, &file, options)?
            }
        };
        written.push(Written { path, country, rows });
    }
    Ok(Files { written, by_country, whole_because })
}

impl Files {
    /// Syncs the files and returns the manifest entry of the table.
    pub(in crate::export) fn describe(
        self,
        relation: &Relation,
        folder: &Folder,
    ) -> Result<ManifestTable, ExportError> {
        let files = self.written.into_iter().map(|file| file.describe(relation, folder));
        let files = files.collect::<Result<_, ExportError>>()?;
        Ok(relation.manifest(files, self.by_country, self.whole_because))
    }
}

impl Written {
    /// Syncs the file and returns its manifest entry, with the size and checksum as read back.
    fn describe(self, relation: &Relation, folder: &Folder) -> Result<ManifestFile, ExportError> {
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

/// `path` as text, for the manifest.
fn utf8(path: &Path) -> Result<String, ExportError> {
    Ok(path.to_str().ok_or_else(|| PathError::not_utf8(path))?.to_owned())
}

/// Syncs the file and returns its size in bytes and its SHA-256. The file is read back while it is synced.
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
