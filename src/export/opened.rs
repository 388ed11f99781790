//! The warehouse as an export has it open, and whether its path still names the same file.

use std::path::Path;

use duckdb::Connection;

use super::{ExportError, ExportOptions, relation::Relation};
use crate::query;

/// An open warehouse and what is to be exported of it.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) conn: Connection,
    pub(super) relations: Vec<Relation>,
    file: Option<FileId>,
}

/// Names a file whatever it is called: device and inode.
type FileId = (u64, u64);

impl Opened {
    pub(super) fn open(options: &ExportOptions) -> Result<Self, ExportError> {
        // Before DuckDB opens it: a file that takes its place in between is then another one.
        let file = file_id(&options.warehouse);
        let conn = query::open(&options.warehouse, true).map_err(ExportError::Warehouse)?;
        let relations = Relation::select(&conn, &options.tables)?;
        Ok(Self { conn, relations, file })
    }

    /// The same, opened again when another file has taken the place of the one that is open.
    pub(super) fn current(self, options: &ExportOptions) -> Result<Self, ExportError> {
        let is_same = self.file.is_some() && self.file == file_id(&options.warehouse);
        if is_same { Ok(self) } else { Self::open(options) }
    }
}

/// Which file the path names; none when it names none, or where files have no such number. Asked of the name, because to
/// open the file and close it again would take away the lock that DuckDB has on it.
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
