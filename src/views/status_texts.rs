//! Meanings of the registers' status texts: those that come with the program, and the user's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::text_file;

/// The states of a company that a status text can stand for.
const CLASSES: [&str; 4] = ["live", "dissolving", "gone", "unknown"];

/// One text with its meaning: a row of the table `status_texts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusText {
    /// The text, in the form that [`plain`] returns.
    pub status_text: String,
    /// Country of the companies that it applies to, two upper-case letters; empty for every country.
    pub country: String,
    /// Language (ISO 639-1), or several separated by blanks; may be empty.
    pub language: String,
    /// `live`, `dissolving`, `gone` or `unknown`.
    pub status_class: String,
}

/// Why a file of status texts cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatusTextsError {
    /// The file cannot be read, or is not CSV.
    #[error("the status texts `{}` cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause, with the line if it is known.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A line, or the header, is not valid.
    #[error("line {line} of the status texts `{}` is not usable: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
}

impl StatusTextsError {
    /// What to do next.
    pub fn hint(&self) -> String {
        format!(
            "write a CSV file in UTF-8 with the header `status_text,status_class` and a line for each text, its class one of \
             {}; columns `country` and `language` may be added",
            CLASSES.join(", ")
        )
    }
}

/// A line of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    status_text: String,
    #[serde(default)]
    country: String,
    #[serde(default)]
    language: String,
    status_class: String,
}

/// Reads the user's own status texts from a CSV file with the columns `status_text` and `status_class`, and optionally
/// `country` and `language`, in any order. The delimiter is a comma, a semicolon or a tab. A byte order mark and
/// Windows line ends are accepted.
///
/// # Errors
/// The file cannot be read, lacks a required column or has an unknown one; a line has an empty text, an unknown class
/// or an invalid country; or two lines give one text of one country different classes.
pub fn read_status_texts(path: &Path) -> Result<Vec<StatusText>, StatusTextsError> {
    let unreadable = |source: Box<dyn std::error::Error + Send + Sync>| StatusTextsError::Read {
        path: path.to_owned(),
        source,
    };
    let text = text_file::read(path).map_err(|source| unreadable(source.into()))?;
    // Spreadsheets in the countries of these registers separate fields by semicolons, and by tabs in Unicode text.
    let header =
        text.lines().find(|line| !line.starts_with('#') && !line.trim().is_empty()).unwrap_or_default();
    let separates = |separator: &u8| header.contains(char::from(*separator));
    let delimiter = [b',', b';', b'\t'].into_iter().find(separates).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|source| unreadable(source.into()))?.clone();
    let columns = ["status_text", "status_class"];
    if let Some(missing) = columns.iter().find(|column| !headers.iter().any(|header| header == **column)) {
        let reason = format!("the header has no column `{missing}`");
        return Err(StatusTextsError::Line { path: path.to_owned(), line: 1, reason });
    }
    let mut texts: BTreeMap<(String, String), StatusText> = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|source| unreadable(source.into()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = |reason: String| StatusTextsError::Line { path: path.to_owned(), line, reason };
        let text = record.deserialize::<Line>(Some(&headers)).map_err(|error| wrong(error.to_string()))?;
        let text = text.checked().map_err(wrong)?;
        let key = (text.status_text.clone(), text.country.clone());
        if let Some(earlier) = texts.insert(key, text.clone())
            && earlier.status_class != text.status_class
        {
            let what = text.status_text;
            return Err(wrong(format!(
                "`{what}` is {} further up and {} here",
                earlier.status_class, text.status_class
            )));
        }
    }
    Ok(texts.into_values().collect())
}

impl Line {
    fn checked(self) -> Result<StatusText, String> {
        let (status_text, status_class) = (plain(&self.status_text), self.status_class.to_lowercase());
        if status_text.is_empty() {
            return Err("it names no text".to_owned());
        }
        if !CLASSES.contains(&status_class.as_str()) {
            return Err(format!("`{}` is none of {}", self.status_class, CLASSES.join(", ")));
        }
        let country = self.country.to_uppercase();
        let is_code = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        if !country.is_empty() && !is_code {
            return Err(format!("`{}` is no country code of two letters", self.country));
        }
        Ok(StatusText { status_text, country, language: self.language, status_class })
    }
}

/// Normalises a status text for comparison, in the same way as the view `companies`: lower case, one blank between
/// words and none around them, no full stop at the end, Nordic letters as one character.
pub fn plain(text: &str) -> String {
    let mut plain = text.to_lowercase();
    for (decomposed, letter) in [("a\u{30a}", "å"), ("a\u{308}", "ä"), ("o\u{308}", "ö")] {
        plain = plain.replace(decomposed, letter);
    }
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    plain.trim_end_matches([' ', '.']).to_owned()
}

/// The rows of the table: those that come with the program and the user's own. A text of the user replaces the
/// program's row with the same text and country.
pub(super) fn with_own(rows: Vec<Vec<String>>, own: &[StatusText]) -> Vec<Vec<String>> {
    let is_own = |row: &Vec<String>| {
        let says =
            |text: &StatusText| row.first() == Some(&text.status_text) && row.get(1) == Some(&text.country);
        own.iter().any(says)
    };
    let kept = rows.into_iter().filter(|row| !is_own(row)).collect::<Vec<_>>();
    let own = own.iter().map(|text| {
        let StatusText { status_text, country, language, status_class } = text.clone();
        vec![status_text, country, language, status_class]
    });
    kept.into_iter().chain(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<StatusText>, StatusTextsError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("own.csv");
        fs_err::write(&path, bytes).unwrap();
        read_status_texts(&path)
    }

    fn text(status_text: &str, country: &str, status_class: &str) -> StatusText {
        StatusText {
            status_text: status_text.to_owned(),
            country: country.to_owned(),
            language: String::new(),
            status_class: status_class.to_owned(),
        }
    }

    #[test]
    fn a_text_is_compared_without_what_does_not_matter() {
        for spelling in [
            "Bolaget är aktivt",
            " bolaget  ÄR\u{a0}aktivt. ",
            "BOLAGET A\u{308}R AKTIVT",
            "bolaget är\taktivt ..\n",
        ] {
            assert_eq!(plain(spelling), "bolaget är aktivt", "{spelling:?}");
        }
        assert_eq!(plain(" . "), "");
    }

    #[test]
    fn a_file_is_read_whatever_program_wrote_it() {
        let expected = [text("aktiv (i drift)", "", "live"), text("vilande", "SE", "gone")];
        for file in [
            "status_text,status_class,country\nAktiv (i drift),live,\nVilande,gone,se\n",
            "\u{feff}status_text,status_class,country\r\n\"Aktiv (i drift)\" , Live,\r\n# a note\r\nVilande.,GONE,SE\r\n",
            "status_text;status_class;country\r\n\"Aktiv (i drift)\";live;\r\nVilande;gone;SE\r\n",
            "status_text\tstatus_class\tcountry\r\nAktiv (i drift)\tlive\t\r\nVilande\tgone\tSE\r\n",
            "country,status_class,status_text\nSE,gone,Vilande\n,live,Aktiv (i drift)\n,live,AKTIV (I DRIFT)",
        ] {
            assert_eq!(read(file.as_bytes()).unwrap(), expected, "{file:?}");
        }
        assert_eq!(read(b"status_text,status_class\n").unwrap(), []);
        let text = "status_text\tstatus_class\tcountry\r\nAktiv (i drift)\tlive\t\r\nVilande\tgone\tSE\r\n";
        let unicode: Vec<u8> =
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&unicode).unwrap(), expected);
    }

    #[test]
    fn a_file_that_cannot_be_used_says_which_line_and_why() {
        for (file, message) in [
            (
                &b"status_text,status_class\nAktiv,alive\n"[..],
                "line 2 .* `alive` is none of live, dissolving, gone, unknown",
            ),
            (b"status_text,status_class\n ,live\n", "line 2 .* names no text"),
            (
                b"status_text,status_class,country\nAktiv,live,Sweden\n",
                "line 2 .* `Sweden` is no country code",
            ),
            (
                b"status_text,status_class\nAktiv,live\nAKTIV,gone\n",
                "line 3 .* `aktiv` is live further up and gone here",
            ),
            (b"text,class\nAktiv,live\n", "line 1 .* has no column `status_text`"),
            (b"status_text\nAktiv\n", "line 1 .* has no column `status_class`"),
            (b"", "line 1 .* has no column `status_text`"),
            (b"status_text,status_class,class\nAktiv,live,x\n", "line 2 .* unknown field `class`"),
            (b"status_text,status_class\nAktiv,live,x,y\n", "cannot be read"),
            (b"status_text,status_class\nAkt\xe4v,live\n", "cannot be read"),
        ] {
            let error = read(file).unwrap_err();
            let (text, mut at) = (error.to_string(), 0);
            for part in message.split(" .* ") {
                let found = text[at..].find(part);
                at += found.unwrap_or_else(|| panic!("{text:?} has no {part:?}"));
            }
            assert!(error.hint().contains("live, dissolving, gone, unknown"));
        }
        assert!(read_status_texts(Path::new("/nonexistent/own.csv")).is_err());
    }
}
