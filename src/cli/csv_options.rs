//! The options of CSV, which `query` and `export` share.

use clap::Args;

use crate::error::Error;
use crate::query::{CsvOptions, Delimiter};

/// How CSV is written
#[derive(Debug, Args)]
pub(crate) struct CsvArgs {
    /// CSV: leave text as it is that a spreadsheet would take for a formula
    #[arg(long)]
    raw: bool,
    /// CSV: begin with a byte order mark, by which Excel knows that the file is UTF-8
    #[arg(long)]
    bom: bool,
    /// CSV: the sign between fields, or `tab` [default: `,`, with --decimal-comma `;`]
    #[arg(long, value_name = "SIGN", allow_hyphen_values = true)]
    delimiter: Option<Delimiter>,
    /// CSV: decimals with a comma
    #[arg(long)]
    decimal_comma: bool,
}

impl CsvArgs {
    /// Whether formulas are left as they are, and the other options, for the format `format`.
    ///
    /// # Errors
    /// Options of CSV with another format, or options that contradict each other.
    pub(crate) fn options(&self, format: &str) -> Result<(bool, CsvOptions), Error> {
        let given = [
            ("--raw", self.raw),
            ("--bom", self.bom),
            ("--delimiter", self.delimiter.is_some()),
            ("--decimal-comma", self.decimal_comma),
        ];
        if let Some((option, _)) = given.into_iter().find(|(_, given)| *given)
            && format != "csv"
        {
            return Err(Error::Usage {
                message: format!("`{option}` is an option of CSV, and the format is {format}"),
                hint: format!("add `--format csv`, or leave `{option}` out"),
            });
        }
        let options =
            CsvOptions::new(self.bom, self.delimiter, self.decimal_comma).map_err(|error| Error::Usage {
                message: error.to_string(),
                hint: "leave `--delimiter` out, which gives a semicolon, or choose another".to_owned(),
            })?;
        Ok((self.raw, options))
    }
}
