//! `export`: what is in the files, and that a reader sees either the old export or the new one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use parquet::file::reader::{FileReader, SerializedFileReader};
use sha2::{Digest, Sha256};
use vainu_etl::catalog;
use vainu_etl::export::{ExportError, ExportFormat, ExportOptions, Manifest, ManifestTable, export};

use crate::fixture_warehouse::Warehouse;
use crate::support::with;

fn options(warehouse: &Warehouse) -> ExportOptions {
    ExportOptions::new(warehouse.path(), warehouse.folder().join("out"))
}

fn names(dir: &Path) -> BTreeSet<String> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn all_files(dir: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { all_files(&path) } else { vec![path] }).collect()
}

fn table<'m>(manifest: &'m Manifest, name: &str) -> &'m ManifestTable {
    manifest.tables.iter().find(|table| table.name == name).unwrap()
}

fn assert_manifest_is_true(dir: &Path, manifest: &Manifest) {
    let stored: Manifest = serde_json::from_slice(&fs::read(dir.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(&stored, manifest);
    let mut named = Vec::new();
    for file in manifest.tables.iter().flat_map(|table| &table.files) {
        let bytes = fs::read(dir.join(&file.path)).unwrap();
        assert_eq!(bytes.len() as u64, file.bytes);
        let digits: Vec<String> = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digits.concat(), file.sha256);
        named.push(dir.join(&file.path));
    }
    let mut found = all_files(&dir.join(&manifest.export));
    found.sort();
    named.sort();
    assert_eq!(found, named);
}

#[test]
fn all_tables_and_companies_are_exported_as_parquet() {
    let warehouse = Warehouse::new();
    let options = options(&warehouse);
    let manifest = export(&options).unwrap();
    assert_manifest_is_true(&options.dir, &manifest);
    let names = catalog::tables().into_iter().filter(|table| table.schema == "main").map(|table| table.name);
    let mut names: Vec<_> =
        names.chain(["companies", "nace_divisions", "nace_sections", "status_texts"]).collect();
    names.sort_unstable();
    assert_eq!(manifest.tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>(), names);
    let filled = manifest.tables.iter().filter(|table| table.rows > 0);
    let filled: Vec<(&str, u64)> = filled.map(|table| (table.name.as_str(), table.rows)).collect();
    let expected = [
        ("companies", 12),
        ("nace_divisions", 88),
        ("nace_sections", 21),
        ("prospects", 13),
        ("status_texts", 249),
    ];
    assert_eq!(filled, expected);
    assert_eq!(manifest.tool, "vainu-etl");
    assert_eq!(manifest.tool_version, env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest.source.warehouse, "vainu.duckdb");
    assert_eq!(manifest.source.run_id.as_deref(), Some("run-2"));
    let prospects = table(&manifest, "prospects");
    assert_eq!(prospects.sorted_by, ["country", "business_id"]);
    assert_eq!(prospects.files[0].path, format!("{}/prospects/part-0.parquet", manifest.export));
    let turnover = prospects.columns.iter().find(|column| column.name == "turn_over_eur").unwrap();
    assert_eq!(turnover.data_type, "DECIMAL(18,2)");
    assert_eq!(
        turnover.comment.as_deref(),
        Some("Latest turnover in euros; NULL when unknown. Unit: EUR. API: turn_over.")
    );
    let mother = prospects.columns.iter().find(|column| column.name == "mother").unwrap();
    assert_eq!(mother.data_type, "VARCHAR");

    let conn = warehouse.open();
    for table in &manifest.tables {
        let file = options.dir.join(&table.files[0].path);
        let read = format!("SELECT * FROM read_parquet('{}')", file.display());
        let stored = format!("SELECT * FROM {}", table.name);
        for (a, b) in [(&read, &stored), (&stored, &read)] {
            let sql = format!("SELECT count(*) FROM (({a}) EXCEPT ALL ({b}))");
            assert_eq!(conn.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap(), 0, "{}", table.name);
        }
    }
}

#[test]
fn parquet_is_sorted_and_has_statistics_compression_and_metadata() {
    let warehouse = Warehouse::with("COMMENT ON COLUMN prospects.company_name IS 'It''s the name.'");
    let options = options(&warehouse);
    let manifest = export(&options).unwrap();
    let file = fs::File::open(options.dir.join(&table(&manifest, "prospects").files[0].path)).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let metadata = reader.metadata();
    let column = metadata.row_group(0).column(0);
    assert_eq!(column.column_path().string(), "country");
    assert_eq!(column.compression().to_string(), "ZSTD(ZstdLevel(1))");
    let statistics = column.statistics().unwrap();
    assert_eq!(
        (statistics.min_bytes_opt().unwrap(), statistics.max_bytes_opt().unwrap()),
        (&b"DK"[..], &b"SE"[..])
    );
    assert_eq!(statistics.null_count_opt(), Some(0));
    let pairs = metadata.file_metadata().key_value_metadata().unwrap();
    let value =
        |key: &str| pairs.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.clone()).unwrap();
    assert_eq!(
        (value("tool"), value("table"), value("run_id")),
        ("vainu-etl".into(), "prospects".into(), "run-2".into())
    );
    let comments: serde_json::Value = serde_json::from_str(&value("column_comments")).unwrap();
    assert_eq!(comments["company_name"], "It's the name.");

    let conn = warehouse.open();
    let sql = format!(
        "SELECT list(country || business_id) FROM read_parquet('{}')",
        options.dir.join(&table(&manifest, "prospects").files[0].path).display()
    );
    let sql = format!("SELECT keys = list_sort(keys) FROM ({sql}) AS t(keys)");
    assert!(conn.query_row(&sql, [], |row| row.get::<_, bool>(0)).unwrap());
}

#[test]
fn values_that_rows_share_are_in_a_dictionary_and_no_others() {
    let warehouse = Warehouse::with(
        "CREATE TABLE many AS SELECT i AS own, 'city ' || i % 2000 AS shared FROM range(4000) AS t(i)",
    );
    let manifest =
        export(&with(options(&warehouse), |options| options.tables = vec!["many".into()])).unwrap();
    let file = warehouse.folder().join("out").join(&manifest.tables[0].files[0].path);
    let reader = SerializedFileReader::new(fs::File::open(file).unwrap()).unwrap();
    let columns = reader.metadata().row_group(0).columns();
    let has_dictionary: Vec<bool> =
        columns.iter().map(|column| column.dictionary_page_offset().is_some()).collect();
    assert_eq!(has_dictionary, [false, true]);
}

#[test]
fn types_that_spark_cannot_read_are_cast() {
    let warehouse = Warehouse::with(
        "CREATE TABLE odd AS SELECT 1::HUGEINT AS h, 2::UBIGINT AS u, uuid() AS id, TIME '01:02:03' AS t, \
         INTERVAL 1 DAY AS i, '[1]'::JSON AS j, TIMESTAMP_NS '2026-01-01 00:00:00' AS ns",
    );
    let manifest = export(&with(options(&warehouse), |options| options.tables = vec!["odd".into()])).unwrap();
    let types: Vec<&str> =
        manifest.tables[0].columns.iter().map(|column| column.data_type.as_str()).collect();
    assert_eq!(
        types,
        ["DECIMAL(38,0)", "DECIMAL(20,0)", "VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR", "TIMESTAMP"]
    );
    let conn = warehouse.open();
    let file = warehouse.folder().join("out").join(&manifest.tables[0].files[0].path);
    let sql = format!(
        "SELECT string_agg(column_type, ' ') FROM (DESCRIBE FROM read_parquet('{}'))",
        file.display()
    );
    let read: String = conn.query_row(&sql, [], |row| row.get(0)).unwrap();
    assert_eq!(read, types.join(" "));
}

#[test]
fn partitions_are_read_back_by_country_and_none_leaves_the_folder() {
    let warehouse = Warehouse::with("UPDATE prospects SET country = '../../x' WHERE country = 'SE'");
    let options = with(options(&warehouse), |options| options.partition_by_country = true);
    let manifest = export(&options).unwrap();
    assert_manifest_is_true(&options.dir, &manifest);
    let prospects = table(&manifest, "prospects");
    assert_eq!(prospects.partitioned_by, ["country"]);
    let files: Vec<(String, Option<&str>, u64)> = prospects
        .files
        .iter()
        .map(|file| (file.path.replace(&manifest.export, ""), file.country.as_deref(), file.rows))
        .collect();
    assert_eq!(
        files,
        [
            ("/prospects/country=%2E%2E%2F%2E%2E%2Fx/part-0.parquet".to_owned(), Some("../../x"), 1),
            ("/prospects/country=DK/part-1.parquet".to_owned(), Some("DK"), 3),
            ("/prospects/country=FI/part-2.parquet".to_owned(), Some("FI"), 9),
        ]
    );
    assert_eq!(table(&manifest, "nace_divisions").partitioned_by, Vec::<String>::new());
    assert_eq!(names(warehouse.folder()), BTreeSet::from(["out".to_owned(), "vainu.duckdb".to_owned()]));

    let conn = warehouse.open();
    let glob = options.dir.join("current/prospects/*/*.parquet");
    let sql = format!(
        "SELECT string_agg(country || ' ' || n, ', ' ORDER BY country) FROM (SELECT country, count(*) AS n \
         FROM read_parquet('{}', hive_partitioning = true) GROUP BY country)",
        glob.display()
    );
    let read: String = conn.query_row(&sql, [], |row| row.get(0)).unwrap();
    assert_eq!(read, "../../x 1, DK 3, FI 9");
}

/// Whatever a country is called, its folder stays in the export, and the country is read back as it was. (But for the
/// text `NULL`, which DuckDB reads from a folder's name as NULL.)
#[test]
fn a_partition_is_named_by_any_text_and_read_back() {
    const COUNTRIES: [&str; 13] = [
        " ",
        ".",
        "..",
        "/",
        "%",
        "%2F",
        "../../x",
        "/etc/passwd",
        "C:\\x",
        "a=b/c=d",
        "a\nb",
        "\u{1b}[2J",
        "*?[x]",
    ];
    let values: Vec<String> =
        COUNTRIES.iter().map(|country| format!("('{}')", country.replace('\'', "''"))).collect();
    let sql = format!(
        "CREATE TABLE odd AS SELECT country, country AS copy FROM (VALUES {}) AS v(country)",
        values.join(", ")
    );
    let warehouse = Warehouse::with(&sql);
    for format in [ExportFormat::Parquet, ExportFormat::Csv] {
        let options = with(options(&warehouse), |options| {
            options.tables = vec!["odd".into()];
            options.partition_by_country = true;
            options.format = format;
            options.raw_csv = true;
        });
        let manifest = export(&options).unwrap();
        assert_manifest_is_true(&options.dir, &manifest);
        let files = &manifest.tables[0].files;
        assert_eq!(files.len(), COUNTRIES.len());
        for file in files {
            let parts: Vec<&str> = file.path.split('/').collect();
            assert_eq!(parts.len(), 4, "{}", file.path);
            let name = parts[2].strip_prefix("country=").unwrap();
            assert!(
                name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-%".contains(&byte)),
                "{name}"
            );
            assert_eq!(file.rows, 1);
        }
        let mut named: Vec<Option<&str>> = files.iter().map(|file| file.country.as_deref()).collect();
        named.sort_unstable();
        let mut expected: Vec<Option<&str>> = COUNTRIES.iter().copied().map(Some).collect();
        expected.sort_unstable();
        assert_eq!(named, expected);
    }
    assert_eq!(names(warehouse.folder()), BTreeSet::from(["out".to_owned(), "vainu.duckdb".to_owned()]));

    let options = with(options(&warehouse), |options| {
        options.tables = vec!["odd".into()];
        options.partition_by_country = true;
    });
    export(&options).unwrap();
    let glob = options.dir.join("current/odd/*/*.parquet");
    let sql = format!(
        "SELECT coalesce(string_agg(coalesce(copy, 'none') || ' as ' || coalesce(country, 'none')), 'no other') \
         FROM read_parquet('{}', hive_partitioning = true, hive_types_autocast = false) \
         WHERE country IS DISTINCT FROM copy",
        glob.display()
    );
    let other: String = warehouse.open().query_row(&sql, [], |row| row.get(0)).unwrap();
    assert_eq!(other, "no other");
}

/// No name of a folder says these to pandas, polars, pyarrow, Spark and DuckDB alike: the table keeps them in its file.
#[test]
fn a_table_with_a_country_that_not_every_reader_takes_from_a_folder_stays_whole() {
    for (odd, why) in [
        ("NULL", "1 row has no country"),
        ("''", "1 row has an empty text as country"),
        ("'é'", "1 row has `é` as country"),
        ("'02'", "1 row has `02` as country"),
        ("'true'", "1 row has `true` as country"),
        ("'NULL'", "1 row has `NULL` as country"),
        ("'__HIVE_DEFAULT_PARTITION__'", "1 row has `__HIVE_DEFAULT_PARTITION__` as country"),
        ("repeat('x', 300)", "1 row has `xxx"),
    ] {
        let warehouse = Warehouse::with(&format!(
            "CREATE TABLE odd AS SELECT country, n FROM (VALUES ('FI', 1), ({odd}, 2), ('FI', 3)) AS v(country, n)"
        ));
        for format in [ExportFormat::Parquet, ExportFormat::Csv] {
            let tables = vec!["odd".into(), "prospects".into()];
            let options = with(options(&warehouse), |options| {
                options.tables = tables;
                options.partition_by_country = true;
                options.format = format;
                options.raw_csv = true;
            });
            let manifest = export(&options).unwrap();
            assert_manifest_is_true(&options.dir, &manifest);
            let odd = table(&manifest, "odd");
            assert_eq!((odd.rows, odd.partitioned_by.len(), odd.files.len()), (3, 0, 1));
            assert_eq!(odd.files[0].path, format!("{}/odd/part-0.{format}", manifest.export));
            assert!(odd.whole_because.as_ref().unwrap().starts_with(why), "{:?}", odd.whole_because);
            let prospects = table(&manifest, "prospects");
            assert_eq!((prospects.partitioned_by.len(), &prospects.whole_because), (1, &None));
            if format == ExportFormat::Parquet {
                let sql = format!(
                    "SELECT count(*) FROM (FROM odd EXCEPT ALL FROM read_parquet('{}'))",
                    options.dir.join(&odd.files[0].path).display()
                );
                let missing: u64 = warehouse.open().query_row(&sql, [], |row| row.get(0)).unwrap();
                assert_eq!(missing, 0);
            }
        }
    }
}

#[test]
fn csv_disarms_formulas_unless_raw() {
    let warehouse = Warehouse::with(
        "CREATE TABLE t AS SELECT * FROM (VALUES ('=x', -1), ('y', NULL), (NULL, 2)) AS v(a, n)",
    );
    let options = with(options(&warehouse), |options| {
        options.tables = vec!["t".into()];
        options.format = ExportFormat::Csv;
    });
    let manifest = export(&options).unwrap();
    assert_manifest_is_true(&options.dir, &manifest);
    let text = |manifest: &Manifest| {
        fs::read_to_string(options.dir.join(&manifest.tables[0].files[0].path)).unwrap()
    };
    assert_eq!(text(&manifest), "a,n\r\n\"'=x\",-1\r\ny,\r\n,2\r\n");
    assert_eq!(manifest.tables[0].rows, 3);
    let raw = export(&with(options.clone(), |options| options.raw_csv = true)).unwrap();
    assert_eq!(text(&raw), "a,n\r\n=x,-1\r\ny,\r\n,2\r\n");
}

#[test]
fn the_next_export_takes_the_place_of_the_one_before() {
    let warehouse = Warehouse::new();
    let options = options(&warehouse);
    let first = export(&options).unwrap();
    warehouse.open().execute_batch("DELETE FROM prospects WHERE country = 'DK'").unwrap();
    let second = export(&options).unwrap();
    assert_ne!(first.export, second.export);
    assert_eq!(table(&second, "prospects").rows, 10);
    assert_manifest_is_true(&options.dir, &second);
    let expected = [".vainu-etl-export.lock", "current", second.export.as_str(), "manifest.json"];
    assert_eq!(names(&options.dir), expected.map(str::to_owned).into());
    assert_eq!(fs::read_link(options.dir.join("current")).unwrap(), Path::new(&second.export));
}

#[test]
fn a_failed_export_leaves_the_old_one() {
    let warehouse =
        Warehouse::with("CREATE VIEW zz_broken AS SELECT CAST(company_name AS INTEGER) AS x FROM prospects");
    let options = options(&warehouse);
    let manifest = export(&options).unwrap();
    let before = names(&options.dir);
    for format in [ExportFormat::Parquet, ExportFormat::Csv] {
        let failing = with(options.clone(), |options| {
            options.tables = vec!["prospects".into(), "zz_broken".into()];
            options.format = format;
        });
        let error = export(&failing).unwrap_err();
        assert_eq!(error.to_string(), "Failed to export `zz_broken`");
        assert!(error.hint().starts_with("an earlier export is untouched"));
        assert_eq!(names(&options.dir), before);
        assert_manifest_is_true(&options.dir, &manifest);
    }
}

#[test]
fn what_an_interrupted_export_left_is_swept_away() {
    let warehouse = Warehouse::new();
    let options = options(&warehouse);
    // Interrupted before its first manifest: only the lock says whose folder it is.
    fs::create_dir_all(options.dir.join(".export-20260101T000000Z/prospects")).unwrap();
    fs::create_dir_all(options.dir.join("export-20260101T000001Z-2")).unwrap();
    fs::write(options.dir.join(".vainu-etl-export.lock"), "").unwrap();
    fs::write(options.dir.join("notes.txt"), "mine").unwrap();
    let manifest = export(&options).unwrap();
    let expected =
        [".vainu-etl-export.lock", "current", manifest.export.as_str(), "manifest.json", "notes.txt"];
    assert_eq!(names(&options.dir), expected.map(str::to_owned).into());
}

#[test]
fn a_folder_with_other_things_is_refused_and_untouched() {
    let warehouse = Warehouse::new();
    let options = options(&warehouse);
    fs::create_dir(&options.dir).unwrap();
    for (name, text) in [("photo.jpg", "x"), ("manifest.json", "{\"name\": \"a web app\"}")] {
        fs::write(options.dir.join(name), text).unwrap();
        let error = export(&options).unwrap_err();
        assert!(matches!(error, ExportError::Foreign { .. }), "{error:?}");
        assert_eq!(names(&options.dir), BTreeSet::from([name.to_owned()]));
        assert_eq!(fs::read_to_string(options.dir.join(name)).unwrap(), text);
        fs::remove_file(options.dir.join(name)).unwrap();
    }
}

#[test]
fn an_export_of_a_newer_version_is_refused_and_untouched() {
    let warehouse = Warehouse::new();
    let options = options(&warehouse);
    let export_id = export(&options).unwrap().export;
    let file = options.dir.join("manifest.json");
    let mut newer: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    newer["manifest_version"] = 2.into();
    newer["tool_version"] = "9.0.0".into();
    let unknown = serde_json::json!({ "tool": "vainu-etl", "manifest_version": 3, "parts": [] });
    for (manifest, says) in [
        (newer, "a manifest of version 2, written by vainu-etl 9.0.0, and this vainu-etl knows version 1"),
        (unknown, "a manifest of version 3, and this vainu-etl knows version 1"),
    ] {
        let text = manifest.to_string();
        fs::write(&file, &text).unwrap();
        let before = names(&options.dir);
        let error = export(&options).unwrap_err();
        assert!(matches!(error, ExportError::NewerManifest { known: 1, .. }), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.hint().contains("the vainu-etl that wrote it"), "{}", error.hint());
        assert_eq!(names(&options.dir), before);
        assert!(options.dir.join(&export_id).is_dir());
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}

#[test]
fn an_unknown_table_is_refused_before_anything_is_written() {
    let warehouse = Warehouse::new();
    let options = with(options(&warehouse), |options| options.tables = vec!["company".into()]);
    let error = export(&options).unwrap_err();
    assert_eq!(error.to_string(), "There is no view or table named `company`");
    assert!(error.hint().starts_with("known: companies, contacts, customer_data, "), "{}", error.hint());
    assert!(!options.dir.exists());
}

#[test]
fn an_export_needs_no_rows() {
    let warehouse = Warehouse::with("DELETE FROM prospects");
    let options = options(&warehouse);
    let manifest = export(&options).unwrap();
    assert_manifest_is_true(&options.dir, &manifest);
    assert_eq!((manifest.tables[3].rows, table(&manifest, "prospects").files.len()), (0, 1));
    let partitioned = export(&with(options, |options| options.partition_by_country = true)).unwrap();
    // Readers find the columns in a file, where there is no row to make a folder for.
    for table in &partitioned.tables {
        assert!(!table.files.is_empty(), "{}", table.name);
        assert_eq!((&table.partitioned_by, &table.whole_because), (&Vec::new(), &None), "{}", table.name);
    }
}

/// An erasure finds exports by that list, so none may be lost.
#[test]
fn exports_that_end_at_the_same_time_are_all_remembered() {
    use vainu_etl::export::remembered;
    use vainu_etl::workspace::Workspace;
    let warehouse =
        Warehouse::with("INSERT INTO etl.warehouse VALUES (1, 1, '0', TIMESTAMP '2026-01-01 00:00:00')");
    let workspace = Workspace::open(warehouse.path()).unwrap();
    let target = tempfile::tempdir().unwrap();
    let dirs: Vec<_> = (0..12).map(|number| target.path().join(format!("to-{number:02}"))).collect();
    std::thread::scope(|scope| {
        for dir in &dirs {
            let mut options = ExportOptions::new(warehouse.path(), dir);
            options.tables = vec!["target_groups".to_owned()];
            scope.spawn(move || export(&options).unwrap());
        }
    });
    let known: Vec<_> = remembered(&workspace).unwrap().into_iter().map(|known| known.dir).collect();
    let wanted: Vec<_> = dirs.iter().map(|dir| fs::canonicalize(dir).unwrap()).collect();
    assert_eq!(known, wanted);
}

#[test]
fn a_warehouse_with_a_state_folder_remembers_its_newest_export_to_each_folder() {
    use vainu_etl::export::{forget, remembered};
    use vainu_etl::workspace::Workspace;
    let warehouse =
        Warehouse::with("INSERT INTO etl.warehouse VALUES (1, 1, '0', TIMESTAMP '2026-01-01 00:00:00')");
    let mut options = options(&warehouse);
    export(&options).unwrap();
    let inspected = Workspace::inspect(warehouse.path()).unwrap();
    assert_eq!(remembered(&inspected).unwrap(), [], "a copy without its state folder stays as it is");
    assert!(!inspected.state_dir().exists());
    let workspace = Workspace::open(warehouse.path()).unwrap();
    export(&options).unwrap();
    options.tables = vec!["prospects".to_owned()];
    options.format = ExportFormat::Csv;
    export(&options).unwrap();
    let known = remembered(&workspace).unwrap();
    let dir = fs::canonicalize(&options.dir).unwrap();
    assert_eq!(known.len(), 1);
    let again = known[0].options(warehouse.path());
    assert_eq!(again, with(options, |options| options.dir = dir.clone()));
    assert!(forget(&workspace, &dir).unwrap() && !forget(&workspace, &dir).unwrap());
    assert_eq!(remembered(&workspace).unwrap(), []);
}
