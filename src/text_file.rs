//! Reads text files as common programs write them: UTF-8 with or without a byte order mark, UTF-16 with one, and any
//! line end.

use std::path::{Path, PathBuf};

/// A file that cannot be read as text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextFileError {
    /// The file cannot be read. The message names the path.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The file is not text in one of the supported encodings.
    #[error("`{}`, line {line}: {reason}", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// Line of the first character that cannot be read, from 1.
        line: usize,
        /// What is wrong there, and what to do.
        reason: String,
    },
}

/// Reads the text of a file. Line ends become `\n`, and a byte order mark is removed.
///
/// # Errors
/// The file cannot be read, is neither UTF-8 nor UTF-16 with a byte order mark, or holds a NUL character.
pub fn read(path: &Path) -> Result<String, TextFileError> {
    let bytes = fs_err::read(path)?;
    decode(&bytes).map_err(|(line, reason)| TextFileError::NotText { path: path.to_owned(), line, reason })
}

/// Decodes `bytes`. The error is the line that cannot be read, from 1, and the reason.
fn decode(bytes: &[u8]) -> Result<String, (usize, String)> {
    let text = match bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes) {
        [0xFF, 0xFE, rest @ ..] => utf_16(rest, u16::from_le_bytes)?,
        [0xFE, 0xFF, rest @ ..] => utf_16(rest, u16::from_be_bytes)?,
        rest => utf_8(rest)?,
    };
    if let Some((before, _)) = text.split_once('\0') {
        let reason = "a NUL is no text; save the file as UTF-8, or as UTF-16 with a byte order mark";
        return Err((line_of(before), reason.to_owned()));
    }
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

fn utf_8(bytes: &[u8]) -> Result<String, (usize, String)> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
        let (before, after) = bytes.split_at_checked(error.valid_up_to()).unwrap_or((bytes, &[]));
        let byte = after.first().copied().unwrap_or_default();
        let reason = format!("byte 0x{byte:02X} is not UTF-8 (is it Latin-1?); save the file as UTF-8");
        (line_of(&String::from_utf8_lossy(before)), reason)
    })
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, (usize, String)> {
    let pairs = bytes.chunks(2).map(|pair| match pair {
        [first, second] => unit([*first, *second]),
        // A single byte at the end becomes half of a surrogate pair, which is an error at the end of a text.
        _ => 0xD800,
    });
    let mut text = String::new();
    for char in char::decode_utf16(pairs) {
        match char {
            Ok(char) => text.push(char),
            Err(_) => {
                return Err((
                    line_of(&text),
                    "it is cut or damaged UTF-16; save the file as UTF-8".to_owned(),
                ));
            }
        }
    }
    Ok(text)
}

/// Number of the line, from 1, that follows `before`.
fn line_of(before: &str) -> usize {
    1 + before.replace("\r\n", "\n").chars().filter(|char| matches!(char, '\n' | '\r')).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf_16_of(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(bytes).collect()
    }

    #[test]
    fn every_encoding_and_line_end_gives_the_same_text() {
        let wanted = "Y-tunnus\nKärkkäinen 😀\n";
        for end in ["\n", "\r\n", "\r"] {
            let text = wanted.replace('\n', end);
            let mut marked = vec![0xEF, 0xBB, 0xBF];
            marked.extend(text.as_bytes());
            let forms = [
                text.clone().into_bytes(),
                marked,
                utf_16_of(&text, u16::to_le_bytes),
                utf_16_of(&text, u16::to_be_bytes),
            ];
            for bytes in forms {
                assert_eq!(decode(&bytes).unwrap(), wanted, "{bytes:?}");
            }
        }
    }

    #[test]
    fn what_is_no_text_is_named_with_its_line() {
        for (bytes, line, words) in [
            (&b"a\r\nb\r\nK\xe4rk"[..], 3, "byte 0xE4 is not UTF-8"),
            (b"\xef\xbb\xbfa\n\xff", 2, "byte 0xFF"),
            (b"\xff\xfea\0\n\0b", 2, "UTF-16"),
            (b"\xff\xfe\x00\xd8a\0", 1, "UTF-16"),
            (b"1\n2\n3\x00", 3, "NUL"),
            (b"0\x009\x007\x00", 1, "NUL"),
        ] {
            let (found, reason) = decode(bytes).unwrap_err();
            assert_eq!(found, line, "{reason}");
            assert!(reason.contains(words), "{reason}");
        }
    }
}
