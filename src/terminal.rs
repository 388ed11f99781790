//! Makes text from outside harmless for a terminal: [`safe`] and [`safe_lines`].
//!
//! A company's name may hold an escape sequence that moves the cursor, recolours what follows or sets the window's
//! title, or a bidirectional override that makes a line read differently. Such characters become visible escapes.

use std::borrow::Cow;

/// `text` on one line, without a character that a terminal acts on.
///
/// Control characters (C0 with line feed and tab, DEL, C1), bidirectional controls, line separators and zero-width
/// format characters become escapes such as `\n` and `\u{1b}`. All other characters are kept. Text without such
/// characters is returned without a copy.
///
/// ```
/// assert_eq!(vainu_etl::terminal::safe("Oy \u{1b}[31mRed\n"), r"Oy \u{1b}[31mRed\n");
/// ```
pub fn safe(text: &str) -> Cow<'_, str> {
    escape(text, acts_on_terminal)
}

/// Like [`safe`], but keeps line feeds, for messages of several lines.
pub fn safe_lines(text: &str) -> Cow<'_, str> {
    escape(text, |character| character != '\n' && acts_on_terminal(character))
}

/// Whether a terminal acts on `character` instead of showing it, or shows nothing for it.
pub fn acts_on_terminal(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}'                    // soft hyphen
            | '\u{61c}'                 // Arabic letter mark
            | '\u{180e}'                // Mongolian vowel separator
            | '\u{200b}'..='\u{200f}'   // zero-width space, joiners, direction marks
            | '\u{2028}'..='\u{202e}'   // line and paragraph separators, embeddings and overrides
            | '\u{2060}'..='\u{206f}'   // word joiner, invisible operators, isolates, deprecated controls
            | '\u{feff}'                // byte order mark
            | '\u{fff9}'..='\u{fffb}'   // interlinear annotations
            | '\u{e0000}'..='\u{e007f}' // tags
        )
}

fn escape(text: &str, unsafe_character: impl Fn(char) -> bool) -> Cow<'_, str> {
    let Some(first) = text.find(&unsafe_character) else {
        return Cow::Borrowed(text);
    };
    let (clean, rest) = text.split_at(first);
    let mut shown = String::with_capacity(text.len() + 16);
    shown.push_str(clean);
    for character in rest.chars() {
        if unsafe_character(character) {
            shown.extend(character.escape_default()); // `\n`, `\t`, `\r`, else `\u{…}`
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn harmless_text_is_not_copied() {
        for text in ["", "Oy Samlink Ab", "Åke & Söner — 株式会社", r"C:\temp"] {
            assert!(matches!(safe(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn control_characters_become_visible() {
        assert_eq!(safe("a\u{1b}[2Jb"), r"a\u{1b}[2Jb");
        assert_eq!(safe("a\r\n\tb\u{7f}\0"), r"a\r\n\tb\u{7f}\u{0}");
        assert_eq!(safe("\u{9b}31m"), r"\u{9b}31m");
    }

    #[test]
    fn invisible_and_direction_characters_become_visible() {
        assert_eq!(safe("abc\u{202e}fdp.exe"), r"abc\u{202e}fdp.exe");
        assert_eq!(safe("\u{2066}x\u{2069}"), r"\u{2066}x\u{2069}");
        assert_eq!(safe("No\u{200b}kia\u{feff}"), r"No\u{200b}kia\u{feff}");
        assert_eq!(safe("a\u{e0041}\u{2028}b"), r"a\u{e0041}\u{2028}b");
    }

    #[test]
    fn lines_are_kept_only_when_asked_for() {
        assert_eq!(safe_lines("LINE 1: x\n        ^\u{1b}"), "LINE 1: x\n        ^\\u{1b}");
    }

    proptest! {
        #[test]
        fn nothing_dangerous_is_left(text in any::<String>()) {
            prop_assert!(!safe(&text).chars().any(acts_on_terminal));
            prop_assert!(!safe_lines(&text).chars().any(|c| c != '\n' && acts_on_terminal(c)));
        }

        #[test]
        fn every_character_is_either_kept_or_escaped(text in any::<String>()) {
            let expected: String = text
                .chars()
                .map(|c| if acts_on_terminal(c) { c.escape_default().to_string() } else { c.to_string() })
                .collect();
            prop_assert_eq!(safe(&text), expected);
        }
    }
}
