//! `query` as a user types it: what the name of the output says, options of CSV, SQL that begins with a comment, and
//! what is said of a file that cannot be opened.

use std::path::Path;
use std::process::Output;

use duckdb::Connection;

use crate::fixture_warehouse::Warehouse;
use crate::support::{stderr, stdout, vainu_etl};

const ROWS: &str = "SELECT range AS n, 'x' AS t FROM range(2500)";

fn run(warehouse: &Warehouse, arguments: &[&str]) -> Output {
    vainu_etl(warehouse.folder()).args(arguments).output().unwrap()
}

fn refused(warehouse: &Warehouse, arguments: &[&str]) -> String {
    let output = run(warehouse, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
    assert_eq!(stdout(&output), "", "{arguments:?}");
    stderr(&output)
}

#[test]
fn the_end_of_the_name_says_the_format_and_every_row_and_column_is_written() {
    let warehouse = Warehouse::new();
    let names = ["t.csv", "T.CSV", "t.parquet", "t.json", "t.jsonl", "t.ndjson", "t.md", "t.XLSX", "t.txt"];
    for name in names {
        let output = run(&warehouse, &["query", ROWS, "-o", name]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        assert_eq!(stderr(&output), format!("2500 rows in {name}\n"));
        assert_eq!(stdout(&output), "");
        let bytes = std::fs::read(warehouse.folder().join(name)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let lines = text.lines().count();
        let (begin, expected) = match name.to_ascii_lowercase().split_once('.').unwrap().1 {
            "csv" => ("n,t\r\n0,x\r\n", 2501),
            "json" => ("[{\"n\":0,\"t\":\"x\"},\n", 2500),
            "jsonl" | "ndjson" => ("{\"n\":0,\"t\":\"x\"}\n", 2500),
            "md" => ("| n | t |\n| ---: | --- |\n| 0 | x |\n", 2502),
            "txt" => ("┌──────┬───┐\n│    n ┆ t │\n╞══════╪═══╡\n│    0 ┆ x │\n", 2505),
            "parquet" => ("PAR1", lines),
            _ => ("PK", lines),
        };
        assert!(text.starts_with(begin), "{name}: {}", text.chars().take(60).collect::<String>());
        assert_eq!(lines, expected, "{name}");
    }
    let wide = "SELECT * FROM companies, nace_sections AS s";
    let output = run(&warehouse, &["query", wide, "-o", "wide.txt"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = std::fs::read_to_string(warehouse.folder().join("wide.txt")).unwrap();
    assert!(!text.contains("not shown") && !text.contains("there are more"), "columns or rows are missing");
    let columns = warehouse.rows(&format!("SELECT count(*) FROM (DESCRIBE {wide})"));
    assert_eq!(text.lines().nth(1).unwrap().split('┆').count().to_string(), columns[0]);
}

#[test]
fn a_table_in_a_pipe_is_whole_unless_a_number_of_rows_is_asked_for() {
    let warehouse = Warehouse::new();
    let text = stdout(&run(
        &warehouse,
        &["query", "SELECT range AS n, repeat('x', 90) || range AS t, 3 AS third FROM range(2500)"],
    ));
    assert_eq!(text.lines().count(), 2505);
    assert!(text.contains(&format!("│    0 ┆ {}0 ", "x".repeat(90))), "{}", text.lines().nth(3).unwrap());
    assert!(text.contains(&format!("│ 2499 ┆ {}2499 ", "x".repeat(90))), "the last row is missing");
    assert!(text.ends_with("2500 rows\n"));
    let text = stdout(&run(&warehouse, &["query", ROWS, "--max-rows", "2", "-o", "-"]));
    assert_eq!(text.lines().count(), 7);
    assert!(text.ends_with("first 2 rows, there are more: `--format csv -o FILE` writes all\n"), "{text}");
}

#[test]
fn a_name_that_says_no_format_is_refused_with_those_that_do() {
    let warehouse = Warehouse::new();
    for name in ["t.xml", "t.xls", "t.tsv", "t", "t.", ".csv", "t.csv2", "t.arrow"] {
        let said = refused(&warehouse, &["query", ROWS, "-o", name]);
        assert!(
            said.contains(&format!("error: the name `{name}` does not say which format is meant")),
            "{said}"
        );
        assert!(said.contains(".csv .parquet .json .jsonl .ndjson .md .markdown .xlsx .txt"), "{said}");
        assert!(!warehouse.folder().join(name).exists());
    }
    for name in ["t.csv.gz", "t.JSON.ZST", "t.csv.zip"] {
        let said = refused(&warehouse, &["query", ROWS, "--format", "csv", "-o", name]);
        assert!(said.contains("would not be compressed"), "{said}");
        assert!(said.contains("| gzip"), "{said}");
    }
}

#[test]
fn a_format_that_is_asked_for_wins_over_the_name_and_that_is_said() {
    let warehouse = Warehouse::new();
    let output = run(&warehouse, &["query", "SELECT 1 AS n", "--format", "json", "-o", "t.csv"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stderr(&output), "1 row in t.csv, which is json as --format says\n");
    assert_eq!(std::fs::read_to_string(warehouse.folder().join("t.csv")).unwrap(), "[{\"n\":1}]\n");
    let output = run(&warehouse, &["query", "SELECT 1 AS n", "--format", "jsonl", "-o", "nameless"]);
    assert_eq!(stderr(&output), "1 row in nameless\n");
}

#[test]
fn the_warehouse_and_folders_are_never_the_output() {
    let warehouse = Warehouse::new();
    let folder = warehouse.folder();
    std::fs::create_dir(folder.join("folder.csv")).unwrap();
    std::fs::create_dir(folder.join("vainu.duckdb.etl")).unwrap();
    std::fs::hard_link(warehouse.path(), folder.join("same.csv")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(warehouse.path(), folder.join("link.csv")).unwrap();
    let before = std::fs::read(warehouse.path()).unwrap();
    for (name, why) in [
        ("vainu.duckdb", "belongs to the warehouse"),
        ("./folder.csv/../vainu.duckdb", "belongs to the warehouse"),
        ("vainu.duckdb.wal", "belongs to the warehouse"),
        ("vainu.duckdb.etl/t.csv", "belongs to the warehouse"),
        ("same.csv", "belongs to the warehouse"),
        ("link.csv", "belongs to the warehouse"),
        ("folder.csv", "is a folder"),
        ("folder.csv/", "is a folder"),
        ("..", "is a folder"),
    ] {
        let said = refused(&warehouse, &["query", "SELECT 1", "--format", "csv", "-o", name]);
        assert!(said.contains(why), "{name}: {said}");
        assert!(said.contains("hint: name "), "{name}: {said}");
    }
    assert_eq!(std::fs::read(warehouse.path()).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn an_earlier_file_keeps_its_mode_and_a_link_its_place_and_a_device_is_only_written_to() {
    use std::os::unix::fs::PermissionsExt;
    let warehouse = Warehouse::new();
    let folder = warehouse.folder();
    let file = folder.join("private.csv");
    std::fs::write(&file, "earlier").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink("private.csv", folder.join("link.csv")).unwrap();
    let output = run(&warehouse, &["query", "SELECT 1 AS n", "-o", "link.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "n\r\n1\r\n");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::symlink_metadata(folder.join("link.csv")).unwrap().is_symlink());
    let output = run(&warehouse, &["query", "SELECT 1 AS n", "--format", "csv", "-o", "/dev/null"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
    let output = run(&warehouse, &["query", "SELECT 1 AS n", "-o", "nowhere/t.csv"]);
    assert_eq!(output.status.code(), Some(6));
}

#[test]
fn csv_for_spreadsheets_that_read_commas_as_decimals() {
    let warehouse = Warehouse::new();
    let sql = "SELECT 'Öy; \"Ab\"' AS t, 1234.50 AS d, 0.5::DOUBLE AS f, -7 AS i, '=1' AS g, DATE '2026-01-02' AS day";
    let csv = |options: &[&str]| {
        stdout(&run(&warehouse, &[&["query", sql, "--format", "csv"][..], options].concat()))
    };
    assert_eq!(csv(&[]), "t,d,f,i,g,day\r\n\"Öy; \"\"Ab\"\"\",1234.50,0.5,-7,\"'=1\",2026-01-02\r\n");
    assert_eq!(
        csv(&["--bom", "--decimal-comma"]),
        "\u{feff}t;d;f;i;g;day\r\n\"Öy; \"\"Ab\"\"\";1234,50;0,5;-7;\"'=1\";2026-01-02\r\n"
    );
    assert_eq!(
        csv(&["--delimiter", "tab", "--raw"]),
        "t\td\tf\ti\tg\tday\r\n\"Öy; \"\"Ab\"\"\"\t1234.50\t0.5\t-7\t=1\t2026-01-02\r\n"
    );
    assert!(csv(&["--delimiter", "|", "--decimal-comma"]).contains("|1234,50|0,5|-7|"));
}

#[test]
fn options_of_csv_are_refused_where_they_mean_nothing() {
    let warehouse = Warehouse::new();
    for option in [&["--bom"][..], &["--delimiter", ";"], &["--decimal-comma"], &["--raw"]] {
        for format in ["table", "json", "jsonl", "markdown", "parquet", "xlsx"] {
            let said = refused(&warehouse, &[&["query", ROWS, "--format", format][..], option].concat());
            let expected = format!("error: `{}` is an option of CSV, and the format is {format}", option[0]);
            assert!(said.contains(&expected), "{said}");
        }
        for format in ["parquet", "xlsx"] {
            let said =
                refused(&warehouse, &[&["export", "--to", "out", "--format", format][..], option].concat());
            assert!(said.contains("is an option of CSV"), "{said}");
        }
        assert!(!warehouse.folder().join("out").exists());
    }
    let said = refused(&warehouse, &["query", ROWS, "-o", "t.csv", "--decimal-comma", "--delimiter", ","]);
    assert!(said.contains("a comma cannot be both the delimiter and the decimal sign"), "{said}");
    for delimiter in ["", ";;", "x", "\"", "1", "-", "\n"] {
        let said = refused(&warehouse, &["query", ROWS, "--format", "csv", "--delimiter", delimiter]);
        assert!(said.contains("cannot stand between fields"), "{delimiter}: {said}");
    }
    let said = refused(&warehouse, &["query", ROWS, "--format", "csv", "--max-rows", "3"]);
    assert!(said.contains("`--max-rows` is for a table") && said.contains("`LIMIT`"), "{said}");
}

#[test]
fn sql_may_begin_with_a_comment_and_a_mistyped_option_is_no_sql() {
    let warehouse = Warehouse::new();
    let file = warehouse.folder().join("q.sql");
    for sql in [
        "-- one; two\nSELECT 1 AS n",
        "--one\nSELECT 1 AS n;",
        "-- a=b\r\nSELECT 1 AS n",
        "/* -- */ SELECT 1 AS n -- done",
        "-- -o x\nSELECT 1 AS n",
        "--format csv\nSELECT 1 AS n",
    ] {
        for arguments in [&["query", sql, "--format", "csv"][..], &["query", "--format", "csv", "--", sql]] {
            let output = run(&warehouse, arguments);
            assert_eq!(stdout(&output), "n\r\n1\r\n", "{sql}: {}", stderr(&output));
        }
        for before in ["", "\u{feff}"] {
            std::fs::write(&file, format!("{before}{sql}\n")).unwrap();
            let output = run(&warehouse, &["query", "-f", "q.sql", "--format", "csv"]);
            assert_eq!(stdout(&output), "n\r\n1\r\n", "{sql}: {}", stderr(&output));
        }
    }
    for arguments in [
        &["query", "--fromat", "csv", "companies"][..],
        &["query", "companies", "--fromat"],
        &["query", "--fromat=csv"],
    ] {
        let said = refused(&warehouse, arguments);
        assert!(said.contains("--fromat"), "{said}");
    }
    std::fs::write(&file, b"SELECT '\xff' AS n").unwrap();
    let said = refused(&warehouse, &["query", "-f", "q.sql"]);
    assert!(said.contains("the statement is not UTF-8: byte 9 is not"), "{said}");
}

/// A lock is held per process, so another process has to hold it.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_another_program_has_open_is_said_to_be_with_its_process() {
    let warehouse = Warehouse::new();
    let holder = Holder::start(warehouse.path());
    for arguments in
        [&["query", "SELECT 1"][..], &["query", "SELECT 1", "-o", "t.csv"], &["export", "--to", "out"]]
    {
        let output = run(&warehouse, arguments);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(6), "{arguments:?}: {said}");
        assert!(said.contains("another program has") && said.contains("open for writing"), "{said}");
        assert!(said.contains(&format!("PID {}", holder.0.id())), "{said}");
        assert!(said.contains("hint: close that program"), "{said}");
        assert!(!said.contains("rollback"), "{said}");
    }
    drop(holder);
    assert_eq!(run(&warehouse, &["query", "SELECT 1"]).status.code(), Some(0));
}

/// A process that has the file open for writing: this test program itself, asked to run one test.
#[cfg(target_os = "linux")]
struct Holder(std::process::Child);

#[cfg(target_os = "linux")]
impl Holder {
    fn start(path: &Path) -> Self {
        use std::io::{BufRead, BufReader};
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "--ignored", "--nocapture", "query_output::holds_a_file_open"]);
        command
            .env("HOLD_OPEN", path)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line.contains("is held")), "the holder did not begin");
        Self(child)
    }
}

#[cfg(target_os = "linux")]
impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "a part of another test, in a process of its own"]
fn holds_a_file_open() {
    let Some(path) = std::env::var_os("HOLD_OPEN") else { return };
    let conn = Connection::open(Path::new(&path)).unwrap();
    println!("\nis held");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    drop(conn);
}

/// What a sheet puts aside is a file too, and its writer knows no error for it.
#[cfg(unix)]
#[test]
fn no_room_for_a_sheet_is_an_error_of_the_output() {
    let warehouse = Warehouse::new();
    let before = std::fs::read_dir(warehouse.folder()).unwrap().count();
    let mut shell = std::process::Command::new("sh");
    shell.current_dir(warehouse.folder()).args(["-c", "ulimit -f 64 && exec \"$0\" \"$@\""]);
    shell
        .arg(env!("CARGO_BIN_EXE_vainu-etl"))
        .args(["query", "SELECT hash(range)::VARCHAR AS h FROM range(300000)"]);
    let output = shell.args(["-o", "t.xlsx"]).output().unwrap();
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(6), "{said}");
    assert!(
        said.contains("Failed to write the result") && said.contains("hint: see that the folder"),
        "{said}"
    );
    assert!(!said.contains("internal error") && !said.contains("panic"), "{said}");
    assert_eq!(std::fs::read_dir(warehouse.folder()).unwrap().count(), before);
}

#[test]
fn a_file_that_is_no_warehouse_is_not_said_to_be_locked() {
    let warehouse = Warehouse::new();
    std::fs::write(warehouse.path(), "this is a text").unwrap();
    let output = run(&warehouse, &["query", "SELECT 1"]);
    assert_eq!(output.status.code(), Some(6));
    assert!(!stderr(&output).contains("another program"), "{}", stderr(&output));
}
