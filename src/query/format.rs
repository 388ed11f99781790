//! The output formats of a query.

use std::{fmt, path::Path, str::FromStr};

/// Output format of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A table for people, fitted to a [`width`](super::QueryOptions::width) or with whole cells and all columns. It
    /// has at most [`max_rows`](super::QueryOptions::max_rows) rows.
    Table,
    /// Comma-separated values as in RFC 4180: CRLF at line ends, quotes where needed, a header line. NULL is an empty
    /// field, an empty text is `""`.
    ///
    /// A text that begins with `=`, `+`, `-`, `@`, the full-width form of one of these, tab, carriage return or line
    /// feed gets an apostrophe in front, because a spreadsheet would run it as a formula (OWASP, "CSV Injection").
    /// Numbers are not changed. [`raw_csv`](super::QueryOptions::raw_csv) turns this off.
    /// [`csv`](super::QueryOptions::csv) holds options for programs that do not read RFC 4180.
    Csv,
    /// One JSON array of objects. Numbers keep all their digits, even those that a double cannot hold. Booleans, NULL,
    /// lists, structs and maps have their JSON form, and values of type JSON are nested. All other values are strings
    /// with DuckDB's text, including the numbers that JSON does not have (`nan`, `inf`).
    Json,
    /// One JSON object per line.
    Jsonl,
    /// A GitHub-flavoured Markdown table.
    Markdown,
    /// Apache Parquet, compressed with zstd. HUGEINT becomes DECIMAL(38,0). Types that Parquet does not have (times of
    /// day, intervals, UNION, UUID, BIT and others) become DuckDB's text.
    Parquet,
    /// A workbook with one sheet and a frozen header row. Numbers, dates, timestamps (UTC) and booleans are typed.
    /// Numbers of more than 15 digits, dates before March 1900 and all other values are texts, never formulas or
    /// links.
    Xlsx,
}

impl Format {
    /// Every format, in the order of the help text.
    pub const ALL: [Self; 7] =
        [Self::Table, Self::Csv, Self::Json, Self::Jsonl, Self::Markdown, Self::Parquet, Self::Xlsx];

    /// File extensions, in lower case, and their formats.
    pub(crate) const ENDINGS: [(&str, Self); 9] = [
        ("csv", Self::Csv),
        ("parquet", Self::Parquet),
        ("json", Self::Json),
        ("jsonl", Self::Jsonl),
        ("ndjson", Self::Jsonl),
        ("md", Self::Markdown),
        ("markdown", Self::Markdown),
        ("xlsx", Self::Xlsx),
        ("txt", Self::Table),
    ];

    /// Whether the output is not text.
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Parquet | Self::Xlsx)
    }

    /// The format for the extension of `path`, in lower or upper case. `None` if the extension is missing or unknown.
    pub fn of_file(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        Self::ENDINGS.into_iter().find(|(known, _)| *known == ending).map(|(_, format)| format)
    }

    /// Name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Markdown => "markdown",
            Self::Parquet => "parquet",
            Self::Xlsx => "xlsx",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is not a format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format `{0}`: table, csv, json, jsonl, markdown, parquet or xlsx")]
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
        assert_eq!(
            error.to_string(),
            "unknown format `xml`: table, csv, json, jsonl, markdown, parquet or xlsx"
        );
    }

    #[test]
    fn a_file_is_named_after_its_format() {
        for (name, format) in [
            ("t.csv", Some(Format::Csv)),
            ("T.CSV", Some(Format::Csv)),
            ("a.b/t.Parquet", Some(Format::Parquet)),
            ("t.json", Some(Format::Json)),
            ("t.jsonl", Some(Format::Jsonl)),
            ("t.NDJSON", Some(Format::Jsonl)),
            ("t.md", Some(Format::Markdown)),
            ("t.xlsx", Some(Format::Xlsx)),
            ("t.txt", Some(Format::Table)),
            ("csv", None),
            (".csv", None),
            ("t.csv.gz", None),
            ("t.xls", None),
            ("t.", None),
        ] {
            assert_eq!(Format::of_file(Path::new(name)), format, "{name}");
        }
    }
}
