//! Commands that are printed for the user to run: they have to work as they stand.

use std::path::{Path, PathBuf};

/// The name of the program on the `PATH`.
const NAME: &str = "vainu-etl";

/// What a shell in this folder calls this very program by: its name when that is what the `PATH` leads to, else its path.
pub(crate) fn program() -> String {
    let Ok(own) = std::env::current_exe() else { return NAME.to_owned() };
    let first = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).map(|folder| folder.join(NAME)).find(|candidate| candidate.is_file())
    });
    let is_own = |path: PathBuf| match (path.canonicalize(), own.canonicalize()) {
        (Ok(path), Ok(own)) => path == own,
        _ => false,
    };
    if first.is_some_and(is_own) {
        return NAME.to_owned();
    }
    let here = std::env::current_dir().and_then(|folder| folder.canonicalize());
    let below = here.ok().and_then(|folder| own.strip_prefix(folder).ok().map(Path::to_owned));
    match below {
        Some(path) if path.components().count() == 1 => word(&Path::new(".").join(path)),
        path => word(&path.unwrap_or(own)),
    }
}

/// A path as one word of a shell's command line, whatever is in it; never taken for an option.
pub(crate) fn word(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = if text.starts_with('-') { format!("./{text}") } else { text.into_owned() };
    let plain = |c: char| c.is_alphanumeric() || "_./:@%+,-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    if text.chars().any(crate::terminal::acts_on_terminal) {
        return escaped(&text);
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// As bash and zsh write what cannot be shown: `$'line\x0afeed'`.
fn escaped(text: &str) -> String {
    let mut word = "$'".to_owned();
    for character in text.chars() {
        if matches!(character, '\'' | '\\') {
            word.push('\\');
            word.push(character);
        } else if crate::terminal::acts_on_terminal(character) {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                word.push_str(&format!("\\x{byte:02x}"));
            }
        } else {
            word.push(character);
        }
    }
    word.push('\'');
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_to_the_shell_and_no_option() {
        let paths = [
            "demo/vainu.duckdb",
            "/tmp/Ä ö/vainu.duckdb",
            "my demo/it's/vainu.duckdb",
            "a$HOME`id`\\!*?[x]{y}~#;&|<>(\"q\")/v",
            "-x/vainu.duckdb",
            "line\nfeed\u{1b}[31m'\\/v",
            "~/literal",
            "emoji😀/v",
        ];
        for path in paths {
            let script = format!("printf %s {}", word(Path::new(path)));
            let output = std::process::Command::new("bash").args(["-c", &script]).output().unwrap();
            let shown = String::from_utf8(output.stdout).unwrap();
            let expected = if path.starts_with('-') { format!("./{path}") } else { path.to_owned() };
            assert_eq!(shown, expected, "{script}");
        }
    }
}
