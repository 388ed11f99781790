//! JSON, written straight into one text.

use std::fmt::Write as _;

/// Appends an array, which ends in `ending` where the document's example ends in such a text. Answers how many items
/// it has, the text apart.
pub(super) fn push_list<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    ending: Option<&str>,
    mut write: impl FnMut(T, &mut String),
) -> usize {
    out.push('[');
    let mut count = 0;
    for item in items {
        if count > 0 {
            out.push(',');
        }
        write(item, out);
        count += 1;
    }
    if let Some(ending) = ending {
        if count > 0 {
            out.push(',');
        }
        push_string(ending, out);
    }
    out.push(']');
    count
}

/// Appends `text` as a JSON string.
pub(super) fn push_string(text: &str, out: &mut String) {
    out.push('"');
    // Bytes are faster to search than letters, and what is searched for is ASCII, so it never lies inside a letter.
    let is_special = |byte: u8| byte == b'"' || byte == b'\\' || byte.is_ascii_control();
    let mut rest = text;
    while let Some(at) = rest.bytes().position(is_special) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let mut letters = special.chars();
        match letters.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\t') => out.push_str("\\t"),
            Some(control) => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            None => {}
        }
        rest = letters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back_as_they_were() {
        for text in ["", "plain", "a\"b\\c", "\n\t\u{1b}[31m\u{0}", "ÅÄÖ \u{1f680}", "\\\\\"\""] {
            let mut json = String::new();
            push_string(text, &mut json);
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
