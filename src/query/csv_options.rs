//! Options for CSV that differs from RFC 4180.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How CSV is written, for programs that do not read RFC 4180. Default: as in RFC 4180.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CsvOptions {
    /// Whether a byte order mark precedes the header. Excel recognises UTF-8 by it. Default: false.
    pub bom: bool,
    /// Character between two fields. Default: comma.
    pub delimiter: char,
    /// Whether DECIMAL, FLOAT and DOUBLE columns have a decimal comma instead of a point. A list or a struct is
    /// DuckDB's text, and numbers in it keep their point. Default: false.
    pub decimal_comma: bool,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { bom: false, delimiter: ',', decimal_comma: false }
    }
}

impl CsvOptions {
    /// Combines the options. If `delimiter` is `None`, the delimiter is a comma, or a semicolon with decimal commas,
    /// as spreadsheets expect where a comma is the decimal sign.
    ///
    /// # Errors
    /// [`CsvOptionsError::TwoMeanings`] if both the delimiter and the decimal sign are a comma.
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

/// The character between two fields. It is parsed from the character itself, or from a name that is easier to type,
/// such as `tab`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiter(char);

/// Why CSV cannot be written with the given options.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsvOptionsError {
    /// The delimiter is not a single ASCII character, or it is one that may be part of a value, such as a digit. Holds
    /// the text given.
    #[error("`{0}` cannot stand between fields: `,`, `;`, `|`, `tab` or another single sign of ASCII can")]
    Delimiter(String),
    /// A comma is both the delimiter and the decimal sign.
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
        // Characters that occur in numbers and dates would split them for a reader that ignores quotes. Characters
        // outside of ASCII are several bytes long, and few readers accept one as a delimiter.
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
