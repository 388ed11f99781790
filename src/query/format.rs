//! The output formats of a query.

use std::{fmt, str::FromStr};

/// Output format of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A table for people, fitted to the terminal; at most [`max_rows`](super::QueryOptions::max_rows) rows.
    Table,
    /// Comma-separated values as in RFC 4180: CRLF at line ends, quotes where needed, a header line. NULL is an empty
    /// field, an empty text is `""`.
    ///
    /// A text that begins with `=`, `+`, `-`, `@`, tab, carriage return or line feed gets an apostrophe in front,
    /// because a spreadsheet would run it as a formula (OWASP, "CSV Injection"); numbers are untouched.
    /// [`raw_csv`](super::QueryOptions::raw_csv) turns that off.
    Csv,
    /// One JSON array of objects. Decimals are numbers with all their digits; columns of type JSON are nested.
    Json,
    /// One JSON object per line.
    Jsonl,
    /// A GitHub-flavoured Markdown table.
    Markdown,
    /// Apache Parquet, compressed with zstd.
    Parquet,
}

impl Format {
    /// Every format, in the order of the help text.
    pub const ALL: [Self; 6] =
        [Self::Table, Self::Csv, Self::Json, Self::Jsonl, Self::Markdown, Self::Parquet];

    /// Name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Markdown => "markdown",
            Self::Parquet => "parquet",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format `{0}`: table, csv, json, jsonl, markdown or parquet")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        let error = "xml".parse::<Format>().unwrap_err();
        assert_eq!(error.to_string(), "unknown format `xml`: table, csv, json, jsonl, markdown or parquet");
    }
}
