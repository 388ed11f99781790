//! The open warehouse of an export, and the check that its path still names the same file.

use std::path::Path;

use duckdb::Connection;

use super::{ExportError, ExportOptions, relation::Relation};
use crate::query;

/// An open warehouse and the tables and views to export.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) conn: Connection,
    pub(super) relations: Vec<Relation>,
    file: Option<FileId>,
}

/// Identity of a file, independent of its path: device and inode.
type FileId = (u64, u64);

impl Opened {
    pub(super) fn open(options: &ExportOptions) -> Result<Self, ExportError> {
        // Read before DuckDB opens the file, so that a replacement between the two steps is noticed.
        let file = file_id(&options.warehouse);
        let conn = query::open(&options.warehouse, true).map_err(ExportError::Warehouse)?;
        let relations = Relation::select(&conn, &options.tables)?;
        Ok(Self { conn, relations, file })
    }

    /// Returns `self` if the path still names the open file, and opens the warehouse again otherwise.
    pub(super) fn current(self, options: &ExportOptions) -> Result<Self, ExportError> {
        let is_same = self.file.is_some() && self.file == file_id(&options.warehouse);
        if is_same { Ok(self) } else { Self::open(options) }
    }
}

/// Identity of the file at `path`. `None` if there is no file, or on systems without inodes. The path is examined
/// without opening the file, because closing it again would release DuckDB's lock on it.
fn file_id(path: &Path) -> Option<FileId> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let metadata = fs_err::metadata(path).ok()?;
        Some((metadata.dev(), metadata.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warehouse(path: &Path, table: &str) {
        let conn = Connection::open(path).unwrap();
        conn.execute_batch(&format!("CREATE TABLE {table} AS SELECT 1 AS n; CHECKPOINT")).unwrap();
    }

    fn tables(opened: &Opened) -> Vec<&str> {
        opened.relations.iter().map(|relation| relation.name.as_str()).collect()
    }

    #[test]
    fn a_file_that_was_replaced_is_opened_again_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let (path, next) = (folder.path().join("w.duckdb"), folder.path().join("next.duckdb"));
        warehouse(&path, "before");
        let options = ExportOptions::new(&path, folder.path().join("out"));

        let opened = Opened::open(&options).unwrap();
        opened.conn.execute_batch("CREATE TEMP TABLE mark AS SELECT 1").unwrap();
        let opened = opened.current(&options).unwrap();
        opened.conn.execute_batch("SELECT * FROM mark").unwrap();

        warehouse(&next, "after");
        std::fs::rename(next, &path).unwrap();
        assert_eq!(tables(&opened), ["before"]);
        assert_eq!(tables(&opened.current(&options).unwrap()), ["after"]);

        let opened = Opened::open(&options).unwrap();
        std::fs::remove_file(&path).unwrap();
        let error = opened.current(&options).unwrap_err();
        assert!(matches!(error, ExportError::Warehouse(query::QueryError::NoWarehouse { .. })), "{error}");
    }
}
