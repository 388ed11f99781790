//! What CSV looks like where it differs from RFC 4180.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How CSV is written, for programs that do not take it as RFC 4180 has it. Default: as RFC 4180 has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CsvOptions {
    /// A byte order mark before the header, by which Excel knows that the file is UTF-8.
    pub bom: bool,
    /// What stands between two fields.
    pub delimiter: char,
    /// DECIMAL, FLOAT and DOUBLE columns with a comma in the place of the point. What is inside a list or a struct is
    /// DuckDB's text and keeps its point.
    pub decimal_comma: bool,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { bom: false, delimiter: ',', decimal_comma: false }
    }
}

impl CsvOptions {
    /// Puts options together. Without a delimiter it is a comma, or with decimal commas a semicolon, as spreadsheets
    /// expect where a comma is the decimal sign.
    ///
    /// # Errors
    /// The delimiter is the decimal comma.
    pub fn new(
        bom: bool,
        delimiter: Option<Delimiter>,
        decimal_comma: bool,
    ) -> Result<Self, CsvOptionsError> {
        let delimiter =
            delimiter.map_or(if decimal_comma { ';' } else { ',' }, |Delimiter(character)| character);
        if decimal_comma && delimiter == ',' {
            return Err(CsvOptionsError::TwoMeanings);
        }
        Ok(Self { bom, delimiter, decimal_comma })
    }
}

/// What stands between two fields: one character, or one of the names that are easier to type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiter(char);

/// Why CSV cannot be written so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsvOptionsError {
    /// Not one character, or one that is part of what it would have to divide.
    #[error("`{0}` cannot stand between fields: `,`, `;`, `|`, `tab` or another single sign of ASCII can")]
    Delimiter(String),
    /// A comma between fields and in numbers.
    #[error("a comma cannot be both the delimiter and the decimal sign")]
    TwoMeanings,
}

impl FromStr for Delimiter {
    type Err = CsvOptionsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = match text.to_ascii_lowercase().as_str() {
            "comma" => Some(','),
            "semicolon" => Some(';'),
            "tab" | "\\t" => Some('\t'),
            "pipe" => Some('|'),
            "space" => Some(' '),
            _ => None,
        };
        let mut characters = text.chars();
        let single = characters.next().filter(|_| characters.as_str().is_empty());
        // What numbers and dates are made of would divide them for a reader that looks for no quotes.
        // Others than those of ASCII are several bytes, and to few readers one sign.
        let divides = |character: &char| {
            character.is_ascii()
                && !character.is_alphanumeric()
                && (!character.is_control() || *character == '\t')
                && !matches!(character, '"' | '\'' | '.' | '-' | '+')
        };
        named
            .or(single.filter(divides))
            .map(Self)
            .ok_or_else(|| CsvOptionsError::Delimiter(text.escape_debug().to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delimiter_is_one_sign_that_is_no_part_of_a_value() {
        for (text, delimiter) in [
            (",", ','),
            (";", ';'),
            ("|", '|'),
            ("tab", '\t'),
            ("\\t", '\t'),
            ("\t", '\t'),
            ("Semicolon", ';'),
            ("_", '_'),
        ] {
            assert_eq!(text.parse(), Ok(Delimiter(delimiter)), "{text}");
        }
        for text in ["", ";;", "a", "1", "\"", "'", "\n", "\r", "\0", ".", "-", "+", "é", "¦", "；"] {
            let error = text.parse::<Delimiter>().unwrap_err();
            assert!(matches!(error, CsvOptionsError::Delimiter(_)), "{text}");
        }
    }

    #[test]
    fn a_decimal_comma_brings_a_semicolon_and_refuses_a_comma() {
        let options = CsvOptions::new(false, None, true).unwrap();
        assert_eq!((options.delimiter, options.decimal_comma), (';', true));
        assert_eq!(CsvOptions::new(false, Some(Delimiter('\t')), true).unwrap().delimiter, '\t');
        assert_eq!(CsvOptions::new(false, Some(Delimiter(',')), true), Err(CsvOptionsError::TwoMeanings));
        assert_eq!(CsvOptions::new(false, None, false).unwrap(), CsvOptions::default());
    }
}
