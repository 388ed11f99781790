//! `export`: tables and views as files.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use indicatif::{HumanBytes, HumanCount};

use super::csv_options::CsvArgs;
use super::output::Output;
use super::settings::Settings;
use crate::error::Error;
use crate::export::{self, ExportFormat, ExportOptions, Manifest};

/// Format of the files
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    /// zstd, sorted, with statistics
    Parquet,
    /// RFC 4180, safe against formulas
    Csv,
    /// One sheet for each file, typed, at most 1,048,575 rows
    Xlsx,
}

/// Column that files are divided by
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Partition {
    /// One folder for each country
    Country,
}

/// Options of `export`
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Folder for the files; what an earlier export left there is replaced once the new one is complete
    #[arg(long = "to", value_name = "DIR")]
    dir: PathBuf,
    /// Tables and views to write, separated by commas; all tables and `companies` when omitted
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    tables: Vec<String>,
    /// Format of the files
    #[arg(long, value_name = "FORMAT", default_value = "parquet")]
    format: FileFormat,
    /// Divide the files by a column; a table with rows that no folder can be named for stays whole
    #[arg(long, value_name = "COLUMN")]
    partition_by: Option<Partition>,
    #[command(flatten)]
    csv: CsvArgs,
}

pub(crate) fn run(args: &ExportArgs, global: &Settings, output: &Output) -> Result<u8, Error> {
    let mut options = ExportOptions::new(&global.warehouse, &args.dir);
    options.tables.clone_from(&args.tables);
    options.format = match args.format {
        FileFormat::Parquet => ExportFormat::Parquet,
        FileFormat::Csv => ExportFormat::Csv,
        FileFormat::Xlsx => ExportFormat::Xlsx,
    };
    options.partition_by_country = args.partition_by == Some(Partition::Country);
    (options.raw_csv, options.csv) = args.csv.options(options.format.name())?;
    let manifest = export::export(&options)?;
    summarise(&manifest, &args.dir.display().to_string(), output);
    Ok(0)
}

/// Says what an export wrote.
pub(crate) fn summarise(manifest: &Manifest, dir: &str, output: &Output) {
    for table in &manifest.tables {
        let bytes = table.files.iter().map(|file| file.bytes).sum();
        output.say(&format!(
            "{}: {} rows in {} file{}, {}",
            table.name,
            HumanCount(table.rows),
            table.files.len(),
            if table.files.len() == 1 { "" } else { "s" },
            HumanBytes(bytes)
        ));
        if let Some(why) = &table.whole_because {
            output.say(&format!("{}: left whole, not divided by country: {why}", table.name));
        }
    }
    output.say(&format!("Complete as {dir}/manifest.json says."));
}
