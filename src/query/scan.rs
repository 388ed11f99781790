//! Finds the words of SQL text and the ends of its statements, outside of comments and quotes.
//!
//! This module only splits the text. DuckDB's parser decides what a statement does.

use std::ops::Range;

/// A token of SQL text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A keyword or a name that is not quoted.
    Word(&'a str),
    Open,
    Close,
    /// The end of a statement.
    Semicolon,
    /// A quoted text or name, a number, an operator.
    Other,
}

/// The tokens of `text`, each with its byte range. White space and comments are skipped.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = (Range<usize>, Token<'_>)> {
    let mut place = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = text.get(place..)?;
            let first = rest.chars().next()?;
            let begin = place;
            if let Some(length) = blank(rest, first) {
                place += length;
                continue;
            }
            let (token, length) = token(rest, first);
            place += length;
            return Some((begin..place, token));
        }
    })
}

/// The statements of `text`, without the white space and comments around them and without semicolons.
pub(super) fn statements(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut current: Option<Range<usize>> = None;
    for (place, token) in tokens(text) {
        if token == Token::Semicolon {
            found.extend(current.take());
        } else {
            current = Some(current.map_or(place.start, |before| before.start)..place.end);
        }
    }
    found.extend(current);
    found.into_iter().filter_map(|place| text.get(place)).collect()
}

/// Length in bytes of the white space character or comment that `rest` begins with; `None` if it begins with neither.
fn blank(rest: &str, first: char) -> Option<usize> {
    if first.is_whitespace() || first == '\u{feff}' {
        return Some(first.len_utf8());
    }
    if rest.starts_with("--") {
        return Some(rest.find(['\n', '\r']).unwrap_or(rest.len()));
    }
    rest.starts_with("/*").then(|| comment(rest))
}

/// Length in bytes of the `/* */` comment that `rest` begins with. Comments may be nested.
fn comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let bytes = rest.as_bytes();
    let mut place = 0;
    while let Some(pair) = bytes.get(place..place + 2) {
        match pair {
            b"/*" => depth += 1,
            b"*/" => depth = depth.saturating_sub(1),
            _ => {
                place += 1;
                continue;
            }
        }
        place += 2;
        if depth == 0 {
            return place;
        }
    }
    rest.len()
}

fn token(rest: &str, first: char) -> (Token<'_>, usize) {
    match first {
        ';' => (Token::Semicolon, 1),
        '(' => (Token::Open, 1),
        ')' => (Token::Close, 1),
        '\'' | '"' => (Token::Other, quoted(rest, first, false)),
        'e' | 'E' if rest.get(1..).is_some_and(|after| after.starts_with('\'')) => {
            (Token::Other, 1 + rest.get(1..).map_or(0, |after| quoted(after, '\'', true)))
        }
        '$' => (Token::Other, dollar(rest)),
        first if first.is_alphabetic() || first == '_' => {
            let end = rest.find(|other: char| !(other.is_alphanumeric() || other == '_' || other == '$'));
            let length = end.unwrap_or(rest.len());
            (Token::Word(rest.get(..length).unwrap_or(rest)), length)
        }
        // A number includes its letters, as in `1e5`, so that they are not taken as a word.
        first if first.is_ascii_digit() => {
            let end = rest.find(|other: char| !(other.is_alphanumeric() || other == '_' || other == '.'));
            (Token::Other, end.unwrap_or(rest.len()))
        }
        other => (Token::Other, other.len_utf8()),
    }
}

/// Length in bytes of the quoted text that `rest` begins with. A doubled `quote` does not end the text. With
/// `escapes`, a backslash escapes the next character.
fn quoted(rest: &str, quote: char, escapes: bool) -> usize {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((place, character)) = characters.next() {
        if escapes && character == '\\' {
            characters.next();
        } else if character == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return place + quote.len_utf8();
        }
    }
    rest.len()
}

/// Length in bytes of the `$$…$$` or `$tag$…$tag$` that `rest` begins with; 1 for a dollar sign alone.
fn dollar(rest: &str) -> usize {
    let Some(tag) = rest.get(1..).and_then(|after| after.split_once('$')).map(|(tag, _)| tag) else {
        return 1;
    };
    let is_tag = !tag.starts_with(|first: char| first.is_ascii_digit())
        && tag.chars().all(|character| character.is_alphanumeric() || character == '_');
    if !is_tag {
        return 1;
    }
    let mark = rest.get(..tag.len() + 2).unwrap_or(rest);
    let inside = rest.get(mark.len()..).unwrap_or_default();
    inside.find(mark).map_or(rest.len(), |end| mark.len() + end + mark.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_at_semicolons_outside_of_quotes_and_comments() {
        for (text, expected) in [
            ("", &[][..]),
            (" ;; -- nothing\n; /* ; */", &[]),
            ("SELECT 1;", &["SELECT 1"]),
            ("-- one; two\nSELECT ';', \";\" -- ;\n; -- done; SELECT 2", &["SELECT ';', \";\""]),
            ("companies -- all of them", &["companies"]),
            ("/* a /* b */ ; */SELECT 1;\tSELECT 2 ", &["SELECT 1", "SELECT 2"]),
            (
                "SELECT 'it''s;', e'a\\';b', E'\\\\';SELECT 2",
                &["SELECT 'it''s;', e'a\\';b', E'\\\\'", "SELECT 2"],
            ),
            ("SELECT $$;$$, $t$ ; $$ $t$, $1;x", &["SELECT $$;$$, $t$ ; $$ $t$, $1", "x"]),
            ("SELECT '\\';SELECT 2", &["SELECT '\\'", "SELECT 2"]),
            ("SELECT '…;' AS \"ä;\"\"\"; x", &["SELECT '…;' AS \"ä;\"\"\"", "x"]),
            ("\u{feff}SELECT 1", &["SELECT 1"]),
            ("SELECT 'open; ", &["SELECT 'open; "]),
            ("/* open", &[]),
        ] {
            assert_eq!(statements(text), expected, "{text}");
        }
    }

    #[test]
    fn words_are_found_where_they_are_no_text() {
        let words = |text: &'static str| -> Vec<&str> {
            let word = |(_, token)| if let Token::Word(word) = token { Some(word) } else { None };
            tokens(text).filter_map(word).collect()
        };
        assert_eq!(words("FROM (PIVOT t ON 'pivot', \"x\", 1e5)--z"), ["FROM", "PIVOT", "t", "ON"]);
        assert_eq!(words("é_1 $$a b$$ $2 x'00'"), ["é_1", "x"]);
    }
}
