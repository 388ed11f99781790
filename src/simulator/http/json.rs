//! Writes JSON directly into the text of an answer.

use std::fmt::{Display, Write as _};

use crate::simulator::settings::choices::Numbers;

/// A JSON object under construction. Its fields are written in the order of the document's examples.
pub(in crate::simulator) struct Object<'a> {
    out: &'a mut String,
    is_empty: bool,
}

impl<'a> Object<'a> {
    /// Opens an object.
    pub(in crate::simulator) fn open(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, is_empty: true }
    }

    /// Appends the name of a field. The caller appends the value to the returned text.
    pub(in crate::simulator) fn value(&mut self, name: &str) -> &mut String {
        if !self.is_empty {
            self.out.push(',');
        }
        self.is_empty = false;
        push_string(name, self.out);
        self.out.push(':');
        self.out
    }

    /// Appends a JSON string, or null for `None`.
    pub(in crate::simulator) fn text(&mut self, name: &str, value: Option<&str>) {
        let out = self.value(name);
        match value {
            Some(text) => push_string(text, out),
            None => out.push_str("null"),
        }
    }

    /// Appends a JSON number or literal, or null for `None`.
    pub(in crate::simulator) fn bare(&mut self, name: &str, value: Option<impl Display>) {
        let out = self.value(name);
        // Writing to a String cannot fail.
        let _ = match value {
            Some(value) => write!(out, "{value}"),
            None => write!(out, "null"),
        };
    }

    /// Appends a decimal: a JSON string or a number by the switch `numbers`, or null for `None`.
    pub(in crate::simulator) fn decimal(
        &mut self,
        name: &str,
        value: Option<impl Display>,
        numbers: Numbers,
    ) {
        match numbers {
            Numbers::String => self.text(name, value.map(|value| value.to_string()).as_deref()),
            Numbers::Number => self.bare(name, value),
        }
    }

    pub(in crate::simulator) fn close(self) {
        self.out.push('}');
    }
}

/// Appends a JSON list, with the text `ending` as its last element if there is one. Returns the number of items,
/// without that text.
pub(in crate::simulator) fn push_list<T>(
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
pub(in crate::simulator) fn push_string(text: &str, out: &mut String) {
    out.push('"');
    // Bytes are faster to search than characters. The bytes searched for are ASCII, so they are never part of a longer
    // character.
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
