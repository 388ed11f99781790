//! `query`: read-only SQL on the published file.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;

use super::csv_options::CsvArgs;
use super::output::Output;
use super::settings::Settings;
use crate::error::Error;
use crate::query::{self, Format, QueryOptions};

/// Rows that a table shows on a terminal unless `--max-rows` says another number.
const TERMINAL_ROWS: usize = 1000;
/// Ends of names that say that a file is compressed.
const COMPRESSED: [&str; 7] = ["gz", "zst", "bz2", "xz", "zip", "lz4", "br"];

/// Options of `query`
#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    /// One statement that reads, or the name of a view or table
    #[arg(value_name = "SQL|VIEW", required_unless_present = "file", conflicts_with = "file")]
    sql: Option<String>,
    /// Read the statement from a file; `-` is standard input
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// table, csv, json, jsonl, markdown, parquet or xlsx [default: what the name of the output says, else table]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Write to a file, which appears when it is complete; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Most rows that a table shows [default: 1000 on a terminal, else all]
    #[arg(long, value_name = "N")]
    max_rows: Option<usize>,
    #[command(flatten)]
    csv: CsvArgs,
}

/// The arguments of the process with a blank before SQL that begins with a comment, `--`, which is no option then.
///
/// An option's name has no blanks, and no option has a line feed.
pub(crate) fn tell_sql_from_options(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.collect();
    let verb = arguments.iter().position(|argument| argument == "query").unwrap_or(arguments.len());
    for argument in arguments.iter_mut().skip(verb) {
        let Some(text) = argument.to_str().filter(|text| text.starts_with("--")) else { continue };
        let name = text.split('=').next().unwrap_or_default();
        if name.contains(char::is_whitespace) || text.contains(['\n', '\r']) {
            *argument = format!(" {text}").into();
        }
    }
    arguments
}

pub(crate) fn run(args: &QueryArgs, global: &Settings, output: &Output) -> Result<u8, Error> {
    let sql = statement(args)?;
    let file = args.output.as_deref().filter(|file| file.as_os_str() != "-");
    let format = format(args.format, file)?;
    let (raw_csv, csv) = args.csv.options(format.name())?;
    if args.max_rows.is_some() && format != Format::Table {
        return Err(Error::Usage {
            message: format!("`--max-rows` is for a table, and the format is {format}"),
            hint: "add `LIMIT` to the statement".to_owned(),
        });
    }
    let terminal = file.is_none() && Output::is_terminal();
    let options = QueryOptions {
        format,
        width: if file.is_none() { Output::width() } else { None },
        max_rows: args.max_rows.unwrap_or(if terminal { TERMINAL_ROWS } else { usize::MAX }),
        raw_csv,
        csv,
        terminal,
    };
    match file {
        Some(file) => {
            let written = query::query_to_file(&global.warehouse, &sql, &options, file)?;
            let rows = if written.rows == 1 { "1 row".to_owned() } else { format!("{} rows", written.rows) };
            let named = Format::of_file(file).is_none_or(|named| named == format);
            let said = if named { String::new() } else { format!(", which is {format} as --format says") };
            output.say(&format!("{rows} in {}{said}", file.display()));
        }
        None => {
            query::query(&global.warehouse, &sql, &options, &mut Output::rows())?;
        }
    }
    Ok(0)
}

/// The text of the statement.
fn statement(args: &QueryArgs) -> Result<String, Error> {
    let bytes = match (&args.sql, &args.file) {
        (Some(sql), _) => return Ok(sql.clone()),
        (None, Some(path)) if path.as_os_str() == "-" => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes)?;
            bytes
        }
        (None, Some(path)) => fs_err::read(path)?,
        (None, None) => Vec::new(),
    };
    String::from_utf8(bytes).map_err(|error| Error::Usage {
        message: format!("the statement is not UTF-8: byte {} is not", error.utf8_error().valid_up_to() + 1),
        hint: "save the file as UTF-8".to_owned(),
    })
}

/// The format asked for, else the one that the file's name says, else a table.
fn format(asked: Option<Format>, file: Option<&Path>) -> Result<Format, Error> {
    let Some(file) = file else { return Ok(asked.unwrap_or(Format::Table)) };
    let ending = file.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    if COMPRESSED.contains(&ending.as_str()) {
        return Err(Error::Usage {
            message: format!("`{}` would not be compressed: `query` writes no .{ending} files", file.display()),
            hint: "leave `-o` out and pipe the output, as in `vainu-etl query … --format csv | gzip > FILE`; parquet is \
                   compressed in itself"
                .to_owned(),
        });
    }
    asked.or_else(|| Format::of_file(file)).ok_or_else(|| {
        let known: Vec<String> = Format::ENDINGS.iter().map(|(ending, _)| format!(".{ending}")).collect();
        Error::Usage {
            message: format!("the name `{}` does not say which format is meant", file.display()),
            hint: format!("known endings are {}; or add `--format`", known.join(" ")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_that_is_sql_gets_a_blank_and_no_other() {
        for (argument, expected) in [
            ("-- c\nselect 1", " -- c\nselect 1"),
            ("--c=1\nselect 1", " --c=1\nselect 1"),
            ("-- select 1", " -- select 1"),
            ("--format csv\nselect 1", " --format csv\nselect 1"),
            ("/* c */ select 1", "/* c */ select 1"),
            ("--", "--"),
            ("--fromat", "--fromat"),
            ("--format=csv", "--format=csv"),
            ("--warehouse=a folder/x", "--warehouse=a folder/x"),
            ("-o", "-o"),
        ] {
            let arguments = ["vainu-etl", "-- a path", "query", argument].map(OsString::from);
            let found = tell_sql_from_options(arguments.into_iter());
            assert_eq!(found, ["vainu-etl", "-- a path", "query", expected], "{argument}");
        }
    }
}
