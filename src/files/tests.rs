#![cfg(unix)]

use super::*;

/// Names of folders with everything that `DuckDB` treats specially in a path.
const NAMES: [&str; 26] = [
    "plain",
    "country=NO",
    "a*b",
    "a?b",
    "a[b]c",
    "[!a]",
    "[",
    "**",
    "{a,b}",
    "{i}",
    "a'b",
    "a\"b",
    "100%",
    "%41",
    "a\\b",
    "a;b#c",
    " a b ",
    "é😀",
    "new\nline",
    "~",
    "a:b",
    "s3:",
    "-",
    "x.gz",
    "\\*?[x]{}'%;#",
    "a?\\",
];

/// A temporary folder with one folder of each name.
fn folders() -> (tempfile::TempDir, Vec<PathBuf>) {
    let base = tempfile::tempdir().unwrap();
    let folders: Vec<PathBuf> = NAMES.iter().map(|name| base.path().join(name)).collect();
    // Folders that the names match as patterns.
    for decoy in ["axb", "abc", "abb", "b", "x", "a", "zz"] {
        fs_err::create_dir(base.path().join(decoy)).unwrap();
        fs_err::write(base.path().join(decoy).join("t.parquet"), "no Parquet").unwrap();
        fs_err::write(base.path().join(decoy).join("t.csv"), "v\nanother\n").unwrap();
    }
    for folder in &folders {
        fs_err::create_dir(folder).unwrap();
    }
    (base, folders)
}

fn texts(connection: &Connection, rows: &str) -> Vec<String> {
    let mut statement =
        connection.prepare(&format!("SELECT v || coalesce(country, '') FROM {rows}")).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn files_are_written_and_read_in_a_folder_of_any_name_and_no_other_is() {
    let (_base, folders) = folders();
    let connection = Connection::open_in_memory().unwrap();
    for (name, folder) in NAMES.iter().zip(&folders) {
        let query = format!("SELECT {} AS v, CAST(NULL AS VARCHAR) AS country", literal(name));
        let sql = copy_to_parquet(&query, &folder.join("t.parquet"), "COMPRESSION zstd").unwrap();
        connection.execute_batch(&sql).unwrap();
        fs_err::write(folder.join("t.csv"), format!("country,v\r\n,\"{}\"\r\n", name.replace('"', "\"\"")))
            .unwrap();
    }
    for (name, folder) in NAMES.iter().zip(&folders) {
        let told = PlainFolder::of(folder).unwrap();
        let rows = parquet(&[told.file("t.parquet")]).unwrap();
        assert_eq!(texts(&connection, &rows), [*name], "{rows}");
        let rows = csv(&[told.file("t.csv")], &["country", "v"], ',').unwrap();
        assert_eq!(texts(&connection, &rows), [*name], "{rows}");
    }
    let all: Vec<PathBuf> =
        folders.iter().filter(|folder| can_be_read(folder)).map(|f| f.join("t.parquet")).collect();
    assert_eq!(texts(&connection, &parquet(&all).unwrap()).len(), NAMES.len() - 2);
}

#[test]
fn a_line_of_csv_may_be_long() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.csv");
    fs_err::write(&file, format!("country,v\r\n,\"{}\"\r\nFI,x\r\n", "long\n".repeat(1_000_000))).unwrap();
    let rows = csv(&[file], &["country", "v"], ',').unwrap();
    let found = texts(&Connection::open_in_memory().unwrap(), &rows);
    assert_eq!(found.iter().map(String::len).collect::<Vec<_>>(), [5_000_000, 3]);
}

#[test]
fn a_link_to_a_folder_is_gone_afterwards() {
    let (base, folders) = folders();
    let folder = folders.last().unwrap();
    let told = PlainFolder::of(folder).unwrap();
    let link = told.file("");
    assert!(
        link.starts_with(fs_err::canonicalize(base.path()).unwrap()) || link.starts_with(base.path()),
        "{link:?}"
    );
    assert!(link.is_dir());
    drop(told);
    assert!(!link.parent().unwrap().exists());
}

#[test]
fn databases_are_attached_and_opened_in_a_folder_of_any_name() {
    let (_base, folders) = folders();
    for (name, folder) in NAMES.iter().zip(&folders) {
        // A database whose path DuckDB cannot write is written elsewhere and moved.
        let path = folder.join("w.duckdb");
        let written =
            if can_be_written(folder) { path.clone() } else { make_elsewhere(&path).unwrap().join("w") };
        let connection = Connection::open_in_memory().unwrap();
        let sql = attach(&written, "w", "STORAGE_VERSION 'v1.2.0'").unwrap();
        let table = format!(
            "CREATE TABLE w.t AS SELECT {} AS v, NULL::VARCHAR AS country; CHECKPOINT w",
            literal(name)
        );
        connection.execute_batch(&format!("{sql}; {table}; DETACH w")).unwrap();
        if written != path {
            fs_err::rename(&written, &path).unwrap();
            fs_err::remove_dir(written.parent().unwrap()).unwrap();
        }
        assert_eq!(fs_err::read_dir(folder).unwrap().count(), 1, "{name}");
        connection.execute_batch(&attach(&path, "p", "READ_ONLY").unwrap()).unwrap();
        assert_eq!(texts(&connection, "p.t"), [*name]);
        drop(connection);
        let config = Config::default().access_mode(duckdb::AccessMode::ReadOnly).unwrap();
        assert_eq!(texts(&open(&path, config).unwrap(), "t"), [*name]);
    }
}

#[test]
fn what_does_not_fit_into_memory_goes_to_a_folder_of_any_name() {
    let (_base, folders) = folders();
    for folder in &folders {
        let connection = Connection::open_in_memory().unwrap();
        let spill = folder.join("spill");
        connection.execute_batch(&set_temporary(&spill).unwrap()).unwrap();
        connection.execute_batch("SET memory_limit = '20MB'; SET threads = 1").unwrap();
        let sql = "CREATE TEMP TABLE t AS SELECT range AS n, md5(range::VARCHAR) AS m FROM range(600000)";
        connection.execute_batch(sql).unwrap();
        assert!(spill.is_dir(), "{}", folder.display());
    }
}

#[test]
fn a_name_that_begins_like_an_extension_is_a_file() {
    for name in ["md:x", "sqlite:x", "postgres:x", "s3:x", ":memory:", "~x", "file:x", "-"] {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join(name);
        let connection = open(&path, Config::default()).unwrap();
        connection.execute_batch("CREATE TABLE t (v INTEGER)").unwrap();
        drop(connection);
        assert!(path.is_file(), "{name}");
    }
}

#[test]
fn what_cannot_be_told_is_said() {
    use std::os::unix::ffi::OsStrExt;
    let odd = Path::new(std::ffi::OsStr::from_bytes(b"/x\xff/t"));
    let error = parquet(&[odd]).unwrap_err();
    assert!(error.to_string().ends_with("is not UTF-8"), "{error}");
    let error = parquet(&["/a\\b/c*"]).unwrap_err();
    assert!(error.to_string().contains("backslash"), "{error}");
    assert!(!can_be_read(odd) && !can_be_written(Path::new("/a?b")) && can_be_read(Path::new("/a?b")));
}
